#pragma once

// `kind: Price` and `kind: UnknownPrice` documents. Private to the spend room.

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
  std::optional<Instant> since;
  std::size_t place = 0;  // in file order
  Price price;

  bool fits(std::string_view provider_id, std::string_view model_name) const;
};

struct Overrides {
  /// In the order in which they are asked: a model named in full before a pattern, a later `since` before an earlier
  /// one, then file order.
  std::vector<PriceOverride> prices;
  Price unknown;
};

/// The default pessimistic price when no document gives one: $15 and $75 per million.
Price default_unknown_price();
Overrides read_overrides(const std::vector<YamlValue>& documents, std::vector<Diagnostic>& complaints);

}  // namespace reeve::spend
