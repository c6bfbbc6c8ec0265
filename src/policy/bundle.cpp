#include "policy/bundle.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <set>
#include <tuple>

#include "core/bytes.h"
#include "core/crypto.h"

namespace reeve::policy {

namespace {

constexpr std::size_t kRulesMax = 20'000;

std::uint64_t next_bundle_number() {
  static std::atomic<std::uint64_t> last{0};
  return ++last;
}

/// What only shows when the documents are looked at together.
class SetReader {
 public:
  explicit SetReader(std::vector<Diagnostic>& complaints) : complaints_(complaints) {}

  void read(const YamlValue& document) {
    if (is_kind(document, "Policy")) {
      if (rules.size() == kRulesMax) {
        complaints_.push_back(document.complain("more than " + std::to_string(kRulesMax) + " policies"));
        return;
      }
      auto rule = read_rule(document, complaints_);
      note_name(rules_named_, "policy", document);
      if (rule) rules.push_back(*std::move(rule));
    } else if (is_kind(document, "Exception")) {
      auto exception = read_exception(document, complaints_);
      note_name(exceptions_named_, "exception", document);
      if (exception) exceptions.push_back(*std::move(exception));
    } else if (is_kind(document, "Ladder")) {
      auto ladder = read_ladder(document, complaints_);
      note_name(ladders_named_, "ladder", document);
      if (ladder) ladders.push_back(*std::move(ladder));
    } else if (is_kind(document, "PolicyTest")) {
      auto suite = read_test_suite(document, complaints_);
      note_name(suites_named_, "PolicyTest", document);
      if (suite) suites_.push_back(*std::move(suite));
    }
  }

  void check_together() {
    for (const Rule& rule : rules) by_name_.emplace(rule.info.name, &rule);
    for (const Rule& rule : rules) {
      check_ladder(rule);
      for (const std::string& relaxed : rule.info.relaxes) check_relaxed(rule, relaxed);
    }
    for (const Exception& exception : exceptions) {
      for (const std::string& name : exception.info.rules) check_lifted(exception, name);
    }
    for (const Rule& rule : rules) check_tests(rule.tests);
    for (const TestSuite& suite : suites_) check_tests(suite.tests);
  }

  std::vector<Rule> rules;
  std::vector<Exception> exceptions;
  std::vector<LadderInfo> ladders;

 private:
  using Named = std::map<std::string, const YamlValue*, std::less<>>;

  void note_name(Named& named, std::string_view what, const YamlValue& document) {
    const YamlValue* name = document.find("name");
    if (name == nullptr || !name->is_scalar() || name->text().empty()) return;
    const auto [first, fresh] = named.emplace(name->text(), name);
    if (fresh) return;
    complaints_.push_back(name->complain("the name " + in_quotes(name->text()) + " is taken by the " +
                                         std::string(what) + " at " + first->second->file() + ":" +
                                         std::to_string(first->second->line())));
  }

  static const YamlValue& place(const YamlValue& document, std::string_view key) {
    const YamlValue* value = document.find(key);
    return value == nullptr ? document : *value;
  }

  std::string nearest_rule(std::string_view name) const {
    std::vector<std::string_view> names;
    for (const auto& [known, place] : rules_named_) names.push_back(known);
    return did_you_mean(name, names);
  }

  void check_ladder(const Rule& rule) {
    if (rule.info.ladder.empty() || ladders_named_.contains(rule.info.ladder)) return;
    std::vector<std::string_view> names;
    for (const auto& [known, place] : ladders_named_) names.push_back(known);
    complaints_.push_back(place(rule.source, "ladder")
                              .complain("there is no ladder " + in_quotes(rule.info.ladder) +
                                        did_you_mean(rule.info.ladder, names) +
                                        "; a ladder is a document with 'kind: Ladder', 'name' and 'steps'"));
  }

