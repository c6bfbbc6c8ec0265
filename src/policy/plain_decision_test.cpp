#include "policy/plain_decision_test.h"

#include <algorithm>

#include "core/bytes.h"
#include "core/check.h"
#include "policy/bundle.h"
#include "policy/facts_value.h"

namespace reeve::policy {

namespace {

/// All parts must hold: one that fails decides, then one that is unknown, then one in error.
Outcome both(Outcome left, Outcome right) {
  for (const Outcome stronger : {Outcome::kFails, Outcome::kUnknown, Outcome::kError}) {
    if (left == stronger || right == stronger) return stronger;
  }
  return Outcome::kHolds;
}

Outcome fits(const cel::Value& value, const std::vector<std::string>& patterns, bool literal, bool negated) {
  if (value.is_unknown()) return Outcome::kUnknown;
  if (value.is_error()) return Outcome::kError;
  std::vector<std::string_view> texts;
  if (value.is(cel::Kind::kString)) texts.push_back(value.text());
  if (value.is(cel::Kind::kList)) {
    for (std::size_t i = 0; i < value.list->size; ++i) texts.push_back(value.list->items[i].text());
  }
  bool any = false;
  for (const std::string& pattern : patterns) {
    for (const std::string_view text : texts) {
      any = any || (!text.empty() && (literal ? pattern == text : glob_match(pattern, text)));
    }
  }
  return any != negated ? Outcome::kHolds : Outcome::kFails;
}

bool may_be_lifted(Effect effect) {
  constexpr std::array kLiftable{Effect::kDeny,   Effect::kRequire, Effect::kAsk,
                                 Effect::kRedact, Effect::kRoute,   Effect::kDegrade};
  return std::find(kLiftable.begin(), kLiftable.end(), effect) != kLiftable.end();
}

template <typename Info>
std::vector<const Info*> by_name(std::span<const Info* const> infos) {
  std::vector<const Info*> sorted(infos.begin(), infos.end());
  std::sort(sorted.begin(), sorted.end(), [](const Info* a, const Info* b) { return a->name < b->name; });
  return sorted;
}

void append(std::string& list, const std::string& name) { list += (list.empty() ? "" : ",") + name; }

}  // namespace

std::ostream& operator<<(std::ostream& out, const PlainDecision& d) {
  out << effect_name(d.effect) << " by '" << d.rule << "' matched " << d.matched << " shadow " << d.shadow << " ("
      << effect_name(d.shadow_effect) << ") relaxed " << d.relaxed << " exceptions " << d.exceptions << " ended "
      << d.ended << " errors " << d.errors << " rewrites " << d.rewrites;
  return out << (d.undetermined ? " UNDETERMINED" : "");
}

/// One decision.
class PlainVerdict {
 public:
  PlainVerdict(const PlainReader& reader, Point point, const Facts& facts, UseGate& gate)
      : reader_(reader), point_(point), facts_(facts), gate_(gate) {
    const cel::Value now = value(Fact::kNow);
    has_now_ = now.is(cel::Kind::kTimestamp) && now.integer != 0;
    if (has_now_) now_ = instant_of(now);
  }

  PlainDecision decide() {
    find_matches();
    relax();
    lift();
    list();
    rewrite();
    if (decision_.undetermined) decision_.rule.clear();
    return decision_;
  }

 private:
  struct Match {
    const RuleInfo* rule = nullptr;
    Outcome outcome = Outcome::kHolds;
    bool lifted = false, relaxed = false;
    bool enforced() const { return rule->mode == Mode::kEnforce; }
  };
  struct Fitting {
    const ExceptionInfo* exception = nullptr;
    bool unknown = false, allowed = false, used = false;
  };
  struct Verdict {
    Effect effect = Effect::kDeny;
    const RuleInfo* rule = nullptr;
    bool undetermined = false;
    std::string consequences;  // what else happens
  };

  cel::Value value(Fact fact) { return read_fact(facts_, fact, arena_); }

  void find_matches() {
    for (const RuleInfo* rule : by_name(reader_.bundle_.rules())) {
      if (std::find(rule->points.begin(), rule->points.end(), point_) == rule->points.end()) continue;
      if (rule->mode == Mode::kOff) continue;
      if (has_now_ && ((rule->since && now_ < *rule->since) || (rule->until && now_ >= *rule->until))) continue;
      Outcome outcome = reader_.outcome(*reader_.sources_.at(rule->name), &rule->layer, point_, facts_);
      if (outcome == Outcome::kFails) continue;
      const bool approval_unknown = value(Fact::kApprovals).is_unknown() || value(Fact::kPrincipalId).is_unknown();
      const bool missing = (rule->approval && approval_unknown) || (!rule->check.empty() && checks_unknown());
      if (outcome == Outcome::kHolds && missing) outcome = Outcome::kUnknown;
      matches_.push_back({rule, outcome});
      if (outcome == Outcome::kError) append(decision_.errors, rule->name);
    }
  }

