#pragma once

// Which rules may match, found by their facts. Private to the policy room.
//
// Every rule of a decision point is one bit. Each fact knows, per exact value, per prefix and per other pattern, which
// rules name it; a decision turns the facts into one set of bits each and intersects them. The work grows with the
// facts and with the number of different patterns that are no plain prefix, not with the number of rules.

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "policy/cel/value.h"
#include "policy/condition.h"

namespace reeve::policy {

using RuleBits = std::vector<std::uint64_t>;

inline void set_bit(RuleBits& bits, std::size_t number) { bits[number / 64] |= 1ULL << (number % 64); }
inline bool has_bit(const RuleBits& bits, std::size_t number) { return (bits[number / 64] >> (number % 64) & 1U) != 0; }

/// The rules that name some value. Many are kept as bits, few as numbers.
class RuleSet {
 public:
  void add(std::uint32_t rule) { numbers_.push_back(rule); }
  void seal(std::size_t words);
  void mark(RuleBits& bits) const;

 private:
  std::vector<std::uint32_t> numbers_;
  RuleBits bits_;
};

/// Which rules name which values of one fact.
class ValueIndex {
 public:
  void add(std::uint32_t rule, const IndexTerm& term);
  void seal(std::size_t words);
  bool empty() const { return exact_.empty() && prefixes_.empty() && others_.empty(); }
  /// Marks every rule with a pattern that fits. An empty value fits none.
  void mark(std::string_view value, RuleBits& bits) const;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  using Table = std::unordered_map<std::string, RuleSet, Hash, std::equal_to<>>;
  Table exact_;
  std::vector<std::pair<std::size_t, Table>> prefixes_;  // by length: "claude-*" is under 7
  std::vector<std::pair<std::string, RuleSet>> others_;
};

/// The same for a fact: a text, or each text of a list.
void mark_value(const ValueIndex& index, const cel::Value& value, RuleBits& bits);

class RuleIndex {
 public:
  /// Rules are numbered from 0. Terms that are not negated must each be about a fact of their own.
  void add(std::uint32_t rule, const std::vector<IndexTerm>& terms);
  void seal(std::size_t rules);

  struct Narrowed {
    RuleBits& alive;
    RuleBits& doubtful;  // rules that name a fact which is unknown or an error
    RuleBits& work;      // memory
  };
  /// Clears the bits of rules whose terms do not hold. `value_of(fact)` gives a fact's value.
  template <typename ValueOf>
  void narrow(Narrowed& bits, ValueOf&& value_of) const {
    for (const PerFact& fact : facts_) narrow_by(fact, value_of(fact.fact), bits);
  }
  std::size_t words() const { return words_; }

 private:
  struct PerFact {
    Fact fact = Fact::kNow;
    ValueIndex match, except;
    RuleBits indifferent;  // rules without a positive term on the fact
    RuleBits mentions;     // rules with any term on it
  };
  PerFact& of(Fact fact);
  static void narrow_by(const PerFact& fact, const cel::Value& value, Narrowed& bits);

  std::vector<PerFact> facts_;
  std::vector<std::pair<std::uint32_t, IndexTerm>> pending_;  // until seal()
  std::size_t words_ = 0;
};

}  // namespace reeve::policy
