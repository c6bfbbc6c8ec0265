// Recorded decisions, made once more.

#include <algorithm>
#include <set>
#include <tuple>
#include <unordered_map>

#include "core/json_members.h"
#include "policy/policy.h"

namespace reeve::policy {

namespace {

constexpr std::size_t kDifferencesMax = 50;
constexpr std::size_t kPeopleMax = 20;

/// The members of an entry that a replay looks at, as they stand in its text.
struct EntryParts {
  std::string_view attempt, cost, decision, kind, request_id, seq, time, truncated;
  bool good = true;

  bool is_intent() const { return kind == "\"model.intent\""; }
  bool is_outcome() const { return kind == "\"model.outcome\""; }
  /// The one entry that holds the decision: the intent of the first attempt, or the outcome of a call without any.
  bool decides() const { return is_intent() ? attempt == "1" : is_outcome() && attempt.empty(); }
};

/// Reads only as far as it must: members are sorted by name, and most entries need not be read to their end.
EntryParts parts_of(std::string_view entry, bool outcomes_matter) {
  EntryParts parts;
  JsonMembers members(entry);
  std::string_view name;
  std::string_view value;
  while (members.next(name, value)) {
    if (name == "attempt") parts.attempt = value;
    if (name == "cost") parts.cost = value;
    if (name == "decision") parts.decision = value;
    if (name == "request_id") parts.request_id = value;
    if (name == "seq") parts.seq = value;
    if (name == "time") parts.time = value;
    if (name == "truncated") parts.truncated = value;
    if (name != "kind") continue;
    parts.kind = value;
    if (!parts.decides() && !(parts.is_outcome() && outcomes_matter)) return parts;
  }
  parts.good = members.good();
  return parts;
}

/// How a decision ended, as far as it is compared. Lists are JSON, as entries have them; empty when there is nothing in
/// them. Rules and exceptions have names without escapes.
struct Ending {
  Effect effect = Effect::kDeny, shadow_effect = Effect::kDeny;
  std::string rule, rules, shadow, exceptions;
  bool operator==(const Ending&) const = default;
};

struct RecordedDecision {
  Ending ending;
  std::string_view bundle, input;
  bool readable = true;
};

void read_recorded(std::string_view decision, RecordedDecision& recorded) {
  Ending& ending = recorded.ending;
  recorded.bundle = recorded.input = {};
  ending.rule.clear();
  ending.rules.clear();
  ending.shadow.clear();
  ending.exceptions.clear();
  std::optional<Effect> effect;
  std::optional<Effect> shadow_effect;
  bool known_effects = true;
  JsonMembers members(decision);
  std::string_view name;
  std::string_view value;
  while (members.next(name, value)) {
    if (name == "bundle") recorded.bundle = plain_text(value).value_or("");
    if (name == "input") recorded.input = plain_text(value).value_or("");
    if (name == "rule") ending.rule = plain_text(value).value_or("");
    if (name == "rules") ending.rules = value;
    if (name == "shadow") ending.shadow = value;
    if (name == "exceptions") ending.exceptions = value;
    if (name == "effect") effect = effect_from_name(plain_text(value).value_or(""));
    if (name == "shadow_effect") {
      shadow_effect = effect_from_name(plain_text(value).value_or(""));
      known_effects = shadow_effect.has_value();
    }
  }
  recorded.readable = members.good() && effect.has_value() && known_effects;
  ending.effect = effect.value_or(Effect::kDeny);
  ending.shadow_effect = shadow_effect.value_or(ending.effect);
}

template <typename Named>
void write_names(const std::vector<const Named*>& named, std::string& json) {
  json.clear();
  for (const Named* one : named) json.append(json.empty() ? "[\"" : "\",\"").append(one->name);
  if (!json.empty()) json.append("\"]");
}

void read_decision(const Decision& decision, Ending& ending) {
  ending.effect = decision.effect;
  ending.shadow_effect = decision.shadow_effect;
  ending.rule = decision.rule == nullptr ? std::string_view() : std::string_view(decision.rule->name);
  write_names(decision.matched, ending.rules);
  write_names(decision.shadow, ending.shadow);
  write_names(decision.exceptions, ending.exceptions);
}

std::string differing_parts(const Ending& before, const Ending& after) {
  std::string parts;
  const auto note = [&](bool differs, const char* name) {
    if (differs) parts.append(parts.empty() ? "" : ", ").append(name);
  };
  note(before.effect != after.effect, "effect");
  note(before.rule != after.rule, "rule");
  note(before.rules != after.rules, "rules");
  note(before.shadow != after.shadow, "shadow");
  note(before.shadow_effect != after.shadow_effect, "shadow_effect");
  note(before.exceptions != after.exceptions, "exceptions");
  return parts;
}

/// Decisions that change in the same way for the same person by the same rule.
struct Change {
  Effect before = Effect::kDeny, after = Effect::kDeny;
  std::string person, rule;
  auto operator<=>(const Change&) const = default;

