#pragma once

// What calls cost, and what sessions did, by the hour: a row of `spend` for the calls of an hour that have everything
// else in common, their session included. Made by whoever makes the rows of calls, from the same entries, so that sums
// over either are the same to the nano-dollar. There are never more such rows than calls, and mostly a tenth of them or
// fewer.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/result.h"
#include "ledger/index_appender.h"
#include "ledger/index_fields.h"

namespace reeve::ledger {

/// Sums until they are written: those of one batch, hence bounded by it. One thread.
class SpendSums {
 public:
  explicit SpendSums(const duckdb::Library& library);
  /// As RowAppender::open().
  Result<void> open(duckdb::Connection connection, const std::string& catalog, const std::string& table,
                    AppendThread* thread);
  bool is_open() const { return is_open_; }
  /// A row of calls. Times are microseconds since 1970.
  struct Call {
    bool has_ended = false;  // there is an outcome: it counts as a call, and has cost
    bool is_new = false;     // of a call that no other row tells of: late outcomes have rows of their own
    std::uint64_t first_seq = 0;
    std::int64_t first = 0;
    std::uint64_t last_seq = 0;
    std::int64_t last = 0;
  };
  /// `fields`: of the outcome; of the intent where there is none. While it is open.
  void add(const EntryFields& fields, const Call& call);
  /// Writes the sums and ends appending.
  Result<void> close();

 private:
  static constexpr std::size_t kTexts = 17;
  static constexpr std::size_t kNumbers = 22;
  using Numbers = std::array<std::int64_t, kNumbers>;
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  Result<void> write();

  RowAppender rows_;
  std::unordered_map<std::string, Numbers, Hash, std::equal_to<>> sums_;  // by the hour and the texts
  std::string key_;                                                       // that is being made
  bool is_open_ = false;
};

/// A statement that adds what `from` has to `to`, rows of one key as one.
std::string gather_spend_sql(std::string_view from, std::string_view to);

}  // namespace reeve::ledger
