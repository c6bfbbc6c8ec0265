#pragma once

// The control API's routes on agents: the register, and decisions about it.

#include "reeve/api_request.h"
#include "reeve/control_api.h"

namespace reeve::app {

ApiAnswer list_agents(const ControlApi::Sources& sources, const ApiRequest& request);
ApiAnswer show_agent(const ControlApi::Sources& sources, const ApiRequest& request);
ApiAnswer register_agent(const ControlApi::Sources& sources, const ApiRequest& request);
/// Asks again, with another text: what was approved is a request until somebody approves it.
ApiAnswer replace_agent(const ControlApi::Sources& sources, const ApiRequest& request);
/// {"decision": "approve", "reason": "…"}; nobody approves what they own or asked for.
ApiAnswer decide_about_agent(const ControlApi::Sources& sources, const ApiRequest& request);

}  // namespace reeve::app
