// From the rules that match to a decision: docs/policy.md, "How a decision is made".

#include <algorithm>
#include <bit>

#include "core/bytes.h"
#include "policy/facts_value.h"
#include "policy/point_program.h"

namespace reeve::policy {

namespace {

/// What an exception can take away. An allow, a lease or a warning is not in anybody's way.
bool liftable(Effect effect) {
  return effect == Effect::kDegrade || effect == Effect::kRoute || effect == Effect::kRedact || refuses(effect);
}

}  // namespace

class Verdict {
 public:
  Verdict(const PointProgram& program, Scratch::State& state, UseGate* gate, Decision& decision)
      : program_(program), state_(state), gate_(gate), decision_(decision) {}

  void make() {
    if (program_.needs_now_) read_now();
    find_matches();
    relax();
    std::erase_if(state_.candidates, [&](const auto& candidate) { return !is_live(candidate); });
    settle(lift());
    list_matches();
    write_message();
    if (!decision_.refused()) rewrite();
  }

 private:
  using Match = Scratch::State::Match;

  const RuleInfo& info_of(const Match& match) const { return program_.entries_[match.entry].rule->info; }

  void read_now() {
    const cel::Value now = value_of(Fact::kNow);
    // A source without a clock decides as if time stood outside: rules hold whatever their dates, exceptions do not.
    has_now_ = now.is(cel::Kind::kTimestamp) && now.integer != 0;
    if (has_now_) now_ = instant_of(now);
  }

  cel::Value value_of(Fact fact) const { return state_.variables.get(static_cast<std::uint32_t>(fact), state_.arena); }

  void find_matches() {
    for (std::size_t word = 0; word < state_.alive.size(); ++word) {
      for (std::uint64_t left = state_.alive[word]; left != 0; left &= left - 1) {
        const auto number = static_cast<std::uint32_t>(word * 64 + static_cast<std::size_t>(std::countr_zero(left)));
        const Entry& entry = program_.entries_[number];
        if (entry.rule != nullptr && !in_force(entry.rule->info)) continue;
        Outcome outcome = program_.outcome_of(entry, number, state_);
        if (outcome == Outcome::kFails) continue;
        if (outcome == Outcome::kHolds && evidence_is_unknown(entry)) outcome = Outcome::kUnknown;
        if (entry.rule != nullptr) {
          state_.matches.push_back({number, outcome, false, false});
        } else if (outcome != Outcome::kError) {
          state_.candidates.push_back({number, outcome == Outcome::kUnknown});
        }
      }
    }
  }

  bool is_unknown(Fact fact) const { return value_of(fact).is_unknown(); }

  /// Whether nobody knows yet if what a requirement or an exception asks for is there.
  bool evidence_is_unknown(const Entry& entry) const {
    if (entry.exception != nullptr) {
      return !entry.exception->info.compensating_check.empty() && is_unknown(Fact::kChecks);
    }
    const RuleInfo& rule = entry.rule->info;
    if (rule.approval) return is_unknown(Fact::kApprovals) || is_unknown(Fact::kPrincipalId);
    return !rule.check.empty() && is_unknown(Fact::kChecks);
  }

  bool in_force(const RuleInfo& rule) const {
    if (!has_now_) return true;
    return !(rule.since && now_ < *rule.since) && !(rule.until && now_ >= *rule.until);
  }

  Match* match_of(std::uint32_t entry) {
    const auto found = std::lower_bound(state_.matches.begin(), state_.matches.end(), entry,
                                        [](const Match& match, std::uint32_t wanted) { return match.entry < wanted; });
    return found != state_.matches.end() && found->entry == entry ? &*found : nullptr;
  }

  bool would_lift(const Match& match) const {
    const RuleInfo& rule = info_of(match);
    return rule.mode == Mode::kEnforce && liftable(rule.effect) && !match.relaxed && !satisfied(match);
  }

  bool would_lift(std::uint32_t exception) {
    const auto& lifts = program_.entries_[exception].lifts;
    return std::any_of(lifts.begin(), lifts.end(), [&](std::uint32_t rule) {
      const Match* match = match_of(rule);
      return match != nullptr && would_lift(*match);
    });
  }

