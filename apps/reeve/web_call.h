#pragma once

// One HTTP request of a command: blocks until it is answered.

#include <string>
#include <utility>
#include <vector>

#include "core/result.h"
#include "core/time.h"

namespace reeve::app {

struct WebReply {
  int status = 0;
  std::string body;  // at most 1 MiB
};
/// `address`: http or https. A form is sent when there are fields, else it is a GET. kUnavailable when nobody answers.
Result<WebReply> call_web(const std::string& address, const std::vector<std::pair<std::string, std::string>>& fields);

}  // namespace reeve::app
