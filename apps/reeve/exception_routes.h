#pragma once

// Exceptions over HTTP: looking, asking and deciding, by the same desk as the commands. Who asks or decides is the
// principal of the request, never a member of its body.

#include "reeve/api_request.h"
#include "reeve/control_api.h"

namespace reeve::app {

/// 200 at a time, oldest first.
ApiAnswer list_exceptions(const ControlApi::Sources& sources, const ApiRequest& request);
ApiAnswer show_exception(const ControlApi::Sources& sources, const ApiRequest& request);
ApiAnswer ask_for_exception(const ControlApi::Sources& sources, const ApiRequest& request);
/// Approves or denies one.
ApiAnswer decide_exception(const ControlApi::Sources& sources, const ApiRequest& request);

}  // namespace reeve::app
