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
  for (const Edge& edge : nodes_[node].edges) {
    if (edge.separator == separator && edge.size == size) return edge.node;
  }
  const auto number = static_cast<std::uint32_t>(nodes_.size());
  nodes_[node].edges.push_back({separator, size, number});
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
  for (std::size_t i = 1; i < groups.size(); ++i) node = child(node, groups[i].separator, groups[i].size);
  const auto allow = [&](GroupKind kind) {
    seconds_[static_cast<std::size_t>(kind)][first][groups[1].separator] |= 1U << second;
  };
  allow(GroupKind::kBoth);
  if (layout.shapes.may_begin_with_digits(first)) allow(GroupKind::kDigits);
  if (layout.shapes.may_begin_with_letters(first)) {
    allow(GroupKind::kLetters);
    if (groups.size() == 2) fewest_behind_letters_ = std::min(fewest_behind_letters_, second);
  }
  fewest_ = std::min(fewest_, characters);
  nodes_[node].layouts.push_back(static_cast<std::uint32_t>(layouts_.size()));
  layouts_.push_back(std::move(layout));
}

void LayoutTree::match(const FinderText& input, std::size_t begin, std::size_t end, bool with_letters,
                       std::vector<Match>& matches) const {
  matches.clear();
  std::size_t characters = end - begin;
  if (characters >= kFirstMax || roots_[characters] == 0) return;
  const std::string_view text = input.text;
  const auto& digits = input.masks.digit;
  PlaceKinds kinds = kinds_at(input.masks, begin, characters);
  std::uint32_t node = roots_[characters];
  for (std::size_t at = end; at + 1 < text.size();) {
    const unsigned separator = separator_class(text[at]);
    if (separator == kSeparators) break;
    const std::size_t size = run_from(digits, input.masks.letter, at + 1);
    if (!with_letters && size != run_from(digits, digits, at + 1)) break;
    const auto& edges = nodes_[node].edges;
    const auto edge =
        std::ranges::find_if(edges, [&](const Edge& one) { return one.size == size && one.separator == separator; });
    if (edge == edges.end()) break;
    const PlaceKinds group = kinds_at(input.masks, at + 1, size);
    kinds.letters |= group.letters << characters;
    kinds.digits |= group.digits << characters;
    characters += size;
    const bool is_bracket = text[at] == '(';
    at += 1 + size;
    if (is_bracket && (at >= text.size() || text[at++] != ')')) break;
    node = edge->node;
    for (const std::uint32_t layout : nodes_[node].layouts) {
      if (layouts_[layout].shapes.fits(kinds)) matches.push_back({layout, at});
    }
  }
  std::ranges::sort(matches, {}, &Match::layout);
}

}  // namespace reeve::content
