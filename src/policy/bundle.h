#pragma once

// The compiled form of a set of rules. Private to the policy room.
//
// Every rule is one bit. Each match key keeps, per exact value and per glob, the rules that name it; a decision turns
// the facts into one bit set per key and intersects them. The work grows with the facts and with the number of
// different globs, not with the number of rules, and ends with the matching rules in file order.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "policy/rule.h"

namespace reeve::policy {

/// A deployment has hundreds of rules; this keeps the bit sets of a decision on the stack.
inline constexpr std::size_t kRulesMax = 8192;
inline constexpr std::size_t kBitWords = kRulesMax / 64;

struct RuleBits {
  std::array<std::uint64_t, kBitWords> words;  // only the first `word_count` of the bundle are used
};

/// Which rules name which values of one key.
class KeyIndex {
 public:
  void add(std::uint32_t rule, const std::vector<std::string>& patterns);
  bool empty() const { return exact_.empty() && globs_.empty(); }
  /// Sets the bit of every rule that has a pattern for `value`. An absent (empty) value fits no pattern.
  void mark(std::string_view value, RuleBits& bits) const;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  struct Glob {
    std::string pattern;
    std::vector<std::uint32_t> rules;
  };
  std::unordered_map<std::string, std::vector<std::uint32_t>, Hash, std::equal_to<>> exact_;
  std::vector<Glob> globs_;
};

class IndexedBundle final : public Bundle {
 public:
  explicit IndexedBundle(std::vector<Rule> rules);
  Decision decide(const ModelCallFacts& facts) const override;
  std::size_t rule_count() const override { return rules_.size(); }
  const std::string& digest() const override { return digest_; }
  const std::vector<Rule>& rules() const { return rules_; }

 private:
  void narrow(std::size_t key, const ModelCallFacts& facts, RuleBits& alive) const;

  std::vector<Rule> rules_;  // in file order
  std::string digest_;
  std::size_t word_count_ = 0;
  RuleBits active_{};                             // rules that are not off
  std::array<RuleBits, kMatchKeys> indifferent_;  // rules whose `match` does not ask about the key
  std::array<KeyIndex, kMatchKeys> match_, except_;
};

}  // namespace reeve::policy
