#include "policy/bundle.h"

#include <algorithm>
#include <bit>
#include <map>

#include "core/bytes.h"
#include "core/crypto.h"
#include "core/json.h"

namespace reeve::policy {

namespace {

void set_bit(RuleBits& bits, std::uint32_t rule) { bits.words[rule / 64] |= 1ULL << (rule % 64); }

std::string_view mode_name(Mode mode) {
  switch (mode) {
    case Mode::kEnforce: return "enforce";
    case Mode::kShadow: return "shadow";
    case Mode::kOff: return "off";
  }
  return "off";
}

std::string_view fact_of(MatchKey key, const ModelCallFacts& facts) {
  switch (key) {
    case MatchKey::kPeople: return facts.person;
    case MatchKey::kTypes: return facts.principal_type;
    case MatchKey::kGroups: return {};  // many values; the caller walks them
    case MatchKey::kTeams: return facts.team;
    case MatchKey::kClients: return facts.client;
    case MatchKey::kModels: return facts.model;
    case MatchKey::kTiers: return facts.tier;
    case MatchKey::kProviders: return facts.provider;
    case MatchKey::kRegions: return facts.region;
    case MatchKey::kRepos: return facts.repo;
    case MatchKey::kFeatures: return facts.feature;
    case MatchKey::kWorkItems: return facts.work_item;
  }
  return {};
}

void mark_facts(const KeyIndex& index, MatchKey key, const ModelCallFacts& facts, RuleBits& bits) {
  if (key != MatchKey::kGroups) {
    index.mark(fact_of(key, facts), bits);
    return;
  }
  for (const std::string_view group : facts.groups) index.mark(group, bits);
}

void write_patterns(JsonWriter& json, std::string_view name, const Patterns& patterns) {
  json.key(name).begin_object();
  for (std::size_t i = 0; i < kMatchKeys; ++i) {
    if (patterns[i].empty()) continue;
    json.key(kMatchKeyNames[i]).begin_array();
    for (const std::string& pattern : patterns[i]) json.value(pattern);
    json.end_array();
  }
  json.end_object();
}

/// Everything that bears on a decision or on who answers for it, sorted by name; not the tests and not the place.
std::string digest_of(const std::vector<Rule>& rules) {
  std::map<std::string_view, const Rule*> by_name;
  for (const Rule& rule : rules) by_name.emplace(rule.name, &rule);
  JsonWriter json;
  json.begin_array();
  for (const auto& [name, rule] : by_name) {
    json.begin_object().member("name", name).member("on", "model.call").member("owner", rule->owner);
    json.key("controls").begin_array();
    for (const std::string& control : rule->controls) json.value(control);
    json.end_array().member("effect", effect_name(rule->effect)).member("mode", mode_name(rule->mode));
    json.member("message", rule->message);
    write_patterns(json, "match", rule->match);
    write_patterns(json, "not", rule->except);
    json.end_object();
  }
  json.end_array();
  return "sha256:" + to_hex(as_bytes(sha256(json.text())));
}

std::string default_message(const ModelCallFacts& facts) {
  return "No policy allows you to use " + (facts.model.empty() ? "this model" : printable(facts.model, 100)) +
         ". Ask your platform team for access: they grant it with a rule on model.call that has 'effect: allow'.";
}

}  // namespace

std::string_view effect_name(Effect effect) {
  switch (effect) {
    case Effect::kAllow: return "allow";
    case Effect::kDeny: return "deny";
    case Effect::kWarn: return "warn";
  }
  return "deny";
}

void KeyIndex::add(std::uint32_t rule, const std::vector<std::string>& patterns) {
  for (const std::string& pattern : patterns) {
    if (pattern.find('*') == std::string::npos) {
      exact_[pattern].push_back(rule);
      continue;
    }
    const auto known =
        std::find_if(globs_.begin(), globs_.end(), [&](const Glob& glob) { return glob.pattern == pattern; });
    if (known != globs_.end()) {
      known->rules.push_back(rule);
    } else {
      globs_.push_back({pattern, {rule}});
    }
  }
}

void KeyIndex::mark(std::string_view value, RuleBits& bits) const {
  if (value.empty()) return;
  if (const auto found = exact_.find(value); found != exact_.end()) {
    for (const std::uint32_t rule : found->second) set_bit(bits, rule);
  }
  for (const Glob& glob : globs_) {
    if (!glob_match(glob.pattern, value)) continue;
    for (const std::uint32_t rule : glob.rules) set_bit(bits, rule);
  }
}

IndexedBundle::IndexedBundle(std::vector<Rule> rules)
    : rules_(std::move(rules)), digest_(digest_of(rules_)), word_count_((rules_.size() + 63) / 64), indifferent_{} {
  for (std::uint32_t i = 0; i < rules_.size(); ++i) {
    if (rules_[i].mode != Mode::kOff) set_bit(active_, i);
    for (std::size_t key = 0; key < kMatchKeys; ++key) {
      if (rules_[i].match[key].empty()) set_bit(indifferent_[key], i);
      match_[key].add(i, rules_[i].match[key]);
      except_[key].add(i, rules_[i].except[key]);
    }
  }
}

void IndexedBundle::narrow(std::size_t key, const ModelCallFacts& facts, RuleBits& alive) const {
  const auto name = static_cast<MatchKey>(key);
  if (!match_[key].empty()) {
    RuleBits fitting;
    std::copy_n(indifferent_[key].words.begin(), word_count_, fitting.words.begin());
    mark_facts(match_[key], name, facts, fitting);
    for (std::size_t i = 0; i < word_count_; ++i) alive.words[i] &= fitting.words[i];
  }
  if (!except_[key].empty()) {
    RuleBits excepted;
    std::fill_n(excepted.words.begin(), word_count_, 0);
    mark_facts(except_[key], name, facts, excepted);
    for (std::size_t i = 0; i < word_count_; ++i) alive.words[i] &= ~excepted.words[i];
  }
}

Decision IndexedBundle::decide(const ModelCallFacts& facts) const {
  RuleBits alive;
  std::copy_n(active_.words.begin(), word_count_, alive.words.begin());
  for (std::size_t key = 0; key < kMatchKeys; ++key) narrow(key, facts, alive);

  Decision decision;
  const Rule* denying = nullptr;
  const Rule* allowing = nullptr;
  for (std::size_t word = 0; word < word_count_; ++word) {
    for (std::uint64_t left = alive.words[word]; left != 0; left &= left - 1) {
      const Rule& rule = rules_[word * 64 + static_cast<std::size_t>(std::countr_zero(left))];
      if (rule.mode == Mode::kShadow) {
        if (rule.effect == Effect::kDeny) decision.shadow.push_back(rule.name);
        continue;
      }
      decision.matched.push_back(rule.name);
      if (rule.effect == Effect::kDeny && denying == nullptr) denying = &rule;
      if (rule.effect == Effect::kAllow && allowing == nullptr) allowing = &rule;
    }
  }
  if (denying != nullptr) {
    decision.rule = denying->name;
    decision.message = denying->message;
  } else if (allowing != nullptr) {
    decision.effect = Effect::kAllow;
    decision.rule = allowing->name;
  } else {
    decision.message = default_message(facts);
  }
  return decision;
}

std::shared_ptr<const Bundle> Bundle::build(const std::vector<YamlValue>& documents,
                                            std::vector<Diagnostic>& complaints) {
  const std::size_t before = complaints.size();
  std::vector<Rule> rules;
  std::map<std::string, const YamlValue*, std::less<>> named;
  for (const YamlValue& document : documents) {
    if (!is_policy(document)) continue;
    if (rules.size() == kRulesMax) {
      complaints.push_back(document.complain("more than " + std::to_string(kRulesMax) + " policies"));
      break;
    }
    auto rule = read_rule(document, complaints);
    const YamlValue* name = document.find("name");
    if (name != nullptr && name->is_scalar()) {
      const auto [first, fresh] = named.emplace(name->text(), name);
      if (!fresh) {
        complaints.push_back(name->complain("the name '" + printable(name->text(), 60) +
                                            "' is taken by the policy at " + first->second->file() + ":" +
                                            std::to_string(first->second->line())));
      }
    }
    if (rule) rules.push_back(*std::move(rule));
  }
  if (has_errors({complaints.begin() + static_cast<std::ptrdiff_t>(before), complaints.end()})) return nullptr;
  return std::make_shared<IndexedBundle>(std::move(rules));
}

}  // namespace reeve::policy
