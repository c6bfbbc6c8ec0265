#pragma once

// One HTTP request of a thread that may block, to an address that an administrator wrote down.

#include <atomic>
#include <string>
#include <vector>

#include "core/result.h"
#include "core/time.h"

namespace reeve::control {

struct HttpRequest {
  std::string method = "POST";
  std::string url;
  std::vector<std::string> headers;  // "Name: value"
  std::string body;
  std::string root_file;  // certificates to trust besides the system's; empty: none
  Duration timeout = std::chrono::seconds(15);
};

/// The status of the answer; what else it says is not read. Certificates are verified, redirections not followed, and
/// proxies of the environment not used. Ends within a second or so once `stopping`. Errors hold no header.
Result<int> http_transfer(const HttpRequest& request, const std::atomic<bool>& stopping);

}  // namespace reeve::control
