#include "content/number_finder.h"

#include <algorithm>
#include <array>
#include <optional>

#include "content/check_digits.h"
#include "content/context_index.h"
#include "content/identifier_rules.h"
#include "content/number_layouts.h"
#include "content/number_shapes.h"
#include "content/number_surroundings.h"
#include "content/number_walk.h"
#include "content/text_walk.h"

namespace reeve::content {

namespace {

constexpr std::size_t kTokenMax = 74;
constexpr std::size_t kGroupMax = 24;  // digits in a group of any layout
constexpr std::size_t kShortMax = 7;   // digits of short numbers
constexpr std::size_t kFrontMax = 7;   // letters of a group in front

struct Entry {
  std::uint32_t index;  // of the detector, in the set
  const Detector* detector;
  std::uint32_t context;  // in the table of words
  std::string_view shapes;
  bool has_words, needs_words;
  std::array<std::uint64_t, 4> begins;  // a bit for each byte that a value may begin with

  bool begins_with(char c) const {
    const auto byte = static_cast<unsigned char>(c);
    return (begins[byte / 64] >> byte % 64 & 1U) != 0;
  }
};

/// An entry as one of those that values of one length may be.
struct SizedEntry {
  std::uint32_t entry = 0;
  NumberShapes shapes;
};

/// Everything that values of one length may be.
struct Length {
  std::vector<SizedEntry> all;
  std::vector<std::uint32_t> alone;    // in `all`: need no context words when they stand bare
  std::vector<std::uint64_t> context;  // entries of the table of words that one of all asks for

  void add(SizedEntry sized, const Entry& entry) {
    if (!entry.needs_words) alone.push_back(static_cast<std::uint32_t>(all.size()));
    all.push_back(std::move(sized));
    if (!entry.has_words) return;
    context.resize(std::max<std::size_t>(context.size(), entry.context / 64 + 1));
    context[entry.context / 64] |= 1ULL << entry.context % 64;
  }
};

class NumberFinder final : public PreparedFinder {
 public:
  NumberFinder(std::span<const Detector> all, std::span<const std::uint32_t> mine, bool with_letters)
      : with_letters_(with_letters) {
    for (const std::uint32_t index : mine) add(index, all[index]);
    for (std::size_t n = kTokenMax; n > 0; --n) {
      if (!bare_[n].all.empty()) shortest_bare_ = n;
    }
  }

  void find(const FinderText& input, std::vector<Candidate>& found) const override;

 private:
  class Pass;

  void add(std::uint32_t index, const Detector& detector) {
    const auto number = static_cast<std::uint32_t>(entries_.size());
    Entry entry{index,
                &detector,
                context_.add(detector.context),
                {},
                !detector.context.near.empty(),
                detector.context.need,
                begins_of({})};
    for (const Checker check : detector.checks) {
      const IdentifierRule* rule = identifier_rule_of(check);
      if (rule == nullptr) continue;
      const std::string_view shapes = with_letters_ ? rule->shapes : std::string_view{};
      layouts_.add(rule->layouts, shapes, number);
      if (entry.shapes.empty()) entry.shapes = shapes;
      if (!rule->begins.empty()) entry.begins = begins_of(rule->begins);
      if (rule->name != "iban") continue;
      ibans_.push_back(number);
      gate_.add_ibans();
    }
    entries_.push_back(entry);
    const std::size_t shortest = std::max<std::size_t>(detector.length_min, 1);
    const std::size_t longest = detector.length_max == 0 ? kTokenMax : detector.length_max;
    for (std::size_t n = shortest; n <= std::min(longest, kTokenMax); ++n) add_bare(n, number, entry);
  }

  /// None: any byte.
  static std::array<std::uint64_t, 4> begins_of(std::string_view characters) {
    std::array<std::uint64_t, 4> begins{};
    for (const char c : characters) begins[static_cast<unsigned char>(c) / 64] |= 1ULL << c % 64;
    if (characters.empty()) begins.fill(~std::uint64_t{0});
    return begins;
  }

