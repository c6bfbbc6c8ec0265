#include "content/number_layouts.h"

#include <algorithm>

#include "content/check_digits.h"

namespace reeve::content {

namespace {

struct Group {
  unsigned separator = kSeparators;  // in front
  std::size_t size = 0;
};

/// Reads "3_4-5" from `at` on.
std::vector<Group> read_groups(std::string_view text, std::size_t& at) {
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

}  // namespace

std::uint32_t LayoutTree::child(std::uint32_t node, unsigned separator, std::size_t size) {
  for (const Edge& edge : nodes_[node].edges) {
    if (edge.separator == separator && edge.size == size) return edge.node;
  }
  const auto number = static_cast<std::uint32_t>(nodes_.size());
  nodes_[node].edges.push_back({separator, size, number});
  nodes_.emplace_back();
  return number;
}

void LayoutTree::add(std::string_view layouts, std::uint32_t entry) {
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
    std::uint32_t& root = roots_[groups[0].size];
    if (root == 0) {
      root = static_cast<std::uint32_t>(nodes_.size());
      nodes_.emplace_back();
    }
    std::uint32_t node = root;
    std::size_t bytes = groups[0].size;
    for (std::size_t i = 1; i < groups.size(); ++i) {
      node = child(node, groups[i].separator, groups[i].size);
      bytes += groups[i].size + 1;
    }
    seconds_[groups[0].size][groups[1].separator] |= 1U << groups[1].size;
    shortest_ = std::min(shortest_, bytes);
    nodes_[node].layouts.push_back(static_cast<std::uint32_t>(layouts_.size()));
    layouts_.push_back({entry, is_own});
  }
}

void LayoutTree::match(const FinderText& input, std::size_t first, std::size_t end, bool with_letters,
                       std::vector<Match>& matches) const {
  matches.clear();
  if (first >= kFirstMax || roots_[first] == 0) return;
  const std::string_view text = input.text;
  const auto& digits = input.masks.digit;
  const auto& letters = input.masks.letter;
  std::uint32_t node = roots_[first];
  for (std::size_t at = end; at + 1 < text.size();) {
    const unsigned separator = separator_class(text[at]);
    if (separator == kSeparators) break;
    const std::size_t size = run_from(digits, letters, at + 1);
    if (!with_letters && size != run_from(digits, digits, at + 1)) break;
    const auto& edges = nodes_[node].edges;
    const auto edge =
        std::ranges::find_if(edges, [&](const Edge& one) { return one.size == size && one.separator == separator; });
    if (edge == edges.end()) break;
    at += 1 + size;
    if (text[at - size - 1] == '(') {
      if (at >= text.size() || text[at] != ')') break;
      ++at;
    }
    node = edge->node;
    for (const std::uint32_t layout : nodes_[node].layouts) matches.push_back({layout, at});
  }
  std::ranges::sort(matches, {}, &Match::layout);
}

}  // namespace reeve::content
