#pragma once

// The control API's routes on who is signed in.

#include "reeve/api_request.h"
#include "reeve/control_api.h"

namespace reeve::app {

/// Those that began last come first; `person` narrows, `state=all` also gives those that are over.
ApiAnswer list_sign_ins(const ControlApi::Sources& sources, const ApiRequest& request);
/// Ends one, with a reason. 404 when there is none of that id that has not ended.
ApiAnswer end_sign_in(const ControlApi::Sources& sources, const ApiRequest& request);
/// Ends all of a person, as the body names them.
ApiAnswer end_sign_ins(const ControlApi::Sources& sources, const ApiRequest& request);

}  // namespace reeve::app
