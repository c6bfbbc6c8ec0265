#pragma once

// What the control API's routes are given and what they answer when something is wrong.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "net/net.h"
#include "reeve/api_thread.h"

namespace reeve::app {

/// What a route is given of a request.
struct ApiRequest {
  net::Method method = net::Method::kGet;
  std::string name;                                            // after the path, where the route takes one
  std::map<std::string, std::string, std::less<>> parameters;  // of the query
  std::string who;                                             // the principal's id
  std::vector<std::string> groups;                             // the principal's
  std::string body;
  std::optional<std::string> if_match, if_none_match, idempotency_key;
};

/// A problem of RFC 9457.
ApiAnswer problem(int status, std::string_view title, std::string_view detail);
ApiAnswer problem_of(const Error& error);

}  // namespace reeve::app
