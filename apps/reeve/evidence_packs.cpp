#include "reeve/evidence_packs.h"

#include <algorithm>

#include "core/bytes.h"
#include "core/id.h"

namespace reeve::app {

namespace {

std::string_view name_of(EvidencePack::State state) {
  if (state == EvidencePack::State::kMaking) return "making";
  return state == EvidencePack::State::kReady ? "ready" : "failed";
}

}  // namespace

void write_evidence_pack_state(JsonWriter& json, const EvidencePack& pack) {
  json.begin_object().member("begun", format_time(pack.begun)).member("by", pack.asked.by);
  if (pack.state == EvidencePack::State::kReady) {
    const auto count = [&](std::string_view name, std::size_t value) {
      json.member(name, static_cast<std::uint64_t>(value));
    };
    json.member("bytes", pack.bytes);
    count("controls", pack.coverage.controls);
    json.member("digest", pack.digest).member("entries", pack.entries);
    count("evidenced", pack.coverage.evidenced);
    json.member("file", "/api/v1/evidence/" + pack.id + "/file");
    count("gap", pack.coverage.gap);
    json.member("not_signed", pack.not_signed);
    count("partly", pack.coverage.partly);
  }
  json.member_if("failure", pack.failure).member("framework", pack.asked.framework).member("from", pack.asked.from);
  json.member("id", pack.id);
  if (pack.state == EvidencePack::State::kMaking) {
    json.key("progress").begin_object().member("done", pack.done).member("step", pack.step);
    json.member("total", pack.total).end_object();
  }
  json.member("state", name_of(pack.state)).member_if("to", pack.asked.to).end_object();
}

EvidencePacks::EvidencePacks(std::string config_file, std::filesystem::path data_directory, Record record)
    : common_{.config = std::move(config_file), .data_dir = data_directory.string()},
      data_directory_(std::move(data_directory)),
      folder_(data_directory_ / "evidence-packs"),
      record_(std::move(record)) {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
  thread_ = std::thread([this] { run(); });
}

void EvidencePacks::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

Result<EvidencePack> EvidencePacks::begin(EvidenceAsked asked) {
  const auto catalogue = open_evidence_catalogue(common_);
  if (!catalogue) return Error{ErrorCode::kUnavailable, catalogue.error().message};
  if (asked.framework != "all" && catalogue->find(asked.framework) == nullptr) {
    return Error{ErrorCode::kNotFound, "there is no framework of that name; GET /api/v1/evidence lists them"};
  }
  if (const auto question = question_of(*catalogue, asked); !question) return question.error();
  const std::lock_guard lock(mutex_);
  if (wanted_) {
    return Error{ErrorCode::kConflict, packs_.front().asked.by +
                                           " has a pack made at this moment, and they are made one at a time; "
                                           "try again when it is ready"};
  }
  EvidencePack pack;
  pack.id = make_id("pack");
  pack.asked = std::move(asked);
  pack.begun = system_clock().now();
  pack.step = "reading";
  packs_.push_front(pack);
  wanted_ = true;
  forget_old_ones();
  wake_.notify_one();
  return pack;
}

std::list<EvidencePack> EvidencePacks::list() {
  const std::lock_guard lock(mutex_);
  forget_old_ones();
  return packs_;
}

std::optional<EvidencePack> EvidencePacks::find(std::string_view id) {
  const std::lock_guard lock(mutex_);
  forget_old_ones();
  const auto found =
      std::find_if(packs_.begin(), packs_.end(), [&](const EvidencePack& pack) { return pack.id == id; });
  return found == packs_.end() ? std::nullopt : std::optional(*found);
}

std::filesystem::path EvidencePacks::file_of(std::string_view id) const { return folder_ / (std::string(id) + ".zip"); }

void EvidencePacks::forget_old_ones() {
  const Instant now = system_clock().now();
  while (!packs_.empty()) {
    const EvidencePack& oldest = packs_.back();
    if (oldest.state == EvidencePack::State::kMaking) return;
    if (packs_.size() <= kKeptMax && now - oldest.begun < kKeptFor) return;
    std::error_code ignored;
    std::filesystem::remove(file_of(oldest.id), ignored);
    packs_.pop_back();
  }
}

void EvidencePacks::change(const std::string& id, const std::function<void(EvidencePack&)>& change) {
  const std::lock_guard lock(mutex_);
  for (EvidencePack& pack : packs_) {
    if (pack.id == id) change(pack);
  }
}

evidence::Progress EvidencePacks::progress_of(const std::string& id, const char* step) {
  change(id, [&](EvidencePack& pack) {
    pack.step = step;
    pack.done = pack.total = 0;
  });
  return [this, id](std::uint64_t done, std::uint64_t total) {
    change(id, [&](EvidencePack& pack) {
      pack.done = done;
      pack.total = total;
    });
    return !stopping_.load();
  };
}

void EvidencePacks::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return stopping_ || wanted_; });
    if (stopping_) return;
    const EvidencePack next = packs_.front();
    lock.unlock();
    make(next.id, next.asked);
    lock.lock();
    wanted_ = false;
  }
}

void EvidencePacks::make(const std::string& id, const EvidenceAsked& asked) {
  const auto made = try_to_make(id, asked);
  std::error_code ignored;
  std::filesystem::remove_all(folder_ / id, ignored);
  if (made) return;
  std::filesystem::remove(file_of(id), ignored);
  change(id, [&](EvidencePack& pack) {
    pack.state = EvidencePack::State::kFailed;
    pack.failure = made.error().message;
  });
}

Result<void> EvidencePacks::try_to_make(const std::string& id, const EvidenceAsked& asked) {
  const auto catalogue = open_evidence_catalogue(common_);
  if (!catalogue) return catalogue.error();
  auto question = question_of(*catalogue, asked);
  if (!question) return std::move(question).error();
  auto assessment =
      evidence::assess(data_directory_ / "ledger", *catalogue, *std::move(question), progress_of(id, "reading"));
  if (!assessment) return std::move(assessment).error();
  const std::filesystem::path folder = folder_ / id;
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (!error) std::filesystem::permissions(folder_, std::filesystem::perms::owner_all, error);
  if (error) return Error{ErrorCode::kUnavailable, "cannot make " + folder.string() + ": " + error.message()};
  const auto manifest = write_evidence_pack(data_directory_, *assessment, folder, progress_of(id, "writing"));
  if (!manifest) return manifest.error();
  progress_of(id, "packing");
  const std::string name = "evidence-" + asked.framework + "-" + format_time(assessment->question.now).substr(0, 10);
  if (auto zipped = evidence::zip_pack(folder, name, file_of(id)); !zipped) return zipped;
  if (stopping_) return Error{ErrorCode::kClosed, "the server stopped before the pack was complete"};
  if (!record_("ledger.read", evidence_note(asked, *assessment, *manifest))) {
    return Error{ErrorCode::kUnavailable, "not made, because it cannot be recorded who reads the ledger"};
  }
  const std::uint64_t bytes = std::filesystem::file_size(file_of(id), error);
  if (error) return Error{ErrorCode::kUnavailable, "cannot read " + file_of(id).string() + ": " + error.message()};
  change(id, [&](EvidencePack& pack) {
    pack.state = EvidencePack::State::kReady;
    pack.digest = to_hex(as_bytes(sha256(*manifest)));
    pack.entries = assessment->period.count();
    pack.not_signed = assessment->not_signed;
    pack.bytes = bytes;
    pack.coverage = evidence::coverage_of(*assessment);
  });
  return {};
}

}  // namespace reeve::app
