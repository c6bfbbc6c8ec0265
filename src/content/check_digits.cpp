#include "content/check_digits.h"

#include <cstdint>

namespace reeve::content {

Significant::Significant(std::string_view value) {
  for (const char c : value) {
    if (is_alphanumeric(c)) {
      if (size_ == text_.size()) {
        size_ = 0;
        return;
      }
      text_[size_++] = upper_case(c);
    } else if (c != ' ' && c != '-' && c != '.' && c != '/' && c != '+' && c != '(' && c != ')') {
      size_ = 0;
      return;
    }
  }
}

bool Significant::digits_at(std::size_t from, std::size_t count) const {
  if (from + count > size_) return false;
  for (std::size_t i = from; i < from + count; ++i) {
    if (!is_digit(text_[i])) return false;
  }
  return true;
}

bool Significant::letters_at(std::size_t from, std::size_t count) const {
  if (from + count > size_) return false;
  for (std::size_t i = from; i < from + count; ++i) {
    if (!is_letter(text_[i])) return false;
  }
  return true;
}

long long Significant::number(std::size_t from, std::size_t count) const {
  long long number = 0;
  for (std::size_t i = from; i < from + count; ++i) number = number * 10 + digit(i);
  return number;
}

bool luhn(std::string_view digits) {
  int sum = 0;
  bool twice = false;
  for (std::size_t i = digits.size(); i-- > 0; twice = !twice) {
    int digit = digits[i] - '0';
    if (twice) digit = digit > 4 ? digit * 2 - 9 : digit * 2;
    sum += digit;
  }
  return sum % 10 == 0;
}

int mod97(std::string_view text) {
  constexpr std::uint64_t kNearlyFull = 1ULL << 56U;  // another letter fits
  std::uint64_t rest = 0;
  for (const char c : text) {
    if (is_digit(c)) {
      rest = rest * 10 + static_cast<std::uint64_t>(c - '0');
    } else {
      rest = rest * 100 + static_cast<std::uint64_t>(upper_case(c) - 'A' + 10);
    }
    if (rest >= kNearlyFull) rest %= 97;
  }
  return static_cast<int>(rest % 97);
}

bool iso7064_mod11_10(std::string_view digits) {
  int product = 10;
  for (std::size_t i = 0; i + 1 < digits.size(); ++i) {
    int sum = (digits[i] - '0' + product) % 10;
    if (sum == 0) sum = 10;
    product = sum * 2 % 11;
  }
  return (11 - product) % 10 == digits.back() - '0';
}

bool verhoeff(std::string_view digits) {
  // The dihedral group D5: 0 to 4 turn, 5 to 9 mirror.
  const auto multiply = [](int a, int b) {
    if (a < 5) return b < 5 ? (a + b) % 5 : 5 + (a + b - 5) % 5;
    return b < 5 ? 5 + (a - 5 - b + 5) % 5 : (a - b + 5) % 5;
  };
  constexpr std::array<int, 10> kPermutation = {1, 5, 7, 6, 2, 8, 3, 0, 9, 4};
  int check = 0;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    int digit = digits[digits.size() - 1 - i] - '0';
    for (std::size_t turn = 0; turn < i % 8; ++turn) digit = kPermutation[static_cast<std::size_t>(digit)];
    check = multiply(check, digit);
  }
  return check == 0;
}

int weighted(const Significant& value, std::size_t from, std::initializer_list<int> weights) {
  int sum = 0;
  for (const int weight : weights) sum += weight * value.digit(from++);
  return sum;
}

bool is_trivial(std::string_view digits) {
  bool same = true, up = true, down = true;
  for (std::size_t i = 1; i < digits.size(); ++i) {
    const int step = digits[i] - digits[i - 1];
    same = same && step == 0;
    up = up && (step == 1 || step == -9);
    down = down && (step == -1 || step == 9);
  }
  return same || up || down;
}

bool is_date(int year, int month, int day) {
  if (month < 1 || month > 12 || day < 1) return false;
  constexpr std::array<int, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return day <= kDays[static_cast<std::size_t>(month - 1)] + (month == 2 && leap ? 1 : 0);
}

bool is_short_date(int year, int month, int day) {
  return is_date(1900 + year, month, day) || is_date(2000 + year, month, day);
}

}  // namespace reeve::content
