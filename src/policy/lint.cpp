// What is probably not meant. Nothing here makes a bundle invalid: a rule that can never match does no harm, but
// somebody believes that it holds.

#include <algorithm>
#include <map>
#include <set>

#include "core/bytes.h"
#include "policy/bundle.h"

namespace reeve::policy {

namespace {

constexpr int kPatternSizeMax = 2'000;

/// All that must hold for a document to match on one point, in a form that can be compared.
struct Constraints {
  std::vector<IndexTerm> terms;
  std::set<std::string> conditions;
  bool never = false;
  bool unconditional() const { return terms.empty() && conditions.empty(); }
};

bool has_star(std::string_view pattern) { return pattern.find('*') != std::string_view::npos; }

/// Whether everything that `narrow` names is named by `wide` too.
bool covers(const IndexTerm& wide, const IndexTerm& narrow) {
  return std::all_of(narrow.patterns.begin(), narrow.patterns.end(), [&](const std::string& inner) {
    return std::any_of(wide.patterns.begin(), wide.patterns.end(), [&](const std::string& outer) {
      // A literal star names itself, a pattern's star whatever fits.
      if (wide.literal) return outer == inner && (narrow.literal || !has_star(inner));
      return glob_match(outer, inner);
    });
  });
}

bool is_plain(const IndexTerm& term) {
  return term.literal || std::none_of(term.patterns.begin(), term.patterns.end(), has_star);
}

bool is_list(Fact fact) { return descriptor_of(fact).type != "string"; }

/// Two terms of one rule that no fact satisfies together.
bool contradict(const IndexTerm& a, const IndexTerm& b) {
  if (a.fact != b.fact || (a.negated && b.negated)) return false;
  if (a.negated) return contradict(b, a);
  // Of a list, too: one member fits `a`, and that one fits what `b` rules out.
  if (b.negated) return covers(b, a);
  // A list may hold both.
  if (is_list(a.fact) || !is_plain(a) || !is_plain(b)) return false;
  return std::none_of(a.patterns.begin(), a.patterns.end(), [&](const std::string& value) {
    return std::find(b.patterns.begin(), b.patterns.end(), value) != b.patterns.end();
  });
}

/// Whether whatever satisfies `narrow` satisfies `wide`.
bool broader(const Constraints& wide, const Constraints& narrow) {
  for (const IndexTerm& asked : wide.terms) {
    const bool implied = std::any_of(narrow.terms.begin(), narrow.terms.end(), [&](const IndexTerm& given) {
      if (given.fact != asked.fact || given.negated != asked.negated) return false;
      return asked.negated ? covers(given, asked) : covers(asked, given);
    });
    if (!implied) return false;
  }
  return std::includes(narrow.conditions.begin(), narrow.conditions.end(), wide.conditions.begin(),
                       wide.conditions.end());
}

const YamlValue& place(const YamlValue& document, std::string_view key) {
  const YamlValue* value = document.find(key);
  return value == nullptr ? document : *value;
}

const YamlValue& place_of(const YamlValue& mapping, const FactPatterns& patterns) {
  return place(mapping, descriptor_of(patterns.fact).match_key);
}

class Linter {
 public:
  Linter(const CompiledBundle& bundle, Instant now, std::vector<Diagnostic>& complaints)
      : bundle_(bundle), now_(now), complaints_(complaints) {}

  void run() {
    for (const Rule& rule : bundle_.sources()) {
      if (rule.info.until && now_ >= *rule.info.until) {
        warn(place(rule.source, "until"), "the policy '" + rule.info.name + "' is over since " +
                                              format_time(*rule.info.until) + "; it can never match again");
      }
      look_at(rule.selector, rule.info.points.front(), "policy '" + rule.info.name + "'");
    }
    for (const Exception& exception : bundle_.exception_sources()) look_at_exception(exception);
    find_shadowed();
  }

 private:
  void warn(const YamlValue& at, std::string message) {
    complaints_.push_back(at.complain(std::move(message), Diagnostic::Severity::kWarning));
  }
  void warn_at(const YamlValue& at, std::size_t offset, std::string message) {
    complaints_.push_back(at.complain_at(offset, std::move(message), Diagnostic::Severity::kWarning));
  }

