#pragma once

// The control API's routes on intakes: asking, answering, filling checklists, deciding. docs/registers.md describes
// them.

#include "reeve/api_request.h"
#include "reeve/control_api.h"

namespace reeve::app {

ApiAnswer list_intakes(const ControlApi::Sources& sources, const ApiRequest& request);
ApiAnswer start_intake(const ControlApi::Sources& sources, const ApiRequest& request);
ApiAnswer show_intake_form(const ControlApi::Sources& sources, const ApiRequest& request);
ApiAnswer show_intake(const ControlApi::Sources& sources, const ApiRequest& request);
ApiAnswer answer_intake(const ControlApi::Sources& sources, const ApiRequest& request);
ApiAnswer review_intake(const ControlApi::Sources& sources, const ApiRequest& request);
ApiAnswer decide_intake(const ControlApi::Sources& sources, const ApiRequest& request);
ApiAnswer withdraw_intake(const ControlApi::Sources& sources, const ApiRequest& request);

}  // namespace reeve::app
