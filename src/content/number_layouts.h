#pragma once

// The groupings in which identifiers are written ("3-2-4"), as one tree for all detectors of a finder. Private to the
// room.

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
  std::uint64_t bits = (one[word] | other[word]) >> shift;
  if (shift != 0) bits |= (one[word + 1] | other[word + 1]) << (64 - shift);
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
  };
  static constexpr std::size_t kFirstMax = 20;  // characters in a first group

  /// Adds the layouts and shapes of a rule (identifier_rules.h).
  void add(std::string_view layouts, std::string_view shapes, std::uint32_t entry);
  const Layout& layout(std::uint32_t number) const { return layouts_[number]; }
  /// The fewest letters and digits that a layout has.
  std::size_t fewest() const { return fewest_; }
  /// The fewest that a second group has when it is the last and the first is of letters.
  std::size_t fewest_behind_letters() const { return fewest_behind_letters_; }

  /// Coarse: whether a first group of `first` characters, a separator of this class and a group of `second` begin one.
  bool may_begin(GroupKind kind, std::size_t first, unsigned separator, std::size_t second) const {
    return first < kFirstMax && second < 32 &&
           (seconds_[static_cast<std::size_t>(kind)][first][separator] >> second & 1U) != 0;
  }
  /// Calls `look(here, end, kinds)` for each end up to which layouts may stand whose first group is [begin, end).
  /// Groups are of digits, or of letters and digits. Whether the kinds fit their shapes is not looked at.
  template <typename Look>
  void match(const FinderText& input, std::size_t begin, std::size_t end, bool with_letters, const Look& look) const;

 private:
  struct Group {
    unsigned separator = kSeparators;  // in front
    std::size_t size = 0;
  };
  struct Edge {
    unsigned separator = 0;
    std::size_t size = 0;
    std::uint32_t node = 0;
  };
  struct Node {
    std::vector<Edge> edges;
    LayoutsHere layouts;
  };
  static std::vector<Group> read_groups(std::string_view text, std::size_t& at);
  void add_groups(const std::vector<Group>& groups, Layout layout, std::size_t characters);
  std::uint32_t child(std::uint32_t node, unsigned separator, std::size_t size);
  /// 0: nothing goes on like this.
  std::uint32_t next(std::uint32_t node, unsigned separator, std::size_t size) const {
    for (const Edge& edge : nodes_[node].edges) {
      if (edge.size == size && edge.separator == separator) return edge.node;
    }
    return 0;
  }

  std::vector<Layout> layouts_;
  std::vector<Node> nodes_;
  std::array<std::uint32_t, kFirstMax> roots_{};  // by the first group's size; 0: none
  std::array<std::array<std::array<std::uint32_t, kSeparators + 1>, kFirstMax>, 3> seconds_{};
  std::size_t fewest_ = ~std::size_t{0}, fewest_behind_letters_ = ~std::size_t{0};
};

template <typename Look>
void LayoutTree::match(const FinderText& input, std::size_t begin, std::size_t end, bool with_letters,
                       const Look& look) const {
  std::size_t characters = end - begin;
  if (characters >= kFirstMax || roots_[characters] == 0) return;
  const std::string_view text = input.text;
  const auto& digits = input.masks.digit;
  PlaceKinds kinds = kinds_at(input.masks, begin, characters);
  std::uint32_t node = roots_[characters];
  for (std::size_t at = end; at + 1 < text.size();) {
    const unsigned separator = separator_class(text[at]);
    if (separator == kSeparators) return;
    const std::size_t size = run_from(digits, input.masks.letter, at + 1);
    if (!with_letters && size != run_from(digits, digits, at + 1)) return;
    node = next(node, separator, size);
    if (node == 0) return;
    const PlaceKinds group = kinds_at(input.masks, at + 1, size);
    kinds.letters |= group.letters << characters;
    kinds.digits |= group.digits << characters;
    characters += size;
    const bool is_bracket = text[at] == '(';
    at += 1 + size;
    if (is_bracket) {
      if (at >= text.size() || text[at] != ')') return;
      ++at;
    }
    const LayoutsHere& here = nodes_[node].layouts;
    if (!here.own.empty() || !here.shared.empty()) look(here, at, kinds);
  }
}

}  // namespace reeve::content
