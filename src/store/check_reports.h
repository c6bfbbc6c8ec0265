#pragma once

// What every register of checks asks of a report.

#include "core/result.h"
#include "policy/policy.h"

namespace reeve::store {

/// kInvalid, with what is wrong.
Result<void> check_report(const policy::CheckState& state);

}  // namespace reeve::store
