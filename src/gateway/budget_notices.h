#pragma once

// What budgets have to tell their owners, as notices: of a threshold that was reached, of a budget that refused.

#include <optional>

#include "gateway/gateway.h"

namespace reeve::gateway {

/// A limit that is there again without anybody doing anything: calls under way at once, and those of a minute.
bool passes_by_itself(const spend::BudgetRefusal& refusal);

/// `set`: where the budget stands, or stood a moment ago.
Notice notice_of_threshold(const spend::Reached& reached, const spend::BudgetSet& set, const spend::CallScope& call,
                           Instant now);
/// Nothing for a limit that passes by itself, and for a budget that is not in the set any more.
std::optional<Notice> notice_of_refusal(const spend::BudgetRefusal& refusal, const spend::BudgetSet& set,
                                        const spend::CallScope& call, Instant now);

}  // namespace reeve::gateway
