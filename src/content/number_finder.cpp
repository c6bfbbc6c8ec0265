#include "content/number_finder.h"

#include <algorithm>
#include <array>

#include "content/check_digits.h"
#include "content/column_names.h"
#include "content/context_table.h"
#include "content/identifier_rules.h"
#include "content/number_surroundings.h"
#include "content/text_walk.h"

namespace reeve::content {

namespace {

constexpr std::size_t kTokenMax = 74;
constexpr std::size_t kGroupMax = 24;  // digits in a group of any layout

struct Entry {
  std::uint32_t index;  // of the detector, in the set
  const Detector* detector;
  std::uint32_t context;  // in the table of words
};

/// One way to write an identifier: sizes of its groups and what stands between them.
struct Layout {
  std::array<std::uint8_t, 8> sizes{};
  std::array<char, 8> separators{};  // [i] stands in front of group i
  std::size_t groups = 0;
  bool is_own = false;  // nothing else is written like this
  Entry entry;
};

std::vector<Layout> read_layouts(std::string_view text, const Entry& entry) {
  std::vector<Layout> layouts;
  bool is_own = true;
  std::size_t i = 0;
  while (i < text.size()) {
    if (text[i] == ' ') {
      ++i;
    } else if (text[i] == ';') {
      is_own = false;
      ++i;
    } else {
      Layout layout;
      layout.is_own = is_own;
      layout.entry = entry;
      char separator = 0;
      while (i < text.size() && text[i] != ' ') {
        std::uint8_t size = 0;
        while (i < text.size() && is_digit(text[i])) size = static_cast<std::uint8_t>(size * 10 + (text[i++] - '0'));
        layout.separators[layout.groups] = separator;
        layout.sizes[layout.groups++] = size;
        if (i < text.size() && text[i] != ' ') separator = text[i++] == '_' ? ' ' : text[i - 1];
      }
      layouts.push_back(layout);
    }
  }
  return layouts;
}

class NumberFinder final : public PreparedFinder {
 public:
  NumberFinder(std::span<const Detector> all, std::span<const std::uint32_t> mine, bool with_letters)
      : with_letters_(with_letters) {
    for (const std::uint32_t index : mine) {
      const Detector& detector = all[index];
      const Entry entry{index, &detector, context_.add(detector.context)};
      within_ = std::max<std::size_t>(within_, detector.context.within);
      const std::size_t shortest = std::max<std::size_t>(detector.length_min, 1);
      const std::size_t longest = detector.length_max == 0 ? kTokenMax : detector.length_max;
      for (std::size_t n = shortest; n <= std::min(longest, kTokenMax); ++n) bare_[n].push_back(entry);
      for (const Checker check : detector.checks) {
        const IdentifierRule* rule = identifier_rule_of(check);
        if (rule == nullptr) continue;
        for (const Layout& layout : read_layouts(rule->layouts, entry)) {
          if (layout.sizes[0] >= layouts_.size()) continue;
          layouts_[layout.sizes[0]].push_back(layout);
          seconds_[layout.sizes[0]] |= 1U << std::min<unsigned>(layout.sizes[1], 31);
          auto& separators = separators_[layout.sizes[0]];
          if (!holds(separators, layout.separators[1])) separators += layout.separators[1];
        }
        if (rule->name == "iban") ibans_.push_back(entry);
      }
    }
  }

  void find(const FinderText& input, std::vector<Candidate>& found) const override;

 private:
  class Pass;

  /// Coarse: a layout whose first group, of `first` characters, ends at `end` goes on as this text does.
  bool may_be_layout(std::string_view text, std::size_t end, std::size_t first) const {
    if (first >= separators_.size() || end + 1 >= text.size() || !holds(separators_[first], text[end])) return false;
    std::size_t second = end + 1;
    while (second < text.size() && second - end <= 31 && is_alphanumeric(text[second])) ++second;
    return (seconds_[first] >> std::min<std::size_t>(second - end - 1, 31) & 1U) != 0;
  }

  /// False when nothing that is as long as [begin, end), or whose first group is, goes on like this.
  bool may_be(std::string_view text, std::size_t begin, std::size_t end, bool digits_only) const {
    const std::size_t length = end - begin;
    if (!bare_[length].empty()) return true;
    const char after = end < text.size() ? text[end] : '\0';
    if (may_be_layout(text, end, length)) return true;
    if (!with_letters_) return digits_only && end + 1 < text.size() && holds(" -./", after) && is_digit(text[end + 1]);
    if (!ibans_.empty() && length > 2 && is_letter(text[begin]) && is_letter(text[begin + 1]) &&
        !is_letter(text[begin + 2])) {
      return true;
    }
    return begin >= 2 && (text[begin - 1] == ' ' || text[begin - 1] == '-') && is_letter(text[begin - 2]);
  }

