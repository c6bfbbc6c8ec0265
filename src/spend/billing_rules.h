#pragma once

// What providers bill that the price list does not hold: factors for the tiers of service, and cache writes where the
// list gives none. The sources are named in docs/metering.md. Private to the spend room.

#include <cstdint>
#include <string>
#include <string_view>

#include "spend/spend.h"

namespace reeve::spend {

/// Part of every price's version. Raise it with every change of the tables; a test compares a digest of them.
inline constexpr int kBillingRulesVersion = 1;
/// What the tables hold, as text: for that test.
std::string billing_rules_text();

/// Completes `price`, whose rates are those of `model` at `provider` (catalogue ids, lower case), by the tables in the
/// .cpp file: sets the tier factors, and adds the cache-write rates that are absent.
void apply_billing_rules(std::string_view provider, std::string_view model, Price& price);

/// `rate` times `thousandths`, rounded up to a whole nano-dollar per million.
TieredRate scaled(const TieredRate& rate, std::int64_t thousandths);

}  // namespace reeve::spend
