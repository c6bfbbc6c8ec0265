#pragma once

// The groupings in which identifiers are written ("3-2-4"), as one tree for all detectors of a finder. Private to the
// room.

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "content/finders.h"
#include "content/number_shapes.h"

namespace reeve::content {

/// The class of what may stand between groups; kSeparators: nothing of the kind.
constexpr unsigned kSeparators = 6;
constexpr std::array<std::uint8_t, 256> kSeparatorClasses = [] {
  std::array<std::uint8_t, 256> classes{};
  classes.fill(kSeparators);
  std::uint8_t next = 0;
  for (const char c : {' ', '-', '.', '/', '+', '('}) classes[static_cast<unsigned char>(c)] = next++;
  return classes;
}();
constexpr unsigned separator_class(char c) { return kSeparatorClasses[static_cast<unsigned char>(c)]; }

/// How many bytes from `at` on have their bit in one of two masks, counted up to 64.
inline std::size_t run_from(std::span<const std::uint64_t> one, std::span<const std::uint64_t> other, std::size_t at) {
  const std::size_t word = at / 64, shift = at % 64;
  std::uint64_t bits = (one.data()[word] | other.data()[word]) >> shift;
  if (shift != 0) bits |= (one.data()[word + 1] | other.data()[word + 1]) << (64 - shift);
  return static_cast<std::size_t>(std::countr_one(bits));
}

/// The 64 bits of a mask that stand in front of `at`, the last one highest.
inline std::uint64_t bits_before(std::span<const std::uint64_t> mask, std::size_t at) {
  const std::size_t word = at / 64, shift = at % 64;
  return (shift == 0 ? 0 : mask[word] << (64 - shift)) | (word > 0 ? mask[word - 1] >> shift : 0);
}

/// As run_from, backwards: bytes in front of `at`.
inline std::size_t run_before(std::span<const std::uint64_t> one, std::span<const std::uint64_t> other,
                              std::size_t at) {
  return static_cast<std::size_t>(std::countl_one(bits_before(one, at) | bits_before(other, at)));
}

/// What the `length` characters from `at` on are.
inline PlaceKinds kinds_at(const TextMasks& masks, std::size_t at, std::size_t length) {
  const std::size_t word = at / 64, shift = at % 64;
  const std::uint64_t wanted = length >= 64 ? ~std::uint64_t{0} : (1ULL << length) - 1;
  const auto part = [&](std::span<const std::uint64_t> mask) {
    return (mask[word] >> shift | (shift != 0 ? mask[word + 1] << (64 - shift) : 0)) & wanted;
  };
  return {part(masks.letter), part(masks.digit)};
}

/// What a first group is made of.
enum class GroupKind : std::uint8_t { kLetters, kDigits, kBoth };

/// How a group begins and ends, as far as a gate tells groups apart.
enum class GroupEdges : std::uint8_t {
  kDigits,
  kLetters,
  kLetterToLetter,
  kDigitToLetter,
  kLetterToDigit,
  kDigitToDigit
};

class LayoutTree {
 public:
  /// One way to write an identifier.
  struct Layout {
    std::uint32_t entry = 0;  // of whom: the finder's number
    bool is_own = false;      // nothing else is written like this
    NumberShapes shapes;
  };
  /// Numbers of the layouts that end at one place.
  struct LayoutsHere {
    std::vector<std::uint32_t> own, shared;
    bool is_pair = false;  // of two groups of one size
  };
  static constexpr std::size_t kFirstMax = 20;  // characters in a first group
  static constexpr std::size_t kBytesMax = 48;  // of a layout; longer ones are not added

  /// Adds the layouts and shapes of a rule (identifier_rules.h).
  void add(std::string_view layouts, std::string_view shapes, std::uint32_t entry);
  const Layout& layout(std::uint32_t number) const { return layouts_[number]; }
  std::span<const Layout> all() const { return layouts_; }
  /// The fewest letters and digits that a layout has.
  std::size_t fewest() const { return fewest_; }
  /// Of layouts whose first separator is a dot: the first group has at most two characters, the second three.
  bool has_short_dots() const { return has_short_dots_; }

  /// Coarse: whether a first group of `first` characters, a separator of this class and a group of `second` begin one.
  bool may_begin(GroupKind kind, std::size_t first, unsigned separator, std::size_t second) const {
    return first < kFirstMax && second < 32 &&
           (seconds_[static_cast<std::size_t>(kind)][first][separator] >> second & 1U) != 0;
  }
  /// The same for a gate, without a branch, and sharper: of the first group the edges, of the second whether it begins
  /// with a digit. 1: it may.
  unsigned may_begin(GroupEdges edges, std::size_t first, unsigned separator, std::size_t second,
                     unsigned digit) const {
    const std::size_t row = static_cast<std::size_t>(edges) * 2 + digit;
    return edge_seconds_.data()[(row * kRowFirsts + std::min(first, kRowFirsts - 1)) * kRowSeparators + separator] >>
               std::min<std::size_t>(second, 31) &
           1U;
  }
  /// Those of a group that holds a digit; bit i of `digits`: its place i is one.
  static GroupEdges group_edges(std::uint64_t digits, std::size_t size) {
    const bool is_whole = digits == (1ULL << size) - 1;
    const auto mixed = 2 + (digits & 1U) + (digits >> (size - 1) & 1U) * 2;
    return static_cast<GroupEdges>(is_whole ? 0 : mixed);
  }
  /// How many characters layouts have, of those with less than 64: a bit each.
  std::uint64_t lengths() const { return lengths_; }
  /// Calls `look(here, end, kinds)` for each end up to which layouts may stand whose first group is [begin, end). Once
  /// it says false, only ends up to which layouts stand that are somebody's own, and those on the way there. Groups are
  /// of digits, or of letters and digits. Whether the kinds fit their shapes is not looked at.
  template <typename Look>
  void match(const FinderText& input, std::size_t begin, std::size_t end, bool with_letters, const Look& look) const;

