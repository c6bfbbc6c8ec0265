#pragma once

// What the recorded calls tell beyond sums: why a month costs what it costs, what it will come to, what
// could be saved, and what was found in what was sent, and where it went.

#include "reeve/api_request.h"
#include "reeve/control_api.h"

namespace reeve::app {

ApiAnswer explain_spend(const ControlApi::Sources& sources, const ApiRequest& request);
ApiAnswer forecast_spend(const ControlApi::Sources& sources, const ApiRequest& request);
ApiAnswer advise_on_spend(const ControlApi::Sources& sources, const ApiRequest& request);
ApiAnswer list_content_flows(const ControlApi::Sources& sources, const ApiRequest& request);

}  // namespace reeve::app
