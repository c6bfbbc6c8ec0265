#pragma once

// Exports: entries for other systems, in their words. Part of the ledger room's face; docs/exports.md tells it to those
// who use it.
//
// An ExportMapping says how an entry looks elsewhere; ExportRecords applies it; an Exporter follows the log and hands
// batches to an ExportSink, at least once each and in the order of the log. What a sink took is kept as a position in a
// file, written after the sink said so: what is sent twice has the same index, and the batch the same key.

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/result.h"
#include "core/time.h"
#include "core/yaml.h"
#include "ledger/export_mapping.h"
#include "ledger/export_records.h"

namespace reeve::ledger {

class LogReader;

// ---- Settings ----

/// Secrets are named, never held: "env:NAME" or "file:PATH", read at each use.
struct FileSinkSettings {
  std::filesystem::path path;
  std::size_t rotate_bytes = 100UL << 20U;  // then a new file is begun
  bool daily = true;                        // and at midnight UTC
  std::size_t keep = 30;                    // earlier files; older ones are removed. 0: all are kept
  bool operator==(const FileSinkSettings&) const = default;
};
struct HttpSinkSettings {
  std::string url;
  std::string secret_from;         // signs bodies, as webhooks are signed; empty: not signed
  std::string authorization_from;  // the whole value of the header Authorization; empty: none
  std::optional<ExportMapping::Batch> batch;
  bool operator==(const HttpSinkSettings&) const = default;
};
struct SyslogSinkSettings {
  std::string host;
  std::uint16_t port = 6514;
  std::string certificate, key;  // of this side, PEM files; empty: none
  int facility = 13;             // log audit
  std::string application = "reeve";
  std::string data_id = "reeve@32473";  // of the structured data: NAME@PRIVATE-ENTERPRISE-NUMBER
  bool operator==(const SyslogSinkSettings&) const = default;
};
struct S3SinkSettings {
  std::string endpoint;  // "https://s3.eu-central-1.amazonaws.com"
  std::string bucket, prefix, region = "us-east-1";
  std::string access_key_from, secret_key_from, session_token_from;
  bool operator==(const S3SinkSettings&) const = default;
};

/// One of `exports` in reeve.yaml.
struct ExportSettings {
  std::string name, format;
  std::variant<FileSinkSettings, HttpSinkSettings, SyslogSinkSettings, S3SinkSettings> sink;
  std::string root_file;  // certificates to trust besides the system's
  std::string filter;     // a condition of EntryFilter; empty: everything
  bool from_start = false;
  Duration timeout = std::chrono::seconds(15);                                  // of one attempt
  Duration first = std::chrono::seconds(1), longest = std::chrono::minutes(5);  // waits between attempts
  std::size_t entries_max = 500;                                                // of one batch
  std::size_t bytes_max = 4UL << 20U;
  Duration wait = std::chrono::seconds(1);      // for more, before a batch that is not full goes
  Duration progress = std::chrono::minutes(1);  // at most so often the ledger tells how far it came

  std::string_view sink_kind() const;  // "file", "http", "syslog", "s3"
  bool operator==(const ExportSettings&) const = default;
};

/// Reads the list `exports`. `text` gives a scalar with environment variables replaced; relative paths are meant from
/// `base`.
std::vector<ExportSettings> read_exports(const YamlValue& list, const std::filesystem::path& base,
                                         const std::function<std::string(const YamlValue&)>& text,
                                         std::vector<Diagnostic>& complaints);

// ---- Sinks ----

/// Port: takes batches to where they are wanted. Blocks, for at most the time limit of its settings.
class ExportSink {
 public:
  virtual ~ExportSink() = default;
  /// True once the other side has said that it has the batch. An error says in a sentence why not, without a secret.
  virtual Result<void> deliver(const ExportBatch& batch, Instant now) = 0;
  /// Ends a deliver() that is under way within a second or so, and all later ones. From any thread.
  virtual void stop() {}
};
std::unique_ptr<ExportSink> make_file_sink(const FileSinkSettings& settings);

// ---- Following the log ----

/// How far an export came. `lag` counts entries of the log, wanted or not.
struct ExportStatus {
  std::string name;
  std::uint64_t acknowledged = 0;  // every entry below was taken, or is not wanted
  std::uint64_t log_size = 0;
  std::uint64_t records = 0;   // taken since the start
  std::uint64_t failures = 0;  // attempts since the start
  int failed_in_a_row = 0;
  std::string last_error;
  std::uint64_t lag() const { return log_size > acknowledged ? log_size - acknowledged : 0; }
};

/// What is kept of an export between runs, one file each below `exports` in the data directory.
struct ExportPosition {
  std::uint64_t next = 0;       // the first entry that was not acknowledged
  std::uint64_t read_from = 0;  // where reading begins, so that spans have their intents
};
/// kNotFound when there is none, kCorrupt when it is torn or of another log.
Result<ExportPosition> read_export_position(const std::filesystem::path& file, std::string_view log);
Result<void> write_export_position(const std::filesystem::path& file, std::string_view log, ExportPosition position);
std::filesystem::path export_position_file(const std::filesystem::path& directory, std::string_view name);
/// Why the sink does not take anything at the moment; not there while it does.
std::filesystem::path export_trouble_file(const std::filesystem::path& directory, std::string_view name);

/// Follows the log for one sink. All but stop() and status() from one thread; holds at most one batch.
class Exporter {
 public:
  struct Options {
    ExportSettings settings;
    ExportMapping mapping;
    ExportSource source;
    std::filesystem::path directory;  // for the position
    std::filesystem::path ledger;
    /// Writes a `ledger.exported` entry with this detail. From the exporter's thread; must not wait for the disk.
    std::function<void(const std::string& detail)> tell;
    const Clock* clock = &system_clock();
  };
  static Result<std::unique_ptr<Exporter>> create(Options options, std::unique_ptr<ExportSink> sink);
  ~Exporter();

  /// Reads and delivers at most one batch. Returns how long nothing has to be done.
  Duration step();
  void stop() { sink_->stop(); }
  /// Keeps how far it came. After the last step().
  void finish();
  ExportStatus status() const;

 private:
  Exporter(Options options, EntryFilter filter, std::unique_ptr<ExportSink> sink);
  Result<void> begin();
  Result<ExportPosition> begin_without_position();
  Result<void> fill();
  void deliver();
  void keep_position();
  void tell_progress(bool at_once);
  void note_failure(const std::string& why);
  void note_success();

  const Options options_;
  const std::unique_ptr<const EntryFilter> filter_;
  std::unique_ptr<ExportSink> sink_;
  std::unique_ptr<LogReader> reader_;
  ExportRecords records_;
  ExportBatch batch_;
  std::uint64_t read_next_ = 0;  // the entry that is read next
  std::uint64_t acknowledged_ = 0;
  std::uint64_t kept_ = 0;     // as the file has it
  std::uint64_t told_ = 0;     // as the ledger has it
  bool news_to_tell_ = false;  // since told_ something besides own progress was taken
  bool begun_ = false;
  int failed_ = 0;
  Moment next_attempt_{}, batch_begun_{}, last_kept_{}, last_told_{};
  mutable std::mutex mutex_;
  ExportStatus status_;
};

}  // namespace reeve::ledger