  bool refuses_now() const { return !refuses(before) && refuses(after); }
  bool allows_now() const { return refuses(before) && !refuses(after); }
};
struct Tally {
  std::uint64_t decisions = 0;
  Money cost;
};

/// Sums up changes that have a name in common.
class Grouping {
 public:
  void add(const std::string& name, const Change& change, const Tally& tally) {
    Members& members = groups_[name];
    members.group.name = name;
    members.group.decisions += tally.decisions;
    if (change.refuses_now()) members.group.now_refused += tally.decisions;
    if (change.allows_now()) members.group.now_allowed += tally.decisions;
    members.group.refused_cost += tally.cost;
    members.people.insert(change.person);
  }
  std::vector<ReplayGroup> most_first(std::size_t count_max) const {
    std::vector<ReplayGroup> sorted;
    for (const auto& [name, members] : groups_) {
      sorted.push_back(members.group);
      sorted.back().people = members.people.size();
    }
    std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
      return a.decisions != b.decisions ? a.decisions > b.decisions : a.name < b.name;
    });
    if (sorted.size() > count_max) sorted.resize(count_max);
    return sorted;
  }

 private:
  struct Members {
    ReplayGroup group;
    std::set<std::string_view> people;
  };
  std::map<std::string, Members> groups_;
};

/// The first differences in the ledger's order.
class FirstDifferences {
 public:
  bool takes(std::uint64_t seq) const { return kept_.size() < kDifferencesMax || seq < kept_.rbegin()->first; }
  void add(ReplayDifference difference) {
    const std::uint64_t seq = difference.seq;
    kept_.insert_or_assign(seq, std::move(difference));
    if (kept_.size() > kDifferencesMax) kept_.erase(std::prev(kept_.end()));
  }
  void merge(FirstDifferences& other) {
    for (auto& [seq, difference] : other.kept_) add(std::move(difference));
    other.kept_.clear();
  }
  void append_to(std::vector<ReplayDifference>& list) const {
    for (const auto& [seq, difference] : kept_) {
      if (list.size() < kDifferencesMax) list.push_back(difference);
    }
  }

 private:
  std::map<std::uint64_t, ReplayDifference> kept_;
};

}  // namespace

bool RecordedUses::admit(const ExceptionInfo& exception) {
  for (const JsonValue& name : entry_.at("decision.exceptions").items()) {
    if (name.string_or("") != exception.name) continue;
    // It counts against what is left for calls whose record does not name it.
    if (others_ != nullptr) others_->take(exception.name, *exception.uses);
    return true;
  }
  for (const JsonValue& ended : entry_.at("decision.ended").items()) {
    if (ended.string_or("") == exception.name + " used_up") return false;
  }
  return others_ == nullptr || others_->take(exception.name, *exception.uses);
}

struct Replayer::State {
  explicit State(ReplayQuestion asked) : question(std::move(asked)) {}

