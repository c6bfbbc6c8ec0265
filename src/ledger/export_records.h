#pragma once

// Entries as records of another system, one by one and in batches. Part of the ledger room's face.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/time.h"
#include "ledger/export_mapping.h"

namespace reeve::ledger {

class EntryFilter;
struct StoredEntry;

struct ExportRecord {
  std::uint64_t index = 0;  // of the entry that it is about
  Instant time;
  int severity = 6;  // of syslog: 0 (emergency) to 7 (debug)
  std::string text;  // one line without its end
};

/// Records in the order of the log, and which part of the log they stand for.
struct ExportBatch {
  const ExportMapping* mapping = nullptr;
  std::string log;          // the origin
  std::uint64_t begin = 0;  // entries [begin, end) are in `records`, or not wanted
  std::uint64_t end = 0;
  std::vector<ExportRecord> records;
  std::string resource;  // of spans
  std::size_t bytes = 0;

  /// The same for the same records, for ever: "ORIGIN/FIRST-LAST".
  std::string key() const;
  std::string body(ExportMapping::Batch form) const;
  std::string_view content_type(ExportMapping::Batch form) const;
};

/// Makes records. Not thread-safe.
class ExportRecords {
 public:
  /// `mapping` and `filter` (none: everything) must outlive it.
  ExportRecords(const ExportMapping& mapping, ExportSource source, const EntryFilter* filter);

  /// Entries come in order. Nothing for those that are not wanted, or that have no record of their own in this form.
  std::optional<ExportRecord> record(const StoredEntry& stored);
  /// Adds the record of the entry, if it has one, and that the batch covers it.
  void add(ExportBatch& batch, const StoredEntry& stored);
  ExportBatch empty_batch(std::uint64_t begin) const;

  /// Where reading has to begin again so that records from `next` on come out the same: spans need their intents.
  std::uint64_t needed_from(std::uint64_t next) const;

 private:
  void remember(const StoredEntry& stored, std::string key);
  std::string take_intent(const std::string& key);
  std::string cef_line(const ExportView& view) const;
  std::string span(const ExportView& view) const;

  const ExportMapping& mapping_;
  const ExportSource source_;
  const EntryFilter* filter_;
  struct Intent {
    std::uint64_t index = 0;
    std::string bytes;
  };
  std::unordered_map<std::string, Intent> intents_;  // by request id and attempt
  std::map<std::uint64_t, std::string> intents_by_index_;
  std::size_t intent_bytes_ = 0;
};

}  // namespace reeve::ledger
