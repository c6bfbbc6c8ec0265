#include "identity/jwt.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/bytes.h"
#include "identity/names.h"

namespace reeve::identity {

namespace {

constexpr std::size_t kHeaderDepthMax = 8;

constexpr std::array<std::pair<std::string_view, SignatureAlgorithm>, 7> kAlgorithms = {{
    {"RS256", SignatureAlgorithm::kRs256},
    {"RS384", SignatureAlgorithm::kRs384},
    {"RS512", SignatureAlgorithm::kRs512},
    {"PS256", SignatureAlgorithm::kPs256},
    {"ES256", SignatureAlgorithm::kEs256},
    {"ES384", SignatureAlgorithm::kEs384},
    {"EdDSA", SignatureAlgorithm::kEdDsa},
}};

Refusal malformed(std::string what) {
  return {AuthFailure::kMalformed, "This token cannot be read: " + std::move(what) + ". Get a new one by signing in."};
}

/// Tokens made for another purpose (logout, DPoP proofs, security events) say so in `typ`; RFC 8725 section 3.11.
bool is_for(TokenUse use, std::string_view type) {
  std::string lower = to_lower(type);
  constexpr std::string_view kMediaPrefix = "application/";
  if (lower.starts_with(kMediaPrefix)) lower.erase(0, kMediaPrefix.size());
  if (use == TokenUse::kAgentCard) return lower == "agent-card+jwt";
  if (lower == "jwt" || lower == "at+jwt") return true;
  return use == TokenUse::kAgentCredential && (lower == "jose" || lower == "client-authentication+jwt");
}

OrRefusal<JsonDocument> parse_part(std::string_view encoded, std::size_t depth_max, const char* name) {
  const auto text = from_base64url(encoded);
  if (!text) return malformed(std::string("its ") + name + " is not base64url");
  auto document = JsonDocument::parse(*text, depth_max);
  if (!document) return malformed(std::string("its ") + name + " is not JSON, or nested too deeply");
  if (!document->root().is_object()) return malformed(std::string("its ") + name + " is not a JSON object");
  if (!has_unique_names(document->root())) return malformed(std::string("its ") + name + " says something twice");
  return *std::move(document);
}

/// What the header says about the signature; the rest of the Jwt stays empty.
std::optional<Refusal> read_header(const JsonValue& header, TokenUse use, Jwt& jwt) {
  const auto algorithm = header["alg"].as_string();
  if (!algorithm) return malformed("its header names no algorithm");
  const auto known = parse_signature_algorithm(*algorithm);
  if (!known) {
    return Refusal{AuthFailure::kBadSignature,
                   "This token is signed in a way that Reeve does not accept. The identity provider must sign with "
                   "RS256, RS384, RS512, PS256, ES256, ES384 or EdDSA."};
  }
  jwt.algorithm = *known;
  if (header["crit"].present()) return malformed("its header demands extensions that Reeve does not know");
  const JsonValue type = header["typ"];
  if (type.present() ? !is_for(use, type.string_or("")) : use == TokenUse::kAgentCard) {
    return malformed(use == TokenUse::kSignIn      ? "it is neither an access token nor an ID token"
                     : use == TokenUse::kAgentCard ? "it is no agent card: its typ must be agent-card+jwt"
                                                   : "it is no credential of an agent");
  }
  if (const JsonValue key_id = header["kid"]; key_id.present()) {
    const auto text = key_id.as_string();
    if (!text || text->size() > kNameBytesMax) return malformed("its key id is not a short text");
    jwt.key_id = *text;
  }
  return std::nullopt;
}

}  // namespace

std::optional<SignatureAlgorithm> parse_signature_algorithm(std::string_view name) {
  for (const auto& [text, algorithm] : kAlgorithms) {
    if (text == name) return algorithm;
  }
  return std::nullopt;
}

bool has_unique_names(const JsonValue& value) {
  if (value.is_array()) {
    const auto items = value.items();
    return std::all_of(items.begin(), items.end(), has_unique_names);
  }
  if (!value.is_object()) return true;
  std::vector<std::string_view> names;
  for (const auto& [name, member] : value.members()) {
    if (!has_unique_names(member)) return false;
    names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return std::adjacent_find(names.begin(), names.end()) == names.end();
}

OrRefusal<Jwt> parse_jwt(std::string_view token, TokenUse use) {
  if (token.size() > kTokenBytesMax) return malformed("it is longer than 16 KB");
  const auto dots = std::count(token.begin(), token.end(), '.');
  if (dots == 4) return malformed("it is encrypted; Reeve takes signed tokens");
  if (dots != 2) return malformed("it does not have three parts");
  const std::vector<std::string_view> parts = split(token, '.');

  auto header = parse_part(parts[0], kHeaderDepthMax, "header");
  if (auto* refusal = std::get_if<Refusal>(&header)) return std::move(*refusal);
  auto claims = parse_part(parts[1], kClaimDepthMax, "body");
  if (auto* refusal = std::get_if<Refusal>(&claims)) return std::move(*refusal);

  Jwt jwt{.algorithm = SignatureAlgorithm::kRs256,
          .key_id = {},
          .signing_input = token.substr(0, parts[0].size() + 1 + parts[1].size()),
          .signature = {},
          .claims = std::get<JsonDocument>(std::move(claims))};
  if (auto refusal = read_header(std::get<JsonDocument>(header).root(), use, jwt)) return *std::move(refusal);
  auto signature = from_base64url(parts[2]);
  if (!signature || signature->empty()) return malformed("its signature is missing or not base64url");
  jwt.signature = *std::move(signature);
  return jwt;
}

}  // namespace reeve::identity
