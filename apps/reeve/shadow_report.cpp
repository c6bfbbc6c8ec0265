#include "reeve/shadow_report.h"

#include <algorithm>

#include "core/bytes.h"
#include "core/json_members.h"
#include "reeve/replay_report.h"

namespace reeve::app {

namespace {

using policy::Effect;

constexpr std::uint64_t kAllInMillipercent = 100'000;  // thousandths of a percent in all of something

std::string_view text_of(std::string_view value) { return plain_text(value).value_or(""); }

/// For values that may hold escapes, such as people's names.
std::string decoded(std::string_view value) {
  const auto document = JsonDocument::parse(value);
  return document ? std::string(document->root().string_or("")) : std::string();
}

std::string_view member_of(std::string_view object, std::string_view wanted) {
  JsonMembers members(object);
  std::string_view name;
  std::string_view value;
  while (members.next(name, value)) {
    if (name == wanted) return value;
  }
  return {};
}

/// Whether a JSON list has a text that begins like this. The names that are looked for have no quotes in them.
bool list_has(std::string_view list, const std::string& beginning) {
  const std::string quoted = "\"" + beginning;
  for (std::size_t at = list.find(quoted); at != std::string_view::npos; at = list.find(quoted, at + 1)) {
    if (at > 0 && (list[at - 1] == '[' || list[at - 1] == ',')) return true;
  }
  return false;
}

/// A change of these does not change what a rule decides.
bool is_description(const std::string& part) {
  return part == "title" || part == "owner" || part == "controls" || part == "message" || part == "fix";
}

/// Rules of `current` whose form in `other` decides differently, or that are not there.
std::set<std::string> reworked_rules(const policy::Bundle& other, const policy::Bundle& current) {
  std::set<std::string> reworked;
  const policy::BundleDifference difference = policy::compare_bundles(other, current);
  reworked.insert(difference.added.begin(), difference.added.end());
  for (const auto& changed : difference.changed) {
    const auto bears = [](const auto& part) { return !is_description(part.first); };
    if (std::any_of(changed.parts.begin(), changed.parts.end(), bears)) reworked.insert(changed.name);
  }
  return reworked;
}

bool is_asked_of_calls(const policy::RuleInfo& rule) {
  return std::find(rule.points.begin(), rule.points.end(), policy::Point::kModelCall) != rule.points.end();
}

}  // namespace

/// The members of an entry that matter here, as they stand in it.
struct ShadowTally::Entry {
  std::string_view attempt, cost, decision, kind, model, principal, request_id, time;
  std::string_view bundle, effect, errors, input, shadow, shadow_effect;  // of the decision
  bool good = false;

