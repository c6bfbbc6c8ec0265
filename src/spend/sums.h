#pragma once

// Rows that were summed elsewhere, such as by an index of the ledger: told as a report tells its own, and compared by
// month to the nano-dollar. Part of the spend room's face, for whoever has sums instead of rows.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "spend/spend.h"

namespace reeve::spend {

/// As SpendReport::groups() has them: by descending cost, then by key.
void sort_groups(std::vector<SpendGroup>& groups);
/// Their sum, without a key and rows.
SpendGroup total_of(std::span<const SpendGroup> groups);
/// What SpendReport::to_json() gives of these groups; each key has a value per dimension.
std::string report_json(std::span<const std::string> dimensions, std::span<const SpendGroup> groups,
                        const SpendGroup& total, bool trace = false);

/// Calls that differ in time, usage and cost alone, as one row: usage and cost are their sums, and its time is `first`.
/// They lie between `first` and `last`, both included.
struct SummedRow {
  SpendRow row;
  std::uint64_t calls = 0;
  Instant first, last;
};

/// The prices for a MonthComparison of sums: rates a sum as the calls behind it would be rated one by one. Otherwise
/// those of `prices`, which it must not outlive. One thread.
class PricesOfSums final : public Catalogue {
 public:
  /// `later`: whether the calls are of the later month, which begins at `later_begin`; `earlier`: the whole one before.
  PricesOfSums(const Catalogue& prices, MonthSpan earlier, Instant later_begin)
      : prices_(prices), earlier_(std::move(earlier)), later_begin_(later_begin) {}

  /// Adds the sum to a comparison that was made with this catalogue. False, with nothing added, where sums cannot tell:
  /// prices changed in between, or other prices than those of the time depend on the size of each call.
  bool add_to(MonthComparison& comparison, const SummedRow& sum);

  PriceMatch find(std::string_view provider, std::string_view model, Instant when,
                  std::string_view region = {}) const override;
  const std::string& version() const override { return prices_.version(); }
  std::span<const Commitment> commitments() const override { return prices_.commitments(); }
  std::size_t model_count() const override { return prices_.model_count(); }
  std::vector<std::string> model_ids(std::string_view provider) const override { return prices_.model_ids(provider); }

 private:
  Instant month_earlier(Instant at) const;
  const Catalogue& prices_;
  const MonthSpan earlier_;
  const Instant later_begin_;
  std::optional<Price> of_sum_;  // while a sum is added: what makes it cost as much as its calls
};

}  // namespace reeve::spend
