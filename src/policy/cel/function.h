#pragma once

// The functions of the language: one table, read by the checker (signatures) and by the compiler (what to call).

#include <span>
#include <string_view>
#include <vector>

#include "policy/cel/program.h"
#include "policy/cel/type.h"

namespace reeve::policy::cel {

struct Signature {
  bool member = false;  // target.f(...): the first parameter is the target
  std::vector<Type> parameters;
  Type result;
};

/// One name. `call` gets arguments that are neither error nor unknown, looks at their kinds itself and answers
/// kNoSuchOverload for those it has no meaning for, so that it serves dyn as well. Operators are in the table too, but
/// for "_&&_", "_||_" and "_?_:_", whose operands are not all evaluated: for those `call` is null.
struct Function {
  std::string_view name;  // "size", "math.greatest", "_+_"
  std::vector<Signature> signatures;
  Value (*call)(Frame& frame, std::span<const Value> arguments) = nullptr;
  std::string_view summary;  // one sentence for docs/policy.md; empty for operators
  bool variadic = false;     // any number of arguments of the last parameter's type: math.greatest
};

/// Null when there is none.
const Function* find_function(std::string_view name);
std::span<const Function> all_functions();

}  // namespace reeve::policy::cel
