#pragma once

// The control API's routes on budgets: looking at them, and writing those of the register.

#include "reeve/api_request.h"
#include "reeve/control_api.h"

namespace reeve::app {

ApiAnswer list_budgets(const ControlApi::Sources& sources, const ApiRequest& request);
ApiAnswer show_budget(const ControlApi::Sources& sources, const ApiRequest& request);
ApiAnswer put_budget(const ControlApi::Sources& sources, const ApiRequest& request);
ApiAnswer delete_budget(const ControlApi::Sources& sources, const ApiRequest& request);

}  // namespace reeve::app
