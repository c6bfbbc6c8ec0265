#pragma once

// The control API's route on the server itself: what it runs with, without a secret, and how it stands.

#include <string>

#include "reeve/api_request.h"
#include "reeve/config.h"
#include "reeve/control_api.h"

namespace reeve::app {

/// What a start fixes until the next one, as members of a JSON object: nothing of it is a secret, a path or an address
/// with a password in it.
std::string started_with_json(const Config& config, Instant started);

ApiAnswer show_server(const ControlApi::Sources& sources, const ApiRequest& request);

}  // namespace reeve::app
