// Telephone numbers: international ones by the country's plan, national ones by their punctuation or by words near.

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

#include "content/check_digits.h"
#include "content/contact_finders.h"
#include "content/number_surroundings.h"
#include "content/number_walk.h"
#include "content/phone_plan.h"
#include "content/place_list.h"
#include "content/text_walk.h"
#include "content/word_trail.h"

#if defined(__x86_64__)
#include <emmintrin.h>
#endif

namespace reeve::content {

namespace {

constexpr std::size_t kGroupsMax = 8;
constexpr std::size_t kDigitsMin = 7, kDigitsMax = 15;

/// Digits in groups with what people put between.
struct Groups {
  struct Group {
    std::size_t begin = 0, end = 0;
    char separator = 0;  // in front: blank, hyphen, dot, slash or a bracket
  };
  std::array<Group, kGroupsMax> groups;
  std::size_t count = 0;
  std::array<char, 24> digits{};
  std::size_t size = 0;
  bool plus = false, bracket = false, behind_number = false;
  std::size_t begin = 0;

  std::size_t length(std::size_t group) const { return groups[group].end - groups[group].begin; }
  std::string_view all() const { return {digits.data(), size}; }
};

/// How sure a number is without words near by, and with them. 0: it is none.
struct Sureness {
  float alone = 0, named = 0;
};

class PhoneFinder final : public PreparedFinder {
 public:
  PhoneFinder(std::span<const Detector> all, std::span<const std::uint32_t> mine) {
    for (const std::uint32_t index : mine) {
      const ContextWords& context = all[index].context;
      detectors_.push_back({index, words_.add(context.near, context.within), &context});
      words_within_ = std::max<std::size_t>(words_within_, context.within);
      for (const std::string& word : context.near) {
        const bool is_word = !word.empty() && (is_letter(word[0]) || static_cast<unsigned char>(word[0]) >= 0x80);
        if (!is_word) words_within_ = kAnywhere;
      }
    }
  }

  void find(const FinderText& input, std::vector<Candidate>& found) const override {
    const std::string_view text = input.text;
    Surroundings around{NumberSurroundings(text), WordTrail(words_, text), {}};
    const Masks masks{MaskView(input.masks.letter), MaskView(input.masks.upper)};
    std::size_t next = 0;
    number_walk::walk(Places{input}, fastest_instructions(), [&](std::size_t at, WordKind /*kind*/) {
      if (at < next || found.size() > kFoundMax) return;
      // Rows of numbers are seen by their masks, before their bytes are read.
      const bool is_alone = is_bare(masks, text, at) && !may_stand_alone(text, at);
      if (is_alone && around.numbers.column(at).empty()) return;
      if (!may_be_number(text, at)) return;
      const bool is_nothing = !is_alone && !may_stand_alone(text, at) && is_unnamed(text, at, around.words);
      if (is_nothing && around.numbers.column(at).empty()) return;
      Groups groups = read(text, at);
      if (groups.count > 0) next = settle(text, groups, around, found);
    });
  }

 private:
  struct Named {
    std::uint32_t detector = 0, words = 0;  // in the set; in words_
    const ContextWords* context = nullptr;
  };
  struct Surroundings {
    NumberSurroundings numbers;
    WordTrail words;
    std::vector<bool> named;  // of the number in hand, by detector; asked once for all its readings
  };

  static constexpr std::size_t kLook = 32;  // bytes in which there are enough digits, or none is told

  /// Of so many bytes those that stand in numbers besides digits.
  static std::uint64_t number_signs(const char* text) {
    std::uint64_t signs = 0;
#if defined(__x86_64__)
    for (unsigned half = 0; half < 2; ++half) {
      const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text) + half);
      const auto is = [&](char c) { return _mm_cmpeq_epi8(bytes, _mm_set1_epi8(c)); };
      const __m128i one = _mm_or_si128(_mm_or_si128(is(' '), is('-')), is('.'));
      const __m128i other = _mm_or_si128(_mm_or_si128(is('/'), is('(')), is(')'));
      signs |= static_cast<std::uint64_t>(_mm_movemask_epi8(_mm_or_si128(one, other))) << 16U * half;
    }
#else
    for (unsigned i = 0; i < kLook; ++i) signs |= static_cast<std::uint64_t>(holds(" -./()", text[i])) << i;
#endif
    return signs;
  }

  struct Masks {
    MaskView letter, other;  // other: bytes from 0x80
  };

