#include "ledger/index.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <mutex>
#include <shared_mutex>

#include "core/log.h"
#include "ledger/index_database.h"
#include "ledger/index_file.h"
#include "ledger/index_filter.h"
#include "ledger/index_intake.h"

namespace reeve::ledger {

namespace {

constexpr std::uint64_t kBatchEntries = 2'000'000;      // into the file at once
constexpr std::uint64_t kMemoryBatchEntries = 100'000;  // into memory at once
constexpr std::uint64_t kMemoryEntriesMax = 2'000'000;  // that one process keeps beside the file
constexpr auto kQueryWait = std::chrono::seconds(3);    // while the index is being written
constexpr std::uint64_t kCandidatesAtOnce = 4'096;
/// Where at most so many entries are wanted, they are looked for among this many first; and each time the search goes
/// on, among how many times as many: mostly they are found soon.
constexpr std::uint64_t kFew = 1'000, kSpanAtFirst = 200'000, kSpanGrows = 16;
constexpr std::uint64_t kReadOnMax = 512;  // entries: a gap up to that is read through, a wider one jumped

constexpr const char* kDropNew =
    "DROP TABLE IF EXISTS memory.main.new_calls; DROP TABLE IF EXISTS memory.main.new_events; "
    "DROP TABLE IF EXISTS memory.main.new_places; DROP TABLE IF EXISTS memory.main.new_spend;";

std::uint64_t number_of(const IndexCell& cell) {
  const auto* number = std::get_if<std::int64_t>(&cell);
  return number == nullptr || *number < 0 ? 0 : static_cast<std::uint64_t>(*number);
}

std::string timestamp_sql(std::int64_t microseconds) {
  return "make_timestamp(" + std::to_string(microseconds) + "::BIGINT)";
}

class IndexOnDisk final : public Index {
 public:
  IndexOnDisk(IndexOptions options, std::unique_ptr<IndexDatabase> database,
              std::unique_ptr<IndexConnection> connection, std::unique_ptr<LogReader> log,
              std::unique_ptr<LogReader> look_up)
      : options_(std::move(options)),
        database_(std::move(database)),
        connection_(std::move(connection)),
        log_(std::move(log)),
        look_up_(std::move(look_up)),
        file_(options_, *connection_, *log_),
        tables_(database_->library()) {}

  Result<void> start() {
    if (auto opened = file_.open(); !opened) return opened;
    next_ = file_.meta().resume_from;
    intake_.rows_exist_below(file_.meta().indexed);
    auto made = connection_->run(create_tables("memory", "new_") +
                                 "CREATE TABLE memory.main.open_calls AS SELECT * FROM new_calls LIMIT 0;");
    if (!made) return made;
    if (auto views = connection_->run(create_views(file_.is_attached())); !views) return views;
    return look_at_end();
  }

  Result<bool> refresh() override {
    const std::unique_lock lock(mutex_);
    if (locked_down_) return false;
    if (auto looked = look_at_end(); !looked) return std::move(looked).error();
    if (next_ >= end_) return false;
    const bool direct = file_.may_write() && end_ - next_ >= options_.direct_entries;
    auto taken = direct ? take_into_file() : take_into_memory();
    if (!taken) {
      // What was taken is not known any more: begin again with what the file has.
      auto again = forget_memory();
      return again ? std::move(taken).error() : std::move(again).error();
    }
    return next_ < end_;
  }

  IndexProgress progress() const override { return {indexed_.load(), entries_.load(), in_file_.load()}; }

  Result<void> lock_down() override {
    const std::unique_lock lock(mutex_);
    locked_down_ = true;
    return connection_->run("SET enable_external_access = false; SET lock_configuration = true;");
  }

  Result<IndexRows> select(std::string_view sql, const std::vector<std::string>& parameters, std::uint64_t rows_max,
                           Duration time_max) override {
    const std::shared_lock lock(mutex_, kQueryWait);
    if (!lock.owns_lock()) return being_made();
    auto connection = database_->connect();
    if (!connection) return std::move(connection).error();
    return (*connection)->select(sql, parameters, rows_max, time_max);
  }

