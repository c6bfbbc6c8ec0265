#pragma once

// Names of people: the shape of a name, and common given names and surnames of many languages. Private to the room.

#include <string_view>

namespace reeve::content {

/// One to five words that look like a name: capitals or another script, no digits, none of the words that stand where a
/// name will be ("null", "String", "Unknown").
bool looks_like_name(std::string_view text);
/// Looks like a name of two words and more, and one of them is a common given name or surname.
bool is_known_name(std::string_view text);
/// The same, and what is common is a given name, stands last, or is not all alone: "Green Report" is a thing.
bool is_plainly_a_name(std::string_view text);
/// Looks like a name, two words and more, each with a capital.
bool looks_like_full_name(std::string_view text);
/// One word that is a common given name or surname, or a name as above.
bool is_known_name_or_part(std::string_view text);

}  // namespace reeve::content