  void add_bare(std::size_t length, std::uint32_t number, const Entry& entry) {
    SizedEntry sized{number, NumberShapes(entry.shapes, length)};
    if (sized.shapes.excludes_all()) return;
    gate_.add_bare(length, sized.shapes, entry.begins);
    if (length <= kShortMax && entry.has_words) short_context_.add(entry.detector->context);
    bare_[length].add(std::move(sized), entry);
  }

  bool with_letters_;
  std::vector<Entry> entries_;
  std::array<Length, kTokenMax + 1> bare_;  // by length
  std::size_t shortest_bare_ = kTokenMax;
  LayoutTree layouts_;
  NumberGate gate_{layouts_};
  std::vector<std::uint32_t> ibans_;
  ContextTable context_;
  ContextTable short_context_;  // only of those that have values of at most kShortMax
};

/// One walk over one text.
class NumberFinder::Pass {
 public:
  Pass(const NumberFinder& finder, const FinderText& input, std::vector<Candidate>& found)
      : finder_(finder), input_(input), text_(input.text), surroundings_(input.text), found_(found) {}

  /// Digits, and nothing but digits, in [begin, end).
  void digits(std::size_t begin, std::size_t end) {
    const Length& length = finder_.bare_[end - begin];
    const bool is_bare = !length.all.empty() && !surroundings_.continues_right(end);
    const bool is_layout = goes_on_as_layout(GroupKind::kDigits, end - begin, end);
    const bool is_group = begin >= group_end_ && goes_on_as_group(end);
    if (!is_bare && !is_layout && !is_group) return;
    if (surroundings_.continues_left(begin) || behind_mixed_group(begin)) return;
    if (is_bare) bare_digits(length, begin, end);
    if (is_layout) layouts(begin, end);
    if (is_group) group(begin, end);
  }

  /// A word of letters and digits as what the gate let pass, its place as look_at_words tells it.
  void word(std::size_t place, WordKind kind) {
    const auto& masks = input_.masks;
    if (kind == WordKind::kSecond) return word_in_front(place, place + run_from(masks.digit, masks.letter, place));
    std::size_t length = run_before(masks.letter, masks.digit, place);
    while (length >= 64 && length <= kTokenMax && length < place && is_alphanumeric(text_[place - length - 1])) {
      ++length;
    }
    if (length > kTokenMax) return;
    kind == WordKind::kBare ? bare_word(place - length, place) : first_group(place - length, place);
  }

 private:
  /// Letters and digits in [begin, end).
  void bare_word(std::size_t begin, std::size_t end) {
    shaped_.clear();
    const PlaceKinds kinds = kinds_at(input_.masks, begin, end - begin);
    for (const SizedEntry& one : finder_.bare_[end - begin].all) {
      if (finder_.entries_[one.entry].begins_with(text_[begin]) && one.shapes.fits(kinds)) shaped_.push_back(one.entry);
    }
    if (shaped_.empty() || surroundings_.continues_left(begin) || surroundings_.continues_right(end)) return;
    for (const std::uint32_t entry : shaped_) settle(finder_.entries_[entry], begin, end, Written::kBare);
  }

  /// Letters and digits in [begin, end): the first group of something, they may be.
  void first_group(std::size_t begin, std::size_t end) {
    const bool is_layout = goes_on_as_layout(kind_of(begin, end), end - begin, end);
    const bool is_iban = separator_class(text_[end]) != kSeparators && may_be_iban(begin);
    if ((!is_layout && !is_iban) || surroundings_.continues_left(begin)) return;
    if (is_layout) layouts(begin, end);
    if (is_iban) iban(begin);
  }

  enum class Written { kBare, kOwnLayout, kSharedLayout };

  /// A layout that stands there up to `end`.
  struct Match {
    std::uint32_t layout = 0;
    std::size_t end = 0;
  };