  Result<void> find(const EntrySelection& selection, const std::function<bool(const StoredEntry&)>& visit) override {
    const NarrowingSql narrowing =
        selection.filter == nullptr ? NarrowingSql{"TRUE", "TRUE", "TRUE"} : narrowing_sql(*selection.filter);
    EntrySelection rest = selection;
    rest.to = std::min(rest.to, indexed_.load() + kBatchEntries);
    std::uint64_t left = selection.limit;
    std::uint64_t span = left <= kFew ? kSpanAtFirst : rest.to;
    for (; left > 0 && rest.from < rest.to; span = std::min(span * kSpanGrows, rest.to)) {
      EntrySelection part = rest;
      if (rest.newest_first) {
        part.from = std::max(rest.from, rest.to - std::min(span, rest.to));
      } else {
        part.to = std::min(rest.to, rest.from + span);
      }
      auto candidates = candidates_of(narrowing, part);
      if (!candidates) return std::move(candidates).error();
      bool wants_more = true;
      auto read = read_entries(*candidates, rest.newest_first, [&](const StoredEntry& entry) {
        if (selection.filter != nullptr && !selection.filter->matches(entry.bytes)) return true;
        wants_more = visit(entry) && --left > 0;
        return wants_more;
      });
      if (!read || !wants_more) return read;
      const bool is_full = candidates->size() == kCandidatesAtOnce;
      if (rest.newest_first) {
        rest.to = is_full ? candidates->back() : part.from;
      } else {
        rest.from = is_full ? candidates->back() + 1 : part.to;
      }
    }
    return {};
  }

 private:
  Error being_made() const {
    return Error{ErrorCode::kUnavailable, "the index of the ledger is being made: " + std::to_string(indexed_.load()) +
                                              " of " + std::to_string(entries_.load()) + " entries; try again"};
  }

  Result<void> look_at_end() {
    end_ = log_->size();
    entries_ = end_;
    indexed_ = std::max(next_, intake_.rows_exist_below());
    in_file_ = file_.meta().indexed;
    return {};
  }

  /// Reads entries from next_ on into the tables that are open.
  Result<void> read_on(std::uint64_t entries_max) {
    const std::uint64_t stop = std::min(end_, next_ + entries_max);
    Result<void> taken;
    auto read = log_->read(next_, [&](const StoredEntry& entry) {
      taken = intake_.take(entry, tables_);
      if (!taken) return false;
      next_ = entry.index + 1;
      if (next_ == stop) last_entry_ = entry.bytes;
      return next_ < stop;
    });
    return !read ? read : taken;
  }

  Result<void> take_into_memory() {
    const std::uint64_t in_memory = next_ - std::min(next_, file_.meta().indexed);
    if (in_memory > kMemoryEntriesMax) return being_made();
    if (auto begun = connection_->run("BEGIN"); !begun) return begun;
    auto done = tables_.open(connection_->handle(), "memory", "new_");
    if (done) done = read_on(kMemoryBatchEntries);
    if (auto closed = tables_.close(); done) done = closed;
    if (done && intake_.waiting_changed()) done = write_waiting();
    if (auto ended = connection_->run(done ? "COMMIT" : "ROLLBACK"); done) done = ended;
    if (!done) return done;
    indexed_ = std::max(next_, intake_.rows_exist_below());
    if (next_ < file_.meta().indexed + options_.flush_entries) return {};
    if (!file_.may_write()) {
      const std::uint64_t known = file_.meta().indexed;
      const auto became = file_.become_writer();
      if (!became) return became.error();
      if (!*became) return {};
      if (file_.meta().indexed != known) return Error{ErrorCode::kConflict, "another process wrote the index"};
    }
    return flush();
  }

  Result<void> write_waiting() {
    if (auto gone = connection_->run("DELETE FROM memory.main.open_calls"); !gone) return gone;
    auto done = tables_.open_calls(connection_->handle(), "memory", "open_calls");
    if (done) done = intake_.add_waiting(tables_);
    if (auto closed = tables_.close(); done) done = closed;
    intake_.waiting_was_written();
    return done;
  }