  bool with_letters_;
  std::array<std::vector<Entry>, kTokenMax + 1> bare_;  // by length
  std::array<std::vector<Layout>, 20> layouts_;         // by the first group's size
  std::array<std::string, 20> separators_;              // behind first groups of that size
  std::array<std::uint32_t, 20> seconds_{};             // bit n: a second group of n characters
  std::vector<Entry> ibans_;
  std::size_t within_ = 0;  // the widest window of context words
  ContextTable context_;
};

/// One walk over one text.
class NumberFinder::Pass {
 public:
  Pass(const NumberFinder& finder, const FinderText& input, std::vector<Candidate>& found)
      : finder_(finder), text_(input.text), surroundings_(input.text), found_(found) {}

  void token(std::size_t begin, std::size_t end, bool digits_only) {
    const bool attached_left =
        surroundings_.continues_left(begin) || (digits_only && !finder_.with_letters_ && behind_mixed_group(begin));
    if (!attached_left) {
      if (!surroundings_.continues_right(end)) bare(begin, end);
      layouts(begin, end);
      if (finder_.with_letters_) {
        ibans(begin);
      } else if (digits_only) {
        group(begin, end);
      }
    }
    if (finder_.with_letters_ && begin >= 2) word_in_front(begin);
  }

 private:
  enum class Written { kBare, kOwnLayout, kSharedLayout };

  /// "CH05 7652 ...": a group of letters and digits in front, so this is the middle of something.
  bool behind_mixed_group(std::size_t begin) const {
    for (int groups = 0; groups < 8; ++groups) {
      if (begin < 4 || text_[begin - 1] != ' ') return false;
      std::size_t letters = 0, digits = 0, at = begin - 1;
      for (; at > 0 && letters + digits < 6 && is_alphanumeric(text_[at - 1]); --at) {
        const char c = text_[at - 1];
        if (c >= 'a' && c <= 'z') return false;
        ++(is_digit(c) ? digits : letters);
      }
      if (letters > 0 && digits > 0) return true;
      if (digits != 4 || letters > 0) return false;
      begin = at;  // four digits of a group may follow more of them
    }
    return false;
  }

  void bare(std::size_t begin, std::size_t end) {
    for (const Entry& entry : finder_.bare_[end - begin]) settle(entry, begin, end, Written::kBare);
  }

  void layouts(std::size_t begin, std::size_t end) {
    const std::size_t first = end - begin;
    if (!finder_.may_be_layout(text_, end, first)) return;
    for (const Layout& layout : finder_.layouts_[first]) {
      const std::size_t layout_end = match(layout, end);
      if (layout_end == 0) continue;
      settle(layout.entry, begin, layout_end, layout.is_own ? Written::kOwnLayout : Written::kSharedLayout);
    }
  }

  bool belongs(char c) const { return finder_.with_letters_ ? is_alphanumeric(c) : is_digit(c); }

  /// The end of the layout whose first group ends at `at`; 0: it is not here.
  std::size_t match(const Layout& layout, std::size_t at) const {
    for (std::size_t group = 1; group < layout.groups; ++group) {
      if (at >= text_.size() || text_[at] != layout.separators[group]) return 0;
      ++at;
      if (at + layout.sizes[group] > text_.size()) return 0;
      for (std::size_t i = 0; i < layout.sizes[group]; ++i, ++at) {
        if (!belongs(text_[at])) return 0;
      }
      if (at < text_.size() && is_alphanumeric(text_[at])) return 0;
      if (layout.separators[group] == '(') {
        if (at >= text_.size() || text_[at] != ')') return 0;
        ++at;
      }
    }
    return surroundings_.continues_right(at) ? 0 : at;
  }

  /// Digits in groups of any sizes, as somebody may write them: only with context words.
  void group(std::size_t begin, std::size_t end) {
    if (begin < group_end_) return;
    std::size_t at = end, digits = end - begin, groups = 1;
    while (at + 1 < text_.size() && holds(" -./", text_[at]) && is_digit(text_[at + 1]) && digits <= kGroupMax) {
      std::size_t next = at + 1;
      while (next < text_.size() && is_digit(text_[next]) && next - at <= kGroupMax) ++next;
      digits += next - at - 1;
      ++groups;
      at = next;
    }
    group_end_ = at;
    if (groups == 1 || groups > 8 || digits > kGroupMax || surroundings_.continues_right(at)) return;
    for (const Entry& entry : finder_.bare_[digits]) settle(entry, begin, at, Written::kSharedLayout);
  }

  /// Two letters and two digits, then groups of any size up to the country's length.
  void ibans(std::size_t begin) {
    if (finder_.ibans_.empty() || begin + 15 > text_.size() || !is_letter(text_[begin]) ||
        !is_letter(text_[begin + 1])) {
      return;
    }
    const std::size_t length = iban_length(text_.substr(begin, 2));
    std::size_t at = begin, count = 0;
    while (at < text_.size() && count < length) {
      if (is_alphanumeric(text_[at])) {
        ++count;
      } else if (!holds(" -.", text_[at]) || !is_alphanumeric(text_[at - 1])) {
        return;
      }
      ++at;
    }
    if (length == 0 || count < length || at - begin == length) return;  // bare ones are found by their length
    if (at < text_.size() && is_alphanumeric(text_[at])) return;
    if (is_hex_dump(text_.substr(begin, at - begin))) return;
    for (const Entry& entry : finder_.ibans_) settle(entry, begin, at, Written::kOwnLayout);
  }

