#pragma once

// The control API's routes on what was found in calls, and on findings that people say are wrong. Types, counts and
// where: what was found is in no entry of the ledger, so no route can show it.

#include "reeve/api_request.h"
#include "reeve/control_api.h"

namespace reeve::app {

ApiAnswer list_findings(const ControlApi::Sources& sources, const ApiRequest& request);
ApiAnswer list_appeals(const ControlApi::Sources& sources, const ApiRequest& request);
/// By whoever made the call: {"request_id", "type", "reason"}.
ApiAnswer make_appeal(const ControlApi::Sources& sources, const ApiRequest& request);
/// {"decision": "accept" or "reject", "reason"}; nobody decides about their own.
ApiAnswer decide_appeal(const ControlApi::Sources& sources, const ApiRequest& request);

}  // namespace reeve::app
