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

/// Whether the token is for `expected`, alone or among others.
bool is_for_audience(const JsonValue& audience, std::string_view expected);

/// When it ends, and that it has begun; `principal` gets both. Nothing: its time is now.
std::optional<Refusal> check_times(const JsonValue& claims, Duration clock_skew, Instant now, Principal& principal);

/// The groups that a claim lists. They decide what is refused, so anything but a clear list of names is a refusal: a
/// group that went unread might be the one that a rule denies.
std::optional<Refusal> read_groups(const JsonValue& claims, const std::string& claim, std::vector<std::string>& groups);

}  // namespace reeve::identity