  /// What is in memory goes to the file. While a reader of another process has it, that is left for later.
  Result<void> flush() {
    if (auto begun = file_.begin_writing(); !begun) {
      return begun.error().code == ErrorCode::kTimeout && file_.is_attached() ? Result<void>() : begun;
    }
    return write_file([this] { return tables_.open(connection_->handle(), "stored", ""); });
  }

  Result<void> take_into_file() {
    if (auto begun = file_.begin_writing(); !begun) return begun;
    return write_file([this] {
      // DuckDB takes the rows in a thread of its own, while this one reads on. More of DuckDB's threads would only wait
      // for each other, busily.
      if (auto alone = connection_->run("SET threads = 1"); !alone) return alone;
      thread_.emplace();
      auto opened = tables_.open(connection_->handle(), "stored", "", &*thread_);
      return opened ? read_on(kBatchEntries) : opened;
    });
  }

  /// One transaction: the rows in memory, those that `add` adds, and how far the file now goes.
  template <typename Add>
  Result<void> write_file(const Add& add) {
    auto done = connection_->run("BEGIN");
    for (const std::string name : {"calls", "events", "places"}) {
      if (done) done = connection_->run("INSERT INTO stored.main." + name + " SELECT * FROM memory.main.new_" + name);
    }
    // What came in many small steps becomes one row an hour.
    if (done) done = connection_->run(gather_spend_sql("memory.main.new_spend", "stored.main.spend"));
    if (done) done = add();
    if (done) done = intake_.give_up_waiting(next_, tables_);
    if (auto closed = tables_.close(); done) done = closed;
    if (thread_) {
      thread_.reset();
      static_cast<void>(connection_->run("SET threads = " + std::to_string(options_.threads)).ok());
    }
    // A file that has less than before is not written: what is read again is known to it.
    const std::uint64_t indexed = std::max(next_, file_.meta().indexed);
    if (done && next_ >= indexed) done = file_.write_meta(next_, intake_.low_water(next_), last_entry_);
    if (auto ended = connection_->run(done ? "COMMIT" : "ROLLBACK"); done) done = ended;
    auto closed = file_.end_writing();
    if (!done) return done;
    if (!closed) return closed;
    intake_.rows_exist_below(file_.meta().indexed);
    done = connection_->run(kDropNew + create_tables("memory", "new_"));
    if (done) done = connection_->run("BEGIN");
    if (done) done = write_waiting();
    if (auto ended = connection_->run(done ? "COMMIT" : "ROLLBACK"); done) done = ended;
    static_cast<void>(look_at_end().ok());
    return done;
  }

  Result<void> forget_memory() {
    intake_ = IndexIntake();
    next_ = file_.meta().resume_from;
    intake_.rows_exist_below(file_.meta().indexed);
    auto done = connection_->run(kDropNew + create_tables("memory", "new_") + "DELETE FROM memory.main.open_calls;");
    static_cast<void>(look_at_end().ok());
    return done;
  }

  /// Of a statement that is written here, while no table changes.
  Result<IndexRows> own_rows(const std::function<std::string()>& sql) {
    const std::shared_lock lock(mutex_, kQueryWait);
    if (!lock.owns_lock()) return being_made();
    const std::string text = sql();
    if (text.empty()) return IndexRows();
    auto connection = database_->connect();
    if (!connection) return std::move(connection).error();
    return (*connection)->rows(text);
  }

  static std::string bounds_sql(const EntrySelection& selection, const std::string& seq, const std::string& time,
                                bool time_may_be_null) {
    std::string sql;
    if (selection.from > 0) sql += " AND " + seq + " >= " + std::to_string(selection.from);
    if (selection.to < INT64_MAX) sql += " AND " + seq + " < " + std::to_string(selection.to);
    // Entries whose time cannot be read are looked at: the scan decides about them.
    const auto add = [&](const char* relation, std::int64_t microseconds) {
      const std::string condition = time + relation + timestamp_sql(microseconds);
      sql += " AND " + (time_may_be_null ? "(" + condition + " OR \"time\" IS NULL)" : condition);
    };
    if (selection.since) add(" >= ", selection.since->nanoseconds / 1000 - 1);
    if (selection.until) add(" <= ", selection.until->nanoseconds / 1000 + 1);
    return sql;
  }

