#include "content/number_layouts.h"

#include <algorithm>

#include "content/check_digits.h"

namespace reeve::content {

/// Reads "3_4-5" from `at` on.
std::vector<LayoutTree::Group> LayoutTree::read_groups(std::string_view text, std::size_t& at) {
  std::vector<Group> groups;
  unsigned separator = kSeparators;
  while (at < text.size() && text[at] != ' ') {
    std::size_t size = 0;
    while (at < text.size() && is_digit(text[at])) size = size * 10 + static_cast<std::size_t>(text[at++] - '0');
    groups.push_back({separator, size});
    if (at < text.size() && text[at] != ' ') {
      separator = separator_class(text[at] == '_' ? ' ' : text[at]);
      ++at;
    }
  }
  return groups;
}

std::uint32_t LayoutTree::child(std::uint32_t node, unsigned separator, std::size_t size) {
  if (const std::uint32_t known = next(node, separator, size); known != 0) return known;
  if (++edges_count_ * 2 > edges_.size()) {
    std::vector<Edge> fewer(edges_.size() * 2);
    fewer.swap(edges_);
    --edges_shift_;
    edges_last_ = edges_.size() - 1;
    for (const Edge& edge : fewer) {
      if (edge.node != 0) edges_[place_of(edge.key)] = edge;
    }
  }
  const auto number = static_cast<std::uint32_t>(nodes_.size());
  const std::uint32_t key = edge_key(node, separator, size);
  edges_[place_of(key)] = {key, number};
  nodes_.emplace_back();
  return number;
}

void LayoutTree::add(std::string_view layouts, std::string_view shapes, std::uint32_t entry) {
  if (nodes_.empty()) nodes_.emplace_back();
  bool is_own = true;
  for (std::size_t at = 0; at < layouts.size();) {
    if (layouts[at] == ' ' || layouts[at] == ';') {
      is_own = is_own && layouts[at] != ';';
      ++at;
      continue;
    }
    const std::vector<Group> groups = read_groups(layouts, at);
    if (groups.size() < 2 || groups[0].size >= kFirstMax) continue;  // of one group: found by its length
    std::size_t characters = 0;
    for (const Group& group : groups) characters += group.size;
    if (characters + groups.size() + 1 > kBytesMax) continue;
    Layout layout{entry, is_own, NumberShapes(shapes, characters)};
    if (!layout.shapes.excludes_all()) add_groups(groups, std::move(layout), characters);
  }
}

void LayoutTree::add_groups(const std::vector<Group>& groups, Layout layout, std::size_t characters) {
  const std::size_t first = groups[0].size, second = groups[1].size;
  std::uint32_t& root = roots_[first];
  if (root == 0) {
    root = static_cast<std::uint32_t>(nodes_.size());
    nodes_.emplace_back();
  }
  std::uint32_t node = root;
  for (std::size_t i = 1; i < groups.size(); ++i) {
    node = child(node, groups[i].separator, groups[i].size);
    nodes_[node].leads_to_own = nodes_[node].leads_to_own || layout.is_own;
  }
  const auto allow = [&](GroupKind kind) {
    seconds_[static_cast<std::size_t>(kind)][first][groups[1].separator] |= 1U << second;
  };
  allow(GroupKind::kBoth);
  if (layout.shapes.may_begin_with_digits(first)) allow(GroupKind::kDigits);
  if (layout.shapes.may_begin_with_letters(first)) allow(GroupKind::kLetters);
  if (groups[1].separator == separator_class('.') && (first > 2 || second > 3)) has_short_dots_ = false;
  allow_edges(layout.shapes, first, groups[1].separator, second);
  if (characters < 64) lengths_ |= 1ULL << characters;
  fewest_ = std::min(fewest_, characters);
  LayoutsHere& here = nodes_[node].layouts;
  here.is_pair = groups.size() == 2 && first == second;
  (layout.is_own ? here.own : here.shared).push_back(static_cast<std::uint32_t>(layouts_.size()));
  layouts_.push_back(std::move(layout));
}

void LayoutTree::allow_edges(const NumberShapes& shapes, std::size_t first, unsigned separator, std::size_t second) {
  const std::uint64_t all = (1ULL << first) - 1, last = 1ULL << (first - 1), next = 1ULL << first;
  for (std::size_t i = 0; i < kRows; ++i) {
    const auto edges = static_cast<GroupEdges>(i / 2);
    PlaceKinds may{~std::uint64_t{0}, ~std::uint64_t{0}};
    const auto digit = [&](std::uint64_t place) { may.letters &= ~place; };
    const auto letter = [&](std::uint64_t place) { may.digits &= ~place; };
    if (edges == GroupEdges::kDigits) digit(all);
    if (edges == GroupEdges::kLetters) letter(all);
    if (edges > GroupEdges::kLetters) {
      const bool begins_with_digit = edges == GroupEdges::kDigitToLetter || edges == GroupEdges::kDigitToDigit;
      const bool ends_with_digit = edges == GroupEdges::kLetterToDigit || edges == GroupEdges::kDigitToDigit;
      begins_with_digit ? digit(1) : letter(1);
      ends_with_digit ? digit(last) : letter(last);
    }
    i % 2 == 1 ? digit(next) : letter(next);
    if (second < 31 && shapes.may_fit(may))
      edge_seconds_[(i * kRowFirsts + first) * kRowSeparators + separator] |= 1U << second;
  }
}

}  // namespace reeve::content
