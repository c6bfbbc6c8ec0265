#pragma once

// GET /api/v1/events: what happens, as server-sent events. Who is shown what is decided as by the routes that give the
// same: of sessions and calls everybody sees their own.

#include <vector>

#include "reeve/api_route.h"
#include "reeve/event_ring.h"

namespace reeve::app {

inline constexpr std::string_view kEventStream = "text/event-stream";

/// What the caller may see of what it asks for; kInvalid for a topic that is none.
Result<EventView> event_view_of(const ApiRequest& request);

std::vector<ApiRoute> event_api_routes();

}  // namespace reeve::app