  void look_at_exception(const Exception& exception) {
    const ExceptionInfo& info = exception.info;
    if (now_ >= info.ends) {
      warn(place(exception.source, "ends"), "the exception '" + info.name + "' has expired at " +
                                                format_time(info.ends) + "; remove it or ask for a new one");
    }
    const RuleInfo* rule = bundle_.find_rule(info.rules.front());
    if (rule != nullptr) look_at(exception.selector, rule->points.front(), "exception '" + info.name + "'");
  }

  void look_at(const Selector& selector, Point point, const std::string& what) {
    std::vector<std::pair<IndexTerm, const YamlValue*>> terms;
    for (const FactPatterns& fact : selector.match) {
      terms.push_back({{fact.fact, fact.patterns, false, false}, &place_of(selector.match_source, fact)});
    }
    for (const FactPatterns& fact : selector.except) {
      terms.push_back({{fact.fact, fact.patterns, false, true}, &place_of(selector.except_source, fact)});
    }
    if (!selector.when.empty()) look_at_condition(selector, point, what, terms);
    for (std::size_t i = 0; i < terms.size(); ++i) {
      for (std::size_t j = i + 1; j < terms.size(); ++j) {
        if (!contradict(terms[i].first, terms[j].first)) continue;
        warn(*terms[j].second, "the " + what + " can never match: what it asks of '" +
                                   std::string(fact_name(terms[i].first.fact)) + "' cannot hold together");
        return;
      }
    }
  }

  void look_at_condition(const Selector& selector, Point point, const std::string& what,
                         std::vector<std::pair<IndexTerm, const YamlValue*>>& terms) {
    const YamlValue& source = selector.when_source;
    std::vector<Diagnostic> ignored;  // the bundle was built with it
    const auto ast = read_expression(selector.when, source, point, cel::Kind::kBool, ignored);
    if (!ast) return;
    look_at_patterns(*ast->root, source);
    const cel::Node& root = *ast->root;
    if (root.kind == cel::NodeKind::kConstant) {
      warn(source, root.value.is_true()
                       ? "the condition of the " + what + " is always true; leave it out or say what is meant"
                       : "the " + what + " can never match: its condition is always false");
      return;
    }
    for (const cel::Node* part : conjuncts_of(root)) {
      if (always_true(*part)) {
        warn_at(source, part->offset, "'" + cel::to_text(*part) + "' is always true");
      }
      if (auto term = index_term(*part)) terms.push_back({*std::move(term), &source});
    }
  }

  /// x == x, p || !p: what people write by a slip of the copy.
  static bool always_true(const cel::Node& node) {
    if (node.kind != cel::NodeKind::kCall) return false;
    const bool reflexive = node.name == "_==_" || node.name == "_<=_" || node.name == "_>=_";
    if (reflexive) return cel::to_text(*node.operands[0]) == cel::to_text(*node.operands[1]);
    if (node.name == "_!=_") return false;
    if (node.name != "_||_") return false;
    std::set<std::string> positive;
    std::set<std::string> negative;
    collect_sides(node, positive, negative);
    return std::any_of(positive.begin(), positive.end(), [&](const std::string& p) { return negative.contains(p); });
  }

  static void collect_sides(const cel::Node& node, std::set<std::string>& positive, std::set<std::string>& negative) {
    for (const cel::Node* side : node.operands) {
      if (side->kind == cel::NodeKind::kCall && side->name == "_||_") {
        collect_sides(*side, positive, negative);
      } else if (side->kind == cel::NodeKind::kCall && side->name == "!_") {
        negative.insert(cel::to_text(*side->operands[0]));
      } else if (side->kind == cel::NodeKind::kCall && side->name == "_!=_") {
        negative.insert(cel::to_text(*side->operands[0]) + " == " + cel::to_text(*side->operands[1]));
      } else {
        positive.insert(cel::to_text(*side));
      }
    }
  }

  void look_at_patterns(const cel::Node& node, const YamlValue& source) {
    if (node.kind == cel::NodeKind::kCall && node.name == "matches" && node.operands.size() == 2 &&
        node.operands[1]->kind == cel::NodeKind::kConstant) {
      const int size = pattern_size(node.operands[1]->value.text());
      if (size > kPatternSizeMax) {
        warn_at(source, node.operands[1]->offset,
                "this regular expression is costly: it compiles to " + std::to_string(size) + " steps (up to " +
                    std::to_string(kPatternSizeMax) +
                    " is usual); large counts such as {1000} and long classes repeated are what costs");
      }
    }
    for (const cel::Node* operand : node.operands) look_at_patterns(*operand, source);
  }

