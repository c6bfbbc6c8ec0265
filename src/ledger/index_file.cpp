#include "ledger/index_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "core/bytes.h"
#include "core/crypto.h"
#include "core/log.h"
#include "ledger/index_filter.h"
#include "ledger/index_schema.h"

namespace reeve::ledger {

namespace {

constexpr auto kWaitForOthers = std::chrono::seconds(5);
constexpr auto kLookAgain = std::chrono::milliseconds(20);

/// Another process has the file: DuckDB says so only in words.
bool is_taken(const Error& error) { return error.message.find("Could not set lock") != std::string::npos; }

const std::string* text_of(const IndexCell& cell) { return std::get_if<std::string>(&cell); }
std::uint64_t number_of(const IndexCell& cell) {
  const auto* number = std::get_if<std::int64_t>(&cell);
  return number == nullptr || *number < 0 ? 0 : static_cast<std::uint64_t>(*number);
}

Result<std::string> origin_of(LogReader& log) {
  auto key = log.verifier_key();
  if (!key) return key;
  return key->substr(0, key->find('+'));
}

}  // namespace

IndexFile::IndexFile(const IndexOptions& options, IndexConnection& connection, LogReader& log)
    : directory_(options.directory), connection_(connection), log_(log), roots_(options.ledger, log) {}

IndexFile::~IndexFile() {
  if (lock_ >= 0) ::close(lock_);
}

/// One process makes the index, for as long as it lives. Where nothing can be written, nobody does.
bool IndexFile::take_lock() {
  std::error_code ignored;
  if (std::filesystem::create_directories(directory_, ignored)) {
    std::filesystem::permissions(directory_, std::filesystem::perms::owner_all, ignored);
  }
  lock_ = ::open((directory_ / "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);  // NOLINT: the mode
  if (lock_ >= 0 && ::flock(lock_, LOCK_EX | LOCK_NB) != 0) {
    ::close(lock_);
    lock_ = -1;
  }
  return lock_ >= 0;
}

Result<void> IndexFile::attach(bool for_reading) {
  const auto path_sql = sql_text(path());
  if (!path_sql) return Error{ErrorCode::kInvalid, "the index's path is not UTF-8"};
  const std::string sql =
      "ATTACH " + *path_sql + " AS stored (" + (for_reading ? "READ_ONLY" : "STORAGE_VERSION 'v1.5.0'") + ")";
  const auto until = std::chrono::steady_clock::now() + kWaitForOthers;
  while (true) {
    auto attached = connection_.run(sql);
    if (attached) {
      is_attached_ = true;
      return {};
    }
    if (!is_taken(attached.error())) return attached;
    if (std::chrono::steady_clock::now() > until) {
      return Error{ErrorCode::kTimeout, "another process is writing the index of the ledger; try again"};
    }
    std::this_thread::sleep_for(kLookAgain);
  }
}

Result<void> IndexFile::detach() {
  if (!is_attached_) return {};
  is_attached_ = false;
  return connection_.run("DETACH stored");
}

Result<void> IndexFile::read_meta() {
  auto rows = connection_.rows("SELECT version, indexed, resume_from, origin, first_hash FROM stored.main.meta");
  if (!rows) return std::move(rows).error();
  if (rows->rows.size() != 1) return Error{ErrorCode::kCorrupt, "it does not say what it is"};
  const std::vector<IndexCell>& cells = rows->rows.front();
  if (number_of(cells[0]) != kIndexVersion) return Error{ErrorCode::kCorrupt, "it is of another version"};
  const std::string* const origin = text_of(cells[3]);
  const std::string* const first = text_of(cells[4]);
  if (origin == nullptr || first == nullptr) return Error{ErrorCode::kCorrupt, "it is not whole"};
  meta_ = {number_of(cells[1]), number_of(cells[2]), *origin, *first};
  return {};
}

Result<std::string> IndexFile::hash_of(std::uint64_t index) {
  const std::uint64_t placed = index - index % kPlaceEvery;
  EntryPlace place;
  auto rows = connection_.rows("SELECT segment, place FROM stored.main.places WHERE seq = " + std::to_string(placed));
  if (rows && !rows->rows.empty()) {
    const std::vector<IndexCell>& cells = rows->rows.front();
    place = {static_cast<std::uint32_t>(number_of(cells[0])), number_of(cells[1])};
  }
  std::string hash;
  auto read = log_.read_at(index, placed, place, [&](const StoredEntry& entry) {
    hash = to_hex(as_bytes(leaf_hash(entry.bytes)));
    return false;
  });
  if (!read) return std::move(read).error();
  return hash;
}

/// The name, the first entry, and what the log was at each of several writings: two histories may have entries in
/// common, but no root of a tree behind the place where they part.
Result<void> IndexFile::check_against_log() {
  const auto origin = origin_of(log_);
  if (!origin) return origin.error();
  if (*origin != meta_.origin) return Error{ErrorCode::kCorrupt, "it is of the log " + printable(meta_.origin, 80)};
  if (meta_.indexed > log_.size()) return Error{ErrorCode::kCorrupt, "it has more entries than the log"};
  if (meta_.indexed == 0) return {};
  const auto marks = read_marks(connection_);
  if (!marks) return marks.error();
  if (marks->empty() || marks->back().size != meta_.indexed) return Error{ErrorCode::kCorrupt, "it is not whole"};
  const Error another{ErrorCode::kCorrupt, "it is of another history of this log"};
  const auto first = hash_of(0);
  if (!first) return first.error();
  if (*first != meta_.first_hash) return another;
  for (const IndexMark& mark : *marks) {
    const auto last = hash_of(mark.size - 1);
    if (!last) return last.error();
    if (*last != mark.last_hash) return another;
    const std::string root = mark.root.empty() ? "" : roots_.root(mark.root_size);
    if (!root.empty() && root != mark.root) return another;
  }
  return {};
}

Result<void> IndexFile::make_anew(const std::string& why) {
  if (auto detached = detach(); !detached) return detached;
  if (!why.empty()) {
    log_warning("the index of the ledger is made anew", {{"file", path()}, {"why", why}});
    ::unlink(path().c_str());
    ::unlink((path() + ".wal").c_str());
  }
  if (auto attached = attach(false); !attached) return attached;
  meta_ = {};
  auto origin = origin_of(log_);
  if (!origin) return std::move(origin).error();
  meta_.origin = *std::move(origin);
  auto made = connection_.run(
      create_tables("stored", "") +
      "CREATE TABLE stored.main.meta (version BIGINT, indexed BIGINT, resume_from BIGINT, origin VARCHAR, first_hash "
      "VARCHAR);" +
      create_marks_sql());
  if (!made) return made;
  if (auto written = write_meta(0, 0, {}); !written) return written;
  return end_writing();
}

Result<void> IndexFile::open() {
  const bool writes = take_lock();
  std::error_code ignored;
  if (!std::filesystem::exists(path(), ignored)) return writes ? make_anew("") : Result<void>();
  // Opened for writing first: what a killed process left in the file's journal is taken in then.
  auto opened = attach(!writes);
  if (opened) opened = read_meta();
  if (opened) opened = check_against_log();
  if (opened) return writes ? end_writing() : Result<void>();
  if (opened.error().code == ErrorCode::kTimeout) return opened;
  if (writes) return make_anew(opened.error().message);
  if (is_attached_) return detach();
  return {};
}

Result<bool> IndexFile::become_writer() {
  if (!is_attached_ || !take_lock()) return false;
  // The other one may have written last.
  if (auto detached = detach(); !detached) return std::move(detached).error();
  if (auto attached = attach(true); !attached) return std::move(attached).error();
  if (auto read = read_meta(); !read) return std::move(read).error();
  return true;
}

Result<void> IndexFile::begin_writing() {
  if (auto detached = detach(); !detached) return detached;
  auto attached = attach(false);
  if (attached) return {};
  const auto back = attach(true);
  return back ? attached : back;
}

Result<void> IndexFile::write_meta(std::uint64_t indexed, std::uint64_t resume_from, std::string_view last_entry) {
  std::string first = meta_.first_hash;
  if (indexed > 0 && first.empty()) {
    auto first_of_log = hash_of(0);
    if (!first_of_log) return std::move(first_of_log).error();
    first = *std::move(first_of_log);
  }
  const auto origin = sql_text(meta_.origin);
  if (!origin) return Error{ErrorCode::kInvalid, "the log's name is not UTF-8"};
  std::string mark_sql;
  if (indexed > 0) {
    IndexMark mark{indexed, to_hex(as_bytes(leaf_hash(last_entry))), roots_.signed_size(indexed), ""};
    mark.root = roots_.root(mark.root_size);
    mark_sql = insert_mark_sql(mark);
  }
  return connection_.run("DELETE FROM stored.main.meta; INSERT INTO stored.main.meta VALUES (" +
                         std::to_string(kIndexVersion) + ", " + std::to_string(indexed) + ", " +
                         std::to_string(resume_from) + ", " + *origin + ", '" + first + "');" + mark_sql);
}

Result<void> IndexFile::end_writing() {
  if (auto done = connection_.run("CHECKPOINT stored"); !done) return done;
  if (auto detached = detach(); !detached) return detached;
  if (auto attached = attach(true); !attached) return attached;
  return read_meta();
}

}  // namespace reeve::ledger
