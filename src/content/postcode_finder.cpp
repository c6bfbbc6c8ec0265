// British postcodes: two groups without fixed characters, which the shared database would look for at every capital.
// The digit behind the space leads here.

#include <algorithm>
#include <bit>

#include "content/confirm.h"
#include "content/contact_finders.h"

namespace reeve::content {

namespace {

bool is_capital(char c) { return c >= 'A' && c <= 'Z'; }
bool is_figure(char c) { return c >= '0' && c <= '9'; }
bool is_word_byte(char c) { return is_capital(c) || is_figure(c) || (c >= 'a' && c <= 'z') || c == '_'; }

/// The first group: one or two letters, a digit, perhaps one letter or digit more.
bool is_outward(std::string_view group) {
  if (group.size() < 2 || group.size() > 4 || !is_capital(group[0])) return false;
  const std::size_t digit = is_capital(group[1]) ? 2 : 1;
  return digit < group.size() && is_figure(group[digit]) && group.size() - digit <= 2;
}

class PostcodeFinder final : public PreparedFinder {
 public:
  PostcodeFinder(std::span<const Detector> all, std::span<const std::uint32_t> mine)
      : all_(all), mine_(mine.begin(), mine.end()) {}

  void find(const FinderText& text, std::vector<Candidate>& found) const override {
    std::uint64_t before = 0;  // the digit bit of the byte before this word
    for (std::size_t i = 0; i < text.masks.digit.size(); ++i) {
      const std::uint64_t digits = text.masks.digit[i];
      std::uint64_t starts = digits & ~(digits << 1U | before);
      before = digits >> 63U;
      for (; starts != 0; starts &= starts - 1) {
        look_at(text.text, i * 64 + static_cast<std::size_t>(std::countr_zero(starts)), found);
      }
    }
  }

 private:
  /// `digit` begins the second group: a digit and two letters.
  void look_at(std::string_view text, std::size_t digit, std::vector<Candidate>& found) const {
    constexpr std::size_t kOutwardMax = 4;
    const std::size_t end = digit + 3;
    if (digit < 3 || text[digit - 1] != ' ' || end > text.size()) return;
    if (!is_capital(text[digit + 1]) || !is_capital(text[digit + 2])) return;
    if (end < text.size() && is_word_byte(text[end])) return;
    std::size_t start = digit - 1;
    while (start > 0 && digit - 1 - start <= kOutwardMax && is_word_byte(text[start - 1])) --start;
    if (!is_outward(text.substr(start, digit - 1 - start))) return;
    for (const std::uint32_t index : mine_) {
      float confidence = 0;
      std::string_view why;
      if (!judge_value(all_[index], text, start, end, confidence, why)) continue;
      found.push_back({index, static_cast<std::uint32_t>(start), static_cast<std::uint32_t>(end), confidence});
    }
  }

  std::span<const Detector> all_;
  std::vector<std::uint32_t> mine_;
};

}  // namespace

std::unique_ptr<PreparedFinder> prepare_postcode(std::span<const Detector> all, std::span<const std::uint32_t> mine) {
  return std::make_unique<PostcodeFinder>(all, mine);
}

}  // namespace reeve::content
