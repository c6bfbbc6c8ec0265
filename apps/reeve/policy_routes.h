#pragma once

// The control API's routes on policy: the rules in force with their tests, one of them with its text and history, what
// those in shadow would have done, and the bundles that are kept.

#include "reeve/api_request.h"
#include "reeve/control_api.h"

namespace reeve::app {

ApiAnswer list_policies(const ControlApi::Sources& sources, const ApiRequest& request);
ApiAnswer show_policy(const ControlApi::Sources& sources, const ApiRequest& request);
ApiAnswer show_shadow(const ControlApi::Sources& sources, const ApiRequest& request);
ApiAnswer list_bundles(const ControlApi::Sources& sources, const ApiRequest& request);

}  // namespace reeve::app
