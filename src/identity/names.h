#pragma once

// What names of people and groups may look like, whichever credential they come from: they end in policies, reports
// and ledger entries, so they must be readable text and short.

#include <string>
#include <string_view>
#include <vector>

namespace reeve::identity {

inline constexpr std::size_t kNameBytesMax = 256;
inline constexpr std::size_t kGroupsMax = 1000;

/// Well-formed UTF-8 without control characters or blanks at its ends, 1 to kNameBytesMax bytes.
bool is_name(std::string_view text);

/// An e-mail address in lower case, anything else as it is: providers and people disagree about the case of addresses,
/// and budgets and policies must not see two people in one.
std::string person_name(std::string_view text);

void sort_unique(std::vector<std::string>& names);

}  // namespace reeve::identity
