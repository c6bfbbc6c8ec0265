#pragma once

// What a person reads of a budget that is used up. Private to the spend room.

#include <string>

#include "spend/budgets.h"

namespace reeve::spend {

/// "The team payments has spent $1,999.20 of $2,000.00 this month; calls under way hold $0.50, and this one may cost
/// $0.40." From the figures of `refusal`, whose scope has to be filled in.
std::string refusal_sentence(const Budget& budget, const BudgetRefusal& refusal);

}  // namespace reeve::spend
