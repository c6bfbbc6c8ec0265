#include "identity/agents.h"

#include <algorithm>
#include <array>

#include "core/bytes.h"
#include "core/log.h"
#include "identity/directory.h"
#include "identity/identity.h"
#include "identity/names.h"

namespace reeve::identity {

namespace {

constexpr Duration kReadAgainAfter = std::chrono::milliseconds(250);

/// The scopes that an agent's permissions are. A list without names permits nothing, so it is a scope that nothing has.
void add_scopes(std::vector<std::string>& scopes, std::string_view kind, const std::vector<std::string>& patterns) {
  if (patterns.empty()) scopes.push_back(std::string(kind) + ":");
  for (const std::string& pattern : patterns) scopes.push_back(std::string(kind) + ":" + pattern);
}

std::vector<std::string> scopes_of(const Agent& agent) {
  std::vector<std::string> scopes;
  add_scopes(scopes, "models", agent.permissions.models);
  add_scopes(scopes, "tools", agent.permissions.tools);
  add_scopes(scopes, "classes", agent.permissions.classes);
  add_scopes(scopes, "repos", agent.permissions.repos);
  return scopes;
}

AuthOutcome refused(AuthFailure failure, std::string message) { return {nullptr, failure, std::move(message)}; }

/// What the value of a claim is compared as: texts, whole numbers and flags are what Kubernetes and CI systems send.
std::optional<std::string> claim_text(const JsonValue& value) {
  if (const auto text = value.as_string()) return std::string(*text);
  if (const auto flag = value.as_bool()) return *flag ? "true" : "false";
  if (const auto number = value.as_int()) return std::to_string(*number);
  return std::nullopt;
}

/// What the path leads to. Names may have dots in them, as kubernetes.io has.
JsonValue claim_at(const JsonValue& claims, std::string_view path) {
  if (const JsonValue direct = claims[path]; direct.present()) return direct;
  for (std::size_t dot = path.find('.'); dot != std::string_view::npos; dot = path.find('.', dot + 1)) {
    const JsonValue inner = claims[path.substr(0, dot)];
    if (!inner.present()) continue;
    if (const JsonValue found = claim_at(inner, path.substr(dot + 1)); found.present()) return found;
  }
  return {};
}

bool claims_hold(const AgentIdentity& identity, const JsonValue& claims) {
  return std::all_of(identity.claims.begin(), identity.claims.end(),
                     [&](const auto& wanted) { return claim_text(claim_at(claims, wanted.first)) == wanted.second; });
}

}  // namespace

std::string agent_refusal(const Agent& agent, Instant now) {
  const std::string name = "The agent " + agent.id;
  switch (agent.state) {
    case AgentState::kRequested:
      return name + " waits for approval; somebody other than its owner decides with 'reeve agent approve " + agent.id +
             "'.";
    case AgentState::kDenied:
      return name + " was denied: " + printable(agent.reason) + " Ask " + printable(agent.owner, 80) + ".";
    case AgentState::kSuspended:
      return name + " is suspended: " + printable(agent.reason) + " Whoever approves agents can let it on again.";
    case AgentState::kRetired: return name + " is retired; register another one in its place.";
    case AgentState::kApproved: break;
  }
  if (agent.expires && now >= *agent.expires) {
    return name + " expired at " + format_time(*agent.expires) + "; its owner asks again with 'reeve agent register " +
           agent.id + " --replace'.";
  }
  return {};
}

bool may_act_for(const Agent& agent, const Principal& principal) {
  if (principal.type == "person" && principal.id == agent.owner) return true;
  return std::any_of(
      agent.permissions.acts_for.begin(), agent.permissions.acts_for.end(), [&](const std::string& whom) {
        constexpr std::string_view kGroup = "group:";
        if (whom == "*") return true;
        if (!whom.starts_with(kGroup)) return whom == principal.id;
        const std::string_view group = std::string_view(whom).substr(kGroup.size());
        return std::find(principal.groups.begin(), principal.groups.end(), group) != principal.groups.end();
      });
}

// ---- One moment of the register ----

AgentSet::AgentSet(std::vector<Agent> agents) : agents_(std::move(agents)) {
  std::sort(agents_.begin(), agents_.end(), [](const Agent& a, const Agent& b) { return a.id < b.id; });
  for (const Agent& agent : agents_) {
    if (agent.state == AgentState::kRetired) continue;
    for (const AgentIdentity& identity : agent.identities) {
      if (identity.kind == AgentIdentity::Kind::kSpiffe) by_spiffe_.emplace(identity.name, &agent);
      if (identity.kind == AgentIdentity::Kind::kWorkload) by_issuer_.emplace(identity.name, &agent);
    }
  }
}

const Agent* AgentSet::find(std::string_view id) const {
  const auto found = std::lower_bound(agents_.begin(), agents_.end(), id,
                                      [](const Agent& agent, std::string_view name) { return agent.id < name; });
  return found != agents_.end() && found->id == id ? &*found : nullptr;
}

Result<const Agent*> AgentSet::find(const AgentCredential& credential) const {
  if (credential.kind == AgentIdentity::Kind::kCard) return find(credential.name);
  if (credential.kind == AgentIdentity::Kind::kSpiffe) {
    const auto found = by_spiffe_.find(credential.name);
    return found == by_spiffe_.end() ? nullptr : found->second;
  }
  const auto claims = JsonDocument::parse(credential.claims, /*depth_max=*/16);
  if (!claims) return claims.error();
  const Agent* match = nullptr;
  const auto [begin, end] = by_issuer_.equal_range(credential.name);
  for (auto entry = begin; entry != end; ++entry) {
    const Agent* const agent = entry->second;
    const bool holds = std::any_of(agent->identities.begin(), agent->identities.end(), [&](const auto& identity) {
      return identity.kind == AgentIdentity::Kind::kWorkload && identity.name == credential.name &&
             claims_hold(identity, claims->root());
    });
    if (!holds || agent == match) continue;
    if (match != nullptr) {
      return Error{ErrorCode::kDenied, "This token speaks for the agents " + match->id + " and " + agent->id +
                                           "; one of the two must be registered with more of its claims."};
    }
    match = agent;
  }
  return match;
}

std::shared_ptr<const AgentSet> Agents::current() {
  const std::lock_guard lock(mutex_);
  if (store_.uncertain_for() > kServesUnconfirmed) return nullptr;
  // Read before the rest: a change in between makes what is known newer than its number.
  const std::uint64_t generation = store_.generation();
  if (current_ && generation_ == generation) return current_;
  if (failed_at_ != Moment{} && clock_.steady() - failed_at_ < kReadAgainAfter) return nullptr;
  auto list = store_.list();
  if (!list) {
    log_error("agents cannot be read", {{"error", list.error().message}});
    failed_at_ = clock_.steady();
    return nullptr;
  }
  failed_at_ = {};
  current_ = std::make_shared<const AgentSet>(*std::move(list));
  generation_ = generation;
  return current_;
}

Result<std::string> Agents::why_not(const Agent& agent, Instant now) const {
  if (!agent.acts_at(now)) return agent_refusal(agent, now);
  if (people_ == nullptr) return std::string();
  // As if the agent were a credential of its owner's, issued when somebody approved it. Agents are not people, so an
  // owner whom the directory never knew is no reason.
  auto credential = std::make_shared<Principal>();
  credential->id = agent.owner;
  credential->type = "agent";
  credential->issued = agent.decided;
  const AuthOutcome outcome = people_->admit(credential);
  if (outcome.ok()) return std::string();
  if (outcome.failure == AuthFailure::kUnavailable) return Error{ErrorCode::kUnavailable, outcome.message};
  return "The agent " + agent.id + " stands still: " + printable(agent.owner, 80) +
         ", who answers for it, has left. Whoever takes it over asks with 'reeve agent transfer " + agent.id +
         " --to THEM', and somebody else approves it.";
}

std::uint64_t Agents::people_version() const { return people_ == nullptr ? 0 : people_->version(); }

// ---- What a loop remembers ----

AuthOutcome AgentView::admit(AuthOutcome outcome) {
  if (agents_ == nullptr || !outcome.ok()) return outcome;
  const std::shared_ptr<const Principal> given = outcome.principal;
  if (given->actors.empty() && given->type != "agent") return outcome;
  auto set = agents_->current();
  if (!set) {
    return refused(AuthFailure::kUnavailable,
                   "Reeve cannot read its register of agents at the moment, so it cannot tell which may act. Try again "
                   "shortly; whoever runs Reeve finds the cause in its log.");
  }
  // Asked before the answer: a change in between makes it forget too early, never too late.
  const std::uint64_t people_version = agents_->people_version();
  if (set != set_ || people_version != people_version_) {
    remembered_.clear();
    set_ = std::move(set);
    people_version_ = people_version;
  }
  const auto known = remembered_.find(given.get());
  if (known != remembered_.end() && (!known->second.until || agents_->clock().now() < *known->second.until)) {
    return {known->second.admitted, {}, {}};
  }
  Admitted admitted{given, nullptr, std::nullopt};
  outcome = decide(given, *set_, admitted);
  if (!outcome.ok()) return outcome;
  if (remembered_.size() >= kRememberedMax) remembered_.clear();
  remembered_.insert_or_assign(given.get(), std::move(admitted));
  return outcome;
}

AuthOutcome AgentView::decide(const std::shared_ptr<const Principal>& principal, const AgentSet& set,
                              Admitted& admitted) const {
  auto held = std::make_shared<Principal>(*principal);
  // A key of an agent names it as its owner.
  if (held->actors.empty() && held->id.starts_with(kAgentPrefix)) held->actors = {held->id.substr(kAgentPrefix.size())};
  if (held->actors.empty()) {
    const bool is_ours = std::find(held->groups.begin(), held->groups.end(), kSandboxGroup) != held->groups.end();
    if (agents_->unregistered() == UnregisteredAgents::kRefuse) {
      return refused(AuthFailure::kUnknown,
                     "This credential is of an agent that is not registered. Its owner asks for it with 'reeve agent "
                     "register'; a key of a registered agent has the owner agent:ID.");
    }
    if (!is_ours) {
      held->groups.emplace_back(kSandboxGroup);
      sort_unique(held->groups);
    }
  }
  for (const std::string& actor : held->actors) {
    const Agent* const agent = set.find(actor);
    const Instant now = agents_->clock().now();
    if (agent == nullptr) {
      return refused(AuthFailure::kRevoked, "The agent " + printable(actor, 63) + " is not registered here.");
    }
    const auto why_not = agents_->why_not(*agent, now);
    if (!why_not) return refused(AuthFailure::kUnavailable, why_not.error().message);
    if (!why_not->empty()) return refused(AuthFailure::kRevoked, *why_not);
    // What it may do for others may have been taken back after the token was made.
    const bool for_itself = held->id == std::string(kAgentPrefix) + agent->id;
    if (!for_itself && !may_act_for(*agent, *held)) {
      return refused(AuthFailure::kRevoked,
                     "The agent " + agent->id + " does not act for " + printable(held->id, 80) + " any more.");
    }
    held->permitted.push_back(scopes_of(*agent));
    held->owners.push_back(agent->owner);
    if (for_itself && held->team.empty()) held->team = agent->team;
    if (agent->expires) admitted.until = std::min(admitted.until.value_or(*agent->expires), *agent->expires);
  }
  admitted.admitted = std::move(held);
  return {admitted.admitted, {}, {}};
}

}  // namespace reeve::identity
