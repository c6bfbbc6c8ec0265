#pragma once

// Who read what of the ledger, as ledger.read entries have it, and which of them speaks for which reading: a page that
// asks the same every few seconds is one reading a minute.

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "core/time.h"

namespace reeve::app {

inline constexpr std::string_view kReadKind = "ledger.read";

struct Reading {
  std::string by;
  std::string filter;   // a condition, a statement, a session, what stood on the command's line
  std::string through;  // "reeve ledger query", "GET /api/v1/sessions"
  std::uint64_t count = 0;
  std::string page;  // of a reading in several parts, which one; empty for the first
  Instant at;        // 0: now
};
/// The detail of its entry, canonical and short enough for one: a long filter is cut, and says so.
std::string detail_of(const Reading& reading);
/// Back from such a detail; nothing for other ones of the kind, such as of kept content.
std::optional<Reading> read_reading(std::string_view detail);

/// Thread-safe.
class RecentReadings {
 public:
  /// The entry of a reading by the same person, through the same, of the same, less than a minute before.
  std::optional<std::uint64_t> find(const Reading& reading) const;
  void remember(const Reading& reading, std::uint64_t entry);

 private:
  struct Told {
    Instant at;
    std::uint64_t entry = 0;
  };
  static std::string key_of(const Reading& reading);

  mutable std::mutex mutex_;
  std::map<std::string, Told> told_;
};

}  // namespace reeve::app