  void check_relaxed(const Rule& rule, const std::string& name) {
    const YamlValue& at = item_of(place(rule.source, "relaxes"), name);
    const auto found = by_name_.find(name);
    if (found == by_name_.end()) {
      if (!rules_named_.contains(name)) {
        complaints_.push_back(at.complain("there is no policy " + in_quotes(name) + nearest_rule(name)));
      }
      return;
    }
    const Rule& other = *found->second;
    if (other.info.layer.kind >= rule.info.layer.kind) {
      complaints_.push_back(
          at.complain("the policy " + in_quotes(name) + " is not of a higher layer, so this one cannot relax it"));
    } else if (!other.info.relaxable) {
      complaints_.push_back(at.complain("the policy " + in_quotes(name) + " at " + other.info.file + ":" +
                                        std::to_string(other.info.line) +
                                        " is not marked 'relaxable: true', so a lower layer cannot lift it"));
    }
  }

  void check_lifted(const Exception& exception, const std::string& name) {
    const YamlValue& at = item_of(place(exception.source, "rules"), name);
    const auto found = by_name_.find(name);
    if (found == by_name_.end()) {
      if (!rules_named_.contains(name)) {
        complaints_.push_back(at.complain("there is no policy " + in_quotes(name) + nearest_rule(name)));
      }
      return;
    }
    const RuleInfo& rule = found->second->info;
    if (rule.effect == Effect::kAllow || rule.effect == Effect::kWarn || rule.effect == Effect::kLease ||
        rule.effect == Effect::kRewrite) {
      complaints_.push_back(at.complain("the policy " + in_quotes(name) + " has the effect " +
                                        in_quotes(effect_name(rule.effect)) + ", which an exception does not lift"));
    }
    for (const std::vector<FactPatterns>* patterns : {&exception.selector.match, &exception.selector.except}) {
      for (const FactPatterns& fact : *patterns) check_fact(exception, fact.fact, rule);
    }
  }

  void check_fact(const Exception& exception, Fact fact, const RuleInfo& rule) {
    for (const Point point : rule.points) {
      if ((descriptor_of(fact).points & point_bit(point)) != 0) continue;
      complaints_.push_back(place(exception.source, "match")
                                .complain(in_quotes(descriptor_of(fact).match_key) + " is not there on " +
                                          std::string(point_name(point)) + ", where " + in_quotes(rule.name) +
                                          " decides"));
    }
  }

  void check_tests(const std::vector<RuleTest>& tests) {
    for (const RuleTest& test : tests) {
      if (!test.rule.empty() && !rules_named_.contains(test.rule)) {
        complaints_.push_back(place(test.source, "rule")
                                  .complain("there is no policy " + in_quotes(test.rule) + nearest_rule(test.rule)));
      }
      if (!test.exception.empty() && !exceptions_named_.contains(test.exception)) {
        complaints_.push_back(
            place(test.source, "exception").complain("there is no exception " + in_quotes(test.exception)));
      }
    }
  }

  std::vector<Diagnostic>& complaints_;
  Named rules_named_, exceptions_named_, ladders_named_, suites_named_;
  std::map<std::string, const Rule*, std::less<>> by_name_;
  std::vector<TestSuite> suites_;
};

void check_match_facts(const Rule& rule, std::vector<Diagnostic>& complaints) {
  for (const auto& [patterns, source] : {std::pair(&rule.selector.match, &rule.selector.match_source),
                                         std::pair(&rule.selector.except, &rule.selector.except_source)}) {
    for (const FactPatterns& fact : *patterns) {
      for (const Point point : rule.info.points) {
        if ((descriptor_of(fact.fact).points & point_bit(point)) != 0) continue;
        const YamlValue* at = source->find(descriptor_of(fact.fact).match_key);
        complaints.push_back((at == nullptr ? *source : *at)
                                 .complain(in_quotes(descriptor_of(fact.fact).match_key) + " is not there on " +
                                           std::string(point_name(point))));
      }
    }
  }
}

/// Programs get rules by name, as the digest does: equal digests then decide alike wherever the files lie, down to
/// which of several equally strong rules is named.
template <typename Document>
std::vector<const Document*> by_name(const std::vector<Document>& documents) {
  std::vector<const Document*> sorted;
  for (const Document& document : documents) sorted.push_back(&document);
  std::sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) { return a->info.name < b->info.name; });
  return sorted;
}

/// A rule on several points is wrong on each of them in the same way.
void add_each_once(const std::vector<Diagnostic>& own, std::vector<Diagnostic>& complaints) {
  std::set<std::string> said;
  for (const Diagnostic& complaint : own) {
    if (said.insert(complaint.to_string()).second) complaints.push_back(complaint);
  }
}

