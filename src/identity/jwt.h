#pragma once

// Reading a JSON Web Token (RFC 7519) in its compact signed form (RFC 7515 section 7.1). Nothing is verified here: a
// Jwt is what its sender claims. Strict where the RFCs leave a choice: no member name twice in any object, no `crit`,
// no nesting beyond what real providers send, no algorithm outside the list.

#include <optional>
#include <string>
#include <string_view>

#include "core/json.h"
#include "identity/refusal.h"

namespace reeve::identity {

inline constexpr std::size_t kTokenBytesMax = 16 * 1024;
inline constexpr std::size_t kClaimDepthMax = 16;

/// The algorithms of RFC 7518 and RFC 8037 that prove a signature with a public key. `none` and the HMAC family have no
/// place here: with them a public key could pass for a secret.
enum class SignatureAlgorithm { kRs256, kRs384, kRs512, kPs256, kEs256, kEs384, kEdDsa };
std::optional<SignatureAlgorithm> parse_signature_algorithm(std::string_view name);

struct Jwt {
  SignatureAlgorithm algorithm;
  std::string key_id;              // `kid`, or empty
  std::string_view signing_input;  // a view into the token
  std::string signature;
  JsonDocument claims;  // an object
};

/// What a token was made for, as its `typ` says it (RFC 8725 section 3.11).
enum class TokenUse {
  kSignIn,           // access and ID tokens
  kAgentCredential,  // those, JWT-SVIDs, and assertions of a client about itself
  kAgentCard
};
OrRefusal<Jwt> parse_jwt(std::string_view token, TokenUse use = TokenUse::kSignIn);

/// True when no object below `value` has two members of one name: two readers could take two different values.
bool has_unique_names(const JsonValue& value);

}  // namespace reeve::identity
