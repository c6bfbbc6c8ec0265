#include "reeve/ledger_reading.h"

#include <malloc.h>

#include <fstream>

#include "core/bytes.h"
#include "core/json.h"
#include "core/log.h"

namespace reeve::app {

namespace {

constexpr auto kLookInterval = std::chrono::milliseconds(200);
constexpr auto kTryAgain = std::chrono::seconds(10);
constexpr auto kTellsWithin = std::chrono::seconds(3);
constexpr auto kHurryInterval = std::chrono::milliseconds(20);

ledger::IndexOptions index_options(const std::filesystem::path& data_directory) {
  ledger::IndexOptions options;
  options.ledger = data_directory / "ledger";
  options.directory = data_directory / "index";
  options.library = ledger::index_library();
  return options;
}

void write_cell(JsonWriter& json, const ledger::IndexCell& cell) {
  if (const auto* flag = std::get_if<bool>(&cell)) {
    json.value(*flag);
  } else if (const auto* number = std::get_if<std::int64_t>(&cell)) {
    json.value(*number);
  } else if (const auto* real = std::get_if<double>(&cell)) {
    json.value(*real);
  } else if (const auto* text = std::get_if<std::string>(&cell)) {
    json.value(*text);
  } else {
    json.null();
  }
}

/// How many entries the log's newest checkpoint is of: a look at it, with nothing checked. 0 where there is none.
std::uint64_t signed_entries(const std::filesystem::path& data_directory) {
  std::ifstream file(data_directory / "ledger" / "public" / "checkpoint");
  std::string line;
  std::getline(file, line);
  std::getline(file, line);
  const auto entries = parse_int(line);
  return entries && *entries > 0 ? static_cast<std::uint64_t>(*entries) : 0;
}

}  // namespace

Result<std::unique_ptr<ledger::Index>> open_index(const Common& common) {
  const auto data = data_directory(common);
  if (!data) return data.error();
  auto index = ledger::Index::open(index_options(*data));
  if (!index) return index;
  while (true) {
    auto more = (*index)->refresh();
    if (!more) return std::move(more).error();
    if (!*more) return index;
  }
}

Result<void> note_reading(const Common& common, std::uint64_t count) {
  return note_reading(common, count, common.asked);
}

Result<void> note_reading(const Common& common, std::uint64_t count, const std::string& filter,
                          const std::string& page) {
  const Reading reading{system_user_name(), filter, common.through, count, page, {}};
  auto noted = leave_note(common, kReadKind, detail_of(reading));
  if (noted) return noted;
  if (common.unrecorded) {
    log_warning("this reading is not recorded", {{"why", noted.error().message}});
    return {};
  }
  return Error{noted.error().code,
               "not shown, because it cannot be recorded that it was read: " + noted.error().message +
                   ". Where the data directory takes no writes, --unrecorded shows it all the same"};
}

Result<void> RecordedOutput::add(std::string_view text, std::uint64_t entries) {
  waiting_ += text;
  entries_ += entries;
  return entries_ < kEntriesMax && waiting_.size() < kBytesMax ? Result<void>() : show();
}

Result<void> RecordedOutput::end() { return entries_ == 0 && pages_ > 0 ? Result<void>() : show(); }

Result<void> RecordedOutput::show() {
  ++pages_;
  auto noted = note_reading(common_, entries_, filter_, pages_ > 1 ? std::to_string(pages_) : std::string());
  if (!noted) return noted;
  const bool written = std::fwrite(waiting_.data(), 1, waiting_.size(), out_) == waiting_.size();
  if (!written || std::fflush(out_) != 0) {
    return Error{ErrorCode::kUnavailable, "the output cannot be written: the disk may be full"};
  }
  shown_ += entries_;
  waiting_.clear();
  entries_ = 0;
  return {};
}

std::string index_time_sql(std::string_view column) {
  return "strftime(" + std::string(column) + ", '%Y-%m-%dT%H:%M:%S.%fZ')";
}

std::string index_time_sql(Instant time) {
  return "make_timestamp(" + std::to_string(time.nanoseconds / 1000) + "::BIGINT)";
}

std::string_view session_calls_sql() {
  static const std::string sql =
      "SELECT seq, intent, request, attempt, " + index_time_sql("started") + " AS started, " +
      index_time_sql("\"time\"") +
      " AS \"time\", total_us, first_byte_us, person, agent, agent_parent, model_asked, model_served, effect, "
      "enforced, "
      "rule, status, status_reason, input_tokens, cache_read_tokens, output_tokens, cost_nanos, cost_estimated, "
      "array_to_string(findings, ' ') AS findings FROM calls WHERE session = $1 ORDER BY coalesce(intent, seq)";
  return sql;
}

void write_rows(JsonWriter& json, const ledger::IndexRows& rows) {
  json.begin_array();
  for (const auto& cells : rows.rows) {
    json.begin_object();
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (std::holds_alternative<std::monostate>(cells[i])) continue;
      json.key(rows.columns[i]);
      write_cell(json, cells[i]);
    }
    json.end_object();
  }
  json.end_array();
}

