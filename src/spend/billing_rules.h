#pragma once

// What providers bill that the price list does not hold: factors for the tiers of service, and cache writes where the
// list gives none. The sources are named in docs/metering.md. Private to the spend room.

#include <cstdint>
#include <string_view>

#include "spend/spend.h"

namespace reeve::spend {

/// Completes `price`, whose rates are those of `model` at `provider` (catalogue ids, lower case), by the tables in the
/// .cpp file: sets the tier factors, and adds the cache-write rates that are absent.
void apply_billing_rules(std::string_view provider, std::string_view model, Price& price);

/// `rate` times `thousandths`, rounded up to a whole nano-dollar per million.
TieredRate scaled(const TieredRate& rate, std::int64_t thousandths);

}  // namespace reeve::spend