  /// "CH05 7652 ...": a group of letters and digits in front, so this is the middle of something. Groups of four digits
  /// may stand between; what was told of the one in front holds for this one, too.
  bool behind_mixed_group(std::size_t begin) {
    constexpr int kGroupsMax = 8, kNone = kGroupsMax;
    const std::size_t known_at = mixed_at_;
    const int known = mixed_groups_;
    mixed_at_ = begin;
    mixed_groups_ = kNone;
    int groups = 0;
    for (; groups < kGroupsMax; ++groups) {
      if (begin == known_at && groups > 0) {
        groups = std::min(groups + known, kNone);
        break;
      }
      if (begin < 4 || text_[begin - 1] != ' ') return false;
      std::size_t letters = 0, digits = 0, at = begin - 1;
      for (; at > 0 && letters + digits < 6 && is_alphanumeric(text_[at - 1]); --at) {
        const char c = text_[at - 1];
        if (c >= 'a' && c <= 'z') return false;
        ++(is_digit(c) ? digits : letters);
      }
      if (letters > 0 && digits > 0) break;
      if (digits != 4 || letters > 0) return false;
      begin = at;
    }
    mixed_groups_ = groups;
    return groups < kGroupsMax;
  }

  /// Coarse: a layout whose first group, of `first` characters, ends at `end` goes on as this text does.
  bool goes_on_as_layout(GroupKind kind, std::size_t first, std::size_t end) const {
    if (end + 1 >= text_.size()) return false;
    const unsigned separator = separator_class(text_[end]);
    if (separator == kSeparators) return false;
    return finder_.layouts_.may_begin(kind, first, separator,
                                      run_from(input_.masks.digit, input_.masks.letter, end + 1));
  }

  GroupKind kind_of(std::size_t begin, std::size_t end) const {
    const auto& digits = input_.masks.digit;
    return run_from(digits, digits, begin) == end - begin ? GroupKind::kDigits : GroupKind::kBoth;
  }

  bool goes_on_as_group(std::size_t end) const {
    return end + 1 < text_.size() && holds(" -./", text_[end]) && is_digit(text_[end + 1]);
  }

  /// Most of what may be a digits-only value must stand beside context words: these are asked for first.
  void bare_digits(const Length& length, std::size_t begin, std::size_t end) {
    if (any_near(length, end - begin <= kShortMax, begin, end)) {
      for (const SizedEntry& one : length.all) settle(finder_.entries_[one.entry], begin, end, Written::kBare);
      return;
    }
    for (const std::uint32_t one : length.alone) {
      settle(finder_.entries_[length.all[one].entry], begin, end, Written::kBare);
    }
  }

  void layouts(std::size_t begin, std::size_t end) {
    matches_.clear();
    const LayoutTree& tree = finder_.layouts_;
    const auto take = [&](const std::vector<std::uint32_t>& numbers, std::size_t to, const PlaceKinds& kinds) {
      for (const std::uint32_t number : numbers) {
        const LayoutTree::Layout& layout = tree.layout(number);
        if (finder_.entries_[layout.entry].begins_with(text_[begin]) && layout.shapes.fits(kinds))
          matches_.push_back({number, to});
      }
    };
    bool is_asked = false, is_quiet = false;
    tree.match(input_, begin, end, finder_.with_letters_,
               [&](const LayoutTree::LayoutsHere& here, std::size_t to, const PlaceKinds& kinds) {
                 if ((is_quiet && here.own.empty()) || surroundings_.continues_right(to)) return !is_quiet;
                 take(here.own, to, kinds);
                 if (here.shared.empty() || is_quiet || (here.is_pair && is_years(text_.substr(begin, to - begin))))
                   return !is_quiet;
                 // Shared ones must stand beside context words. These are asked for first where that costs little.
                 if (!is_asked) is_quiet = no_words_around(begin, kinds.letters != 0);
                 is_asked = true;
                 if (is_quiet) return false;
                 const bool asks_first = kinds.letters == 0 || (words_ && words_->is_quiet(begin, to));
                 if (!(asks_first && nothing_near(begin, to))) take(here.shared, to, kinds);
                 return true;
               });
    if (matches_.size() > 1) std::ranges::sort(matches_, {}, &Match::layout);
    for (const Match& match : matches_) {
      const LayoutTree::Layout& layout = tree.layout(match.layout);
      settle(finder_.entries_[layout.entry], begin, match.end,
             layout.is_own ? Written::kOwnLayout : Written::kSharedLayout);
    }
  }

