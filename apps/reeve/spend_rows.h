#pragma once

// Recorded calls as rows of spend, read with all cores: what the `reeve spend` commands share.

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "reeve/call_stream.h"
#include "reeve/commands.h"
#include "spend/spend.h"

namespace reeve::app {

/// Fills `row` from an entry. False for entries of other kinds; an error for what cannot be read.
Result<bool> read_spend_row(std::string_view entry, spend::SpendRow& row);

/// Gives every outcome of the window to `take`, on the worker threads of call_stream.h, in no order. For a command (one
/// with Common::through) the reading is recorded, and an error when it cannot be.
Result<void> read_spend_rows(const Common& common, const CallWindow& window,
                             const std::function<void(std::size_t worker, const spend::SpendRow&)>& take);

/// The same into one sum: `make` gives an empty one for each worker, and they are merged at the end.
template <typename Make>
auto sum_spend_rows(const Common& common, const CallWindow& window, const Make& make) -> Result<decltype(make())> {
  std::vector<decltype(make())> sums;
  sums.reserve(call_stream_workers());
  for (std::size_t i = 0; i < call_stream_workers(); ++i) sums.push_back(make());
  const auto read =
      read_spend_rows(common, window, [&](std::size_t worker, const spend::SpendRow& row) { sums[worker].add(row); });
  if (!read) return read.error();
  for (std::size_t i = 1; i < sums.size(); ++i) sums[0].merge(sums[i]);
  return std::move(sums[0]);
}

/// What the governance directory says of money.
struct SpendDocuments {
  std::shared_ptr<const spend::Catalogue> prices;
  std::vector<spend::SpendAlert> alerts;  // those of the program when there is no document
  std::vector<spend::AdviceRule> advice;  // likewise
};
/// Of `directory`, or of the configuration's when that is empty. kInvalid with the first complaint and its place.
Result<SpendDocuments> read_spend_documents(const Common& common, const std::string& directory);

}  // namespace reeve::app
