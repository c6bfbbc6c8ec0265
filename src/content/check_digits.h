#pragma once

// The arithmetic that check digits have in common. Private to the room.

#include <array>
#include <cstddef>
#include <initializer_list>
#include <string_view>

namespace reeve::content {

/// The significant characters of a value: letters in upper case, separators left out. Empty when there are more than 40
/// or when something stands between them that nobody writes into an identifier.
class Significant {
 public:
  explicit Significant(std::string_view value);
  std::string_view text() const { return {text_.data(), size_}; }
  std::size_t size() const { return size_; }
  char at(std::size_t i) const { return text_[i]; }
  /// The digit's value; of a letter something outside 0 to 9.
  int digit(std::size_t i) const { return text_[i] - '0'; }
  /// Exactly `count` characters, digits all of them.
  bool is_digits(std::size_t count) const { return size_ == count && digits_at(0, count); }
  bool digits_at(std::size_t from, std::size_t count) const;
  bool letters_at(std::size_t from, std::size_t count) const;
  /// The number that `count` digits make, at most 18 of them.
  long long number(std::size_t from, std::size_t count) const;

 private:
  std::array<char, 40> text_{};
  std::size_t size_ = 0;
};

inline bool is_digit(char c) { return c >= '0' && c <= '9'; }
inline bool is_letter(char c) { return static_cast<unsigned char>((c | 0x20) - 'a') < 26; }
inline bool is_alphanumeric(char c) { return is_digit(c) || is_letter(c); }
inline char upper_case(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }
inline char lower_case(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
/// Sets are short literals: the loop becomes a few comparisons.
inline bool holds(std::string_view set, char c) {
  for (const char one : set) {
    if (one == c) return true;
  }
  return false;
}

/// Digits only, last one the check digit (ISO/IEC 7812-1 annex B).
bool luhn(std::string_view digits);
/// Letters count as 10 to 35 (ISO 7064); the rest by 97.
int mod97(std::string_view text);
/// ISO 7064 MOD 11,10 over digits, the last one the check digit.
bool iso7064_mod11_10(std::string_view digits);
/// Verhoeff's dihedral check, last digit the check digit.
bool verhoeff(std::string_view digits);
/// The sum of digit times weight over the first digits of `value`, from `from`.
int weighted(const Significant& value, std::size_t from, std::initializer_list<int> weights);
/// The same digit over and over, or 0123456789 up or down: nobody's identifier.
bool is_trivial(std::string_view digits);
bool is_date(int year, int month, int day);
/// A date of two-digit year in either century.
bool is_short_date(int year, int month, int day);

}  // namespace reeve::content