  /// The tables that together have all of one kind, with mutex_ held. Of views over them the many columns are worked
  /// out for each statement, which takes longer than to look up one call.
  std::vector<std::string> tables_of(const std::string& name) const {
    std::vector<std::string> tables{"memory.main.new_" + name};
    if (file_.is_attached()) tables.push_back("stored.main." + name);
    if (name == "calls") tables.emplace_back("memory.main.open_calls");
    return tables;
  }

  /// Empty where nothing can match.
  std::string candidates_sql(const NarrowingSql& narrowing, const EntrySelection& selection) const {
    std::string sql;
    const auto add = [&](const std::string& seq, const std::string& table, const std::string& condition) {
      if (condition.starts_with("FALSE")) return;
      sql += (sql.empty() ? "SELECT " : " UNION ALL SELECT ") + seq + " AS seq FROM " + table + " WHERE " + condition;
    };
    const std::string of_intents = bounds_sql(selection, "intent", "started", false);
    const std::string of_outcomes = bounds_sql(selection, "seq", "\"time\"", false);
    for (const std::string& table : tables_of("calls")) {
      add("intent", table, narrowing.intents + " AND intent IS NOT NULL" + of_intents);
      add("seq", table, narrowing.outcomes + " AND intent IS DISTINCT FROM seq" + of_outcomes);
    }
    for (const std::string& table : tables_of("events")) {
      add("seq", table, narrowing.events + bounds_sql(selection, "seq", "\"time\"", true));
    }
    if (sql.empty()) return sql;
    return "SELECT seq FROM (" + sql + ") ORDER BY seq" + (selection.newest_first ? " DESC" : "") + " LIMIT " +
           std::to_string(kCandidatesAtOnce);
  }

  /// The next entries that may match, in order.
  Result<std::vector<std::uint64_t>> candidates_of(const NarrowingSql& narrowing, const EntrySelection& selection) {
    std::vector<std::uint64_t> found;
    const bool has_times = selection.since || selection.until;
    if (!has_times && selection.to <= indexed_.load() && selection.to - selection.from <= kReadOnMax) {
      // So few are read rather than asked for.
      for (std::uint64_t seq = selection.from; seq < selection.to; ++seq) found.push_back(seq);
      if (selection.newest_first) std::ranges::reverse(found);
      return found;
    }
    auto rows = own_rows([&] { return candidates_sql(narrowing, selection); });
    if (!rows) return std::move(rows).error();
    found.reserve(rows->rows.size());
    for (const auto& cells : rows->rows) found.push_back(number_of(cells[0]));
    return found;
  }

  Result<EntryPlace> place_of(std::uint64_t seq) {
    auto rows = own_rows([&] {
      std::string sql;
      for (const std::string& table : tables_of("places")) {
        sql += (sql.empty() ? "SELECT" : " UNION ALL SELECT") + (" segment, place FROM " + table) +
               " WHERE seq = " + std::to_string(seq);
      }
      return sql;
    });
    if (!rows) return std::move(rows).error();
    if (rows->rows.empty()) return EntryPlace{};
    const std::vector<IndexCell>& cells = rows->rows.front();
    return EntryPlace{static_cast<std::uint32_t>(number_of(cells[0])), number_of(cells[1])};
  }

  Result<void> read_entries(const std::vector<std::uint64_t>& seqs, bool newest_first,
                            const std::function<bool(const StoredEntry&)>& visit) {
    return newest_first ? read_backwards(seqs, visit) : read_forwards(seqs, 0, seqs.size(), visit);
  }

