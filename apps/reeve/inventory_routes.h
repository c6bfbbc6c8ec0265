#pragma once

// The control API's routes on the inventory. docs/registers.md describes them.

#include "reeve/api_request.h"
#include "reeve/control_api.h"
#include "reeve/register_desk.h"

namespace reeve::app {

/// What the gateway saw against what is registered: an object.
Result<std::string> drift_json(control::RegisterStore& rows, Instant now, SeenCost cost);

ApiAnswer list_inventory(const ControlApi::Sources& sources, const ApiRequest& request);
ApiAnswer register_inventory_item(const ControlApi::Sources& sources, const ApiRequest& request);
ApiAnswer show_drift(const ControlApi::Sources& sources, const ApiRequest& request);
ApiAnswer show_inventory_item(const ControlApi::Sources& sources, const ApiRequest& request);
ApiAnswer show_inventory_history(const ControlApi::Sources& sources, const ApiRequest& request);
ApiAnswer replace_inventory_item(const ControlApi::Sources& sources, const ApiRequest& request);
/// {"action": "use", "reason": "…"}.
ApiAnswer act_on_inventory_item(const ControlApi::Sources& sources, const ApiRequest& request);

}  // namespace reeve::app
