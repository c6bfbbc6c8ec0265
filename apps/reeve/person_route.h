#pragma once

// GET /api/v1/me: who asks, and what of the API is theirs. For everybody who is known, also without any right, so that
// a page can say what is missing.

#include <span>
#include <string>

#include "identity/identity.h"
#include "reeve/api_request.h"

namespace reeve::app {

/// `permissions`: those that the caller has, by name.
ApiAnswer tell_person(const identity::Principal& person, const identity::RoleBindings& roles,
                      std::span<const std::string_view> permissions);

}  // namespace reeve::app
