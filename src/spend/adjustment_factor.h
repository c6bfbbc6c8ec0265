#pragma once

// What discounts and surcharges make of a call's price. Private to the spend room.

#include <cstdint>

#include "spend/prices.h"

namespace reeve::spend {

/// The product of the adjustments that count for a call served in this tier, in millionths; a million where none does.
std::int64_t adjustment_millionths(const PriceMatch& match, ServiceTier tier);

}  // namespace reeve::spend
