#include "ledger/publisher.h"

#include "core/bytes.h"
#include "core/log.h"
#include "ledger/background.h"
#include "ledger/crc32c.h"

namespace reeve::ledger {

namespace {
// How many tiles one round looks after: some ten milliseconds of stat calls.
constexpr std::size_t kTilesPerRound = 4096;
// How long it pauses for each time that a round took, and how long at most.
constexpr int kPauseToWork = 50;
constexpr auto kLongestPause = std::chrono::seconds(1);
constexpr auto kResumePointInterval = std::chrono::seconds(1);
constexpr std::string_view kResumeStart = "open-intents-from ";
}  // namespace

std::string checkpoint_path(const std::string& ledger_directory) {
  return public_directory(ledger_directory) + "/checkpoint";
}

std::string resume_path(const std::string& ledger_directory) { return ledger_directory + "/resume"; }

namespace {
std::string resume_text(std::uint64_t point) {
  const std::string text = std::string(kResumeStart) + std::to_string(point);
  const std::uint32_t check = crc32c(text);
  return text + " " + to_hex({reinterpret_cast<const char*>(&check), sizeof check}) + "\n";
}
}  // namespace

Result<std::uint64_t> read_resume_point(FileSystem& system, const std::string& ledger_directory) {
  const auto text = read_file(system, resume_path(ledger_directory));
  if (!text) return text.error();
  const std::string_view number = std::string_view(*text).substr(std::min(text->size(), kResumeStart.size()));
  const auto point = parse_int(number.substr(0, number.find(' ')));
  if (!point || *point < 0 || resume_text(static_cast<std::uint64_t>(*point)) != *text) {
    return Error{ErrorCode::kCorrupt, resume_path(ledger_directory) + " is damaged"};
  }
  return static_cast<std::uint64_t>(*point);
}

CheckpointStore::CheckpointStore(FileSystem& system, const std::string& ledger_directory, std::string anchor,
                                 NoteSigner signer)
    : system_(system),
      path_(checkpoint_path(ledger_directory)),
      anchor_(std::move(anchor)),
      signer_(std::move(signer)) {}

Result<void> CheckpointStore::load() {
  auto note = read_file(system_, path_);
  if (note) {
    auto checkpoint = open_checkpoint(*note, signer_.verifier_key());
    if (!checkpoint) return with_context(std::move(checkpoint).error(), path_);
    last_ = *std::move(checkpoint);
    note_ = *std::move(note);
  } else if (note.error().code != ErrorCode::kNotFound) {
    return std::move(note).error();
  }
  if (anchor_.empty()) return {};
  auto anchored = read_file(system_, anchor_);
  if (!anchored && anchored.error().code == ErrorCode::kNotFound) return {};
  if (!anchored) return std::move(anchored).error();
  auto checkpoint = open_checkpoint(*anchored, signer_.verifier_key());
  if (!checkpoint) return with_context(std::move(checkpoint).error(), anchor_);
  if (checkpoint->size > size() || (last_ && checkpoint->size == size() && checkpoint->root != last_->root)) {
    return Error{ErrorCode::kConflict,
                 path_ + " has " + std::to_string(size()) + " entries, but this log has signed " +
                     std::to_string(checkpoint->size) + " (" + anchor_ +
                     "): it was restored from an older copy. Going on would sign a second history; restore a newer "
                     "copy, or keep this one for reading and start a new directory with a new name"};
  }
  return {};
}

Result<void> CheckpointStore::sign(std::uint64_t size, const Sha256& root) {
  if (last_ && last_->size == size && last_->root == root) return stored_ ? Result<void>() : store();
  if (last_ && size <= last_->size) {
    return Error{ErrorCode::kCorrupt, "refused to sign a tree of " + std::to_string(size) +
                                          " entries that contradicts the signed one of " + std::to_string(last_->size)};
  }
  // From here on it counts as signed, stored or not.
  last_ = Checkpoint{signer_.name(), size, root};
  stored_ = false;
  return store();
}

Result<void> CheckpointStore::store() {
  std::string note = signer_.sign(*last_);
  if (!anchor_.empty()) {
    if (auto kept = replace_file(system_, anchor_, note, false); !kept) return kept;
  }
  if (auto kept = replace_file(system_, path_, note, true); !kept) return kept;
  note_ = std::move(note);
  stored_ = true;
  return {};
}

Publisher::Publisher(FileSystem& system, const std::string& ledger_directory, Duration interval,
                     std::unique_ptr<Follower> follower, CheckpointStore checkpoints)
    : system_(system),
      directory_(ledger_directory),
      interval_(interval),
      verifier_key_(checkpoints.signer().verifier_key()),
      follower_(std::move(follower)),
      checkpoints_(std::move(checkpoints)),
      announced_(follower_->tree().size()),
      note_(checkpoints_.note()),
      thread_([this] { run(); }) {}

void Publisher::announce(std::uint64_t size) {
  bool wake = false;
  {
    const std::scoped_lock lock(mutex_);
    announced_ = size;
    wake = std::exchange(idle_, false);
  }
  if (wake) changed_.notify_one();
}

std::string Publisher::checkpoint() const {
  const std::scoped_lock lock(mutex_);
  return note_;
}

void Publisher::close() {
  {
    const std::scoped_lock lock(mutex_);
    closing_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void Publisher::run() {
  begin_background_thread("ledger-publish");
  std::unique_lock lock(mutex_);
  bool all_done = false;  // the last round left nothing over
  Duration last_round_took{};
  while (true) {
    if (all_done && announced_ == follower_->tree().size() && !closing_) {
      idle_ = true;
      changed_.wait(lock);
      idle_ = false;
    }
    // Several entries share a checkpoint, and a call's intent and its outcome often do. Where rounds are long, because
    // much was appended or the disk is slow, they also become rarer: publishing is no part of a call's way, and must
    // not take from it.
    changed_.wait_for(lock, std::max(interval_, kPauseToWork * last_round_took), [this] { return closing_; });
    const bool last_round = closing_;
    const std::uint64_t size = announced_;
    lock.unlock();
    const Moment began = std::chrono::steady_clock::now();
    const auto published = publish(size);
    const auto audited = published ? follower_->audit_tiles(kTilesPerRound) : Result<bool>(false);
    const Error* const failure = !published ? &published.error() : !audited ? &audited.error() : nullptr;
    if (failure != nullptr && !failing_) log_error("ledger cannot publish", {{"reason", failure->message}});
    failing_ = failure != nullptr;
    remember_resume_point(last_round);
    last_round_took = std::min<Duration>(std::chrono::steady_clock::now() - began, kLongestPause / kPauseToWork);
    lock.lock();
    all_done = published && audited && *audited;
    note_ = checkpoints_.note();
    if (last_round) return;
  }
}

Result<void> Publisher::publish(std::uint64_t size) {
  if (auto followed = follower_->follow(size); !followed) return followed;
  // A checkpoint promises its tiles.
  if (auto complete = follower_->complete_tiles(); !complete) return complete;
  if (auto written = follower_->write_partials(); !written) return written;
  return checkpoints_.sign(size, follower_->tree().root());
}

void Publisher::remember_resume_point(bool now) {
  const Moment at = std::chrono::steady_clock::now();
  if (!now && at - resume_written_ < kResumePointInterval) return;
  const std::uint64_t point = follower_->intents().low_water(follower_->tree().size());
  if (point == resume_point_) return;
  if (!replace_file(system_, resume_path(directory_), resume_text(point), false, 0600)) return;
  resume_point_ = point;
  resume_written_ = at;
}

}  // namespace reeve::ledger
