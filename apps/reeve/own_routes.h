#pragma once

// The control API's routes on what is one's own: spend, sessions, decisions and exceptions of whoever asks, and of
// nobody else. A name counts as it is written in the ledger.

#include "reeve/api_request.h"
#include "reeve/control_api.h"

namespace reeve::app {

ApiAnswer show_own_spend(const ControlApi::Sources& sources, const ApiRequest& request);
ApiAnswer list_own_sessions(const ControlApi::Sources& sources, const ApiRequest& request);
ApiAnswer show_own_session(const ControlApi::Sources& sources, const ApiRequest& request);
/// Each with the message and the way forward of its rule, as far as that is in force.
ApiAnswer list_own_decisions(const ControlApi::Sources& sources, const ApiRequest& request);
ApiAnswer list_own_exceptions(const ControlApi::Sources& sources, const ApiRequest& request);

}  // namespace reeve::app
