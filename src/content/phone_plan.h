#pragma once

// Numbering plans: how many digits stand behind a country code. Private to the room.

#include <cstddef>
#include <string_view>

namespace reeve::content {

struct PhonePlan {
  int country = 0;                        // code, as in "+49"
  std::size_t shortest = 0, longest = 0;  // digits of the national number, without the code and without a leading 0
};

/// The plan of an international number's digits (code first); null: no country has this code.
const PhonePlan* phone_plan_of(std::string_view digits);
/// Digits of the country's code.
std::size_t code_length(const PhonePlan& plan);

}  // namespace reeve::content