  /// Whether an exception that fits has something to lift and has not ended.
  bool is_live(const Scratch::State::Candidate& candidate) {
    const ExceptionInfo& exception = exception_of(candidate);
    if (!has_now_ || !would_lift(candidate.entry)) return false;
    const bool expired = now_ >= exception.ends;
    const bool may_hold =
        candidate.unknown || exception.compensating_check.empty() || green(exception.compensating_check);
    if (!expired && may_hold) return true;
    if (!candidate.unknown) {
      decision_.ended.push_back(
          {&exception, expired ? EndedException::Why::kExpired : EndedException::Why::kCheckNotGreen});
    }
    return false;
  }

  bool green(std::string_view check) const {
    const cel::Value checks = value_of(Fact::kChecks);
    if (!checks.is(cel::Kind::kMap)) return false;
    const cel::Value* state = cel::find_field(*checks.map, check);
    return state != nullptr && state->is_true();
  }

  bool approved(const RuleInfo& rule) const {
    const cel::Value approvals = value_of(Fact::kApprovals);
    const cel::Value asker = value_of(Fact::kPrincipalId);
    // Whose own approval it would be must be known.
    if (!has_now_ || !approvals.is(cel::Kind::kList) || !asker.is(cel::Kind::kString) || asker.text().empty())
      return false;
    for (std::size_t i = 0; i < approvals.list->size; ++i) {
      if (fits(approvals.list->items[i], rule, asker)) return true;
    }
    return false;
  }

  bool fits(const cel::Value& approval, const RuleInfo& rule, const cel::Value& asker) const {
    if (!approval.is(cel::Kind::kMap)) return false;
    const cel::Value* named = cel::find_field(*approval.map, "rule");
    const cel::Value* by = cel::find_field(*approval.map, "by");
    const cel::Value* groups = cel::find_field(*approval.map, "groups");
    const cel::Value* time = cel::find_field(*approval.map, "time");
    if (named == nullptr || by == nullptr || groups == nullptr || time == nullptr) return false;
    if (!named->is(cel::Kind::kString) || named->text() != rule.name) return false;
    // Nobody approves their own, and an approval by nobody in particular is none.
    if (!by->is(cel::Kind::kString) || by->text().empty() || equal_ignoring_case(by->text(), asker.text()))
      return false;
    if (!time->is(cel::Kind::kTimestamp) || !groups->is(cel::Kind::kList)) return false;
    const Duration age = now_ - instant_of(*time);
    if (age < Duration::zero() || age > rule.approval->within) return false;
    for (std::size_t i = 0; i < groups->list->size; ++i) {
      const cel::Value& group = groups->list->items[i];
      if (group.is(cel::Kind::kString) &&
          std::find(rule.approval->by.begin(), rule.approval->by.end(), group.text()) != rule.approval->by.end()) {
        return true;
      }
    }
    return false;
  }

  bool requirement_met(const RuleInfo& rule) const { return rule.approval ? approved(rule) : green(rule.check); }

  /// A requirement that holds is in nobody's way.
  bool satisfied(const Match& match) const {
    const RuleInfo& rule = info_of(match);
    return rule.effect == Effect::kRequire && match.outcome != Outcome::kError && requirement_met(rule);
  }

  bool relaxes(const Match& match) const {
    const RuleInfo& rule = info_of(match);
    return rule.effect == Effect::kAllow && rule.mode == Mode::kEnforce && !rule.relaxes.empty() && !match.relaxed;
  }

  /// The lowest layer first: what it lifts of the one above relaxes nothing any more.
  void relax() {
    for (const Layer::Kind layer : {Layer::Kind::kRepository, Layer::Kind::kTeam}) {
      for (const Match& match : state_.matches) {
        if (match.outcome != Outcome::kHolds || !relaxes(match) || info_of(match).layer.kind != layer) continue;
        for (const std::uint32_t relaxed : program_.entries_[match.entry].lifts) {
          Match* other = match_of(relaxed);
          if (other == nullptr || other->relaxed) continue;
          other->relaxed = true;
          decision_.relaxed.push_back(&info_of(*other));
        }
      }
    }
  }

  struct Reached {
    Effect effect = Effect::kDeny;
    const RuleInfo* rule = nullptr;
    bool hangs_on_unknown = false;
  };

