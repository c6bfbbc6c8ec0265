#include "identity/agent_tokens.h"

#include <algorithm>
#include <array>

#include "core/bytes.h"
#include "core/id.h"
#include "core/json.h"
#include "identity/identity.h"
#include "identity/names.h"

namespace reeve::identity {

namespace {

constexpr std::string_view kUnregisteredPrefix = "unregistered:";
constexpr std::size_t kScopesMax = 20;
/// Of calls; what admits to an API of Reeve's own is not given on.
constexpr std::array<std::string_view, 4> kScopeKinds = {"models", "tools", "classes", "repos"};

TokenAnswer refused(std::string error, std::string description) {
  TokenAnswer answer;
  answer.error = std::move(error);
  answer.description = std::move(description);
  return answer;
}

TokenAnswer refused_by(const Error& error) {
  if (error.code == ErrorCode::kTooLarge) return refused("invalid_request", error.message);
  return refused("temporarily_unavailable", "Reeve cannot do this at the moment: " + error.message);
}

void write_names(JsonWriter& json, std::string_view name, const std::vector<std::string>& values) {
  json.key(name).begin_array();
  for (const std::string& value : values) json.value(value);
  json.end_array();
}

std::string signed_in_detail(const SignInSession& session, const Principal& agent, const std::string& address) {
  JsonWriter json;
  json.begin_object().member_if("address", address).member_if("agent", agent.actors.empty() ? "" : agent.actors[0]);
  json.member("expires", format_time(session.expires));
  write_names(json, "groups", agent.groups);
  json.member_if("issuer", agent.issuer).member("person", agent.id);
  return json.member("sign_in", session.id).end_object().take();
}

std::string delegated_detail(const Principal& chain, const AgentTokens::Delegation& asked, Instant expires) {
  JsonWriter json;
  json.begin_object().member_if("address", asked.address);
  write_names(json, "chain", chain.actors);
  json.member("expires", format_time(expires)).member("person", chain.id);
  write_names(json, "scopes", asked.scopes);
  return json.member("sign_in", chain.sign_in).end_object().take();
}

bool is_scope(const std::string& scope) {
  const std::size_t colon = scope.find(':');
  return colon != std::string::npos && is_name(scope.substr(colon + 1)) &&
         std::find(kScopeKinds.begin(), kScopeKinds.end(), std::string_view(scope).substr(0, colon)) !=
             kScopeKinds.end();
}

/// An agent with a token of its own, which nobody has act.
bool is_for_itself(const Principal& principal) {
  return principal.type == "agent" && principal.actors.size() == 1 &&
         principal.id == std::string(kAgentPrefix) + principal.actors.front();
}

}  // namespace

Result<Principal> AgentTokens::admit(const AgentCredential& credential) {
  const auto set = agents_.current();
  if (!set) return Error{ErrorCode::kUnavailable, "the register of agents cannot be read; try again shortly"};
  const auto found = set->find(credential);
  if (!found) return found.error();
  const Agent* const agent = *found;
  const Instant now = clock_.now();
  Principal principal;
  principal.type = "agent";
  if (agent != nullptr && agent->acts_at(now)) {
    const auto why_not = agents_.why_not(*agent, now);
    if (!why_not) return why_not.error();
    if (!why_not->empty()) return Error{ErrorCode::kDenied, *why_not};
    principal.id = std::string(kAgentPrefix) + agent->id;
    principal.actors = {agent->id};
    principal.team = agent->team;
  } else {
    const bool undecided =
        agent == nullptr || agent->state == AgentState::kRequested || agent->state == AgentState::kApproved;
    if (!undecided || agents_.unregistered() == UnregisteredAgents::kRefuse) {
      return Error{ErrorCode::kDenied, agent != nullptr
                                           ? agent_refusal(*agent, now)
                                           : "No agent is registered for " + printable(credential.subject, 200) +
                                                 ". Its owner asks for it with 'reeve agent register'."};
    }
    principal.id = std::string(kUnregisteredPrefix) + printable(credential.subject, 200);
    principal.groups = {std::string(kSandboxGroup)};
  }
  if (credential.kind != AgentIdentity::Kind::kCard) principal.issuer = printable(credential.name, 200);
  if (credential.once.empty()) return principal;
  // Kept for as long as it could come again.
  GrantChange change;
  change.inserted.push_back({GrantKind::kAssertion, sha256(credential.once), "{}", 1, credential.expires});
  auto used = store_.apply(change);
  if (!used && used.error().code == ErrorCode::kConflict) {
    return Error{ErrorCode::kDenied, "This assertion came before: each is good once. Make another, with another jti."};
  }
  if (!used) return std::move(used).error();
  return principal;
}

TokenAnswer AgentTokens::sign_in(const Principal& agent, Instant expires, const std::string& address) {
  const Instant now = clock_.now();
  TokenAnswer answer;
  // An hour's session would outlive the credential; the agent shows it again instead.
  answer.session = {make_id("sgn"),
                    agent.id,
                    "agent",
                    principal_to_json(agent),
                    now,
                    std::min(now + tokens_.settings().lifetime, expires),
                    std::nullopt,
                    {}};
  if (answer.session.expires <= now) return refused("invalid_client", "This credential ends now. Show a newer one.");
  auto made = tokens_.make(agent, answer.session);
  if (!made) return refused_by(made.error());
  auto recorded = record_("identity.signed_in", signed_in_detail(answer.session, agent, address));
  if (!recorded) return refused_by(recorded.error());
  GrantChange change;
  change.begun = answer.session;
  if (auto stored = store_.apply(change); !stored) return refused_by(stored.error());
  answer.access_token = std::move(made->token);
  answer.expires_in = made->expires - now;
  answer.person = agent;
  return answer;
}

TokenAnswer AgentTokens::exchange(const Delegation& asked) {
  const Principal& subject = asked.subject;
  if (subject.sign_in.empty() || !subject.expires) {
    return refused("invalid_request",
                   "The subject_token must be an access token that Reeve made; a key is not given on.");
  }
  if (!is_for_itself(asked.actor)) {
    return refused(
        "invalid_request",
        "The actor_token must be of a registered agent for itself: not a person's, and not one with which it "
        "acts for somebody.");
  }
  if (subject.type != "person" && subject.actors.empty()) {
    return refused("invalid_target", "Nobody acts for an agent that is not registered.");
  }
  const std::string& actor = asked.actor.actors.front();
  if (std::find(subject.actors.begin(), subject.actors.end(), actor) != subject.actors.end()) {
    return refused("invalid_target", "The agent " + actor + " stands in this chain already.");
  }
  const std::size_t length = 1 + subject.actors.size() + (subject.type == "agent" ? 0 : 1);
  if (length > kChainMax) {
    return refused("invalid_target", "A chain has at most " + std::to_string(kChainMax) + " members; this would have " +
                                         std::to_string(length) + ".");
  }
  const auto set = agents_.current();
  if (!set) return refused("temporarily_unavailable", "The register of agents cannot be read. Try again shortly.");
  const Agent* const agent = set->find(actor);
  const Instant now = clock_.now();
  if (agent == nullptr) return refused("invalid_client", "The agent " + actor + " is not registered.");
  const auto why_not = agents_.why_not(*agent, now);
  if (!why_not) return refused("temporarily_unavailable", why_not.error().message);
  if (!why_not->empty()) return refused("invalid_client", *why_not);
  if (!may_act_for(*agent, subject)) {
    return refused("invalid_target", "The agent " + actor + " is not registered to act for " +
                                         printable(subject.id, 80) + "; its owner asks for that with --acts-for.");
  }
  const bool scopes_make_sense =
      asked.scopes.size() <= kScopesMax && std::all_of(asked.scopes.begin(), asked.scopes.end(), is_scope);
  if (!scopes_make_sense) {
    return refused(
        "invalid_scope",
        "A chain can be held to models:, tools:, classes: and repos: with a pattern each; a scope gives it nothing.");
  }
  auto session = store_.session(subject.sign_in);
  if (!session) return refused_by(session.error());
  if (!*session || (*session)->ended) return refused("invalid_grant", "This sign-in has ended. Sign in again.");

  Principal chain = subject;
  chain.actors.insert(chain.actors.begin(), actor);
  if (!asked.scopes.empty()) chain.held_to.push_back(asked.scopes);
  TokenAnswer answer;
  answer.session = **std::move(session);
  answer.session.expires = std::min({answer.session.expires, *subject.expires, asked.actor_expires});
  if (answer.session.expires <= now) return refused("invalid_grant", "One of the tokens ends now. Get newer ones.");
  auto made = tokens_.make(chain, answer.session);
  if (!made) return refused_by(made.error());
  // Durable before anybody can use it.
  auto recorded = record_("identity.delegated", delegated_detail(chain, asked, made->expires));
  if (!recorded) return refused_by(recorded.error());
  answer.access_token = std::move(made->token);
  answer.expires_in = made->expires - now;
  answer.person = std::move(chain);
  return answer;
}

}  // namespace reeve::identity
