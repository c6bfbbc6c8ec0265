// British postcodes: two groups without fixed characters, which the shared database would look for at every capital.
// The digit behind the space leads here.

#include <algorithm>

#include "content/confirm.h"
#include "content/contact_finders.h"
#include "content/place_list.h"
#include "content/rare_shapes.h"
#include "content/text_walk.h"
#include "content/word_trail.h"

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
  PostcodeFinder(std::span<const Detector> all, std::span<const std::uint32_t> mine) : all_(all) {
    for (const std::uint32_t index : mine) {
      const ContextWords& context = all[index].context;
      mine_.push_back({index, words_.add(context.near, context.within)});
    }
  }

  void find(const FinderText& text, std::vector<Candidate>& found) const override {
    if (!text.masks.has(RareSign::kPostcode)) return;
    WordTrail trail(words_, text.text);
    look_at_rare(text.text.size(), SecondGroups{MaskView(text.masks.digit), MaskView(text.masks.letter)},
                 [&](std::size_t digit) {
                   if (found.size() <= kFoundMax) look_at(text.text, digit, trail, found);
                 });
  }

 private:
  struct SecondGroups {
    MaskView digit, letter;
    template <bool kFirst>
    std::uint64_t bits(std::size_t word) const {
      const auto digits = rare_shapes::plane_at<kFirst>(digit, word);
      const auto letters = rare_shapes::plane_at<kFirst>(letter, word);
      return rare_shapes::postcode(digits, letters, digits | letters);
    }
  };

  /// `digit` begins the second group: a digit and two letters.
  void look_at(std::string_view text, std::size_t digit, WordTrail& trail, std::vector<Candidate>& found) const {
    constexpr std::size_t kOutwardMax = 4;
    const std::size_t end = digit + 3;
    if (digit < 3 || text[digit - 1] != ' ' || end > text.size()) return;
    if (!is_capital(text[digit + 1]) || !is_capital(text[digit + 2])) return;
    if (end < text.size() && is_word_byte(text[end])) return;
    std::size_t start = digit - 1;
    while (start > 0 && digit - 1 - start <= kOutwardMax && is_word_byte(text[start - 1])) --start;
    if (!is_outward(text.substr(start, digit - 1 - start))) return;
    for (const auto& [index, words] : mine_) {
      // Asked first, as it is what rows of parts' numbers fail.
      const ContextWords& context = all_[index].context;
      if (context.need && !trail.is_near(words, start, end, context.within)) continue;
      float confidence = 0;
      std::string_view why;
      if (!judge_value(all_[index], text, start, end, confidence, why)) continue;
      found.push_back({index, static_cast<std::uint32_t>(start), static_cast<std::uint32_t>(end), confidence});
    }
  }

  std::span<const Detector> all_;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> mine_;  // in the set; in words_
  WordLists words_;
};

}  // namespace

std::unique_ptr<PreparedFinder> prepare_postcode(std::span<const Detector> all, std::span<const std::uint32_t> mine) {
  return std::make_unique<PostcodeFinder>(all, mine);
}

}  // namespace reeve::content
