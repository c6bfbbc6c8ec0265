#pragma once

#include <string>
#include <vector>

#include "core/result.h"

namespace reeve::app {

/// What git prints to standard output; it complains on standard error. Started without a shell: paths and names are
/// nobody's to interpret. kNotFound, without a reason, when it cannot be started or says no.
Result<std::string> git_output(const std::vector<std::string>& arguments);

}  // namespace reeve::app