  /// What the masks and a few bytes say of a place, without a branch (number_walk.h): most numbers of a text end here.
  struct Places {
    static constexpr bool kSorts = false;
    const FinderText& input;

    template <InstructionSet kSet>
    [[gnu::always_inline]] std::size_t gather(std::size_t from, number_walk::Kept& all) const {
      using number_places::Words, number_places::Window, number_places::Plane;
      if (!number_places::any_from(input.masks.digit, from)) return 0;
      const Window digits(input.masks.digit, from), letters(input.masks.letter, from), dots(input.masks.dot, from);
      number_places::Bits bits;
      for (std::size_t word = 0; word < number_places::kWords; word += number_places::kLanes) {
        const Plane<Words> digit(digits, word), letter(letters, word), dot(dots, word);
        const Words begins = begins_of(digit, letter, dot);
        std::memcpy(bits.data() + word, &begins, sizeof begins);
      }
      return number_walk::append(bits, WordKind::kBare, 0, all, [&](std::size_t place) __attribute__((always_inline)) {
        return is_likely(from * 64 + place);
      });
    }

    /// Runs of digits that no letter and no dot leads. Before the seventh digit there is no letter, and never are there
    /// more than three bytes between two digits.
    template <typename W>
    [[gnu::always_inline]] static W begins_of(const number_places::Plane<W>& digit,
                                              const number_places::Plane<W>& letter,
                                              const number_places::Plane<W>& dot) {
      using number_places::ahead, number_places::behind, number_places::Plane;
      const Plane<W> leads(Plane<W>(digit, letter), dot);
      const W two = digit.here | ahead(digit.here, digit.after, 1), two_after = digit.after | digit.after >> 1;
      const W four = two | ahead(two, two_after, 2), four_after = two_after | two_after >> 2;
      const W any_two = letter.here | ahead(letter.here, letter.after, 1);
      const W any_two_after = letter.after | letter.after >> 1;
      const W any_four = any_two | ahead(any_two, any_two_after, 2);
      const W letters = any_four | ahead(any_two, any_two_after, 5);
      return digit.here & ~behind(leads.here, leads.before, 1) & ahead(four, four_after, 1) &
             ahead(four, four_after, 5) & ~letters;
    }

    /// Enough digits with nothing between them but signs that numbers are written with.
    [[gnu::always_inline]] bool is_likely(std::size_t at) const {
      if (at + kLook > input.text.size()) return true;
      const std::uint64_t digits = MaskView(input.masks.digit).from(at);
      const std::uint64_t run = digits | number_signs(input.text.data() + at);
      const std::uint64_t within = run ^ (run + 1);  // and the first that is neither, which is no digit
      return std::popcount(digits & within) >= static_cast<int>(kDigitsMin) || (~run & ((1ULL << kLook) - 1)) == 0;
    }
  };

  /// The same, byte by byte: what stands in front, what stands between the digits, and that there is a last one with
  /// digits enough before it.
  static bool may_be_number(std::string_view text, std::size_t at) {
    if (at > 0 && holds("_@#%$^\\*&", text[at - 1])) return false;
    std::size_t digits = 0, gap = 0;
    for (std::size_t i = at; i < text.size(); ++i) {
      const char c = text[i];
      if (is_digit(c)) {
        gap = 0;
        if (++digits > kDigitsMax && i - at == kDigitsMax) return false;  // one run
        if (digits > kDigitsMax + 3) return true;
        continue;
      }
      if (gap == 0 && digits >= kDigitsMin && !is_alphanumeric(c) && !holds("_@%(", c)) return true;
      if (gap == 0 && digits >= kDigitsMin && lower_case(c) == 'x') return true;
      if (++gap > 3 || !holds(" -./()", c)) return false;
    }
    return digits >= kDigitsMin;
  }

  static constexpr std::size_t kNumberMax = kDigitsMax + 3 + 3 * (kGroupsMax - 1);  // bytes

  /// No word near that names a number. Asked before reading for single digits only: rows of them begin a number each.
  bool is_unnamed(std::string_view text, std::size_t at, WordTrail& words) const {
    const bool is_single = at + 1 >= text.size() || !is_digit(text[at + 1]);
    if (!is_single || words_within_ == kAnywhere) return false;
    const std::size_t from = at > words_within_ ? at - words_within_ : 0;
    const std::size_t to = std::min(text.size(), at + kNumberMax + words_within_);
    return std::ranges::none_of(detectors_, [&](const Named& named) { return words.is_in(named.words, from, to); });
  }

