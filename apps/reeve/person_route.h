#pragma once

// GET /api/v1/me: who asks, and what of the API is theirs. For everybody who is known, also without any right, so that
// a page can say what is missing.

#include "reeve/api_request.h"
#include "reeve/control_api.h"

namespace reeve::app {

ApiAnswer tell_person(const ControlApi::Sources& sources, const ApiRequest& request);

}  // namespace reeve::app
