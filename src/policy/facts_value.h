#pragma once

// Facts as CEL values. Private to the policy room.

#include "policy/cel/json_value.h"
#include "policy/cel/value.h"
#include "policy/facts.h"

namespace reeve::policy {

/// What an absent fact reads as: the zero value of its type.
cel::Value absent_value(Fact fact);
/// One fact, asked of its source. `present`, when given, tells whether it was there.
cel::Value read_fact(const Facts& facts, Fact fact, cel::Arena& arena, bool* present = nullptr);
Instant instant_of(const cel::Value& timestamp);

}  // namespace reeve::policy
