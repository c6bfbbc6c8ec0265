// Judging values by their looks.

#include "content/secret_value.h"

#include <algorithm>
#include <array>
#include <bit>
#include <bitset>
#include <cmath>
#include <cstdint>

#include "content/word_pieces.h"

namespace reeve::content {

namespace {

/// Pairs of letters that words are made of, one row a first letter.
constexpr std::array<std::string_view, 26> kPairs = {
    "bcdgilmnprstuvy",  // a
    "aeilorsuy",        // b
    "aehiklortuy",      // c
    "adeiorsu",         // d
    "acdefgilmnprstvxy",
    "aefilortu",
    "aeghilnoru",
    "aeiortu",
    "abcdefglmnoprstvz",
    "aeosu",
    "aeinsy",
    "adeilosuy",
    "abeimopsuy",
    "acdefgiknostu",
    "abcdfgiklmnoprstuvwxy",
    "aehiloprstu",
    "u",
    "acdegiklmnorstuvy",
    "acehiklmnopstuwy",
    "acehiloorstuwy",
    "bcdegilmnprst",
    "aeio",
    "aehinors",
    "cpt",
    "eops",
    "aeo",
};

using PairTable = std::bitset<26 * 26>;

PairTable make_pairs() {
  PairTable table;
  for (std::size_t first = 0; first < 26; ++first) {
    for (const char second : kPairs[first]) table.set(first * 26 + static_cast<std::size_t>(second - 'a'));
  }
  return table;
}

/// Words that stand-ins are made of. Long enough that random tokens do not hold them.
constexpr std::array<std::string_view, 63> kStandIns = {
    "example",    "sample",    "placeholder", "changeme",    "change_me",   "change-me",  "your_",      "your-",
    "yourkey",    "yourtoken", "yoursecret",  "yourpass",    "yourapi",     "youraccess", "yourauth",   "yourclient",
    "dummy",      "fake",      "redacted",    "insert_",     "insert-",     "inserty",    "replace",    "todo",
    "fixme",      "notreal",   "not_real",    "not-real",    "not-a-",      "not_a_",     "notasecret", "notarealkey",
    "xxxx",       "****",      "....",        "----",        "____",        "####",       "????",       "masked",
    "hidden",     "censored",  "removed",     "sanitized",   "obfuscated",  "foobar",     "foo_bar",    "foo-bar",
    "deadbeef",   "cafebabe",  "qwertyui",    "asdfghjk",    "loremipsum",  "goes_here",  "goes-here",  "goeshere",
    "eby8vdm02x", "placehold", "my_secret_",  "mysupersecr", "secret_here", "key_here",   "token_here",
};

bool holds_stand_in(std::string_view value) {
  static const WordPieces kPieces(kStandIns);
  return kPieces.stand_in(value);
}

/// The value is a short piece written again and again.
bool is_repeated(std::string_view value) {
  for (std::size_t period = 1; period <= 10 && period * 2 <= value.size(); ++period) {
    const std::size_t others_most = (value.size() - period) / 10;
    std::size_t others = 0;
    for (std::size_t i = period; i < value.size() && others <= others_most; ++i) {
      others += value[i] != value[i - period] ? 1U : 0U;
    }
    if (others <= others_most) return true;
  }
  return false;
}

bool has_few_characters(std::string_view value, const ValueShape& shape) {
  const bool only_digits = shape.digits == value.size();
  if (value.size() < 12) return shape.distinct <= 3;
  if (value.size() < 20) return shape.distinct < (only_digits ? 4U : 5U);
  if (value.size() < 32) return shape.distinct < (only_digits ? 5U : 7U);
  return shape.distinct < (only_digits ? 6U : 8U);
}

}  // namespace

ValueShape shape_of(std::string_view value) {
  static constexpr std::array<std::uint8_t, 256> kClasses = [] {
    std::array<std::uint8_t, 256> classes{};  // 0: other
    for (std::size_t c = 'a'; c <= 'z'; ++c) classes[c] = 1;
    for (std::size_t c = 'A'; c <= 'Z'; ++c) classes[c] = 2;
    for (std::size_t c = '0'; c <= '9'; ++c) classes[c] = 3;
    return classes;
  }();
  ValueShape shape;
  std::array<std::size_t, 4> counts{};
  std::array<std::uint64_t, 4> seen{};
  std::size_t same = 0, step = 0;
  int before = -2;  // before the first stands nothing that it could repeat or follow
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    const std::uint8_t kind = kClasses[byte];
    ++counts[kind];
    seen[byte / 64] |= 1ULL << byte % 64;
    // Backslashes multiply with each level of nesting, and mean nothing.
    same = before == byte && c != '\\' ? same + 1 : 1;
    step = kind != 0 && before + 1 == byte ? step + 1 : 1;
    shape.longest_same = std::max(shape.longest_same, same);
    shape.longest_step = std::max(shape.longest_step, step);
    before = byte;
  }
  shape.other = counts[0];
  shape.lower = counts[1];
  shape.upper = counts[2];
  shape.digits = counts[3];
  for (const std::uint64_t bytes : seen) shape.distinct += static_cast<std::size_t>(std::popcount(bytes));
  return shape;
}

bool is_made_up(std::string_view value) { return is_made_up(value, shape_of(value)); }

bool is_made_up(std::string_view value, const ValueShape& shape) {
  if (shape.longest_same >= 6 || shape.longest_step >= 6) return true;
  return has_few_characters(value, shape) || is_repeated(value) || holds_stand_in(value);
}

double word_likeness(std::string_view value) {
  static const PairTable kTable = make_pairs();
  std::size_t pairs = 0;
  std::size_t common = 0;
  for (std::size_t i = 1; i < value.size(); ++i) {
    const char first = value[i - 1];
    const char second = value[i];
    if (!is_letter(first) || !is_letter(second)) continue;
    if (is_lower(first) && is_upper(second)) continue;  // a word's border in camel case
    ++pairs;
    const auto row = static_cast<std::size_t>(lower_of(first) - 'a');
    if (kTable.test(row * 26 + static_cast<std::size_t>(lower_of(second) - 'a'))) ++common;
  }
  return pairs < 4 ? 0.5 : static_cast<double>(common) / static_cast<double>(pairs);
}

bool is_wordy(std::string_view value) { return is_wordy(value, shape_of(value)); }

bool is_wordy(std::string_view value, const ValueShape& shape) {
  if (shape.letters() * 10 < value.size() * 7) return false;
  // Case that changes inside words is what generated tokens have, and words do not.
  std::size_t odd_changes = 0;
  for (std::size_t i = 2; i < value.size(); ++i) {
    if (is_lower(value[i - 2]) && is_upper(value[i - 1]) && !is_lower(value[i])) ++odd_changes;
  }
  if (odd_changes * 8 > value.size()) return false;
  const double likeness = word_likeness(value);
  if (shape.digits == 0) return likeness >= 0.7;
  return likeness >= 0.85 && shape.digits * 9 <= value.size();
}

bool is_random_token(std::string_view value) {
  const ValueShape shape = shape_of(value);
  return !is_wordy(value, shape) && !is_made_up(value, shape);
}

double entropy_of(std::string_view value) {
  if (value.empty()) return 0;
  std::array<std::uint32_t, 256> counts{};
  for (const char c : value) ++counts[static_cast<unsigned char>(c)];
  double bits = 0;
  const auto size = static_cast<double>(value.size());
  for (const std::uint32_t count : counts) {
    if (count == 0) continue;
    const double share = count / size;
    bits -= share * std::log2(share);
  }
  return bits;
}

}  // namespace reeve::content
