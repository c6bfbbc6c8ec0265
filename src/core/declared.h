#pragma once

// What clients say of themselves: a session, an agent, a model.

#include <string_view>

#include "core/bytes.h"

namespace reeve {

/// So much of it records keep, and rules, budgets and cutoffs compare: the beginning, whole characters only.
inline constexpr std::size_t kDeclaredBytesMax = 200;

inline std::string_view bounded(std::string_view declared) {
  declared = declared.substr(0, kDeclaredBytesMax);
  // Not in the middle of a character.
  while (!declared.empty() && !is_utf8(declared)) declared.remove_suffix(1);
  return declared;
}

}  // namespace reeve
