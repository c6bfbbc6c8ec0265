#pragma once

// The price documents of an organisation: `kind: Price`, `UnknownPrice`, `Discount`, `Surcharge` and `Commitment`.
// Private to the spend room.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/yaml.h"
#include "spend/spend.h"

namespace reeve::spend {

/// A price that an organisation states itself, because it has a contract of its own or runs the model.
struct PriceOverride {
  std::string provider;  // globs over the names that find() is asked for
  std::string model;
  std::string region = "*";             // of the provider
  std::optional<Instant> since, until;  // the latter excluded
  std::size_t place = 0;                // in file order
  Price price;

  bool fits(std::string_view provider_id, std::string_view model_name) const;
};

struct Overrides {
  /// In the order in which they are asked: a model named in full before a pattern, a later `since` before an earlier
  /// one, then file order.
  std::vector<PriceOverride> prices;
  Price unknown;
  std::vector<PriceAdjustment> adjustments;  // in the order in which they count, as prices
  std::vector<Commitment> commitments;
  std::string digest;  // of all of them; empty when there are none
};

/// Adds a document of one of the last three kinds; passes others over.
void read_adjustment(const YamlValue& document, Overrides& overrides, std::vector<Diagnostic>& complaints);
void sort_adjustments(std::vector<PriceAdjustment>& adjustments);

/// "genai-prices 0.1.8 rules 1": the list and our own billing rules, which every price rests on.
const std::string& base_version();

/// The default pessimistic price when no document gives one: $15 and $75 per million.
Price default_unknown_price();
Overrides read_overrides(const std::vector<YamlValue>& documents, std::vector<Diagnostic>& complaints);

}  // namespace reeve::spend
