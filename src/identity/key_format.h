#pragma once

// The form of a virtual key's secret: "rv_" and 32 random bytes in base64url.

#include <cstddef>
#include <string_view>

namespace reeve::identity {

inline constexpr std::string_view kSecretPrefix = "rv_";
inline constexpr std::size_t kSecretRandomBytes = 32;
inline constexpr std::size_t kSecretBytes = 3 + 43;

}  // namespace reeve::identity