  Match* match_of(const std::string& name) {
    for (Match& match : matches_) {
      if (match.rule->name == name) return &match;
    }
    return nullptr;
  }

  void relax() {
    for (const Layer::Kind layer : {Layer::Kind::kRepository, Layer::Kind::kTeam}) {
      for (const Match& match : matches_) {
        if (match.rule->layer.kind != layer || match.outcome != Outcome::kHolds || !match.enforced() || match.relaxed) {
          continue;
        }
        for (const std::string& name : match.rule->relaxes) {
          Match* other = match_of(name);
          if (other == nullptr || other->relaxed) continue;
          other->relaxed = true;
          append(decision_.relaxed, name);
        }
      }
    }
  }

  bool checks_unknown() { return value(Fact::kChecks).is_unknown(); }

  bool green(const std::string& check) {
    const cel::Value checks = value(Fact::kChecks);
    const cel::Value* state = checks.is(cel::Kind::kMap) ? cel::find_field(*checks.map, check) : nullptr;
    return state != nullptr && state->is_true();
  }

  bool approved(const RuleInfo& rule) {
    const cel::Value approvals = value(Fact::kApprovals);
    const cel::Value asker = value(Fact::kPrincipalId);
    if (!has_now_ || !approvals.is(cel::Kind::kList) || !asker.is(cel::Kind::kString)) return false;
    if (asker.text().empty()) return false;
    for (std::size_t i = 0; i < approvals.list->size; ++i) {
      const cel::Map& approval = *approvals.list->items[i].map;
      const std::string by(cel::find_field(approval, "by")->text());
      const Duration age = now_ - instant_of(*cel::find_field(approval, "time"));
      const bool own = to_lower(by) == to_lower(asker.text());
      if (cel::find_field(approval, "rule")->text() != rule.name || own) continue;
      if (age < Duration::zero() || age > rule.approval->within) continue;
      const cel::List& groups = *cel::find_field(approval, "groups")->list;
      for (std::size_t j = 0; j < groups.size; ++j) {
        const auto& wanted = rule.approval->by;
        if (std::find(wanted.begin(), wanted.end(), groups.items[j].text()) != wanted.end()) return true;
      }
    }
    return false;
  }

  /// A requirement that is met asks nothing.
  bool met(const Match& match) {
    if (match.rule->effect != Effect::kRequire || match.outcome == Outcome::kError) return false;
    return match.rule->approval ? approved(*match.rule) : green(match.rule->check);
  }

  // ---- The verdict over some of the matches ----

  /// Steps 3 to 7, over rules of which it is known whether they match.
  Verdict verdict(const std::vector<const Match*>& matches) {
    const auto first = [&](Effect effect) -> const RuleInfo* {
      for (const Match* match : matches) {
        const bool error = match->outcome == Outcome::kError;
        if (effect == Effect::kDeny && error) return match->rule;
        if (!error && match->rule->effect == effect && !met(*match) && match->rule->relaxes.empty()) return match->rule;
      }
      return nullptr;
    };
    for (const Effect effect : {Effect::kDeny, Effect::kRequire, Effect::kAsk}) {
      if (const RuleInfo* rule = first(effect)) return {effect, rule, false, {}};
    }
    const RuleInfo* allow = first(Effect::kAllow);
    if (allow == nullptr && !descriptor_of(point_).allows_by_default) return {Effect::kDeny, nullptr, false, {}};
    Verdict open{Effect::kAllow, allow, false, {}};
    for (const Effect effect : {Effect::kLease, Effect::kDegrade, Effect::kRoute, Effect::kRewrite, Effect::kRedact}) {
      const RuleInfo* rule = first(effect);
      if (rule != nullptr) open = {effect, rule, false, {}};
    }
    for (const Match* match : matches) {
      if (match->rule->effect > Effect::kAllow && !refuses(match->rule->effect))
        append(open.consequences, match->rule->name);
    }
    return open;
  }