std::string canonical_set(const std::vector<Rule>& rules, const std::vector<Exception>& exceptions,
                          const std::vector<LadderInfo>& ladders) {
  std::map<std::string, std::string> sorted;  // by kind and name
  for (const Rule& rule : rules) sorted.emplace("Policy " + rule.info.name, canonical_rule(rule));
  for (const Exception& e : exceptions) sorted.emplace("Exception " + e.info.name, canonical_exception(e));
  for (const LadderInfo& ladder : ladders) sorted.emplace("Ladder " + ladder.name, canonical_ladder(ladder));
  std::string json = "[";
  for (const auto& [name, document] : sorted) json.append(json.size() > 1 ? "," : "").append(document);
  return json + "]";
}

}  // namespace

CompiledBundle::CompiledBundle(std::vector<Rule> rules, std::vector<Exception> exceptions,
                               std::vector<LadderInfo> ladders, std::vector<Diagnostic>& complaints)
    : rules_(std::move(rules)),
      exceptions_(std::move(exceptions)),
      ladders_(std::move(ladders)),
      canonical_(canonical_set(rules_, exceptions_, ladders_)),
      digest_("sha256:" + to_hex(as_bytes(sha256(canonical_)))) {
  const std::uint64_t number = next_bundle_number();
  for (std::size_t i = 0; i < kPoints; ++i)
    programs_[i] = std::make_unique<PointProgram>(static_cast<Point>(i), number);
  std::set<std::string> checks;
  for (const Rule& rule : rules_) {
    rule_infos_.push_back(&rule.info);
    check_match_facts(rule, complaints);
  }
  for (const Rule* compiled : by_name(rules_)) {
    const Rule& rule = *compiled;
    for (const Point point : rule.info.points) programs_[static_cast<std::size_t>(point)]->add(rule, complaints);
    if (!rule.info.check.empty()) checks.insert(rule.info.check);
  }
  for (const Exception& exception : exceptions_) exception_infos_.push_back(&exception.info);
  for (const Exception* compiled : by_name(exceptions_)) {
    const Exception& exception = *compiled;
    PointSet points = 0;
    for (const std::string& name : exception.info.rules) {
      const RuleInfo* rule = find_rule(name);
      for (const Point point : rule == nullptr ? std::vector<Point>() : rule->points) points |= point_bit(point);
    }
    for (std::size_t i = 0; i < kPoints; ++i) {
      if ((points & (1U << i)) != 0) programs_[i]->add(exception, complaints);
    }
    if (!exception.info.compensating_check.empty()) checks.insert(exception.info.compensating_check);
  }
  for (const auto& program : programs_) program->seal();
  checks_.assign(checks.begin(), checks.end());
}

void CompiledBundle::decide(Point point, const Facts& facts, UseGate* gate, Scratch& scratch,
                            Decision& decision) const {
  decision.effect = Effect::kDeny;
  decision.rule = nullptr;
  decision.message.clear();
  decision.matched.clear();
  decision.shadow.clear();
  decision.exceptions.clear();
  decision.ended.clear();
  decision.relaxed.clear();
  decision.errors.clear();
  decision.unknown.clear();
  decision.rewrites.clear();
  programs_[static_cast<std::size_t>(point)]->decide(facts, gate, scratch.state(), decision);
}

const RuleInfo* CompiledBundle::find_rule(std::string_view name) const {
  const auto found =
      std::find_if(rule_infos_.begin(), rule_infos_.end(), [&](const RuleInfo* rule) { return rule->name == name; });
  return found == rule_infos_.end() ? nullptr : *found;
}

std::shared_ptr<const Bundle> Bundle::build(const std::vector<YamlValue>& documents,
                                            std::vector<Diagnostic>& complaints) {
  std::vector<Diagnostic> own;
  SetReader set(own);
  for (const YamlValue& document : documents) set.read(document);
  set.check_together();
  // Also with errors: what is wrong with the conditions of the others is worth knowing at once.
  auto bundle =
      std::make_shared<CompiledBundle>(std::move(set.rules), std::move(set.exceptions), std::move(set.ladders), own);
  const bool failed = has_errors(own);
  add_each_once(own, complaints);
  return failed ? nullptr : bundle;
}

}  // namespace reeve::policy
