#pragma once

// The control API's route on what waits for the caller.

#include "reeve/api_request.h"
#include "reeve/control_api.h"

namespace reeve::app {

ApiAnswer list_approvals(const ControlApi::Sources& sources, const ApiRequest& request);

}  // namespace reeve::app
