#pragma once

// The control API's routes on people and keys: who there is, what somebody has, and ending a key.

#include "reeve/api_request.h"
#include "reeve/control_api.h"

namespace reeve::app {

/// Whoever the directory, a key or a call of the last 90 days names, by name.
ApiAnswer list_people(const ControlApi::Sources& sources, const ApiRequest& request);
/// Groups, keys, roles, and what the last 30 days cost by model.
ApiAnswer show_person(const ControlApi::Sources& sources, const ApiRequest& request);
ApiAnswer list_groups(const ControlApi::Sources& sources, const ApiRequest& request);
ApiAnswer list_keys(const ControlApi::Sources& sources, const ApiRequest& request);
/// With a reason, which the ledger keeps.
ApiAnswer revoke_key(const ControlApi::Sources& sources, const ApiRequest& request);

}  // namespace reeve::app
