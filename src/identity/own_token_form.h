#pragma once

// What a token of our own looks like from outside. Its header is always the same but for the end of the key's id, so
// that it is told from a provider's token by its first bytes, without reading either.

#include <cstddef>
#include <string>
#include <string_view>

#include "core/bytes.h"

namespace reeve::identity {

inline constexpr std::string_view kOwnKeyPrefix = "reeve-";
/// Base 64 of {"alg":"EdDSA","kid":"reeve (27 bytes, so that nothing of what follows is in it).
inline constexpr std::string_view kOwnTokenPrefix = "eyJhbGciOiJFZERTQSIsImtpZCI6InJlZXZl";
inline constexpr std::size_t kOwnTokenBytesMax = 12UL << 10U;

/// The first part of a token.
inline std::string own_token_header(std::string_view key_id) {
  return to_base64url(R"({"alg":"EdDSA","kid":")" + std::string(key_id) + R"(","typ":"at+jwt"})");
}

}  // namespace reeve::identity
