// A call that a registered agent makes, for itself or for somebody: what it may send, and that a chain never gains.

#include <algorithm>

#include "core/bytes.h"
#include "core/json.h"
#include "gateway/model_call.h"

namespace reeve::gateway {

namespace {

/// An agent of a chain, as rules would see it if it called for itself.
identity::Principal for_itself(const std::string& agent) {
  identity::Principal principal;
  principal.id = std::string(identity::kAgentPrefix) + agent;
  principal.type = "agent";
  principal.actors = {agent};
  return principal;
}

/// Matched, and it asks for more than to let the call through.
bool demands(const policy::RuleInfo& rule) {
  return rule.effect != policy::Effect::kAllow && rule.effect != policy::Effect::kWarn;
}

}  // namespace

/// A name in a header proves nothing, so that of a registered agent is for that agent alone: rules may go by it.
std::optional<wire::Refusal> ModelCall::refuse_claimed_agent() const {
  if (worker_.agents == nullptr) return std::nullopt;
  for (const std::string_view claimed : {bounded(hints_.agent_id), bounded(hints_.parent_agent_id)}) {
    if (claimed.empty()) continue;
    const auto registered = worker_.agents->current();
    if (!registered) {
      return refusal(wire::RefusalReason::kUnavailable,
                     "Reeve cannot read its register of agents at the moment, and this call names one. Try again "
                     "shortly.");
    }
    const auto& actors = principal_->actors;
    if (registered->find(claimed) == nullptr || std::find(actors.begin(), actors.end(), claimed) != actors.end())
      continue;
    return refusal(
        wire::RefusalReason::kPolicy,
        "This call says that it is of the agent " + printable(claimed, 63) +
            ", which is registered, and its credential is not that agent's. Call with a token of the agent.");
  }
  return std::nullopt;
}

/// What the register, and the exchange of tokens, hold its actors to besides models.
std::optional<wire::Refusal> ModelCall::refuse_beyond_permission() {
  const std::string_view repo = bounded(hints_.repo);
  if (!repo.empty() && !principal_->in_scope("repos", repo)) {
    return refusal(wire::RefusalReason::kPolicy, "An agent of this call may not work on the repository '" +
                                                     printable(repo, 100) + "'; its owner asks for that with --repo.");
  }
  if (principal_->permitted.empty() && principal_->held_to.empty()) return std::nullopt;
  if (is_held_to_tools()) {
    if (auto judged = wire::judge_tools(route_, body_, tool_judge()); !judged) {
      const bool denied = judged.error().code == ErrorCode::kDenied;
      return refusal(denied ? wire::RefusalReason::kPolicy : wire::RefusalReason::kMalformed, judged.error().message);
    }
  }
  if (content_.looked() && !content_.complete() && !principal_->in_scope("classes", "unknown")) {
    return refusal(wire::RefusalReason::kPolicy,
                   "Not all of this call could be looked at, and an agent of it may not send everything.");
  }
  for (const std::string_view found : content_.found().classes()) {
    if (principal_->in_scope("classes", found)) continue;
    return refusal(wire::RefusalReason::kPolicy, "This call holds data of the class '" + printable(found, 60) +
                                                     "', which an agent of it may not send; its owner asks for that "
                                                     "with --class.");
  }
  return std::nullopt;
}

std::optional<wire::Refusal> ModelCall::refuse_operation() const {
  const std::string_view operation = operation_name(route_.operation);
  if (principal_->in_scope("operations", operation)) return std::nullopt;
  return refusal(wire::RefusalReason::kPolicy, "This key is not made for the operation '" + std::string(operation) +
                                                   "'; use another key or ask for one with that scope.");
}

bool ModelCall::is_held_to_tools() const {
  const auto holds = [](const std::vector<std::vector<std::string>>& lists) {
    return std::any_of(lists.begin(), lists.end(), [](const std::vector<std::string>& scopes) {
      const bool about_tools = std::any_of(scopes.begin(), scopes.end(),
                                           [](const std::string& scope) { return scope.starts_with("tools:"); });
      return about_tools && std::find(scopes.begin(), scopes.end(), "tools:*") == scopes.end();
    });
  };
  return holds(principal_->permitted) || holds(principal_->held_to);
}

/// It lives as long as the call.
wire::ToolJudge ModelCall::tool_judge() {
  return [this](std::string_view tool) -> Result<void> {
    if (principal_->in_scope("tools", tool)) return {};
    JsonWriter json;
    refused_detail_ = json.begin_object().member("tool", bounded(tool)).end_object().take();
    return Error{ErrorCode::kDenied, "An agent of this call may not use the tool '" + printable(tool, 60) +
                                         "'; its owner asks for that with --tool."};
  };
}

/// The rules have decided for whoever the chain begins with. Each of its agents is asked for as if it called for
/// itself; one that may not, or that a rule demands more of, decides for all.
void ModelCall::evaluate_actors(const CallFacts::Parts& parts, policy::UseGate& uses) {
  if (!principal_->is_delegated()) return;
  const std::string own = principal_->id;
  for (const std::string& actor : principal_->actors) {
    const identity::Principal agent = for_itself(actor);
    if (agent.id == own || decision_.refused()) continue;
    const CallFacts::Parts of_agent = parts.with(agent);
    const CallFacts facts(of_agent);
    policy::Decision decision;
    settings_->policy->decide(policy::Point::kModelCall, facts, &uses, worker_.scratch, decision);
    const auto extra = std::find_if(decision.matched.begin(), decision.matched.end(), [&](const auto* rule) {
      return demands(*rule) &&
             std::find(decision_.matched.begin(), decision_.matched.end(), rule) == decision_.matched.end();
    });
    if (!decision.refused() && extra == decision.matched.end()) continue;
    if (!decision.refused()) {
      decision.effect = policy::Effect::kDeny;
      decision.rule = *extra;
      decision.message = "The rule '" + (*extra)->name + "' asks more of the agent " + actor +
                         " than of whoever it acts for, so it cannot act here: " + (*extra)->message;
    } else {
      decision.message =
          "The agent " + actor + " may not do this for itself, so not for others either. " + decision.message;
    }
    decision_ = std::move(decision);
  }
}

}  // namespace reeve::gateway
