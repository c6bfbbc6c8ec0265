#include "content/stream_pace.h"

#include <algorithm>
#include <array>

#include "content/decode.h"

namespace reeve::content {

namespace {

constexpr std::uint32_t kCreditEach = 5, kCreditMax = 2048;

enum : std::uint8_t { kWord = 1, kDigit = 2, kNames = 4, kAtSign = 8, kLetter = 16, kLineFeed = 32 };

constexpr std::array<std::uint8_t, 256> make_classes() {
  std::array<std::uint8_t, 256> classes{};
  for (unsigned i = 0; i < 256; ++i) {
    const char c = static_cast<char>(i);
    const char lower = static_cast<char>(c | 0x20);
    if (i >= 0x80 || is_token_byte(c) || c == '.' || c == '@' || c == '=') classes[i] |= kWord;
    if (is_digit_byte(c)) classes[i] |= kDigit;
    if (i >= 0x80 || (lower >= 'a' && lower <= 'z')) classes[i] |= kLetter;
    if (c == '=' || c == ':') classes[i] |= kNames;
    if (c == '@') classes[i] |= kAtSign;
    if (c == '\n') classes[i] |= kLineFeed;
  }
  return classes;
}
constexpr std::array<std::uint8_t, 256> kClasses = make_classes();

}  // namespace

/// Whether the word that has just ended may be something that must not pass.
bool StreamPace::is_worth_a_look() const {
  constexpr std::uint32_t kLong = 20, kWithDigits = 8, kNamed = 6;
  return word_ >= kLong || at_sign_ || (digits_ > 0 && word_ >= kWithDigits) || digits_ >= kWithDigits ||
         (named_ > 0 && word_ >= kNamed);
}

std::size_t StreamPace::take(std::string_view text, std::size_t room, Look& due) {
  constexpr std::uint32_t kNameReaches = 32;
  const std::size_t size = std::min(text.size(), room);
  for (std::size_t i = 0; i < size; ++i) {
    const std::uint8_t kind = kClasses[static_cast<unsigned char>(text[i])];
    ++fresh_;
    ++since_far_;
    credit_ = std::min(credit_ + kCreditEach, kCreditMax);
    named_ -= named_ > 0 ? 1 : 0;
    if (wait_ > 1) --wait_;
    if ((kind & kNames) != 0) {
      named_ = kNameReaches;
      word_ = 0;
      continue;
    }
    if ((kind & kWord) != 0) {
      ++word_;
      digits_ = (kind & kDigit) != 0 ? digits_ + 1 : (kind & kLetter) != 0 && word_ == 1 ? 0 : digits_;
      at_sign_ = at_sign_ || (kind & kAtSign) != 0;
      continue;
    }
    const bool line = (kind & kLineFeed) != 0;
    const bool worth = is_worth_a_look() || wait_ == 1 || (line && fresh_ >= kNearAtLine);
    word_ = 0;
    at_sign_ = false;
    if (line) digits_ = 0;
    if (since_far_ >= (line ? kFarAtLine : kFarAtWord)) {
      due = Look::kFar;
      return i + 1;
    }
    if (fresh_ >= kNearAtLatest || (worth && credit_ >= fresh_ + kNearContext)) {
      due = Look::kNear;
      return i + 1;
    }
  }
  due = size == room ? Look::kFar : Look::kNone;
  return size;
}

void StreamPace::looked(Look look, std::size_t bytes, bool waiting) {
  fresh_ = 0;
  if (look == Look::kFar) since_far_ = 0;
  if (look == Look::kNear) credit_ -= std::min(credit_, static_cast<std::uint32_t>(bytes));
  wait_ = waiting ? static_cast<std::uint32_t>(kSettledBehind) + 1 : 0;
}

}  // namespace reeve::content