  /// No letter near: no word that would name a number, however it is read. Rows of numbers are seen by that.
  bool is_bare(const Masks& masks, std::string_view text, std::size_t at) const {
    if (words_within_ == kAnywhere) return false;
    const std::size_t from = at > words_within_ + 2 ? at - words_within_ - 2 : 0;
    for (std::size_t place = from; place < std::min(text.size(), at + kNumberMax + words_within_); place += 64) {
      if ((masks.letter.from(place) | masks.other.from(place)) != 0) return false;
    }
    return true;
  }

  /// Coarse: how numbers begin that are some without a word.
  static bool may_stand_alone(std::string_view text, std::size_t at) {
    if (text[at] == '0' || (at > 0 && holds("+(", text[at - 1]))) return true;
    const auto run_at = [&text](std::size_t place) {
      std::size_t run = 0;
      while (run < 4 && place + run < text.size() && is_digit(text[place + run])) ++run;
      return run;
    };
    const auto behind_gap = [&text](std::size_t place) {
      while (place < text.size() && holds(" -./()", text[place])) ++place;
      return place;
    };
    // North American: three digits and three, perhaps with the country's in front.
    std::size_t place = at;
    if (text[place] == '1' && run_at(place) == 1) place = behind_gap(place + 1);
    return run_at(place) == 3 && run_at(behind_gap(place + 3)) == 3;
  }

  static bool begins_well(std::string_view text, const Groups& groups) {
    if (groups.begin == 0) return true;
    const char before = text[groups.begin - 1], second = groups.begin > 1 ? text[groups.begin - 2] : ' ';
    if (is_alphanumeric(before) || holds("_@#%$^\\*&.", before)) return false;
    if (before == '-' || before == '+') return !is_alphanumeric(second) && second != before;
    if (before == '/') return !is_digit(second) && groups.plus;
    if (before == ':') return !is_digit(second) || groups.plus;
    return true;
  }

  static bool ends_well(std::string_view text, std::size_t end) {
    if (end >= text.size()) return true;
    const char after = text[end], second = end + 1 < text.size() ? text[end + 1] : ' ';
    if (lower_case(after) == 'x' && is_digit(second)) return true;  // an extension
    if (is_alphanumeric(after) || holds("_@%(", after)) return false;
    if (after == '-' || after == '+' || after == '*') return !is_alphanumeric(second);
    if (after == '.' || after == ':' || after == ',') return !is_digit(second);
    return after != '/' || !is_digit(second);
  }

  /// What begins at the run of digits at `at`. Nothing when the run goes on to the left.
  static Groups read(std::string_view text, std::size_t at) {
    Groups groups;
    groups.begin = at;
    if (groups.begin > 0 && text[groups.begin - 1] == '(') {
      --groups.begin;
      groups.bracket = true;
    }
    if (groups.begin > 0 && text[groups.begin - 1] == '+') {
      --groups.begin;
      groups.plus = true;
    }
    if (groups.plus && groups.begin > 0 && text[groups.begin - 1] == '(') --groups.begin;
    if (!begins_well(text, groups)) return groups;
    groups.behind_number = groups.begin >= 2 && holds(", ", text[groups.begin - 1]) && is_digit(text[groups.begin - 2]);
    char separator = groups.bracket ? '(' : '\0';
    while (groups.count < kGroupsMax) {
      std::size_t end = at;
      while (end < text.size() && is_digit(text[end]) && end - at <= kDigitsMax) ++end;
      if (end == at || groups.size + (end - at) > kDigitsMax + 3) break;
      groups.groups[groups.count++] = {at, end, separator};
      std::ranges::copy(text.substr(at, end - at), groups.digits.begin() + static_cast<std::ptrdiff_t>(groups.size));
      groups.size += end - at;
      // One separator, or a bracket with blanks around.
      at = end;
      separator = 0;
      while (at < text.size() && at - end < 3 && holds(" -./()", text[at])) {
        if (separator == 0 || text[at] == '(' || text[at] == ')' || text[at] == '-') separator = text[at];
        ++at;
      }
      if (at == end) break;
    }
    return groups;
  }

