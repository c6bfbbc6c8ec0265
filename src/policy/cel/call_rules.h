#pragma once

// Which operations are meaningful for which types, and what to say about those that are not.

#include <span>
#include <string>
#include <variant>

#include "policy/cel/ast.h"
#include "policy/cel/function.h"
#include "policy/cel/type.h"

namespace reeve::policy::cel {

/// What an operator or function gives for operands of these types (the target of a member call first), or what is wrong
/// with it.
std::variant<Type, Fault> type_of_call(const Node& call, const Function& function, std::span<const Type> operands);

/// Nobody has a function of this name.
Fault unknown_function(const Node& call, std::string_view qualified_name);

/// The node as a message names it: in quotes, or as it is when it is a literal; cut when it is long.
std::string mention(const Node& node);

}  // namespace reeve::policy::cel
