#pragma once

// What BudgetSet::build makes: budgets with their windows, and the finding of those that a call falls under. Private
// to the spend room.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "spend/budgets.h"
#include "spend/window.h"

namespace reeve::spend {

/// Reads one document. Its complaints are added; what could not be read is left at its default.
Budget read_budget(const YamlValue& document, const std::vector<YamlValue>& documents,
                   std::vector<Diagnostic>& complaints);

/// What has to be the same for a budget's counters to go on under a new text of it: what it counts, not how much of it.
std::string shape_of(const Budget& budget);

/// A value longer than this is counted under its first bytes; whoever shares them shares a counter.
inline constexpr std::size_t kValueBytesMax = 256;

/// The values of a budget's `each` dimensions as one key: each with its length before it.
void append_key(std::string& key, const Budget& budget, const CallScope& call);
std::vector<std::pair<Dimension, std::string>> values_of_key(const Budget& budget, std::string_view key);
/// "team payments, person mara@example.com"
std::string scope_of_key(const Budget& budget, std::string_view key);

class LoadedBudgets final : public BudgetSet {
 public:
  explicit LoadedBudgets(std::vector<Budget> budgets);
  std::span<const Budget> list() const override { return budgets_; }
  const Budget* find(std::string_view name) const override;
  std::pair<Instant, Instant> window_at(const Budget& budget, Instant now) const override;

  const WindowRule& window_rule(std::size_t index) const { return rules_[index]; }
  /// The budgets that the call falls under, as indexes into list(), ascending.
  void matching(const CallScope& call, std::vector<std::uint32_t>& found) const;

  /// Every BudgetSet is one.
  static const LoadedBudgets& of(const BudgetSet& set) { return static_cast<const LoadedBudgets&>(set); }

 private:
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  using ByValue = std::unordered_map<std::string, std::vector<std::uint32_t>, TextHash, std::equal_to<>>;

  bool matches(const Budget& budget, const CallScope& call) const;

  std::vector<Budget> budgets_;
  std::vector<WindowRule> rules_;
  /// Budgets that name the values of one dimension in full are found by it; the others are tried one by one.
  std::array<ByValue, kDimensions> by_value_;
  std::vector<std::uint32_t> others_;
};

}  // namespace reeve::spend