  /// One side of the comparison: who decides, with memory of its own.
  struct Side {
    Scratch scratch;
    Decision decision;
    Ending ending;
  };

  void replay(std::string_view text, const EntryParts& parts);
  void compare(const Ending& before, const Ending& after, const EntryParts& parts, JsonValue entry);
  void settle(const EntryParts& parts);
  bool within_time(const EntryParts& parts) const;
  bool input_is_as_recorded(const Facts& facts, bool truncated);
  const Bundle* bundle_of_record();
  const Ending& decide(Side& side, const Bundle& bundle, UseCounter* uses, JsonValue entry, const Facts& facts);

  ReplayQuestion question;
  RecordedDecision recorded;
  Side before, after;
  std::string known_digest;
  std::shared_ptr<const Bundle> known_bundle;
  std::uint64_t until_input_check = 0;

  ReplayReport counts;
  std::map<Change, Tally> changes;
  /// Calls that would now be refused, by a 64-bit hash of their id: two calls of a million share one in four in a
  /// hundred million replays.
  std::unordered_map<std::size_t, Tally*> refused_calls;
  FirstDifferences with_other_effect, otherwise;
};

bool Replayer::State::within_time(const EntryParts& parts) const {
  if (!question.until) return true;
  const auto time = parse_time(plain_text(parts.time).value_or(""));
  return time && *time <= *question.until;
}

const Bundle* Replayer::State::bundle_of_record() {
  if (known_digest != recorded.bundle || known_digest.empty()) {
    known_digest = recorded.bundle;
    known_bundle = question.find_bundle ? question.find_bundle(known_digest) : nullptr;
  }
  return known_bundle.get();
}

const Ending& Replayer::State::decide(Side& side, const Bundle& bundle, UseCounter* uses, JsonValue entry,
                                      const Facts& facts) {
  RecordedUses gate(entry, uses);
  bundle.decide(Point::kModelCall, facts, &gate, side.scratch, side.decision);
  read_decision(side.decision, side.ending);
  return side.ending;
}

/// False when the facts that an entry kept are not those that were decided on, because it was cut.
bool Replayer::State::input_is_as_recorded(const Facts& facts, bool truncated) {
  const bool due = question.check_inputs != 0 && until_input_check-- == 0;
  if (due) until_input_check = question.check_inputs - 1;
  if (!due && !truncated) return true;
  ++counts.inputs_checked;
  if (input_digest(Point::kModelCall, facts) == recorded.input) return true;
  if (truncated) return false;
  ++counts.inputs_differing;
  return true;
}

void Replayer::State::replay(std::string_view text, const EntryParts& parts) {
  read_recorded(parts.decision, recorded);
  if (recorded.input.empty() && recorded.readable) return;  // refused before any rule was asked
  if (!within_time(parts)) return;
  ++counts.decisions;
  const auto document = JsonDocument::parse(text);
  if (!document || !recorded.readable) {
    ++counts.unreadable;
    return;
  }
  const Bundle* deciding = question.after ? question.after.get() : bundle_of_record();
  if (deciding == nullptr) {
    ++counts.bundle_unknown;
    return;
  }
  const JsonValue entry = document->root();
  const auto facts = facts_from_entry(entry);
  if (!input_is_as_recorded(*facts, parts.truncated == "true")) {
    ++counts.facts_cut;
    return;
  }
  const Ending& then =
      question.before ? decide(before, *question.before, question.uses_before, entry, *facts) : recorded.ending;
  compare(then, decide(after, *deciding, question.uses_after, entry, *facts), parts, entry);
}