  /// Digits in groups of any sizes, as somebody may write them: only with context words.
  void group(std::size_t begin, std::size_t end) {
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
    const Length& length = finder_.bare_[digits];
    if (length.all.empty()) return;
    if ((groups == 2 && is_years(text_.substr(begin, at - begin))) || !any_near(length, digits <= kShortMax, begin, at))
      return;
    for (const SizedEntry& one : length.all) settle(finder_.entries_[one.entry], begin, at, Written::kSharedLayout);
  }

  /// A country's two letters and two digits, as IBANs begin.
  bool may_be_iban(std::size_t begin) const {
    if (finder_.ibans_.empty() || begin + 15 > text_.size() || !is_letter(text_[begin]) ||
        !is_letter(text_[begin + 1])) {
      return false;
    }
    std::size_t at = begin + 2;
    for (int digits = 0; digits < 2; ++digits, ++at) {
      if (!is_alphanumeric(text_[at])) ++at;
      if (!is_digit(text_[at])) return false;
    }
    return iban_length(text_.substr(begin, 2)) != 0;
  }

  /// Two letters and two digits, then groups of any size up to the country's length.
  void iban(std::size_t begin) {
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
    if (count < length || at - begin == length) return;  // bare ones are found by their length
    if (at < text_.size() && is_alphanumeric(text_[at])) return;
    if (is_hex_dump(text_.substr(begin, at - begin))) return;
    for (const std::uint32_t entry : finder_.ibans_) settle(finder_.entries_[entry], begin, at, Written::kOwnLayout);
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
  void word_in_front(std::size_t begin, std::size_t end) {
    if (begin < 2) return;
    const char separator = text_[begin - 1];
    if ((separator != ' ' && separator != '-') || !is_letter(text_[begin - 2])) return;
    const std::size_t length = run_before(input_.masks.letter, input_.masks.digit, begin - 1);
    if (length > kFrontMax) return;
    const std::size_t word = begin - 1 - length;
    const bool is_layout =
        finder_.layouts_.may_begin(GroupKind::kLetters, length, separator_class(separator), end - begin);
    const bool is_iban = length == 2 && may_be_iban(word);
    if (!is_layout && !is_iban) return;
    if (run_before(input_.masks.letter, input_.masks.letter, begin - 1) != length) return;
    if (surroundings_.continues_left(word)) return;
    if (is_layout && !behind_mixed_group(word)) layouts(word, begin - 1);
    if (is_iban) iban(word);
  }

  /// Looks for words around the place, unless it was asked for last.
  void look_near(std::size_t begin, std::size_t end) {
    if (begin == near_begin_ && end == near_end_) return;
    if (!words_) words_.emplace(finder_.context_, input_);
    words_->look(begin, end, near_);
    near_begin_ = begin;
    near_end_ = end;
  }

  /// Looks for words in the head of the column that the place stands in.
  void look_at_column(std::size_t begin) {
    if (begin == column_begin_) return;
    column_begin_ = begin;
    const std::string_view column = surroundings_.column(begin);
    if (column.data() == column_.data() && column.size() == column_.size()) return;
    column_ = column;
    finder_.context_.look(column, column.size(), column.size(), column_near_);
  }

  /// A word is near that one of a length's entries asks for.
  bool any_near(const Length& length, bool is_short, std::size_t begin, std::size_t end) {
    if (length.context.empty()) return false;
    if (!is_short || short_word_near(begin, end)) {
      look_near(begin, end);
      if (near_.holds_any(length.context)) return true;
    }
    look_at_column(begin);
    return column_near_.holds_any(length.context);
  }

  /// Short numbers are many, and few words ask for any: reading for these alone costs little.
  bool short_word_near(std::size_t begin, std::size_t end) {
    if (!short_words_) short_words_.emplace(finder_.short_context_, input_);
    short_words_->look(begin, end, short_near_);
    return !short_near_.is_empty();
  }

  bool nothing_near(std::size_t begin, std::size_t end) {
    look_near(begin, end);
    if (!near_.is_empty()) return false;
    look_at_column(begin);
    return column_near_.is_empty();
  }

  /// Nothing is near any layout that begins here. With letters only what was read already counts.
  bool no_words_around(std::size_t begin, bool has_letters) {
    if (!words_ && !has_letters) words_.emplace(finder_.context_, input_);
    const std::size_t end = std::min(begin + LayoutTree::kBytesMax, text_.size());
    if (!words_ || !(has_letters ? words_->is_quiet(begin, end) : words_->read_quiet(begin, end))) return false;
    look_at_column(begin);
    return column_near_.is_empty();
  }

  bool context_near(const Entry& entry, std::size_t begin, std::size_t end) {
    if (!entry.has_words) return false;
    look_near(begin, end);
    if (near_.holds(entry.context)) return true;
    look_at_column(begin);
    return column_near_.holds(entry.context);
  }

  static bool passes(const Detector& detector, std::string_view value) {
    return std::ranges::all_of(detector.checks, [&](Checker check) { return check(value); }) &&
           std::ranges::none_of(detector.not_values,
                                [&](const std::string& never) { return value.find(never) != std::string_view::npos; });
  }

  void settle(const Entry& entry, std::size_t begin, std::size_t end, Written written) {
    const Detector& detector = *entry.detector;
    const bool must_be_near = written == Written::kSharedLayout || (written == Written::kBare && entry.needs_words);
    // What was asked for last costs nothing to ask again; otherwise values with letters rarely pass their checks.
    const bool is_asked = begin == near_begin_ && end == near_end_;
    const bool first = must_be_near && (is_asked || !finder_.with_letters_);
    if (first && !context_near(entry, begin, end)) return;
    if (!passes(detector, text_.substr(begin, end - begin))) return;
    float confidence = detector.with_context > 0 ? detector.with_context : std::max(detector.confidence, 0.9F);
    if (!first && !context_near(entry, begin, end)) {
      if (must_be_near) return;
      if (written == Written::kBare && !surroundings_.may_stand_alone(begin, end, detector.checks)) return;
      if (surroundings_.excluded_by(detector.not_near, begin, end)) return;
      confidence = detector.confidence;
    }
    found_.push_back({entry.index, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end), confidence});
  }

