#pragma once

// Everything that waits for one person: intakes that need answers, checklists, decisions, exceptions and agents.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "control/control.h"
#include "core/json.h"
#include "identity/identity.h"
#include "reeve/register_desk.h"

namespace reeve::app {

struct Waiting {
  std::string kind;  // "intake_answers", "intake_review", "intake_decision", "exception", "agent"
  std::string id, title, what, asked_by;
  Instant since;
  std::optional<Instant> due;
  bool overdue = false;
  std::string to_do;  // "answer", "review:security", "decide"
  std::string link;   // the path of the API
};

/// The earliest `due` first, then what waits longest. `policies` null: exceptions are not looked at; `agents` likewise.
Result<std::vector<Waiting>> waiting_for(const RegisterDesk& desk, const control::Actor& person,
                                         const control::ApprovalPolicies* policies, identity::AgentStore* agents,
                                         Instant now);
void write_waiting(JsonWriter& json, const Waiting& one);

}  // namespace reeve::app