  Constraints constraints_of(const Rule& rule, Point point) {
    Constraints constraints;
    for (const FactPatterns& fact : rule.selector.match) {
      constraints.terms.push_back({fact.fact, fact.patterns, false, false});
    }
    for (const FactPatterns& fact : rule.selector.except) {
      constraints.terms.push_back({fact.fact, fact.patterns, false, true});
    }
    if (rule.info.layer.kind != Layer::Kind::kOrganisation) {
      const Fact scope = rule.info.layer.kind == Layer::Kind::kTeam ? Fact::kPrincipalTeam : Fact::kRepo;
      constraints.terms.push_back({scope, {rule.info.layer.name}, true, false});
    }
    if (rule.selector.when.empty()) return constraints;
    std::vector<Diagnostic> ignored;
    const auto ast = read_expression(rule.selector.when, rule.selector.when_source, point, cel::Kind::kBool, ignored);
    if (!ast) return constraints;
    for (const cel::Node* part : conjuncts_of(*ast->root)) {
      if (auto term = index_term(*part)) {
        constraints.terms.push_back(*std::move(term));
      } else {
        constraints.conditions.insert(cel::to_text(*part));
      }
    }
    return constraints;
  }

  struct Candidate {
    const Rule* rule = nullptr;
    Constraints constraints;
  };

  std::vector<Candidate> candidates_on(Point point) {
    std::vector<Candidate> rules;
    for (const Rule& rule : bundle_.sources()) {
      const auto& points = rule.info.points;
      const bool here = std::find(points.begin(), points.end(), point) != points.end();
      if (here && rule.info.mode == Mode::kEnforce) rules.push_back({&rule, constraints_of(rule, point)});
    }
    return rules;
  }

  /// A rule is pointless when others hide it on every point on which it decides.
  void find_shadowed() {
    std::map<const Rule*, std::vector<const Rule*>> hidden_by;  // a point each
    for (std::size_t point = 0; point < kPoints; ++point) {
      const std::vector<Candidate> rules = candidates_on(static_cast<Point>(point));
      for (std::size_t narrow = 0; narrow < rules.size(); ++narrow) {
        for (std::size_t wide = 0; wide < rules.size(); ++wide) {
          if (wide == narrow || !hides(rules[wide], rules[narrow], wide < narrow)) continue;
          hidden_by[rules[narrow].rule].push_back(rules[wide].rule);
          break;
        }
      }
    }
    for (const Rule& rule : bundle_.sources()) {
      const auto found = hidden_by.find(&rule);
      if (found == hidden_by.end() || found->second.size() != rule.info.points.size()) continue;
      warn_of_shadow(rule, found->second.front()->info);
    }
  }

  bool may_be_lifted(const RuleInfo& rule) const {
    const auto& exceptions = bundle_.exception_sources();
    return std::any_of(exceptions.begin(), exceptions.end(), [&](const Exception& exception) {
      const auto& lifted = exception.info.rules;
      return now_ < exception.info.ends && std::find(lifted.begin(), lifted.end(), rule.name) != lifted.end();
    });
  }

  bool hides(const Candidate& wide, const Candidate& narrow, bool before) const {
    const RuleInfo& a = wide.rule->info;
    const RuleInfo& b = narrow.rule->info;
    if (a.since || a.until || a.relaxable || !a.relaxes.empty() || !b.relaxes.empty()) return false;
    if (may_be_lifted(a)) return false;
    const bool denies_it = a.effect == Effect::kDeny && b.effect == Effect::kAllow;
    const bool same = a.effect == b.effect && (a.effect == Effect::kDeny || a.effect == Effect::kAllow) && before;
    return (denies_it || same) && broader(wide.constraints, narrow.constraints);
  }

  void warn_of_shadow(const Rule& rule, const RuleInfo& by) {
    const std::string where = "'" + by.name + "' at " + by.file + ":" + std::to_string(by.line);
    const std::string what = "the policy '" + rule.info.name + "' ";
    if (by.effect != rule.info.effect) {
      return warn(rule.source, what + "can never allow anything: " + where + " denies all that it matches");
    }
    warn(rule.source, what + "is shadowed by the broader " + where + ", which has the same effect and decides first");
  }

  const CompiledBundle& bundle_;
  Instant now_;
  std::vector<Diagnostic>& complaints_;
};

}  // namespace

void lint(const Bundle& bundle, Instant now, std::vector<Diagnostic>& complaints) {
  Linter(compiled(bundle), now, complaints).run();
}

}  // namespace reeve::policy