  const NumberFinder& finder_;
  const FinderText& input_;
  std::string_view text_;
  NumberSurroundings surroundings_;
  std::vector<Candidate>& found_;
  std::size_t group_end_ = 0;
  // How many groups of four digits stand between the place and a mixed group; eight and more: none is seen.
  std::size_t mixed_at_ = ~std::size_t{0};
  int mixed_groups_ = 0;
  std::vector<Match> matches_;
  std::vector<std::uint32_t> shaped_;  // entries
  // What stands near the place, and in the head of the column, that was last asked for.
  std::optional<ContextIndex> words_, short_words_;
  ContextTable::Near near_, column_near_, short_near_;
  std::string_view column_;
  std::size_t near_begin_ = ~std::size_t{0}, near_end_ = 0, column_begin_ = ~std::size_t{0};
};

void NumberFinder::find(const FinderText& input, std::vector<Candidate>& found) const {
  Pass pass(*this, input, found);
  const auto& digits = input.masks.digit;
  const std::size_t size = input.text.size();
  if (!with_letters_) {
    look_at_digits(input, gate_, std::min(shortest_bare_, layouts_.fewest()), [&](std::size_t begin) {
      std::size_t end = begin + run_from(digits, digits, begin);
      if (end - begin == 64) end = next_place(digits, {}, begin, size, false);
      if (end - begin <= kTokenMax && (end == size || !is_letter(input.text[end]))) pass.digits(begin, end);
    });
    return;
  }
  look_at_words(input, gate_, shortest_bare_ < NumberWords::kLong,
                [&](std::size_t place, WordKind kind) { pass.word(place, kind); });
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
