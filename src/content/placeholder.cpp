#include "content/placeholder.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "content/redaction.h"
#include "core/crypto.h"

namespace reeve::content {

namespace {

struct ClassLetters {
  std::string_view class_name, letters;
};
constexpr std::string_view kOtherClass = "XX";
constexpr std::array kClasses = {ClassLetters{"secret", "SE"},       ClassLetters{"pii", "PI"},
                                 ClassLetters{"payment-card", "PC"}, ClassLetters{"financial", "FI"},
                                 ClassLetters{"health", "HE"},       ClassLetters{"customer", "CU"},
                                 ClassLetters{"source", "SO"}};

// Crockford's base 32: without I, L, O and U, which people and models take for others.
constexpr std::string_view kDigits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr std::size_t kHashCharacters = 15;
static_assert(kPlaceholderStartBytes + kHashCharacters + 1 == kPlaceholderBytes);

// Characters count 0 to 35. With each of the 20 places weighed by its own number, 1 to 20, a sum that is a multiple of
// the prime 37 is lost by any one change and by any two characters that change places.
constexpr unsigned kPrime = 37;
constexpr unsigned kInverseOfLastWeight = 13;  // 20 * 13 = 7 * 37 + 1

unsigned number_of(char c) { return static_cast<unsigned>(c <= '9' ? c - '0' : c - 'A' + 10); }
char character_of(unsigned number) { return static_cast<char>(number < 10 ? '0' + number : 'A' + (number - 10)); }

unsigned weighed_sum(std::string_view text) {
  unsigned sum = 0;
  for (std::size_t i = 0; i < text.size(); ++i) sum += static_cast<unsigned>(i + 1) * number_of(text[i]);
  return sum % kPrime;
}

/// Nothing for one beginning in 37: no character stands for 36.
std::optional<char> check_character(std::string_view beginning) {
  const unsigned number = (kPrime - weighed_sum(beginning)) * kInverseOfLastWeight % kPrime;
  if (number == kPrime - 1) return std::nullopt;
  return character_of(number);
}

bool are_class_letters(std::string_view two) {
  return two == kOtherClass || std::ranges::any_of(kClasses, [&](const auto& known) { return known.letters == two; });
}

bool is_rv(char first, char second) { return (first | 0x20) == 'r' && (second | 0x20) == 'v'; }

/// Whether the letters "rv" begin anywhere in the 64 bytes at `at`; the 65th must be readable. Written for the
/// vectoriser: one pass without branches.
bool has_rv(const char* at) {
  unsigned char found = 0;
  for (std::size_t i = 0; i < 64; ++i) {
    const auto first = static_cast<unsigned char>((at[i] | 0x20) ^ 'r');
    const auto second = static_cast<unsigned char>((at[i + 1] | 0x20) ^ 'v');
    found = static_cast<unsigned char>(found | static_cast<unsigned char>((first | second) == 0));
  }
  return found != 0;
}

}  // namespace

std::string_view placeholder_class_letters(std::string_view class_name) {
  for (const ClassLetters& known : kClasses) {
    if (known.class_name == class_name) return known.letters;
  }
  return kOtherClass;
}

std::string make_placeholder(std::string_view key, std::string_view class_name, std::string_view value) {
  std::string hashed(1, '\0');
  hashed.append(class_name).append(1, '\0').append(value);
  std::string placeholder;
  for (char round = 0;; ++round) {
    hashed[0] = round;
    const Sha256 hash = hmac_sha256(key, hashed);
    placeholder.assign("RV").append(placeholder_class_letters(class_name));
    for (std::size_t i = 0; i < kHashCharacters; ++i) {
      const std::size_t bit = i * 5;
      const unsigned two_bytes = static_cast<unsigned>(hash[bit / 8]) << 8U | hash[bit / 8 + 1];
      placeholder += kDigits[two_bytes >> (11 - bit % 8) & 31U];
    }
    if (const std::optional<char> check = check_character(placeholder)) return placeholder + *check;
  }
}

bool has_placeholder_shape(std::string_view text) {
  return text.size() == kPlaceholderBytes && text.starts_with("RV") &&
         std::ranges::all_of(text, is_placeholder_character) && are_class_letters(text.substr(2, 2));
}

bool is_sound_placeholder(std::string_view text) { return has_placeholder_shape(text) && weighed_sum(text) == 0; }

std::size_t find_placeholder_start(std::string_view text, std::size_t from) {
  std::size_t at = from;
  while (at < text.size()) {
    while (at + 65 <= text.size() && !has_rv(text.data() + at)) at += 64;
    const std::size_t end = std::min(text.size(), at + 64);
    for (; at < end; ++at) {
      if ((text[at] | 0x20) == 'r' && (at + 1 == text.size() || is_rv(text[at], text[at + 1]))) return at;
    }
  }
  return std::string_view::npos;
}

std::string_view leading_run(std::string_view text) {
  std::size_t length = 0;
  while (length < text.size() && length <= kPlaceholderBytes && is_letter_or_digit(text[length])) ++length;
  return text.substr(0, length);
}

}  // namespace reeve::content
