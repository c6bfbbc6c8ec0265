#pragma once

// From the claims of a token to a Principal. The signature is not looked at here; a Principal made here may be handed
// out only after it has been verified.

#include <memory>
#include <string_view>

#include "core/json.h"
#include "identity/refusal.h"

namespace reeve::identity {

/// Who the token speaks for, if it is for us and its time has come and not passed. `iss` is the caller's business.
OrRefusal<std::shared_ptr<const Principal>> read_claims(const JsonValue& claims, const OidcIssuer& issuer, Instant now);

}  // namespace reeve::identity
