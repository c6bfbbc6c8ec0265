#pragma once

#include <string>

namespace reeve::app {

/// The control API as OpenAPI 3.1. tests/api holds the routes to it.
const std::string& control_api_description();

}  // namespace reeve::app
