#pragma once

// What the control API's routes are given and what they answer when something is wrong.

#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "identity/identity.h"
#include "net/net.h"
#include "reeve/api_thread.h"

namespace reeve::app {

/// What a route is given of a request.
struct ApiRequest {
  net::Method method = net::Method::kGet;
  std::string path;                                            // as it was sent
  std::string name;                                            // after the path, where the route takes one
  std::map<std::string, std::string, std::less<>> parameters;  // of the query
  std::string who;                                             // the principal's id
  std::vector<std::string> groups;                             // the principal's
  std::shared_ptr<const identity::Principal> principal;
  std::shared_ptr<const identity::RoleBindings> roles;  // as they were when the request was let in
  std::string body;
  std::optional<std::string> if_match, if_none_match, idempotency_key;
};

/// The members that a body may have, all of them texts; an empty body has none.
Result<std::map<std::string, std::string>> read_texts(const ApiRequest& request,
                                                      std::initializer_list<std::string_view> known);

/// A problem of RFC 9457.
ApiAnswer problem(int status, std::string_view title, std::string_view detail);
ApiAnswer problem_of(const Error& error);
/// 403 for kDenied, else as problem_of().
ApiAnswer refusal_of(const Error& error);
/// The same error as one that whoever asks can do nothing about: 503, whatever it was.
Error not_of_the_request(Error error);

}  // namespace reeve::app
