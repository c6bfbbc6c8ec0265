#include "content/known_keys.h"

#include <algorithm>
#include <array>

namespace reeve::content {

std::string joined_key(std::string_view key) {
  std::string joined;
  for (const char c : key) {
    if (is_key_letter(c)) joined += lower_case(c);
  }
  return joined;
}

void KnownKeys::add(std::string_view phrase, std::uint32_t index, const Detector* detector) {
  const std::string joined = joined_key(phrase);
  if (joined.empty()) return;
  const bool may_end_a_key = phrase.find(' ') != std::string_view::npos;
  keys_[joined].push_back({index, detector, may_end_a_key});
  std::uint32_t hash = 0;
  for (std::size_t i = joined.size(); i-- > 0;) {
    hash = next_hash(hash, joined[i]);
    tails_.set(hash & 0xffffU);
  }
  wholes_.set(hash & 0xffffU);
  if (may_end_a_key) enders_.set(hash & 0xffffU);
  ends_.add(joined);
}

KnownKeys::Match KnownKeys::find(std::string_view key) const {
  std::array<char, kKeyMax> joined;
  std::array<std::uint8_t, kKeyMax> sizes;  // of tails that may be known
  std::size_t size = 0, found = 0;
  std::size_t last_word = 0;  // letters behind the last blank
  bool blank = false;
  std::uint32_t hash = 0;
  for (std::size_t i = key.size(); i-- > 0 && size < kKeyMax;) {
    if (key[i] == ' ' && !blank) {
      blank = true;
      last_word = size;
    }
    if (!is_key_letter(key[i])) continue;
    const char c = lower_case(key[i]);
    hash = next_hash(hash, c);
    // No longer one is known either; only how far the last word goes is left to see.
    if (!tails_[hash & 0xffffU]) break;
    joined[kKeyMax - ++size] = c;
    if (wholes_[hash & 0xffffU]) sizes[found++] = static_cast<std::uint8_t>(size);
  }
  if (found == 0) return {};
  const std::size_t letters = static_cast<std::size_t>(std::ranges::count_if(key, is_key_letter));
  while (found-- > 0) {
    const auto owned = keys_.find(std::string_view(joined.data() + kKeyMax - sizes[found], sizes[found]));
    if (owned == keys_.end()) continue;
    const Match match{&owned->second, sizes[found] == letters || (blank && sizes[found] == last_word)};
    if (std::ranges::any_of(owned->second, [&](const Owner& owner) { return match.means(owner); })) return match;
  }
  return {};
}

bool KnownKeys::ends_known(std::string_view text, std::size_t end, std::size_t place) const {
  const char* const bytes = text.data();
  std::uint32_t hash = 0;
  for (std::size_t i = end; i > 0 && end - i < kKeyMax; --i) {
    const char c = bytes[i - 1];
    if (!is_key_letter(c)) {
      if (KeyEnds::kJoins.data()[static_cast<unsigned char>(c)]) continue;
      return false;
    }
    hash = next_hash(hash, lower_case(c));
    if (!tails_[hash & 0xffffU]) return false;
    if (!wholes_[hash & 0xffffU]) continue;
    // A whole key, or the end of one: what is in front decides, and that is for `find` to see.
    const bool border = i == 1 || !is_key_letter(bytes[i - 2]) || place - (i - 1) >= kKeyMax;
    if (border || enders_[hash & 0xffffU]) return true;
  }
  return false;
}

}  // namespace reeve::content
