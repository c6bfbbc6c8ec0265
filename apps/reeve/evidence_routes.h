#pragma once

// The control API's routes on evidence packs: what they can be made for, having one made, how far it is, and its file.

#include "reeve/api_request.h"
#include "reeve/control_api.h"

namespace reeve::app {

ApiAnswer list_evidence(const ControlApi::Sources& sources, const ApiRequest& request);
ApiAnswer begin_evidence(const ControlApi::Sources& sources, const ApiRequest& request);
ApiAnswer show_evidence(const ControlApi::Sources& sources, const ApiRequest& request);
ApiAnswer send_evidence(const ControlApi::Sources& sources, const ApiRequest& request);

}  // namespace reeve::app
