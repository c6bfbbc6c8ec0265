#include "policy/rule_index.h"

#include <algorithm>

#include "core/bytes.h"

namespace reeve::policy {

void RuleSet::seal(std::size_t words) {
  std::sort(numbers_.begin(), numbers_.end());
  numbers_.erase(std::unique(numbers_.begin(), numbers_.end()), numbers_.end());
  if (numbers_.size() <= words) return;
  bits_.assign(words, 0);
  for (const std::uint32_t number : numbers_) set_bit(bits_, number);
  numbers_.clear();
}

void RuleSet::mark(RuleBits& bits) const {
  for (const std::uint32_t number : numbers_) set_bit(bits, number);
  for (std::size_t i = 0; i < bits_.size(); ++i) bits[i] |= bits_[i];
}

void ValueIndex::add(std::uint32_t rule, const IndexTerm& term) {
  for (const std::string& pattern : term.patterns) {
    const std::size_t star = term.literal ? std::string::npos : pattern.find('*');
    if (star == std::string::npos) {
      exact_[pattern].add(rule);
    } else if (star + 1 == pattern.size()) {
      auto table = std::find_if(prefixes_.begin(), prefixes_.end(), [&](const auto& t) { return t.first == star; });
      if (table == prefixes_.end()) table = prefixes_.insert(prefixes_.end(), {star, {}});
      table->second[pattern.substr(0, star)].add(rule);
    } else {
      auto known = std::find_if(others_.begin(), others_.end(), [&](const auto& o) { return o.first == pattern; });
      if (known == others_.end()) known = others_.insert(others_.end(), {pattern, {}});
      known->second.add(rule);
    }
  }
}

void ValueIndex::seal(std::size_t words) {
  for (auto& [value, rules] : exact_) rules.seal(words);
  for (auto& [length, table] : prefixes_) {
    for (auto& [prefix, rules] : table) rules.seal(words);
  }
  for (auto& [pattern, rules] : others_) rules.seal(words);
}

void ValueIndex::mark(std::string_view value, RuleBits& bits) const {
  if (value.empty()) return;
  if (const auto found = exact_.find(value); found != exact_.end()) found->second.mark(bits);
  for (const auto& [length, table] : prefixes_) {
    if (length > value.size()) continue;
    if (const auto found = table.find(value.substr(0, length)); found != table.end()) found->second.mark(bits);
  }
  for (const auto& [pattern, rules] : others_) {
    if (glob_match(pattern, value)) rules.mark(bits);
  }
}

RuleIndex::PerFact& RuleIndex::of(Fact fact) {
  const auto known = std::find_if(facts_.begin(), facts_.end(), [&](const PerFact& f) { return f.fact == fact; });
  if (known != facts_.end()) return *known;
  facts_.emplace_back();
  facts_.back().fact = fact;
  return facts_.back();
}

void RuleIndex::add(std::uint32_t rule, const std::vector<IndexTerm>& terms) {
  for (const IndexTerm& term : terms) pending_.emplace_back(rule, term);
}

void RuleIndex::seal(std::size_t rules) {
  words_ = (rules + 63) / 64;
  RuleBits all(words_, 0);
  for (std::size_t i = 0; i < rules; ++i) set_bit(all, i);
  for (const auto& [rule, term] : pending_) {
    PerFact& fact = of(term.fact);
    if (fact.indifferent.empty()) {
      fact.indifferent = all;
      fact.mentions.assign(words_, 0);
    }
    set_bit(fact.mentions, rule);
    if (term.negated) {
      fact.except.add(rule, term);
    } else {
      fact.match.add(rule, term);
      fact.indifferent[rule / 64] &= ~(1ULL << (rule % 64));
    }
  }
  pending_.clear();
  for (PerFact& fact : facts_) {
    fact.match.seal(words_);
    fact.except.seal(words_);
  }
}

void mark_value(const ValueIndex& index, const cel::Value& value, RuleBits& bits) {
  if (value.is(cel::Kind::kString)) {
    index.mark(value.text(), bits);
  } else if (value.is(cel::Kind::kList)) {
    for (std::size_t i = 0; i < value.list->size; ++i) {
      if (value.list->items[i].is(cel::Kind::kString)) index.mark(value.list->items[i].text(), bits);
    }
  }
}

void RuleIndex::narrow_by(const PerFact& fact, const cel::Value& value, Narrowed& bits) {
  const std::size_t words = bits.alive.size();
  if (value.is_unknown() || value.is_error()) {
    for (std::size_t i = 0; i < words; ++i) bits.doubtful[i] |= fact.mentions[i];
    return;
  }
  if (!fact.match.empty()) {
    std::copy_n(fact.indifferent.begin(), words, bits.work.begin());
    mark_value(fact.match, value, bits.work);
    for (std::size_t i = 0; i < words; ++i) bits.alive[i] &= bits.work[i];
  }
  if (!fact.except.empty()) {
    std::fill_n(bits.work.begin(), words, 0);
    mark_value(fact.except, value, bits.work);
    for (std::size_t i = 0; i < words; ++i) bits.alive[i] &= ~bits.work[i];
  }
}

}  // namespace reeve::policy
