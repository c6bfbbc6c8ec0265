#include "control/approval_policy.h"

#include <algorithm>

#include "control/text_checks.h"
#include "core/bytes.h"

namespace reeve::control {

namespace {

constexpr Duration kLongestMax = std::chrono::hours(24 * 366);
constexpr std::int64_t kRenewalsMax = 100;

bool fits_any(const std::vector<std::string>& patterns, const std::string& value) {
  return std::any_of(patterns.begin(), patterns.end(), [&](const auto& pattern) { return glob_match(pattern, value); });
}

/// Whether all that the request asks for lies within the policy's `match`. A request that leaves a key open is wider
/// than one that names a value, so a policy that names the key is not about it.
bool is_about(const ApprovalPolicy& policy, const Asked& asked) {
  if (std::find(policy.kinds.begin(), policy.kinds.end(), asked.kind) == policy.kinds.end()) return false;
  for (const auto& [key, patterns] : policy.match) {
    const auto within = [&, &allowed = patterns](const std::string& value) { return fits_any(allowed, value); };
    if (key == "budgets") {
      if (asked.kind != ExceptionKind::kBudget || !within(asked.budget)) return false;
    } else if (key == "rules") {
      if (asked.rules.empty() || !std::all_of(asked.rules.begin(), asked.rules.end(), within)) return false;
    } else {
      const auto found = asked.scope.find(key);
      if (found == asked.scope.end() || !std::all_of(found->second.begin(), found->second.end(), within)) return false;
    }
  }
  return true;
}

bool names(const ApprovalPolicy& policy, const Actor& who) {
  const bool by_name = std::any_of(policy.people.begin(), policy.people.end(),
                                   [&](const auto& person) { return same_person(person, who.name); });
  return by_name || std::any_of(policy.groups.begin(), policy.groups.end(), [&](const auto& group) {
           return std::find(who.groups.begin(), who.groups.end(), group) != who.groups.end();
         });
}

/// Empty when the policy allows so much, so long and so often; else what it does not.
std::string beyond(const ApprovalPolicy& policy, const ExceptionRequest& request, Instant until) {
  const spend::Amounts& extra = request.asked.extra;
  if (policy.bounded && extra.money > policy.up_to.money) {
    return "up to " + format_money(policy.up_to.money) + ", and it asks for " + format_money(extra.money);
  }
  if (policy.bounded && extra.tokens > policy.up_to.tokens) {
    return "up to " + std::to_string(policy.up_to.tokens) + " tokens";
  }
  if (policy.bounded && extra.requests > policy.up_to.requests) {
    return "up to " + std::to_string(policy.up_to.requests) + " requests";
  }
  if (until - request.asked.from > policy.longest) return "for at most " + format_duration(policy.longest);
  if (request.renewal > policy.renewals) {
    return policy.renewals == 0 ? "no renewals" : "at most " + std::to_string(policy.renewals) + " renewals in a row";
  }
  return {};
}

bool wants_second(const ApprovalPolicy& policy, const Asked& asked) {
  if (policy.second_person_always) return true;
  if (!policy.second_person_over || asked.kind != ExceptionKind::kBudget) return false;
  return asked.extra.money > *policy.second_person_over || asked.extra.tokens > 0 || asked.extra.requests > 0;
}

Error nobody_is_responsible() {
  return {ErrorCode::kDenied,
          "no ApprovalPolicy says who decides about this; whoever looks after the governance files has to add one"};
}

std::string list_of(const ApprovalPolicy& policy) {
  std::string text;
  for (const std::string& group : policy.groups) text += (text.empty() ? "the group " : ", the group ") + group;
  for (const std::string& person : policy.people) text += (text.empty() ? "" : ", ") + person;
  return text;
}

// ---- Documents ----

class PolicyReader {
 public:
  PolicyReader(const YamlValue& document, std::vector<Diagnostic>& complaints)
      : document_(document), complaints_(complaints) {}

