#pragma once

// What can be said of a value by looking at it: could someone log in with it, or is it a stand-in, a reference, a word?
// Private to the room; pure functions.

#include <cstddef>
#include <string_view>

namespace reeve::content {

/// Counts of what a value is made of. ASCII; every byte from 0x80 counts as `other`.
struct ValueShape {
  std::size_t lower = 0, upper = 0, digits = 0, other = 0;
  std::size_t distinct = 0;      // different bytes
  std::size_t longest_same = 0;  // the longest run of one byte
  std::size_t longest_step = 0;  // the longest run in which each byte follows the one before it: abcdef, 345678
  std::size_t letters() const { return lower + upper; }
};
ValueShape shape_of(std::string_view value);

/// A stand-in that documentation and templates use: rows of one character, alphabets, keyboard rows, repeated pieces,
/// words such as "example", "placeholder", "your", "changeme".
bool is_made_up(std::string_view value);
bool is_made_up(std::string_view value, const ValueShape& shape);  // whose shape is known

/// 0 to 1: the share of neighbouring letters that words of western languages and identifiers are full of. Random
/// letters have about a third, words nearly all. Values with fewer than four such pairs give 0.5: nothing is known of
/// them.
double word_likeness(std::string_view value);

/// Reads like words put together (identifiers, sentences, paths) rather than like a generated token.
bool is_wordy(std::string_view value);
bool is_wordy(std::string_view value, const ValueShape& shape);  // whose shape is known

/// A generated token: not made up and not words. What the checker "random" asks of a provider's token.
bool is_random_token(std::string_view value);

/// Bits of Shannon entropy in a byte of the value.
double entropy_of(std::string_view value);

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
constexpr bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
constexpr bool is_letter(char c) { return is_lower(c) || is_upper(c); }
constexpr bool is_alnum(char c) { return is_letter(c) || is_digit(c); }
constexpr bool is_hex_digit(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
constexpr char lower_of(char c) { return is_upper(c) ? static_cast<char>(c + 32) : c; }

}  // namespace reeve::content