  /// The longest reading of the groups that is a number. Returns where to go on.
  std::size_t settle(std::string_view text, Groups& groups, Surroundings& around, std::vector<Candidate>& found) const {
    around.named.clear();
    const bool may_be_alone = may_stand_alone(text, groups.groups[0].begin);
    const std::size_t first = groups.groups[0].begin;
    if (groups.count == 2 && is_years(text.substr(first, groups.groups[1].end - first))) return 0;
    for (; groups.count > 0 && groups.size >= kDigitsMin; --groups.count) {
      const std::size_t end = groups.groups[groups.count - 1].end;
      const bool is_one = ends_well(text, end) && !is_in_dump(text, groups, end);
      const Sureness sureness = is_one ? judge(groups) : Sureness{};
      if (sureness.named > 0) {
        if (say(groups, end, sureness, around, found)) return end;
        const bool is_named = std::ranges::find(around.named, true) != around.named.end();
        if (!is_named && !may_be_alone) return 0;
      }
      groups.size -= groups.length(groups.count - 1);
    }
    return 0;
  }

  static Sureness judge(const Groups& g) {
    if (g.size < kDigitsMin || is_trivial(g.all())) return {};
    if (looks_like_date(g) || has_fraction(g)) return {};
    if (g.plus) return international(g.all()) ? Sureness{0.9F, 0.97F} : Sureness{};
    if (g.size > kDigitsMax) return {};
    if (g.all().starts_with("00") && g.size >= 10 && international(g.all().substr(2))) {
      return {g.count > 1 ? 0.7F : 0.0F, 0.95F};
    }
    if (const auto american = north_american(g)) return *american;
    if (const auto trunk = with_trunk(g)) return *trunk;
    if (g.size < 7 && g.count < 3) return {};
    return {0, g.size >= 7 && g.size <= 13 ? 0.85F : 0.0F};
  }

  static bool international(std::string_view digits) {
    const PhonePlan* plan = phone_plan_of(digits);
    if (plan == nullptr) return false;
    std::string_view national = digits.substr(code_length(*plan));
    if (national.size() > plan->longest && national.starts_with('0')) national.remove_prefix(1);  // "+49 (0)30"
    if (plan->country == 1 && (national.empty() || national[0] < '2')) return false;
    return national.size() >= plan->shortest && national.size() <= plan->longest;
  }

  /// (212) 555-0142, 212-555-0142, 212.555.0142, 1-212-555-0142.
  static std::optional<Sureness> north_american(const Groups& g) {
    const std::size_t first = g.count == 4 && g.length(0) == 1 && g.digits[0] == '1' ? 1 : 0;
    if (g.count != first + 3 || g.length(first) != 3 || g.length(first + 1) != 3 || g.length(first + 2) != 4) {
      return std::nullopt;
    }
    const std::size_t area = first;
    if (g.digits[area] == '0') return std::nullopt;  // "054-590-7924": the trunk's
    if (g.digits[area] < '2' || g.digits[area + 3] < '2') return Sureness{};
    const char one = g.groups[first + 1].separator, other = g.groups[first + 2].separator;
    if (g.bracket || one == ')') return Sureness{0.85F, 0.97F};
    if (one != other) return Sureness{0, 0.9F};
    return Sureness{one == '-' ? 0.65F : one == '.' ? 0.6F : 0.0F, 0.95F};
  }

  /// Numbers with the trunk's 0 in front: "06 12 34 56 78", "020 7946 0958", "0171/1234567", "090-1234-5678".
  static std::optional<Sureness> with_trunk(const Groups& g) {
    if (g.digits[0] != '0' || g.digits[1] == '0' || g.size < 8 || g.size > 12) return std::nullopt;
    if (g.count == 1) return Sureness{0, 0.9F};
    const char separator = g.groups[1].separator;
    const bool pairs =
        g.count == 5 && g.size == 10 &&
        std::ranges::all_of(std::span(g.groups).first(5), [](const auto& x) { return x.end - x.begin == 2; });
    if (pairs) return Sureness{separator == '.' || separator == ' ' ? 0.75F : 0.6F, 0.97F};
    if (g.bracket && g.length(0) >= 2 && g.count <= 4) return Sureness{0.7F, 0.96F};
    const bool area = g.length(0) >= 2 && g.length(0) <= 5;
    if (g.count == 3 && area && g.length(1) >= 3 && g.length(2) >= 3 && g.size >= 10 && g.size <= 11 &&
        separator != '.') {
      return Sureness{0.6F, 0.95F};
    }
    if (g.count == 2 && area && g.length(0) >= 3 && g.size >= 10 && (separator == '/' || separator == ' ')) {
      return Sureness{0.55F, 0.95F};
    }
    return Sureness{0, 0.93F};
  }

