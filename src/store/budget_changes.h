#pragma once

// What every storage of budgets checks of a change, and the words for what it refuses.

#include "core/bytes.h"
#include "spend/spend.h"

namespace reeve::store {

inline Result<void> check_change(const spend::BudgetChange& change) {
  constexpr std::size_t kDetailBytesMax = 8'192;  // an entry keeps it whole then
  const bool whole = !change.budget.name.empty() && change.budget.version > 0 && !change.kind.empty();
  if (whole && change.detail.size() <= kDetailBytesMax && is_utf8(change.budget.document)) return {};
  return Error{ErrorCode::kInvalid, "a change of a budget needs its name, its version and what the ledger tells of it"};
}

inline Error changed_meanwhile(const spend::BudgetChange& change) {
  return {ErrorCode::kConflict, "the budget " + printable(change.budget.name, 63) +
                                    " was changed by somebody else meanwhile; look at it again"};
}

inline Error key_is_taken() {
  return {ErrorCode::kConflict, "another request under this idempotency key was just answered; send this one again"};
}

}  // namespace reeve::store
