#pragma once

// The form of a virtual key's secret: "rv_" and 32 random bytes in base64url.

#include <cstddef>
#include <string_view>

#include "identity/identity.h"

namespace reeve::identity {

/// create_key(), also for the owner whose name is reserved.
Result<NewKey> make_key(KeyStore& store, const KeyRequest& request, Instant now);

inline constexpr std::string_view kSecretPrefix = "rv_";
inline constexpr std::size_t kSecretRandomBytes = 32;
inline constexpr std::size_t kSecretBytes = 3 + 43;

}  // namespace reeve::identity