  /// Whether the match has a say, with or without the rules in shadow.
  bool counts(const Match& match, bool with_shadow) const {
    const RuleInfo& rule = info_of(match);
    return !match.lifted && !match.relaxed && rule.effect != Effect::kWarn &&
           (rule.mode != Mode::kShadow || with_shadow);
  }

  /// The verdict over the matches that count.
  Reached reach(bool with_shadow) const {
    bool unknown = false;
    const Reached known = reach_by_known(with_shadow, unknown);
    if (!unknown) return known;
    for (const Match& match : state_.matches) {
      if (match.outcome != Outcome::kUnknown || !counts(match, with_shadow) || !could_change(match, known)) continue;
      return {Effect::kDeny, &info_of(match), true};
    }
    return known;
  }

  /// Whether the verdict, or what happens after it, would be another one if this match held.
  bool could_change(const Match& match, const Reached& known) const {
    const RuleInfo& rule = info_of(match);
    if (satisfied(match) || (rule.effect == Effect::kAllow && !rule.relaxes.empty())) return false;
    if (known.effect == Effect::kDeny) {
      const bool by_default = known.rule == nullptr;
      return by_default &&
             (rule.effect == Effect::kAllow || rule.effect == Effect::kAsk || rule.effect == Effect::kRequire);
    }
    return refuses(known.effect) ? rule.effect > known.effect : rule.effect != Effect::kAllow;
  }

  Reached reach_by_known(bool with_shadow, bool& unknown) const {
    const Match* strongest = nullptr;
    Effect strength = Effect::kAllow;
    const Match* allowing = nullptr;
    for (const Match& match : state_.matches) {
      const RuleInfo& rule = info_of(match);
      if (!counts(match, with_shadow)) continue;
      if (match.outcome == Outcome::kUnknown) {
        unknown = true;
        continue;
      }
      const Effect effect = match.outcome == Outcome::kError ? Effect::kDeny : rule.effect;
      if (effect == Effect::kAllow) {
        // What a lower layer relaxes with does not open what only the default closes.
        if (allowing == nullptr && rule.relaxes.empty()) allowing = &match;
        continue;
      }
      if (effect == Effect::kRequire && requirement_met(rule)) continue;
      if (strongest == nullptr || effect > strength) {
        strongest = &match;
        strength = effect;
      }
    }
    if (strongest != nullptr && refuses(strength)) return {strength, &info_of(*strongest), false};
    if (allowing == nullptr && !descriptor_of(program_.point_).allows_by_default)
      return {Effect::kDeny, nullptr, false};
    if (strongest != nullptr) return {strength, &info_of(*strongest), false};
    return {Effect::kAllow, allowing == nullptr ? nullptr : &info_of(*allowing), false};
  }

  void apply_exceptions() {
    for (Match& match : state_.matches) match.lifted = false;
    // Those without a limit first: what they lift needs no other one to be used up.
    for (const bool limited : {false, true}) {
      for (auto& candidate : state_.candidates) {
        if (exception_of(candidate).uses.has_value() != limited) continue;
        candidate.used = candidate.may_be_used && apply(candidate.entry);
      }
    }
  }

  /// False, and nothing done, where the exception lifts nothing beyond what others lifted already.
  bool apply(std::uint32_t exception) {
    const auto& lifts = program_.entries_[exception].lifts;
    const bool needed = std::any_of(lifts.begin(), lifts.end(), [&](std::uint32_t rule) {
      const Match* match = match_of(rule);
      return match != nullptr && !match->lifted && would_lift(*match);
    });
    if (!needed) return false;
    for (const std::uint32_t rule : lifts) {
      Match* match = match_of(rule);
      if (match != nullptr && !match->relaxed && liftable(info_of(*match).effect)) match->lifted = true;
    }
    return true;
  }

  const ExceptionInfo& exception_of(const Scratch::State::Candidate& candidate) const {
    return program_.entries_[candidate.entry].exception->info;
  }

  /// An exception is used only where it changes the verdict. One with a limit is not used where the answer is still no:
  /// whoever waits for an approval or a check uses nothing up.
  Reached lift() {
    const Reached without = reach(false);
    if (state_.candidates.empty()) return without;
    for (auto& candidate : state_.candidates) candidate.may_be_used = !candidate.unknown;
    apply_exceptions();
    if (changes_nothing(without)) withdraw([](const ExceptionInfo&) { return true; });
    if (reach(false).effect >= Effect::kRequire) withdraw([](const ExceptionInfo& e) { return e.uses.has_value(); });
    take_uses();
    if (changes_nothing(without)) withdraw([](const ExceptionInfo& e) { return !e.uses.has_value(); });
    for (const auto& candidate : state_.candidates) {
      if (candidate.used) decision_.exceptions.push_back(&exception_of(candidate));
    }
    return reach(false);
  }