  /// Seqs rise. Runs of them that lie close are read in one go.
  Result<void> read_forwards(const std::vector<std::uint64_t>& seqs, std::size_t at, std::size_t end,
                             const std::function<bool(const StoredEntry&)>& visit) {
    const std::lock_guard lock(look_up_mutex_);
    while (at < end) {
      const std::size_t before = at;
      const std::uint64_t placed = seqs[at] - seqs[at] % kPlaceEvery;
      auto place = place_of(placed);
      if (!place) return std::move(place).error();
      bool goes_on = true;
      auto read = look_up_->read_at(seqs[at], placed, *place, [&](const StoredEntry& entry) {
        if (entry.index != seqs[at]) return true;
        goes_on = visit(entry);
        ++at;
        return goes_on && at < end && seqs[at] - entry.index <= kReadOnMax;
      });
      if (!read || !goes_on) return read;
      if (at == before) return Error{ErrorCode::kCorrupt, "the log has no entry " + std::to_string(seqs[at])};
    }
    return {};
  }

  /// Seqs fall: runs are read forwards and shown from behind.
  Result<void> read_backwards(const std::vector<std::uint64_t>& seqs,
                              const std::function<bool(const StoredEntry&)>& visit) {
    constexpr std::size_t kRun = 256;
    for (std::size_t begin = 0; begin < seqs.size(); begin += kRun) {
      const std::size_t end = std::min(seqs.size(), begin + kRun);
      const std::vector<std::uint64_t> rising(seqs.rbegin() + static_cast<std::ptrdiff_t>(seqs.size() - end),
                                              seqs.rbegin() + static_cast<std::ptrdiff_t>(seqs.size() - begin));
      std::vector<std::pair<std::uint64_t, std::string>> kept;
      auto read = read_forwards(rising, 0, rising.size(), [&](const StoredEntry& entry) {
        kept.emplace_back(entry.index, entry.bytes);
        return true;
      });
      if (!read) return read;
      for (auto entry = kept.rbegin(); entry != kept.rend(); ++entry) {
        if (!visit({entry->first, entry->second})) return {};
      }
    }
    return {};
  }

  const IndexOptions options_;
  std::unique_ptr<IndexDatabase> database_;
  std::unique_ptr<IndexConnection> connection_;  // that writes
  std::unique_ptr<LogReader> log_;               // that is followed
  std::mutex look_up_mutex_;
  std::unique_ptr<LogReader> look_up_;  // for entries that were found
  std::shared_timed_mutex mutex_;       // held alone while tables change, shared by queries
  IndexFile file_;
  std::optional<AppendThread> thread_;  // while entries go to the file at once; outlives what tables_ gave it
  IndexTables tables_;
  IndexIntake intake_;
  std::uint64_t next_ = 0;  // to be taken
  std::uint64_t end_ = 0;   // of the durable log
  std::string last_entry_;  // the one before next_
  bool locked_down_ = false;
  std::atomic<std::uint64_t> indexed_{0}, entries_{0}, in_file_{0};
};

}  // namespace

Result<std::unique_ptr<Index>> Index::open(IndexOptions options) {
  auto library = duckdb::open_library(options.library);
  if (!library) return library.error();
  auto log = LogReader::open(options.ledger);
  if (!log) return std::move(log).error();
  auto look_up = LogReader::open(options.ledger);
  if (!look_up) return std::move(look_up).error();
  auto database = IndexDatabase::open(**library, options);
  if (!database) return std::move(database).error();
  auto connection = (*database)->connect();
  if (!connection) return std::move(connection).error();
  auto index = std::make_unique<IndexOnDisk>(std::move(options), *std::move(database), *std::move(connection),
                                             *std::move(log), *std::move(look_up));
  if (auto started = index->start(); !started) return std::move(started).error();
  return std::unique_ptr<Index>(std::move(index));
}

std::filesystem::path index_library() {
  constexpr const char* kName = "libduckdb.so";
  std::error_code ignored;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path();
  // Programs for benchmarks lie one folder further down in the tree of a build.
  for (const std::filesystem::path& place : {program / kName, program.parent_path() / kName}) {
    if (std::filesystem::exists(place, ignored)) return place;
  }
  return program.parent_path() / "lib" / "reeve" / kName;
}

}  // namespace reeve::ledger
