#pragma once

// The index file: who may write it, what it says of itself, and whether that is true of the log.

#include <optional>
#include <string>

#include "ledger/index_database.h"
#include "ledger/index_marks.h"
#include "ledger/ledger.h"

namespace reeve::ledger {

/// What the file says of itself.
struct IndexMeta {
  std::uint64_t indexed = 0;      // entries below this have their rows in the file
  std::uint64_t resume_from = 0;  // reading from here on shows every intent that waits
  std::string origin;             // of the log
  std::string first_hash;         // leaf hash of entry 0, hexadecimal
};

class IndexFile {
 public:
  IndexFile(const IndexOptions& options, IndexConnection& connection, LogReader& log);
  ~IndexFile();
  IndexFile(const IndexFile&) = delete;
  IndexFile& operator=(const IndexFile&) = delete;

  /// Attaches what is there and true, as `stored`, for reading. The one who may write makes a file when there is none,
  /// and anew when it is broken or another log's. kUnavailable while another process writes.
  Result<void> open();
  bool may_write() const { return lock_ >= 0; }
  /// For who came while another process held the file, which may have ended since. False: it has not, or there is no
  /// file. The meta is read again.
  Result<bool> become_writer();
  bool is_attached() const { return is_attached_; }
  const IndexMeta& meta() const { return meta_; }

  /// Attaches the file for writing; readers of other processes are waited for, a little.
  Result<void> begin_writing();
  /// Within the transaction that wrote the rows. `last_entry` is entry indexed - 1.
  Result<void> write_meta(std::uint64_t indexed, std::uint64_t resume_from, std::string_view last_entry);
  /// Makes it small and durable, and attaches it for reading again.
  Result<void> end_writing();

 private:
  bool take_lock();
  Result<void> attach(bool for_reading);
  Result<void> detach();
  Result<void> read_meta();
  Result<void> check_against_log();
  Result<void> make_anew(const std::string& why);
  Result<std::string> hash_of(std::uint64_t index);
  std::string path() const { return (directory_ / "ledger.duckdb").string(); }

  const std::filesystem::path directory_;
  IndexConnection& connection_;
  LogReader& log_;
  LogRoots roots_;
  int lock_ = -1;  // held by the one who may write
  bool is_attached_ = false;
  IndexMeta meta_;
};

}  // namespace reeve::ledger
