#pragma once

// Calls that are no calls: has(), the loops over lists and maps, and cel.bind(). Recognised while parsing.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/cel/ast.h"

namespace reeve::policy::cel {

/// A call as it was read. `target` is null when nothing stands before the name.
struct WrittenCall {
  Node* target = nullptr;
  std::string_view name;
  std::vector<Node*> arguments;
  std::uint32_t offset = 0;
  std::uint32_t end = 0;
  std::uint32_t at = 0;  // of the name
};

/// The node in whose place the call stands, without its height; null when it is an ordinary call, or when it is a macro
/// used wrongly, which adds a fault.
Node* recognise_macro(Ast& ast, const WrittenCall& call, std::vector<Fault>& faults);

/// The name that a loop is written with, by its macro and how many variables it has.
std::string_view macro_name(Macro macro, std::size_t variables);

/// How a loop of this name is written, for somebody who gave it the wrong number of arguments; empty when it is none.
std::string_view macro_usage(std::string_view name);

}  // namespace reeve::policy::cel
