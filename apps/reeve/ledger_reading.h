#pragma once

// Reading the ledger through its index: for commands, each with an index of its own, and for the server, which makes
// the index and keeps it fresh. Who reads entries is recorded as ledger.read.

#include <condition_variable>
#include <cstdio>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "ledger/ledger.h"
#include "reeve/commands.h"
#include "reeve/recent_readings.h"

namespace reeve::app {

/// The index as a command opens it, with all that is durable now. Beside a server it is only read.
Result<std::unique_ptr<ledger::Index>> open_index(const Common& common);

/// Leaves the note for the ledger before anything is shown: of so many entries, by whoever runs the command, with what
/// stands on its line. An error where that is not possible, unless --unrecorded was given: then a warning.
Result<void> note_reading(const Common& common, std::uint64_t count);
/// The same, of `filter`.
Result<void> note_reading(const Common& common, std::uint64_t count, const std::string& filter,
                          const std::string& page = {});

/// Shows entries in portions, each recorded before it is shown.
class RecordedOutput {
 public:
  /// `out` outlives it.
  RecordedOutput(const Common& common, std::string filter, std::FILE* out)
      : common_(common), filter_(std::move(filter)), out_(out) {}
  Result<void> add(std::string_view text, std::uint64_t entries);
  /// Also where nothing was found: that somebody looked is worth knowing.
  Result<void> end();
  std::uint64_t shown() const { return shown_; }

 private:
  static constexpr std::uint64_t kEntriesMax = 10'000;
  static constexpr std::size_t kBytesMax = 16UL << 20U;
  Result<void> show();

  const Common& common_;
  const std::string filter_;
  std::FILE* out_;
  std::string waiting_;
  std::uint64_t entries_ = 0, shown_ = 0, pages_ = 0;
};

/// A column of times, as entries write them; a time, as a value of such a column.
std::string index_time_sql(std::string_view column);
std::string index_time_sql(Instant time);

/// The calls of a session in the order of their beginning; the parameter is the session.
std::string_view session_calls_sql();
/// Rows as JSON objects by column, each value as it is.
void write_rows(JsonWriter& json, const ledger::IndexRows& rows);
/// "{"session":…,"calls":[…],…}" of rows of session_calls_sql().
std::string session_json(std::string_view session, const ledger::IndexRows& rows);

/// When the server has the index open.
struct IndexHours {
  Duration open_for = std::chrono::minutes(10);     // after somebody asked last
  Duration looks_every = std::chrono::seconds(10);  // while it is closed, whether the log went far ahead of it
  std::uint64_t entries_behind = 200'000;           // so far: then they are taken in, so that nobody waits for them
  Duration first_answer_within = std::chrono::seconds(2);  // who asks first waits so long for it to open
};

/// The server's index and the thread that keeps it fresh while somebody asks: a database that nobody asks would only
/// hold memory. Calls never wait for it.
class IndexThread {
 public:
  explicit IndexThread(std::filesystem::path data_directory, IndexHours hours = {});
  ~IndexThread() { stop(); }
  IndexThread(const IndexThread&) = delete;
  void stop();

  /// The index, open and fresh; otherwise why not. Waits a little while it opens: not for an event loop.
  Result<std::shared_ptr<ledger::Index>> index();
  /// Waits until the index tells of an entry that is durable, so that whoever wrote it finds it. False where that took
  /// too long, or there is no index. Not for an event loop.
  bool tells_of(std::uint64_t entry);

 private:
  void run();
  /// Until somebody asks, or the log went far ahead. False: stop.
  bool wait_closed();
  /// Opens the index, keeps it fresh while it is wanted, closes it. False when it did not open.
  bool keep_open();
  bool is_wanted() const;
  bool wait(Duration time);  // or until somebody is in a hurry; false: stop
  /// What is wrong, told in the log when it is news.
  void tell(const Error& error);

  const std::filesystem::path data_directory_;
  const IndexHours hours_;
  mutable std::mutex mutex_;
  std::condition_variable wake_, answered_;
  bool stopping_ = false;
  std::optional<Moment> asked_;  // last
  std::uint64_t taken_in_ = 0;   // entries, when it was closed
  bool has_failed_ = false;      // to open it: whoever asks is told at once
  bool is_fresh_ = false;
  bool is_hurried_ = false;  // somebody waits for an entry
  std::shared_ptr<ledger::Index> index_;
  Error trouble_{ErrorCode::kUnavailable, "the index of the ledger is being opened; try again"};
  std::thread thread_;
};

/// What the control API's routes on entries and sessions ask.
struct LedgerSources {
  IndexThread* index = nullptr;
  std::filesystem::path ledger;
  /// Appends an entry and waits for it; nothing when it could not be written.
  std::function<std::optional<std::uint64_t>(std::string_view kind, const std::string& detail)> record;
  RecentReadings* recent = nullptr;
};

}  // namespace reeve::app