  bool changes_nothing(const Reached& without) const {
    return refuses(without.effect) && reach(false).effect == without.effect;
  }

  template <typename Which>
  void withdraw(Which which) {
    for (auto& candidate : state_.candidates) candidate.may_be_used &= !which(exception_of(candidate));
    apply_exceptions();
  }

  /// Asks the gate for every limited exception that is needed; where one is used up, another may be.
  void take_uses() {
    if (gate_ == nullptr) return;
    for (auto& candidate : state_.candidates) {
      const ExceptionInfo& exception = exception_of(candidate);
      if (!candidate.used || !exception.uses || gate_->admit(exception)) continue;
      candidate.may_be_used = false;
      decision_.ended.push_back({&exception, EndedException::Why::kUsedUp});
      apply_exceptions();
    }
  }

  void settle(const Reached& reached) {
    decision_.effect = reached.effect;
    decision_.rule = reached.rule;
    unknown_ = reached.hangs_on_unknown || (refuses(reached.effect) && may_yet_be_lifted());
    if (unknown_) decision_.effect = Effect::kDeny;
  }

  /// Whether a refusal hangs on an exception or a relaxing rule of which nobody knows yet whether it fits.
  bool may_yet_be_lifted() {
    const auto refusing = [&](std::uint32_t rule) {
      const Match* match = match_of(rule);
      if (match == nullptr || !counts(*match, false) || match->outcome == Outcome::kUnknown) return false;
      return match->outcome == Outcome::kError || (refuses(info_of(*match).effect) && !satisfied(*match));
    };
    const auto liftable_by = [&](std::uint32_t entry) {
      const auto& lifts = program_.entries_[entry].lifts;
      return std::any_of(lifts.begin(), lifts.end(), refusing);
    };
    return std::any_of(state_.candidates.begin(), state_.candidates.end(),
                       [&](const auto& candidate) { return candidate.unknown && liftable_by(candidate.entry); }) ||
           std::any_of(state_.matches.begin(), state_.matches.end(), [&](const Match& match) {
             return match.outcome == Outcome::kUnknown && relaxes(match) && liftable_by(match.entry);
           });
  }

  void list_matches() {
    bool shadowed = false;
    for (const Match& match : state_.matches) {
      const RuleInfo& rule = info_of(match);
      if (match.outcome == Outcome::kError) note_error(match, rule);
      const bool matched = match.outcome != Outcome::kUnknown;
      if (!matched && rule.mode == Mode::kEnforce && unknown_) note_unknown(match.entry);
      if (match.lifted || match.relaxed) continue;
      if (rule.mode == Mode::kShadow) {
        shadowed = true;
        if (matched) decision_.shadow.push_back(&rule);
      } else if (matched) {
        decision_.matched.push_back(&rule);
      }
    }
    for (const auto& candidate : state_.candidates) {
      if (candidate.unknown && unknown_) note_unknown(candidate.entry);
    }
    decision_.shadow_effect = shadowed ? reach(true).effect : decision_.effect;
  }

  void note_error(const Match& match, const RuleInfo& rule) {
    std::string_view why = "a fact it needs has the wrong type";
    for (const std::uint32_t condition : program_.entries_[match.entry].conditions) {
      if (state_.outcomes[condition] == Outcome::kError) why = state_.failures[condition].error->message;
    }
    decision_.errors.push_back({&rule, std::string(why)});
  }

  void note_unknown(std::uint32_t number) {
    const Entry& entry = program_.entries_[number];
    for (const IndexTerm& term : entry.terms) note_unknown_value(value_of(term.fact));
    if (evidence_is_unknown(entry)) {
      const bool approval = entry.rule != nullptr && entry.rule->info.approval.has_value();
      note_unknown_value(value_of(approval ? Fact::kApprovals : Fact::kChecks));
      if (approval) note_unknown_value(value_of(Fact::kPrincipalId));
    }
    for (const std::uint32_t condition : entry.conditions) {
      if (state_.outcomes[condition] == Outcome::kUnknown) note_unknown_value(state_.failures[condition]);
    }
  }