  /// The same where some may or may not match: determined where each way of it comes to the same.
  Verdict verdict(bool with_shadow) {
    std::vector<const Match*> known, unknown;
    for (const Match& match : matches_) {
      if (match.lifted || match.relaxed || match.rule->effect == Effect::kWarn) continue;
      if (!match.enforced() && !with_shadow) continue;
      (match.outcome == Outcome::kUnknown ? unknown : known).push_back(&match);
    }
    const Verdict without = verdict(known);
    constexpr std::size_t kAllWaysMax = 7;
    const bool all_ways = unknown.size() <= kAllWaysMax;
    const std::size_t ways = all_ways ? std::size_t{1} << unknown.size() : unknown.size() + 1;
    for (std::size_t way = 1; way < ways; ++way) {
      std::vector<const Match*> matching = known;
      for (std::size_t i = 0; i < unknown.size(); ++i) {
        if (all_ways ? (way >> i & 1U) != 0 : i + 1 == way) matching.push_back(unknown[i]);
      }
      const Verdict other = verdict(matching);
      if (other.effect != without.effect || (!refuses(other.effect) && other.consequences != without.consequences)) {
        return {Effect::kDeny, unknown.front()->rule, true, {}};
      }
    }
    return without;
  }

  // ---- Exceptions ----

  bool in_the_way(const Match* match) {
    return match != nullptr && match->enforced() && may_be_lifted(match->rule->effect) && !match->relaxed &&
           !met(*match);
  }

  void find_exceptions() {
    for (const ExceptionInfo* exception : by_name(reader_.bundle_.exceptions())) {
      const Outcome outcome = reader_.outcome(*reader_.sources_.at(exception->name), nullptr, point_, facts_);
      if (!has_now_ || outcome == Outcome::kFails || outcome == Outcome::kError) continue;
      const bool helps = std::any_of(exception->rules.begin(), exception->rules.end(),
                                     [&](const std::string& rule) { return in_the_way(match_of(rule)); });
      if (!helps) continue;
      const std::string& check = exception->compensating_check;
      const bool unknown = outcome == Outcome::kUnknown || (!check.empty() && checks_unknown());
      const bool expired = now_ >= exception->ends;
      if (!expired && (unknown || check.empty() || green(check))) {
        fitting_.push_back({exception, unknown, !unknown, false});
      } else if (!unknown) {
        decision_.ended += exception->name + (expired ? " expired," : " check_not_green,");
      }
    }
  }

  /// Those without a limit first; one that lifts nothing more is not used.
  void use_exceptions() {
    for (Match& match : matches_) match.lifted = false;
    for (const bool limited : {false, true}) {
      for (Fitting& fitting : fitting_) {
        if (fitting.exception->uses.has_value() != limited) continue;
        fitting.used = false;
        for (const std::string& rule : fitting.exception->rules) {
          const Match* match = match_of(rule);
          fitting.used = fitting.used || (fitting.allowed && in_the_way(match) && !match->lifted);
        }
        for (const std::string& rule : fitting.exception->rules) {
          Match* match = match_of(rule);
          if (match == nullptr || !fitting.used || match->relaxed || !may_be_lifted(match->rule->effect)) continue;
          match->lifted = true;
        }
      }
    }
  }

  void forbid(bool limited) {
    for (Fitting& fitting : fitting_) {
      if (fitting.exception->uses.has_value() == limited) fitting.allowed = false;
    }
    use_exceptions();
  }

  void lift() {
    find_exceptions();
    const Verdict without = verdict(false);
    use_exceptions();
    const auto changes_nothing = [&] { return refuses(without.effect) && verdict(false).effect == without.effect; };
    if (changes_nothing()) {
      forbid(false);
      forbid(true);
    }
    const Effect with_all = verdict(false).effect;
    if (with_all == Effect::kDeny || with_all == Effect::kRequire) forbid(true);
    for (Fitting& fitting : fitting_) {
      if (!fitting.used || !fitting.exception->uses || gate_.admit(*fitting.exception)) continue;
      fitting.allowed = false;
      decision_.ended += fitting.exception->name + " used_up,";
      use_exceptions();
    }
    if (changes_nothing()) forbid(false);
    settle(verdict(false));
    for (const Fitting& fitting : fitting_) {
      if (fitting.used) append(decision_.exceptions, fitting.exception->name);
    }
  }

  void settle(const Verdict& verdict) {
    decision_.effect = verdict.effect;
    decision_.rule = verdict.rule == nullptr ? "" : verdict.rule->name;
    decision_.undetermined = verdict.undetermined || (refuses(verdict.effect) && may_yet_be_lifted());
    if (decision_.undetermined) decision_.effect = Effect::kDeny;
  }