 private:
  struct Group {
    unsigned separator = kSeparators;  // in front
    std::size_t size = 0;
  };
  struct Edge {
    std::uint32_t key = 0, node = 0;  // node 0: none
  };
  struct Node {
    LayoutsHere layouts;
    bool leads_to_own = false;  // here, or further on
  };
  static std::vector<Group> read_groups(std::string_view text, std::size_t& at);
  void add_groups(const std::vector<Group>& groups, Layout layout, std::size_t characters);
  void allow_edges(const NumberShapes& shapes, std::size_t first, unsigned separator, std::size_t second);
  std::uint32_t child(std::uint32_t node, unsigned separator, std::size_t size);
  static std::uint32_t edge_key(std::uint32_t node, unsigned separator, std::size_t size) {
    return node << 10U | static_cast<std::uint32_t>(size) << 3U | separator;
  }
  /// Where in the table an edge is, or may be put.
  std::size_t place_of(std::uint32_t key) const {
    const Edge* const edges = edges_.data();
    std::size_t at = key * 0x9E3779B1U >> edges_shift_;
    while (edges[at].node != 0 && edges[at].key != key) at = (at + 1) & edges_last_;
    return at;
  }
  /// 0: nothing goes on like this.
  std::uint32_t next(std::uint32_t node, unsigned separator, std::size_t size) const {
    return edges_.data()[place_of(edge_key(node, separator, size))].node;
  }

  std::vector<Layout> layouts_;
  std::vector<Node> nodes_;
  std::vector<Edge> edges_ = std::vector<Edge>(64);  // of all nodes, at least half of them free
  unsigned edges_shift_ = 26, edges_count_ = 0;
  std::size_t edges_last_ = 63;
  std::array<std::uint32_t, kFirstMax> roots_{};  // by the first group's size; 0: none
  using Seconds = std::array<std::array<std::uint32_t, kSeparators + 1>, kFirstMax + 1>;  // sizes, a bit each
  std::array<Seconds, 3> seconds_{};
  // By edges and whether the second group begins with a digit, the first's size, and the separator.
  static constexpr std::size_t kRows = 12, kRowFirsts = 32, kRowSeparators = 8;
  std::array<std::uint32_t, kRows * kRowFirsts * kRowSeparators> edge_seconds_{};
  std::uint64_t lengths_ = 0;
  std::size_t fewest_ = ~std::size_t{0};
  bool has_short_dots_ = true;
};

template <typename Look>
void LayoutTree::match(const FinderText& input, std::size_t begin, std::size_t end, bool with_letters,
                       const Look& look) const {
  std::size_t characters = end - begin;
  if (characters >= kFirstMax || roots_[characters] == 0) return;
  // All that a layout may stand in; longer ones are none.
  const PlaceKinds all = kinds_at(input.masks, begin, 64);
  const std::uint64_t both = all.letters | all.digits, groups = with_letters ? both : all.digits;
  const std::uint64_t first = (1ULL << characters) - 1;
  PlaceKinds kinds{all.letters & first, all.digits & first};
  const char* const text = input.text.data() + begin;
  const std::size_t bytes = std::min<std::size_t>(input.text.size() - begin, kBytesMax);
  std::uint32_t node = roots_[characters];
  bool is_own_only = false;
  for (std::size_t at = characters; at + 1 < bytes;) {
    const unsigned separator = separator_class(text[at]);
    if (separator == kSeparators) return;
    const auto size = static_cast<std::size_t>(std::countr_one(groups >> (at + 1)));
    if (!with_letters && size < 63 - at && (both >> (at + 1 + size) & 1U) != 0) return;
    node = next(node, separator, size);
    if (node == 0) return;
    const Node& reached = nodes_.data()[node];
    if (is_own_only && !reached.leads_to_own) return;
    if (with_letters) {
      const std::uint64_t group = (1ULL << size) - 1;
      kinds.letters |= (all.letters >> (at + 1) & group) << characters;
      kinds.digits |= (all.digits >> (at + 1) & group) << characters;
      characters += size;
    }
    const bool is_bracket = text[at] == '(';
    at += 1 + size;
    if (is_bracket) {
      if (at >= bytes || text[at] != ')') return;
      ++at;
    }
    const LayoutsHere& here = reached.layouts;
    if ((!here.own.empty() || !here.shared.empty()) && !look(here, begin + at, kinds)) is_own_only = true;
  }
}

}  // namespace reeve::content