void Replayer::State::compare(const Ending& then, const Ending& now, const EntryParts& parts, JsonValue entry) {
  if (then == now) {
    ++counts.agreed;
    return;
  }
  ++counts.differing;
  const std::string person(entry.at("principal.id").string_or(""));
  if (then.effect != now.effect) {
    Change change{then.effect, now.effect, person, {}};
    change.rule = change.allows_now() ? then.rule : now.rule;
    const bool may_cost = change.refuses_now();
    Tally& tally = changes[std::move(change)];
    ++tally.decisions;
    if (may_cost) refused_calls[std::hash<std::string_view>{}(parts.request_id)] = &tally;
  }
  FirstDifferences& kept = then.effect != now.effect ? with_other_effect : otherwise;
  const auto seq = static_cast<std::uint64_t>(plain_number(parts.seq).value_or(0));
  if (!kept.takes(seq)) return;
  kept.add({.seq = seq,
            .time = std::string(plain_text(parts.time).value_or("")),
            .request_id = std::string(plain_text(parts.request_id).value_or("")),
            .person = person,
            .model = std::string(entry.at("model.asked").string_or("")),
            .before = std::string(effect_name(then.effect)),
            .before_rule = then.rule,
            .after = std::string(effect_name(now.effect)),
            .after_rule = now.rule,
            .parts = differing_parts(then, now)});
}

/// What a call came to cost, when it would now be refused. A call may have several attempts, each with its outcome.
void Replayer::State::settle(const EntryParts& parts) {
  const auto call = refused_calls.find(std::hash<std::string_view>{}(parts.request_id));
  if (call == refused_calls.end()) return;
  JsonMembers members(parts.cost);
  std::string_view name;
  std::string_view value;
  while (members.next(name, value)) {
    if (name == "nanos") call->second->cost += Money{plain_number(value).value_or(0)};
  }
}

Replayer::Replayer(ReplayQuestion question) : state_(std::make_unique<State>(std::move(question))) {}
Replayer::~Replayer() = default;
Replayer::Replayer(Replayer&&) noexcept = default;
Replayer& Replayer::operator=(Replayer&&) noexcept = default;

void Replayer::feed(std::string_view entry) {
  const EntryParts parts = parts_of(entry, !state_->refused_calls.empty());
  if (!parts.good) {
    ++state_->counts.decisions;
    ++state_->counts.unreadable;
  } else if (parts.decides()) {
    state_->replay(entry, parts);
  } else if (parts.is_outcome()) {
    state_->settle(parts);
  }
}

void Replayer::merge(Replayer& other) {
  ReplayReport& sum = state_->counts;
  ReplayReport& more = other.state_->counts;
  sum.decisions += more.decisions;
  sum.agreed += more.agreed;
  sum.differing += more.differing;
  sum.bundle_unknown += more.bundle_unknown;
  sum.unreadable += more.unreadable;
  sum.facts_cut += more.facts_cut;
  sum.inputs_checked += more.inputs_checked;
  sum.inputs_differing += more.inputs_differing;
  more = {};
  for (const auto& [change, tally] : other.state_->changes) {
    Tally& own = state_->changes[change];
    own.decisions += tally.decisions;
    own.cost += tally.cost;
  }
  other.state_->refused_calls.clear();
  other.state_->changes.clear();
  state_->with_other_effect.merge(other.state_->with_other_effect);
  state_->otherwise.merge(other.state_->otherwise);
}

ReplayReport Replayer::report() const {
  ReplayReport report = state_->counts;
  Grouping all;
  Grouping by_effect;
  Grouping by_person;
  Grouping by_rule;
  for (const auto& [change, tally] : state_->changes) {
    const std::string before(effect_name(change.before));
    all.add("", change, tally);
    by_effect.add(before + " -> " + std::string(effect_name(change.after)), change, tally);
    by_person.add(change.person, change, tally);
    by_rule.add(change.rule.empty() ? "(default)" : change.rule, change, tally);
  }
  constexpr std::size_t kAll = ~std::size_t{0};
  if (!state_->changes.empty()) report.changes = all.most_first(1).front();
  report.by_effect = by_effect.most_first(kAll);
  report.by_person = by_person.most_first(kPeopleMax);
  report.by_rule = by_rule.most_first(kAll);
  state_->with_other_effect.append_to(report.differences);
  state_->otherwise.append_to(report.differences);
  return report;
}

}  // namespace reeve::policy
