#pragma once

// The shape of placeholders: "RV", two letters for the class, 15 characters of a keyed hash, a check character. Private
// to the room.

#include <cstddef>
#include <string>
#include <string_view>

namespace reeve::content {

inline constexpr std::size_t kPlaceholderStartBytes = 4;  // "RV" and the class
inline constexpr std::size_t kPlaceholderBeginning = 12;  // so many of a placeholder's first characters, or
inline constexpr std::size_t kPlaceholderEnding = 8;      // so many of its last ones, give away a damaged one

/// "secret" -> "SE"; "XX" for a class that has no letters of its own.
std::string_view placeholder_class_letters(std::string_view class_name);

/// The same for the same key, class and value. Says nothing of the value to whoever lacks the key.
std::string make_placeholder(std::string_view key, std::string_view class_name, std::string_view value);

inline bool is_placeholder_character(char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'); }
inline bool is_letter_or_digit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/// Exactly 20 characters of [A-Z0-9] that begin with "RV" and a class.
bool has_placeholder_shape(std::string_view text);
/// The shape, and the right check character: which shows any one changed character and any two that changed places.
bool is_sound_placeholder(std::string_view text);

/// The first place from `from` on where "RV" stands in any case, or where the text ends with an R. npos: there is none.
std::size_t find_placeholder_start(std::string_view text, std::size_t from);

/// The letters and digits at the beginning of `text`, at most one more than a placeholder has.
std::string_view leading_run(std::string_view text);

}  // namespace reeve::content
