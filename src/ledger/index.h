#pragma once

// The query index: the ledger's entries as tables, for questions that a scan answers too slowly. It follows the log and
// is never on the durable path. It proves nothing and can be deleted at any time: the log is the truth, and every row
// says where in it the entry stands. docs/ledger-query.md describes the tables.
//
// On disk it is one DuckDB file, which one process at a time may write and many may read. What is newer than the file,
// each process reads from the log into memory.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/result.h"
#include "core/time.h"

namespace reeve::ledger {

class EntryFilter;
struct StoredEntry;

struct IndexOptions {
  std::filesystem::path ledger;     // the log's directory
  std::filesystem::path directory;  // of the index alone; made when missing
  std::filesystem::path library;    // of DuckDB
  std::size_t memory_bytes = 512UL << 20U;
  int threads = 2;
  std::uint64_t flush_entries = 30'000;    // so many in memory are written to the file
  std::uint64_t direct_entries = 200'000;  // so far behind, entries go to the file at once
};

/// Which entries are wanted. `from` and `to` bound the index, `to` not included; times include both ends.
struct EntrySelection {
  const EntryFilter* filter = nullptr;  // null: all
  std::uint64_t from = 0;
  std::uint64_t to = UINT64_MAX;
  std::optional<Instant> since, until;
  bool newest_first = false;
  std::uint64_t limit = UINT64_MAX;
};

using IndexCell = std::variant<std::monostate, bool, std::int64_t, double, std::string>;
struct IndexRows {
  std::vector<std::string> columns;
  std::vector<std::vector<IndexCell>> rows;
  bool is_cut = false;  // there were more rows than asked for
};

struct IndexProgress {
  std::uint64_t indexed = 0;  // entries below this are in
  std::uint64_t entries = 0;  // durable ones when it was looked last
  std::uint64_t in_file = 0;
};

class Index {
 public:
  /// kUnavailable, with what to do, when the library is missing or another process is making the index. A file that is
  /// broken, of another version or of another log is thrown away, with a warning in the program's log, by the process
  /// that may write; others then read the whole log into memory.
  static Result<std::unique_ptr<Index>> open(IndexOptions options);
  virtual ~Index() = default;

  /// Takes in what became durable, at most two million entries at once. True when there is more. One thread; queries of
  /// others wait.
  virtual Result<bool> refresh() = 0;
  virtual IndexProgress progress() const = 0;  // thread-safe

  /// From here on no statement reads or writes files, and no setting changes: before a person's SQL is run. Nothing is
  /// refreshed any more.
  virtual Result<void> lock_down() = 0;

  /// One SELECT, with texts for its parameters. kInvalid for any other statement or one that DuckDB cannot make sense
  /// of, kTimeout after `time_max`. Thread-safe.
  virtual Result<IndexRows> select(std::string_view sql, const std::vector<std::string>& parameters,
                                   std::uint64_t rows_max, Duration time_max) = 0;

  /// Visits the entries selected, each as it stands in the log, until `visit` returns false. Exactly those that a scan
  /// of the indexed entries finds. Thread-safe.
  virtual Result<void> find(const EntrySelection& selection, const std::function<bool(const StoredEntry&)>& visit) = 0;
};

/// Where DuckDB's library is looked for: beside the program, then in ../lib/reeve from there.
std::filesystem::path index_library();

}  // namespace reeve::ledger