  /// "ee 79 ef e4", "ee79 efe4": bytes in hexadecimal; people write the country in capitals, and fours.
  static bool is_hex_dump(std::string_view value) {
    bool pairs = true;
    for (std::size_t i = 2; i < value.size(); i += 3) pairs = pairs && !is_alphanumeric(value[i]);
    return pairs || (value[0] >= 'a' && std::ranges::all_of(value, [](char c) {
                       return !is_alphanumeric(c) || is_digit(c) || (c >= 'a' && c <= 'f');
                     }));
  }

  /// A group of letters stands in front of the digits: "QQ 12 34 56 C", "GB 123 4567 89", "CHE-123.456.789".
  void word_in_front(std::size_t begin) {
    const char separator = text_[begin - 1];
    if ((separator != ' ' && separator != '-') || !is_letter(text_[begin - 2])) return;
    std::size_t word = begin - 1;
    while (word > 0 && is_letter(text_[word - 1]) && begin - word < 8) --word;
    const std::size_t length = begin - 1 - word;
    if (length != 2 && !holds(finder_.separators_[length], separator)) return;
    if (word > 0 && (is_alphanumeric(text_[word - 1]) || surroundings_.continues_left(word))) return;
    if (!behind_mixed_group(word)) layouts(word, begin - 1);
    if (begin - 1 - word == 2) ibans(word);
  }

  bool context_near(const Entry& entry, std::size_t begin, std::size_t end) {
    const Detector& detector = *entry.detector;
    if (detector.context.near.empty()) return false;
    if (begin != near_begin_ || end != near_end_) {
      finder_.context_.look(text_, begin, end, near_);
      near_begin_ = begin;
      near_end_ = end;
    }
    if (near_.is_near(finder_.context_, entry.context)) return true;
    if (begin != column_begin_) {
      const std::string_view column = surroundings_.column(begin);
      finder_.context_.look(column, column.size(), column.size(), column_near_);
      column_begin_ = begin;
    }
    return column_near_.is_near(finder_.context_, entry.context);
  }

  void settle(const Entry& entry, std::size_t begin, std::size_t end, Written written) {
    const Detector& detector = *entry.detector;
    const std::string_view value = text_.substr(begin, end - begin);
    for (const Checker check : detector.checks) {
      if (!check(value)) return;
    }
    for (const std::string& never : detector.not_values) {
      if (value.find(never) != std::string_view::npos) return;
    }
    float confidence = detector.with_context > 0 ? detector.with_context : std::max(detector.confidence, 0.9F);
    if (!context_near(entry, begin, end)) {
      if (written == Written::kSharedLayout || (written == Written::kBare && detector.context.need)) return;
      if (written == Written::kBare && !surroundings_.may_stand_alone(begin, end, detector.checks)) return;
      if (surroundings_.excluded_by(detector.not_near, begin, end)) return;
      confidence = detector.confidence;
    }
    found_.push_back({entry.index, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end), confidence});
  }

  const NumberFinder& finder_;
  std::string_view text_;
  NumberSurroundings surroundings_;
  std::vector<Candidate>& found_;
  std::size_t group_end_ = 0;
  std::size_t asked_at_ = static_cast<std::size_t>(-1);
  bool has_words_ = false;
  // What stands near the place, and in the head of the column, that was last asked for.
  ContextTable::Near near_, column_near_;
  std::size_t near_begin_ = 0, near_end_ = 0, column_begin_ = ~std::size_t{0};
};

void NumberFinder::find(const FinderText& input, std::vector<Candidate>& found) const {
  Pass pass(*this, input, found);
  const std::string_view text = input.text;
  const auto& digits = input.masks.digit;
  const auto& letters = input.masks.letter;
  std::size_t token_end = 0;
  for (std::size_t at = next_place(digits, {}, 0, text.size()); at < text.size();
       at = next_place(digits, {}, token_end, text.size())) {
    std::size_t begin = at;
    while (begin > token_end && is_letter(text[begin - 1]) && at - begin <= kTokenMax) --begin;
    token_end = next_place(digits, letters, at, text.size(), false);
    const std::size_t length = token_end - begin;
    if (length > kTokenMax) continue;
    const bool digits_only = begin == at && next_place(digits, {}, at, text.size(), false) == token_end;
    if (!digits_only && !with_letters_) continue;
    if (!may_be(text, begin, token_end, digits_only)) continue;
    pass.token(begin, token_end, digits_only);
  }
}

}  // namespace

std::unique_ptr<PreparedFinder> prepare_digits(std::span<const Detector> all, std::span<const std::uint32_t> mine) {
  return std::make_unique<NumberFinder>(all, mine, false);
}

std::unique_ptr<PreparedFinder> prepare_identifiers(std::span<const Detector> all,
                                                    std::span<const std::uint32_t> mine) {
  return std::make_unique<NumberFinder>(all, mine, true);
}

}  // namespace reeve::content
