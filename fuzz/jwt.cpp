// What strangers send to identity: bytes as a token, and, from an identity provider that went bad, as a key set, a
// discovery document or claims. The first byte says which. Crashes and hangs are findings; so is a token that is
// accepted and is not one of the seven that were signed when this file was written.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/bytes.h"
#include "identity/claims.h"
#include "identity/issuer_address.h"
#include "identity/jwt.h"
#include "identity/key_set.h"

namespace reeve::identity {
namespace {

constexpr std::string_view kKeySet =
    R"({"keys":[
{"kty":"RSA","kid":"rsa","e":"AQAB",
 "n":")"
    "tbWgKTLAGOyl_hiGxeUAUSmFFnQzQlzotP-iVp-iAq0DOwG58wsKFCPtfnfGTJI_BuI-qCOZBJ9ZsULwNmtkOIlPteo2WPRx"
    "4yY1UCOFEEgVHXsBfvSajJRuBV4PH85sFBzdSItPyAIbfFoVqBVNz32KBoyQjLGbM8o9XLdDVajJMsCaIOmUlcsTgMAS2rvQ"
    "iadSKPDEoQU0a81zeiYtfRdkagAkUoW8a4dnz0nfNoJAdDQ1bwtyu0BVyBDUzn3NNaI1it8qjpmmMo4epHpgJQhVZMvdFnVb"
    "vZj8oj4Tob-K1LQg4l4w5sssf7I6Seb-DOGTwK9M5EAuEOZkEvKvgQ"
    R"("},
{"kty":"EC","crv":"P-256","kid":"p256",
 "x":"YAMY7Mu7vpieFAIqi3itEVaMMHNj1F6rJFmKTJZMuXY","y":"OMJxG4OTsR8V4whkLHSQ-kDeGCHzsEXPIif_KGtVJB4"},
{"kty":"EC","crv":"P-384","kid":"p384",
 "x":"eZ6V5Bs19Q2BWUEFE2a086xlDA43tZYTKSopvuMysvFSlOJglBJn4TINzc3R8P8U",
 "y":"q_cNsTSF35ZE6w5FioDq-iS1MJPQeOnENSrvdqk-a60-af9kwmtJYFuEOlE8dGLt"},
{"kty":"OKP","crv":"Ed25519","kid":"ed","x":"_T5adkekapst7Gz87X8XNW0wxApJrLhE4bSFw5iInBA"}]})";

// SHA-256 of what was ever signed with these keys: the tokens of the corpus. The private keys were thrown away.
constexpr std::array<std::string_view, 7> kSigned = {
    "79ddb18a5e391605cdadb88a296f317da5cf76acc7819220dad92bbdf46cb60e",
    "c1ac56f9548cead8ff9ff0486945cbf6e7d81f42516f61e887aadb468910c228",
    "f6ce0d5d902a6d9c498323baa1fa616efcf76c34d6ecee2bf0dca05216f36858",
    "09d61bef564249469ae7248d6b05838a67cc271081f5a9e39c2d37e3adf19385",
    "a91665b7474f06f9cfc8ce55ad7cd891b071394813d17522dadbe92edf8f0265",
    "c9dbd0a6fdfd09814e9a6a9c66dd3198bf4c74dcc1cbd9de1701de36cd87a072",
    "2dc076712dbced281e8702c3ac59c17bfd5476d004a42470f29961f4f453e33a",
};

constexpr Instant kNow = {1'700'001'000'000'000'000};

const OidcIssuer& issuer() {
  static const OidcIssuer made = [] {
    OidcIssuer entry;
    entry.issuer = "https://idp.example.com";
    entry.audience = "reeve";
    entry.team_claim = "realm.team";
    return entry;
  }();
  return made;
}

void check_principal(const Principal& principal) {
  CHECK(!principal.id.empty() && is_utf8(principal.id));
  CHECK(principal.expires.has_value());
  CHECK(std::is_sorted(principal.groups.begin(), principal.groups.end()));
  for (const std::string& group : principal.groups) CHECK(!group.empty() && is_utf8(group));
}

void try_claims(const JsonValue& claims) {
  auto read = read_claims(claims, issuer(), kNow);
  if (const auto* principal = std::get_if<0>(&read)) {
    check_principal(**principal);
  } else {
    CHECK(!std::get<Refusal>(read).message.empty());
  }
}

void try_token(std::string_view token) {
  static const KeySet keys = parse_key_set(kKeySet).value();
  CHECK(keys.keys.size() == 4);
  auto parsed = parse_jwt(token);
  const auto* jwt = std::get_if<Jwt>(&parsed);
  if (jwt == nullptr) return;
  CHECK(token.starts_with(jwt->signing_input) && !jwt->signature.empty());
  try_claims(jwt->claims.root());
  for (const VerificationKey& key : keys.keys) {
    if (!key.verify(jwt->algorithm, jwt->signing_input, jwt->signature)) continue;
    CHECK(std::count(kSigned.begin(), kSigned.end(), to_hex(as_bytes(sha256(jwt->signing_input)))) == 1);
  }
}

void try_key_set(std::string_view document) {
  const auto keys = parse_key_set(document);
  if (!keys) return;
  for (const SignatureAlgorithm algorithm :
       {SignatureAlgorithm::kRs256, SignatureAlgorithm::kRs384, SignatureAlgorithm::kRs512, SignatureAlgorithm::kPs256,
        SignatureAlgorithm::kEs256, SignatureAlgorithm::kEs384, SignatureAlgorithm::kEdDsa}) {
    for (const VerificationKey* key : keys->candidates(algorithm, "")) {
      for (const std::size_t size : {64U, 96U, 256U}) {
        static_cast<void>(key->verify(algorithm, "message", std::string(size, '\x01')));
      }
    }
  }
}

void try_json_claims(std::string_view text) {
  const auto document = JsonDocument::parse(text, kClaimDepthMax);
  if (!document) return;
  if (has_unique_names(document->root())) try_claims(document->root());
}

}  // namespace
}  // namespace reeve::identity

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace reeve::identity;  // NOLINT: the entry point has a fixed name outside of it
  if (size == 0) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0]) {
    case 'k': try_key_set(rest); break;
    case 'd': static_cast<void>(read_discovery(rest, issuer().issuer)); break;
    case 'c': try_json_claims(rest); break;
    default: try_token(rest);
  }
  return 0;
}
