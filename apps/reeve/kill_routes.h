#pragma once

// The control API's routes on the kill switch, and on sessions as they are at this moment.

#include "reeve/api_request.h"
#include "reeve/control_api.h"

namespace reeve::app {

ApiAnswer list_cutoffs(const ControlApi::Sources& sources, const ApiRequest& request);
ApiAnswer show_cutoff(const ControlApi::Sources& sources, const ApiRequest& request);
/// Answers once this node holds to it.
ApiAnswer switch_on(const ControlApi::Sources& sources, const ApiRequest& request);
/// A cutoff that was ended before is told as it is.
ApiAnswer switch_off(const ControlApi::Sources& sources, const ApiRequest& request);

/// Plays the switch on every node with practice streams, which nobody's calls are among: {"scope", "reason"}. Takes
/// some seconds; the answer says how long each node took.
ApiAnswer drill_switch(const ControlApi::Sources& sources, const ApiRequest& request);

/// `state=live`: those of the last hour; else those of the ledger.
ApiAnswer list_sessions_by_state(const ControlApi::Sources& sources, const ApiRequest& request);
/// Cuts the session off, for good.
ApiAnswer end_session(const ControlApi::Sources& sources, const ApiRequest& request);

}  // namespace reeve::app
