#pragma once

// Recorded calls as rows, and sums over them: the part of the spend room's face on reports. What is told beyond sums is
// in spend/insight.h.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/money.h"
#include "core/result.h"
#include "core/time.h"
#include "core/token_usage.h"

namespace reeve::spend {

/// One settled attempt, as the ledger tells it.
struct SpendRow {
  std::uint64_t index = 0;  // of the ledger entry
  Instant time;
  std::string person, team, client, session, repo, feature, work_item, model, provider, agent;
  TokenUsage usage;
  Money cost;
  bool estimated = false;
  bool price_known = true;
  bool refused = false;

  // What the price was found by.
  bool priced = false;  // the entry has a cost
  std::string price_provider, price_model, price_version, region;
  std::optional<Instant> price_time;        // none in entries of versions that did not record it: `time` then
  std::optional<ServiceTier> service_tier;  // likewise
  Money list_cost;                          // at the list's price; `cost` where it is not recorded apart

  // The shape of the task.
  std::string asked, status, operation;  // the model's name as asked; outcome.status; "generate", "embed"
  bool shape_known = false;              // the next three were recorded
  bool tools = false, thinking = false;  // were offered, was asked for
  std::int64_t messages = 0;
  std::vector<std::string> called;  // tools that the answer called
};

/// Dimensions a report can group by: person, team, client, session, repo, feature, work_item, model, provider, agent,
/// day, hour, month (UTC). At least one, none twice.
Result<std::vector<std::string>> parse_dimensions(std::string_view comma_separated);

/// What the row has in each of these dimensions.
std::vector<std::string> key_of(const SpendRow& row, const std::vector<std::string>& dimensions);

struct SpendGroup {
  std::vector<std::string> key;      // a value per dimension; "" when not known
  std::uint64_t calls = 0;           // all rows, also refused ones
  std::uint64_t refused = 0;         // of these, refused before they reached a provider
  std::uint64_t estimated = 0;       // of these, with usage that the provider did not report in full
  std::uint64_t unknown_prices = 0;  // of these, charged at the pessimistic price of unknown models
  TokenUsage usage;
  Money cost;
  std::vector<std::uint64_t> rows;  // indexes of the ledger entries, ascending; only in a report that traces
};

/// "17-19,44": of ascending numbers.
std::string row_ranges(const std::vector<std::uint64_t>& rows);

class SpendReport {
 public:
  /// `trace`: each group also keeps which rows it is the sum of, at 8 bytes a row.
  explicit SpendReport(const std::vector<std::string>& dimensions, bool trace = false);
  SpendReport(SpendReport&&) noexcept;
  SpendReport& operator=(SpendReport&&) noexcept;
  ~SpendReport();
  void add(const SpendRow& row);
  /// Adds what another report of the same dimensions has: for reports made by several threads.
  void merge(const SpendReport& other);
  /// Groups by descending cost, then by key.
  std::vector<SpendGroup> groups() const;
  SpendGroup total() const;

  std::string to_table() const;  // for a terminal
  std::string to_csv() const;    // RFC 4180, with a header line; costs with nine decimals
  std::string to_json() const;

 private:
  std::string traced_rows() const;
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace reeve::spend