  /// A refusal hangs on exceptions and relaxing rules of which it is not known whether they match.
  bool may_yet_be_lifted() {
    std::vector<std::string> perhaps;
    for (const Fitting& fitting : fitting_) {
      if (fitting.unknown)
        perhaps.insert(perhaps.end(), fitting.exception->rules.begin(), fitting.exception->rules.end());
    }
    for (const Match& match : matches_) {
      if (match.outcome != Outcome::kUnknown || match.relaxed || !match.enforced()) continue;
      perhaps.insert(perhaps.end(), match.rule->relaxes.begin(), match.rule->relaxes.end());
    }
    return std::any_of(perhaps.begin(), perhaps.end(), [&](const std::string& name) {
      const Match* match = match_of(name);
      if (match == nullptr || match->lifted || match->relaxed || !match->enforced()) return false;
      if (match->outcome == Outcome::kUnknown || match->rule->effect == Effect::kWarn) return false;
      return match->outcome == Outcome::kError || (refuses(match->rule->effect) && !met(*match));
    });
  }

  // ---- What the decision says ----

  void list() {
    bool shadowed = false;
    for (const Match& match : matches_) {
      if (match.lifted || match.relaxed) continue;
      shadowed = shadowed || !match.enforced();
      if (match.outcome != Outcome::kUnknown)
        append(match.enforced() ? decision_.matched : decision_.shadow, match.rule->name);
    }
    decision_.shadow_effect = shadowed ? verdict(true).effect : decision_.effect;
  }

  /// Every rewrite that counts, or none and a deny where one cannot be made.
  void rewrite() {
    if (refuses(decision_.effect)) return;
    for (const Match& match : matches_) {
      const std::string& expression = reader_.sources_.at(match.rule->name)->rewrite;
      if (match.lifted || match.relaxed || !match.enforced() || expression.empty()) continue;
      const cel::Value made = reader_.run(expression, point_, facts_, arena_);
      if (made.is(cel::Kind::kString)) {
        append(decision_.rewrites, std::string(made.text()));
        continue;
      }
      decision_.rewrites.clear();
      decision_.effect = Effect::kDeny;
      decision_.rule = match.rule->name;
      decision_.undetermined = made.is_unknown();
      if (!made.is_unknown()) append(decision_.errors, match.rule->name);
      if (!refuses(decision_.shadow_effect)) decision_.shadow_effect = Effect::kDeny;
      return;
    }
  }

  const PlainReader& reader_;
  Point point_;
  const Facts& facts_;
  UseGate& gate_;
  cel::Arena arena_;
  Instant now_;
  bool has_now_ = false;
  std::vector<Match> matches_;
  std::vector<Fitting> fitting_;
  PlainDecision decision_;
};

PlainReader::PlainReader(const Bundle& bundle, const std::vector<RandomSource>& sources) : bundle_(bundle) {
  for (const RandomSource& source : sources) sources_[source.name] = &source;
}

const PlainReader::Expression& PlainReader::expression(const std::string& text, Point point) const {
  Expression& known = expressions_[{point, text}];
  if (known.program) return known;
  std::vector<cel::Fault> faults;
  known.tree = cel::parse(text, faults);
  CHECK(known.tree && cel::check(*known.tree, declarations_of(point), cel::Strictness::kTyped, faults));
  known.program = cel::Program::compile(*known.tree, faults);
  return known;
}

cel::Value PlainReader::run(const std::string& text, Point point, const Facts& facts, cel::Arena& arena) const {
  FactVariables variables;
  variables.begin_decision(facts);
  cel::Frame frame{arena, variables, nullptr, cel::kCostLimit, {}};
  return expression(text, point).program->run(frame);
}

Outcome PlainReader::outcome(const RandomSource& source, const Layer* layer, Point point, const Facts& facts) const {
  cel::Arena arena;
  Outcome whole = Outcome::kHolds;
  for (const auto& [fact, patterns] : source.match) {
    whole = both(whole, fits(read_fact(facts, fact, arena), patterns, false, false));
  }
  for (const auto& [fact, patterns] : source.except) {
    whole = both(whole, fits(read_fact(facts, fact, arena), patterns, false, true));
  }
  if (layer != nullptr && layer->kind != Layer::Kind::kOrganisation) {
    const Fact scope = layer->kind == Layer::Kind::kTeam ? Fact::kPrincipalTeam : Fact::kRepo;
    whole = both(whole, fits(read_fact(facts, scope, arena), {layer->name}, true, false));
  }
  if (source.when.empty()) return whole;
  const cel::Value value = run(source.when, point, facts, arena);
  if (value.is(cel::Kind::kBool)) return both(whole, value.boolean ? Outcome::kHolds : Outcome::kFails);
  return both(whole, value.is_unknown() ? Outcome::kUnknown : Outcome::kError);
}

PlainDecision PlainReader::decide(Point point, const Facts& facts, UseGate& gate) const {
  return PlainVerdict(*this, point, facts, gate).decide();
}

}  // namespace reeve::policy