  ApprovalPolicy read() {
    document_.refuse_unknown_keys({"kind", "name", "for", "match", "reviewers", "up_to", "up_to_tokens",
                                   "up_to_requests", "second_person", "second_person_over", "longest", "renewals"},
                                  complaints_);
    policy_.file = document_.file();
    policy_.line = document_.line();
    const YamlValue* name = document_.find("name");
    if (name == nullptr || !is_line(name->text(), 63)) {
      complain(name, "an ApprovalPolicy has a name, such as 'name: payments-leads'");
    } else {
      policy_.name = name->text();
    }
    read_kinds();
    read_match();
    read_reviewers();
    read_bounds();
    read_second_person();
    read_times();
    return std::move(policy_);
  }

 private:
  void complain(const YamlValue* at, std::string message) {
    complaints_.push_back((at == nullptr ? document_ : *at).complain(std::move(message)));
  }

  std::vector<std::string> texts(const YamlValue& value) {
    std::vector<std::string> texts;
    const auto add = [&](const YamlValue& item) {
      if (!item.is_scalar() || !is_line(item.text(), kPersonBytesMax)) {
        complain(&item, "a text is expected here, or a list of texts");
      } else {
        texts.push_back(item.text());
      }
    };
    if (value.is_sequence()) {
      for (const YamlValue& item : value.items()) add(item);
    } else {
      add(value);
    }
    return texts;
  }

  void read_kinds() {
    const YamlValue* kinds = document_.find("for");
    policy_.kinds = {ExceptionKind::kBudget, ExceptionKind::kRule, ExceptionKind::kApproval};
    if (kinds == nullptr) return;
    policy_.kinds.clear();
    for (const std::string& text : texts(*kinds)) {
      const auto kind = kind_from_name(text);
      if (kind) policy_.kinds.push_back(*kind);
      if (!kind) complain(kinds, "'for' lists budget, rule and approval, not '" + printable(text, 60) + "'");
    }
  }

  void read_match() {
    const YamlValue* match = document_.find("match");
    if (match == nullptr) return;
    if (!match->is_mapping()) return complain(match, "'match' is a mapping such as {budgets: [payments-*]}");
    for (const auto& [key, value] : match->members()) policy_.match.emplace_back(key.text(), texts(value));
  }

  void read_reviewers() {
    const YamlValue* reviewers = document_.find("reviewers");
    if (reviewers == nullptr || !reviewers->is_mapping()) {
      return complain(reviewers,
                      "an ApprovalPolicy says who: 'reviewers: {groups: [leads], people: [boss@example.com]}'");
    }
    reviewers->refuse_unknown_keys({"groups", "people"}, complaints_);
    if (const YamlValue* groups = reviewers->find("groups")) policy_.groups = texts(*groups);
    if (const YamlValue* people = reviewers->find("people")) policy_.people = texts(*people);
    if (policy_.groups.empty() && policy_.people.empty()) complain(reviewers, "'reviewers' names nobody");
  }

  std::optional<Money> money(const char* key) {
    const YamlValue* value = document_.find(key);
    if (value == nullptr) return std::nullopt;
    const auto amount = parse_money(value->text());
    if (amount) return *amount;
    complain(value, amount.error().message);
    return std::nullopt;
  }

  std::int64_t number(const char* key, std::int64_t fallback, std::int64_t most) {
    const YamlValue* value = document_.find(key);
    if (value == nullptr) return fallback;
    const auto read = value->as_int();
    if (read && *read >= 0 && *read <= most) return *read;
    complain(value, std::string("'") + key + "' is a whole number from 0 to " + std::to_string(most));
    return fallback;
  }

  void read_bounds() {
    constexpr std::int64_t kMost = 1'000'000'000'000'000;
    for (const char* key : {"up_to", "up_to_tokens", "up_to_requests"}) {
      if (document_.find(key) != nullptr) policy_.bounded = true;
    }
    policy_.up_to.money = money("up_to").value_or(Money());
    policy_.up_to.tokens = number("up_to_tokens", 0, kMost);
    policy_.up_to.requests = number("up_to_requests", 0, kMost);
  }

  void read_second_person() {
    policy_.second_person_over = money("second_person_over");
    const YamlValue* second = document_.find("second_person");
    if (second == nullptr) return;
    if (second->text() != "always") return complain(second, "'second_person' can only be 'always'");
    policy_.second_person_always = true;
  }