  void note_unknown_value(const cel::Value& value) {
    const FactDescriptor* fact = value.is_unknown() ? find_fact(value.text()) : nullptr;
    if (fact == nullptr) return;
    auto& list = decision_.unknown;
    if (std::find(list.begin(), list.end(), fact->fact) == list.end()) list.push_back(fact->fact);
  }

  void write_message() {
    std::string& message = decision_.message;
    if (!decision_.refused()) return;
    if (unknown_) {
      message = "This cannot be decided yet, because not everything the rules ask about is known.";
      return;
    }
    if (decision_.rule == nullptr) return write_default_message();
    const RuleInfo& rule = *decision_.rule;
    for (const RuleError& error : decision_.errors) {
      if (error.rule != &rule) continue;
      message.append("The rule '").append(rule.name).append("' could not be evaluated, so the answer is no: ");
      message.append(error.message).append(". Tell ");
      message.append(rule.owner.empty() ? "your platform team" : rule.owner).append(".");
      return;
    }
    message = rule.message;
    if (decision_.effect == Effect::kRequire) write_requirement(rule);
    if (!rule.fix.empty()) message.append(" ").append(rule.fix);
  }

  void write_requirement(const RuleInfo& rule) {
    std::string& message = decision_.message;
    if (!rule.approval) {
      message.append(" The check '").append(rule.check).append("' must be green, and is not.");
      return;
    }
    message.append(" It needs an approval by somebody in ");
    for (std::size_t i = 0; i < rule.approval->by.size(); ++i) {
      message.append(i == 0 ? "" : i + 1 == rule.approval->by.size() ? " or " : ", ").append(rule.approval->by[i]);
    }
    message.append(", not older than ").append(format_duration(rule.approval->within)).append(".");
  }

  void write_default_message() {
    std::string& message = decision_.message;
    if (program_.point_ == Point::kModelCall) {
      const cel::Value model = value_of(Fact::kModelName);
      const bool named = model.is(cel::Kind::kString) && !model.text().empty();
      message = "No policy allows you to use ";
      message += named ? printable(model.text(), 100) : "this model";
      message +=
          ". Ask your platform team for access: they grant it with a rule on model.call that has 'effect: allow'.";
      return;
    }
    message = "No policy allows this. Ask your platform team: they grant it with a rule on ";
    message += point_name(program_.point_);
    message += " that has 'effect: allow'.";
  }

  void rewrite() {
    for (const Match& match : state_.matches) {
      const Entry& entry = program_.entries_[match.entry];
      if (match.lifted || match.relaxed || entry.rule->info.mode != Mode::kEnforce) continue;
      for (const auto& [target, program] : entry.rewrites) {
        state_.frame.cost_left = cel::kCostLimit;
        const cel::Value value = program->run(state_.frame);
        if (value.is(cel::Kind::kString)) {
          Rewrite made{target, {}};
          cel::append_json(made.json, value);
          decision_.rewrites.push_back(std::move(made));
          continue;
        }
        return refuse_rewrite(entry.rule->info, value);
      }
    }
  }

  /// Half a rewrite is none.
  void refuse_rewrite(const RuleInfo& rule, const cel::Value& value) {
    decision_.rewrites.clear();
    decision_.effect = Effect::kDeny;
    decision_.rule = &rule;
    if (!refuses(decision_.shadow_effect)) decision_.shadow_effect = Effect::kDeny;
    unknown_ = value.is_unknown();
    note_unknown_value(value);
    if (!unknown_) {
      decision_.errors.push_back(
          {&rule, value.is_error() ? std::string(value.error->message) : "the new value is no text"});
    }
    write_message();
  }

  const PointProgram& program_;
  Scratch::State& state_;
  UseGate* gate_;
  Decision& decision_;
  Instant now_;
  bool has_now_ = false;
  bool unknown_ = false;
};

void PointProgram::decide(const Facts& facts, UseGate* gate, Scratch::State& state, Decision& decision) const {
  begin(facts, state);
  narrow(state);
  Verdict(*this, state, gate, decision).make();
}

}  // namespace reeve::policy
