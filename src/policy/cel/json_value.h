#pragma once

// JSON as values of the language: how facts, tests and events come in.

#include "core/json.h"
#include "policy/cel/arena.h"
#include "policy/cel/value.h"

namespace reeve::policy::cel {

/// Whole numbers become int (also 1.0, as JSON does not tell them apart), others double; objects become maps, of which
/// the first member of a name counts. Everything is copied into the arena. An absent value becomes null.
Value value_of_json(Arena& arena, const JsonValue& json);

}  // namespace reeve::policy::cel