  explicit Entry(std::string_view text) {
    JsonMembers members(text);
    std::string_view name;
    std::string_view value;
    while (members.next(name, value)) {
      if (name == "attempt") attempt = value;
      if (name == "cost") cost = value;
      if (name == "decision") decision = value;
      if (name == "kind") kind = value;
      if (name == "model") model = value;
      if (name == "principal") principal = value;
      if (name == "request_id") request_id = value;
      if (name == "time") time = value;
    }
    good = members.good();
  }
  bool decides() const {
    return kind == "\"model.intent\"" ? attempt == "1" : kind == "\"model.outcome\"" && attempt.empty();
  }
  void read_decision() {
    JsonMembers members(decision);
    std::string_view name;
    std::string_view value;
    while (members.next(name, value)) {
      if (name == "bundle") bundle = text_of(value);
      if (name == "effect") effect = text_of(value);
      if (name == "errors") errors = value;
      if (name == "input") input = text_of(value);
      if (name == "shadow") shadow = value;
      if (name == "shadow_effect") shadow_effect = text_of(value);
    }
  }
};

Result<ShadowCriteria> ShadowCriteria::with_max_share(std::string_view text) {
  const Error wrong{ErrorCode::kInvalid,
                    "'" + printable(text, 40) + "' is no share of calls; write it as 1% or 0.25%, at most 100%"};
  if (!text.ends_with('%')) return wrong;
  std::string_view number = trim(text.substr(0, text.size() - 1));
  const std::size_t point = number.find('.');
  std::string digits(number.substr(0, point));
  std::string decimals(point == std::string_view::npos ? "0" : number.substr(point + 1));
  if (digits.empty() || decimals.empty() || decimals.size() > 3 || digits.size() > 3) return wrong;
  decimals.resize(3, '0');
  digits += decimals;
  if (digits.find_first_not_of("0123456789") != std::string::npos) return wrong;
  ShadowCriteria criteria;
  criteria.refused_millipercent_max = std::stoul(digits);
  if (criteria.refused_millipercent_max > kAllInMillipercent) return wrong;
  return criteria;
}

std::string ShadowCriteria::max_share() const {
  std::string text = std::to_string(refused_millipercent_max / 1000);
  if (const auto rest = refused_millipercent_max % 1000; rest != 0) {
    std::string decimals = std::to_string(1000 + rest).substr(1);
    decimals.erase(decimals.find_last_not_of('0') + 1);
    text += "." + decimals;
  }
  return text + " %";
}

Duration ShadowObservation::observed() const {
  const auto from = parse_time(first);
  const auto to = parse_time(last);
  return from && to ? *to - *from : Duration::zero();
}

std::vector<std::string> ShadowObservation::missing(const ShadowCriteria& criteria) const {
  std::vector<std::string> reasons;
  if (observed() < criteria.observed_min) {
    const auto days = [](Duration time) { return std::chrono::duration_cast<std::chrono::hours>(time).count() / 24; };
    reasons.push_back("observed for " + std::to_string(days(observed())) + " of " +
                      std::to_string(days(criteria.observed_min)) + " days");
  }
  if (decisions < criteria.decisions_min) {
    reasons.push_back("asked about " + grouped(decisions) + " of " + grouped(criteria.decisions_min) + " decisions");
  }
  if (errors > 0) reasons.push_back("could not be evaluated " + counted(errors, "time", "times"));
  if (refused * kAllInMillipercent > decisions * criteria.refused_millipercent_max) {
    reasons.push_back("would refuse " + percent(refused, decisions) + " of calls, more than " + criteria.max_share());
  }
  return reasons;
}

ShadowTally::ShadowTally(std::shared_ptr<const policy::Bundle> current,
                         std::function<std::shared_ptr<const policy::Bundle>(const std::string&)> find_bundle,
                         std::optional<Instant> until)
    : current_(std::move(current)), find_bundle_(std::move(find_bundle)), until_(until) {
  for (const policy::RuleInfo* rule : current_->rules()) {
    if (rule->mode != policy::Mode::kShadow || !is_asked_of_calls(*rule)) continue;
    observations_.emplace_back().rule = rule;
  }
}

const ShadowTally::Rules& ShadowTally::asked_under(std::string_view digest) {
  static const Rules kNone;
  auto known = rules_by_digest_.find(digest);
  if (known == rules_by_digest_.end()) {
    std::optional<Rules> asked;
    const auto bundle = digest == current_->digest() ? current_ : find_bundle_(std::string(digest));
    if (bundle) {
      const std::set<std::string> reworked = reworked_rules(*bundle, *current_);
      asked.emplace();
      for (std::size_t i = 0; i < observations_.size(); ++i) {
        if (!reworked.contains(observations_[i].rule->name)) asked->push_back(i);
      }
    }
    known = rules_by_digest_.emplace(digest, std::move(asked)).first;
  }
  if (!known->second) {
    ++bundle_unknown_;
    return kNone;
  }
  return *known->second;
}

void ShadowTally::feed(std::string_view text) {
  Entry entry(text);
  if (!entry.good) return;
  if (entry.decides()) {
    entry.read_decision();
    if (!entry.input.empty()) note_decision(entry);
  } else if (entry.kind == "\"model.outcome\"" && !entry.cost.empty()) {
    note_cost(entry);
  }
}

void ShadowTally::note_decision(const Entry& entry) {
  if (until_) {
    const auto time = parse_time(text_of(entry.time));
    if (!time || *time > *until_) return;
  }
  const Rules& asked = asked_under(entry.bundle);
  const auto effect = policy::effect_from_name(entry.effect);
  const auto with_shadow = policy::effect_from_name(entry.shadow_effect);
  Rules refusing;
  for (const std::size_t number : asked) {
    ShadowObservation& observation = observations_[number];
    ++observation.decisions;
    if (observation.first.empty()) observation.first = text_of(entry.time);
    observation.last = text_of(entry.time);
    const policy::RuleInfo& rule = *observation.rule;
    const bool failed = list_has(entry.errors, rule.name + ": ");
    if (failed) ++observation.errors;
    if (!list_has(entry.shadow, rule.name + "\"")) continue;
    note_match(observation, entry);
    if (!effect || !with_shadow) continue;  // the verdict stays what it was
    ++observation.changed;
    if ((policy::refuses(rule.effect) || failed) && policy::refuses(*with_shadow) && !policy::refuses(*effect)) {
      ++observation.refused;
      refusing.push_back(number);
    }
    if (rule.effect == Effect::kAllow && policy::refuses(*effect) && !policy::refuses(*with_shadow)) {
      ++observation.allowed;
    }
  }
  if (!refusing.empty()) {
    refused_calls_[std::hash<std::string_view>{}(entry.request_id)] = std::move(refusing);
  }
}

void ShadowTally::note_match(ShadowObservation& observation, const Entry& entry) {
  ++observation.matched;
  observation.people.insert(decoded(member_of(entry.principal, "id")));
  observation.models.insert(decoded(member_of(entry.model, "asked")));
}

void ShadowTally::note_cost(const Entry& entry) {
  const auto call = refused_calls_.find(std::hash<std::string_view>{}(entry.request_id));
  if (call == refused_calls_.end()) return;
  const Money cost{plain_number(member_of(entry.cost, "nanos")).value_or(0)};
  for (const std::size_t number : call->second) observations_[number].refused_cost += cost;
}

void ShadowTally::merge(const ShadowTally& other) {
  for (std::size_t i = 0; i < observations_.size(); ++i) {
    ShadowObservation& sum = observations_[i];
    const ShadowObservation& more = other.observations_[i];
    sum.decisions += more.decisions;
    sum.matched += more.matched;
    sum.changed += more.changed;
    sum.refused += more.refused;
    sum.allowed += more.allowed;
    sum.errors += more.errors;
    sum.refused_cost += more.refused_cost;
    if (sum.first.empty() || (!more.first.empty() && more.first < sum.first)) sum.first = more.first;
    sum.last = std::max(sum.last, more.last);
    sum.people.insert(more.people.begin(), more.people.end());
    sum.models.insert(more.models.begin(), more.models.end());
  }
  bundle_unknown_ += other.bundle_unknown_;
}

}  // namespace reeve::app
