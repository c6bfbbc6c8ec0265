#pragma once

// From the claims of a token to a Principal. The signature is not looked at here; a Principal made here may be handed
// out only after it has been verified.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "identity/refusal.h"

namespace reeve::identity {

/// Who the token speaks for, if it is for us and its time has come and not passed. `iss` is the caller's business.
OrRefusal<std::shared_ptr<const Principal>> read_claims(const JsonValue& claims, const OidcIssuer& issuer, Instant now);

/// The groups that a claim lists. They decide what is refused, so anything but a clear list of names is a refusal: a
/// group that went unread might be the one that a rule denies.
std::optional<Refusal> read_groups(const JsonValue& claims, const std::string& claim, std::vector<std::string>& groups);

}  // namespace reeve::identity
