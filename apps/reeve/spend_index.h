#pragma once

// What recorded calls cost, asked of the ledger's index: the same figures to the nano-dollar as read_spend_rows() gives
// to the same sums, without reading the ledger. Whole hours come from the index's sums by the hour; what is left of the
// first and the last one, and what sums cannot tell, from its rows of calls. docs/ledger-query.md has the tables.

#include <cstdint>
#include <string>
#include <vector>

#include "ledger/ledger.h"
#include "reeve/call_stream.h"
#include "reeve/ledger_reading.h"
#include "spend/sums.h"

namespace reeve::app {

/// A server's index, for the sums below. Null where its library is not installed: the ledger is read then. While it is
/// being made, whoever asks is told so: reading a long ledger would take as long.
Result<std::shared_ptr<ledger::Index>> index_for_sums(IndexThread& thread);

/// `dimensions`: of parse_dimensions().
struct SpendGroups {
  std::vector<spend::SpendGroup> groups;  // as SpendReport::groups() has them
  spend::SpendGroup total;
};
Result<SpendGroups> spend_groups_of(ledger::Index& index, const CallWindow& window,
                                    const std::vector<std::string>& dimensions);

/// Fills what is empty; gives how many calls were looked at.
Result<std::uint64_t> add_days(ledger::Index& index, const CallWindow& window, spend::DailySpend& days);
/// `after`, up to `until`, with the month before, by a dimension or none.
struct MonthsAsked {
  spend::MonthSpan after;
  Instant until;
  std::string dimension;
};
struct ComparedMonths {
  spend::MonthComparison::Comparison comparison;
  std::uint64_t calls = 0;
};
Result<ComparedMonths> compare_months_of(ledger::Index& index, const spend::Catalogue& prices,
                                         const MonthsAsked& asked);
/// `rules`: those of `advice`.
Result<std::uint64_t> add_advice(ledger::Index& index, const CallWindow& window,
                                 const std::vector<spend::AdviceRule>& rules, spend::SavingsAdvice& advice);

}  // namespace reeve::app