  void read_times() {
    if (const YamlValue* longest = document_.find("longest")) {
      const auto duration = parse_duration(longest->text());
      if (duration && *duration > Duration::zero() && *duration <= kLongestMax) {
        policy_.longest = *duration;
      } else {
        complain(longest, "'longest' is a time such as 30d, at most 366d");
      }
    }
    policy_.renewals = static_cast<int>(number("renewals", policy_.renewals, kRenewalsMax));
  }

  const YamlValue& document_;
  std::vector<Diagnostic>& complaints_;
  ApprovalPolicy policy_;
};

}  // namespace

ApprovalPolicies ApprovalPolicies::build(const std::vector<YamlValue>& documents, std::vector<Diagnostic>& complaints) {
  ApprovalPolicies policies;
  for (const YamlValue& document : documents) {
    const YamlValue* kind = document.find("kind");
    if (kind == nullptr || kind->text() != "ApprovalPolicy") continue;
    ApprovalPolicy policy = PolicyReader(document, complaints).read();
    for (const ApprovalPolicy& other : policies.list_) {
      if (other.name != policy.name) continue;
      complaints.push_back(document.complain("the ApprovalPolicy '" + policy.name +
                                             "' is there twice; the other is at " + other.file + ":" +
                                             std::to_string(other.line)));
    }
    policies.list_.push_back(std::move(policy));
  }
  return policies;
}

std::string ApprovalPolicies::reviewers_of(const ExceptionRequest& request) const {
  std::vector<std::string> found;
  for (const ApprovalPolicy& policy : list_) {
    if (!is_about(policy, request.asked) || !beyond(policy, request, request.asked.until).empty()) continue;
    const std::string who = list_of(policy);
    if (std::find(found.begin(), found.end(), who) == found.end()) found.push_back(who);
  }
  std::string text;
  for (const std::string& who : found) text += (text.empty() ? "" : ", ") + who;
  return text;
}

Result<void> ApprovalPolicies::somebody_may_approve(const ExceptionRequest& request) const {
  std::string most;
  for (const ApprovalPolicy& policy : list_) {
    if (!is_about(policy, request.asked)) continue;
    const std::string what = beyond(policy, request, request.asked.until);
    if (what.empty()) return {};
    most += (most.empty() ? "" : "; ") + policy.name + ": " + what;
  }
  if (most.empty()) return nobody_is_responsible();
  return Error{ErrorCode::kDenied, "nobody may approve so much (" + most + ")"};
}

Result<Authority> authority_of(const ApprovalPolicies& policies, const ExceptionRequest& request, const Actor& by,
                               Instant until) {
  Authority found;
  std::string missing;
  bool somebody = false;
  for (const ApprovalPolicy& policy : policies.list()) {
    if (!is_about(policy, request.asked)) continue;
    somebody = true;
    if (!names(policy, by)) continue;
    const std::string what = beyond(policy, request, until);
    if (!what.empty()) {
      missing += (missing.empty() ? "" : "; ") + policy.name + ": " + what;
      continue;
    }
    const bool second = wants_second(policy, request.asked);
    if (found.policy == nullptr || (found.needs_second && !second)) found = {&policy, second};
  }
  if (found.policy != nullptr) return found;
  if (!somebody) return nobody_is_responsible();
  if (!missing.empty()) return Error{ErrorCode::kDenied, "you may not approve so much (" + missing + ")"};
  return concern_of(policies, request, by).error();
}

Result<void> concern_of(const ApprovalPolicies& policies, const ExceptionRequest& request, const Actor& by) {
  std::string who;
  for (const ApprovalPolicy& policy : policies.list()) {
    if (!is_about(policy, request.asked)) continue;
    if (names(policy, by)) return {};
    who += (who.empty() ? "" : ", ") + list_of(policy);
  }
  if (who.empty()) return nobody_is_responsible();
  return Error{ErrorCode::kDenied, "this is for others to decide: " + who};
}

}  // namespace reeve::control
