#pragma once

// The control API's routes on sums of recorded cost, and on what is held for calls under way.

#include "reeve/api_request.h"
#include "reeve/control_api.h"

namespace reeve::app {

/// What `reeve spend report --json` gives.
ApiAnswer report_spend(const ControlApi::Sources& sources, const ApiRequest& request);
ApiAnswer list_reservations(const ControlApi::Sources& sources, const ApiRequest& request);

}  // namespace reeve::app
