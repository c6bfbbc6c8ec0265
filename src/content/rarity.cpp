// A value is held against two explanations: letters drawn as words and identifiers draw them, and characters drawn at
// random from the alphabet it uses. What the better one of them saves, in bits a character, says how rare it is.

#include "content/rarity.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

#include "content/rarity_table.h"

namespace reeve::content {

namespace {

constexpr std::size_t kBytesMax = 512;
constexpr unsigned kSymbols = 27;

enum Kind : std::uint8_t { kLower, kUpper, kDigit, kMark };

constexpr std::array<std::uint8_t, 256> make_kinds() {
  std::array<std::uint8_t, 256> kinds{};
  for (unsigned c = 0; c < 256; ++c) {
    const bool lower = (c >= 'a' && c <= 'z') || c >= 0x80;
    kinds[c] = lower ? kLower : c >= 'A' && c <= 'Z' ? kUpper : c >= '0' && c <= '9' ? kDigit : kMark;
  }
  return kinds;
}
constexpr std::array<std::uint8_t, 256> kKinds = make_kinds();

/// What a change of kind costs where words are written, in half bits: before, after. Camel case and a number behind a
/// word are usual; a letter behind a digit is not, and a capital that ends a run of small letters begins a word.
constexpr std::uint8_t kChangeCosts[4][4] = {{0, 6, 7, 3}, {2, 0, 8, 3}, {9, 9, 0, 3}, {1, 3, 4, 1}};

/// The cost of a digit: little when it continues a count or repeats the one before.
unsigned digit_cost(unsigned char before, unsigned char digit) {
  if (kKinds[before] != kDigit) return digit <= '2' ? 3 : 6;
  const int step = static_cast<int>(digit) - static_cast<int>(before);
  if (step == 0) return 2;
  return step == 1 || step == -1 ? 3 : 7;
}

/// Bits that a character drawn from so many says.
double bits_of(unsigned alphabet) {
  constexpr std::size_t kLargest = 62;
  static const auto kBits = [] {
    std::array<double, kLargest + 1> bits{};
    for (std::size_t size = 0; size < bits.size(); ++size) {
      bits[size] = std::log2(std::max(static_cast<double>(size), 2.0));
    }
    return bits;
  }();
  return kBits[alphabet];
}

struct Costs {
  double words = 0;   // half bits
  double random = 0;  // half bits
};

Costs costs_of(std::string_view value) {
  unsigned words = 0, before = 0, last = 0, marks = 0, mark_count = 0;
  std::array<bool, 4> has{};
  bool beyond_hex = false;
  unsigned char previous = 0;
  std::uint8_t kind = kMark;
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    const std::uint8_t now = kKinds[byte];
    has[now] = true;
    words += kChangeCosts[kind][now];
    if (now == kLower || now == kUpper) {
      // A capital behind a small letter begins a word, as does a letter behind anything else.
      if (kind > kUpper || (kind == kLower && now == kUpper)) before = last = 0;
      const unsigned symbol = byte >= 0x80 ? 1 : (byte | 0x20U) - 'a' + 1;
      beyond_hex = beyond_hex || symbol > 6;
      const auto triple = static_cast<unsigned>(kTripleCosts[(before * kSymbols + last) * kSymbols + symbol] - 'a');
      const bool counts_on = byte == previous || byte == previous + 1;  // aaaa, abcd
      words += counts_on ? std::min(triple, 3U) : triple;
      before = last;
      last = symbol;
    } else if (now == kDigit) {
      words += digit_cost(previous, byte);
    } else {
      const unsigned cost = byte == previous ? 1 : 4;
      words += cost;
      marks += cost + 5;
      ++mark_count;
    }
    kind = now;
    previous = byte;
  }
  // Marks say little: words have them between them more often than random texts do.
  unsigned alphabet = (has[kLower] ? 26U : 0U) + (has[kUpper] ? 26U : 0U) + (has[kDigit] ? 10U : 0U);
  if (!beyond_hex && has[kDigit]) alphabet = has[kLower] || has[kUpper] ? 16 : 10;
  const auto others = static_cast<double>(value.size()) - static_cast<double>(mark_count);
  return {static_cast<double>(words), 2 * bits_of(alphabet) * others + static_cast<double>(marks)};
}

}  // namespace

double rarity(std::string_view value) {
  value = value.substr(0, kBytesMax);
  if (value.size() < 4) return 0;
  const Costs costs = costs_of(value);
  const auto size = static_cast<double>(value.size());
  // Half bits a character that the words' explanation costs more. Short values say less: their sum weighs, too.
  const double each = (costs.words - costs.random) / size;
  const double evidence = each * std::min(1.0, size / 24);
  const double rare = 1 / (1 + std::exp(-2.0 * (evidence + 0.6)));
  return size < 8 ? std::min(rare, 0.59) : rare;
}

double letter_likelihood(char before, char last, char letter) {
  const auto symbol = [](char c) { return c >= 'a' && c <= 'z' ? static_cast<unsigned>(c - 'a') + 1 : 0U; };
  const unsigned first = symbol(last) == 0 ? 0 : symbol(before);
  const char cost = kTripleCosts[(first * kSymbols + symbol(last)) * kSymbols + symbol(letter)];
  return std::exp2(-0.5 * (cost - 'a'));
}

}  // namespace reeve::content