std::string session_json(std::string_view session, const ledger::IndexRows& rows) {
  JsonWriter json;
  json.begin_object().member("session", session).key("calls");
  write_rows(json, rows);
  return json.member("cut", rows.is_cut).end_object().take();
}

// ---- The server's

IndexThread::IndexThread(std::filesystem::path data_directory, IndexHours hours)
    : data_directory_(std::move(data_directory)), hours_(hours), thread_([this] { run(); }) {}

void IndexThread::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  answered_.notify_all();
  if (thread_.joinable()) thread_.join();
}

Result<std::shared_ptr<ledger::Index>> IndexThread::index() {
  std::unique_lock lock(mutex_);
  asked_ = std::chrono::steady_clock::now();
  wake_.notify_all();
  if (!index_) {
    answered_.wait_for(lock, hours_.first_answer_within, [this] { return stopping_ || has_failed_ || is_fresh_; });
  }
  if (index_ && is_fresh_) return index_;
  if (!index_) return trouble_;
  const ledger::IndexProgress progress = index_->progress();
  return Error{ErrorCode::kUnavailable, "the index of the ledger is being made: " + std::to_string(progress.indexed) +
                                            " of " + std::to_string(progress.entries) + " entries; try again"};
}

bool IndexThread::tells_of(std::uint64_t entry) {
  const auto open = index();
  if (!open) return false;
  const Moment until = std::chrono::steady_clock::now() + kTellsWithin;
  const auto is_told = [&] { return (*open)->progress().indexed > entry; };
  std::unique_lock lock(mutex_);
  while (!is_told() && !stopping_ && std::chrono::steady_clock::now() < until) {
    is_hurried_ = true;
    wake_.notify_all();
    answered_.wait_for(lock, kHurryInterval, is_told);
  }
  return is_told();
}

bool IndexThread::wait(Duration time) {
  std::unique_lock lock(mutex_);
  wake_.wait_for(lock, time, [this] { return stopping_ || is_hurried_; });
  is_hurried_ = false;
  return !stopping_;
}

void IndexThread::tell(const Error& error) {
  const std::lock_guard lock(mutex_);
  if (error.message != trouble_.message) log_warning("no index of the ledger", {{"why", error.message}});
  trouble_ = error;
}

bool IndexThread::is_wanted() const { return asked_ && std::chrono::steady_clock::now() - *asked_ < hours_.open_for; }

bool IndexThread::wait_closed() {
  const auto is_far_behind = [this] { return signed_entries(data_directory_) >= taken_in_ + hours_.entries_behind; };
  std::unique_lock lock(mutex_);
  while (!stopping_ && !is_wanted()) {
    lock.unlock();
    const bool behind = is_far_behind();
    lock.lock();
    if (behind) break;
    wake_.wait_for(lock, hours_.looks_every, [this] { return stopping_ || is_wanted(); });
  }
  return !stopping_;
}

bool IndexThread::keep_open() {
  auto opened = ledger::Index::open(index_options(data_directory_));
  if (!opened) tell(opened.error());
  {
    const std::lock_guard lock(mutex_);
    has_failed_ = !opened;
    if (opened) index_ = *std::move(opened);
  }
  answered_.notify_all();
  if (!index_) return false;
  Duration pause{0};
  bool goes_on = true;
  while (goes_on && wait(pause)) {
    const auto more = index_->refresh();
    if (!more) tell(more.error());
    pause = !more ? Duration(kTryAgain) : *more ? Duration(0) : Duration(kLookInterval);
    const std::lock_guard lock(mutex_);
    is_fresh_ = is_fresh_ || (more && !*more);
    goes_on = is_wanted() || !more || *more;
    if (is_fresh_) answered_.notify_all();
  }
  std::shared_ptr<ledger::Index> closed;  // here, or by the last who reads
  const std::lock_guard lock(mutex_);
  taken_in_ = index_->progress().indexed;
  closed.swap(index_);
  is_fresh_ = false;
  return true;
}

void IndexThread::run() {
  // A file that is there was kept up to within so many entries: opening it can wait until somebody asks.
  std::error_code ignored;
  if (std::filesystem::exists(data_directory_ / "index" / "ledger.duckdb", ignored)) {
    taken_in_ = signed_entries(data_directory_);
  }
  while (wait_closed()) {
    if (!keep_open()) {
      if (!wait(kTryAgain)) return;
      continue;
    }
    // What the database held goes back to the system.
    ::malloc_trim(0);
  }
}

}  // namespace reeve::app
