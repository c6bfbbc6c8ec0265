#pragma once

// What every storage of agents does alike: when a change may stand beside the others, and the words for when not.

#include <vector>

#include "control/control.h"
#include "core/bytes.h"
#include "identity/identity.h"

namespace reeve::store {

inline Error agent_changed_meanwhile(const identity::Agent& agent) {
  return {ErrorCode::kConflict,
          "the agent " + printable(agent.id, 63) +
              (agent.version == 1 ? " is registered already" : " was changed meanwhile; look again")};
}

/// What people are told of a version of an agent, once and for good.
inline control::Event event_of(const identity::Agent& agent) {
  const std::string kind(identity::agent_event_kind(agent));
  return {kind + ":" + agent.id + ":" + std::to_string(agent.version), kind, agent.decided.value_or(agent.requested),
          identity::agent_event_detail(agent)};
}

/// `others`: all agents, as they are under the lock of the change.
inline Result<void> check_beside(const identity::Agent& agent, const std::vector<identity::Agent>& others) {
  if (agent.version == 1 && others.size() >= identity::AgentStore::kAgentsMax) {
    return Error{ErrorCode::kUnavailable,
                 "there are " + std::to_string(others.size()) + " agents, and no more are possible"};
  }
  for (const identity::Agent& other : others) {
    if (auto shared = identity::shared_credential(agent, other); !shared.empty()) {
      return Error{ErrorCode::kConflict, std::move(shared)};
    }
  }
  return {};
}

}  // namespace reeve::store