  /// "0 0.550781 1": where one group stands behind a dot, all must.
  static bool has_fraction(const Groups& g) {
    std::size_t dots = 0;
    if (g.count > 2 && g.groups[1].separator == '/' && g.digits[0] == '0') return false;  // "0474/36.37.97"
    for (std::size_t i = 1; i < g.count; ++i) dots += g.groups[i].separator == '.' ? 1 : 0;
    return dots > 0 && (dots + 1 < g.count - (g.plus ? 1 : 0) || g.length(0) < 2) && !g.bracket;
  }

  /// "ee 09 35 52 55 68 a1", "0046 0046 0049": bytes or characters in hexadecimal.
  static bool is_in_dump(std::string_view text, const Groups& g, std::size_t end) {
    if (g.plus || g.bracket || g.count < 3) return false;
    const auto groups = std::span(g.groups).first(g.count);
    const std::size_t size = g.length(0);
    if ((size != 2 && size != 4) ||
        !std::ranges::all_of(groups, [&](const auto& x) { return x.end - x.begin == size; }))
      return false;
    if (size == 4) {
      return std::ranges::all_of(groups, [&](const auto& x) { return text.substr(x.begin, 2) == "00"; });
    }
    const auto is_byte = [&](std::size_t at) {
      const auto is_hex = [](char c) { return is_digit(c) || (lower_case(c) >= 'a' && lower_case(c) <= 'f'); };
      const bool alone =
          (at == 0 || !is_alphanumeric(text[at - 1])) && (at + 2 >= text.size() || !is_alphanumeric(text[at + 2]));
      return alone && at + 2 <= text.size() && is_hex(text[at]) && is_hex(text[at + 1]);
    };
    return (g.begin >= 3 && text[g.begin - 1] == ' ' && is_byte(g.begin - 3)) ||
           (end < text.size() && text[end] == ' ' && is_byte(end + 1));
  }

  /// 2024-01-31, 31.01.2024, 10/11/2024: four digits and two pairs.
  static bool looks_like_date(const Groups& g) {
    if (g.count < 3 || g.plus || (g.bracket && g.groups[1].separator == ')')) return false;
    if (g.digits[0] == '0' && g.groups[1].separator != g.groups[2].separator) return false;  // "0474/36.37.97"
    const std::size_t a = g.length(0), b = g.length(1), c = g.length(2);
    return (a == 4 && b <= 2 && c <= 2) || (a <= 2 && b <= 2 && c == 4 && g.groups[1].separator != ' ');
  }

  /// Words that name the detector stand near the number, or its column's head is one.
  static bool is_named(const Named& detector, std::size_t end, const Groups& groups, Surroundings& around) {
    const ContextWords& context = *detector.context;
    if (around.words.is_near(detector.words, groups.begin, end, context.within)) return true;
    const std::string_view column = around.numbers.column(groups.begin);
    return !column.empty() && has_context(column, column.size(), column.size(), context);
  }

  bool say(const Groups& groups, std::size_t end, const Sureness& sureness, Surroundings& around,
           std::vector<Candidate>& found) const {
    bool said = false;
    const std::size_t begin = groups.begin;
    if (around.named.empty()) {
      for (const Named& detector : detectors_) around.named.push_back(is_named(detector, end, groups, around));
    }
    for (std::size_t i = 0; i < detectors_.size(); ++i) {
      float confidence = sureness.named;
      if (!around.named[i]) {
        confidence = groups.behind_number ? 0 : sureness.alone;
        if (confidence < 0.85F && confidence > 0 && !around.numbers.may_stand_alone(begin, end, {})) confidence = 0;
      }
      if (confidence == 0) continue;
      found.push_back(
          {detectors_[i].detector, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end), confidence});
      said = true;
    }
    return said;
  }

  static constexpr std::size_t kAnywhere = 1UL << 30U;
  std::vector<Named> detectors_;
  WordLists words_;
  std::size_t words_within_ = 0;  // the farthest that a word names a number
};

}  // namespace

std::unique_ptr<PreparedFinder> prepare_phone(std::span<const Detector> all, std::span<const std::uint32_t> mine) {
  return std::make_unique<PhoneFinder>(all, mine);
}

}  // namespace reeve::content
