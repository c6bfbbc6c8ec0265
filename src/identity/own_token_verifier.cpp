#include "identity/own_token_verifier.h"

#include <cmath>
#include "core/bytes.h"

#include "identity/directory.h"
#include "identity/jwt.h"
#include "identity/names.h"

namespace reeve::identity {

namespace {

constexpr Duration kClockSkew = std::chrono::seconds(30);  // between nodes

Refusal malformed() {
  return {AuthFailure::kMalformed, "This token of Reeve is damaged. Get a new one with 'reeve token'."};
}
Refusal bad_signature() {
  return {AuthFailure::kBadSignature,
          "This token is not one that this Reeve made, or its key is gone. Sign in again with 'reeve login'."};
}

/// What its owner does in the program that the token was made for.
std::string_view sign_in_words(const Principal& principal) {
  return principal.client == kClaudeCodeClient ? "Sign in again: type /login." : "Sign in again with 'reeve login'.";
}

std::vector<std::string> read_names(const JsonValue& list) {
  std::vector<std::string> names;
  for (const JsonValue& item : list.items()) names.emplace_back(item.string_or(""));
  return names;
}

/// False when the chain is not one that we would write.
bool read_actors(const JsonValue& claims, Principal& principal) {
  for (JsonValue act = claims["act"]; act.present(); act = act["act"]) {
    const std::string_view actor = act["sub"].string_or("");
    if (!actor.starts_with(kAgentPrefix) || principal.actors.size() == AgentTokens::kChainMax) return false;
    principal.actors.emplace_back(actor.substr(kAgentPrefix.size()));
  }
  if (principal.type == "agent" && principal.id.starts_with(kAgentPrefix)) {
    principal.actors.push_back(principal.id.substr(kAgentPrefix.size()));
  }
  for (const JsonValue& scopes : claims["held_to"].items()) principal.held_to.push_back(read_names(scopes));
  return true;
}

}  // namespace

bool is_own_token(std::string_view credential) { return OwnTokenVerifier::is_own(credential); }

bool OwnTokenVerifier::bring_up_to_date() {
  if (known_ && known_->generation == tokens_->generation()) return true;
  auto known = tokens_->known();
  if (!known) return false;
  const bool other_keys = !known_ || known_->keys != (*known)->keys;
  known_ = *std::move(known);
  // What was verified with a key that is gone is forgotten with it.
  if (other_keys) accepted_ = HashCache<std::shared_ptr<const Principal>>(kRememberedMax);
  return true;
}

AuthOutcome OwnTokenVerifier::decide(std::string_view token) {
  if (token.size() > kOwnTokenBytesMax) return malformed().outcome();
  if (!bring_up_to_date()) {
    return {nullptr, AuthFailure::kUnavailable,
            "Reeve cannot read who is signed in at the moment. Try again shortly; whoever runs Reeve finds the cause "
            "in its log."};
  }
  const Sha256 hash = sha256(token);
  std::shared_ptr<const Principal> principal;
  if (const auto* remembered = accepted_.find(hash)) principal = *remembered;
  if (!principal) {
    auto verified = verify(token);
    if (auto* refusal = std::get_if<Refusal>(&verified)) return std::move(*refusal).outcome();
    principal = std::get<0>(std::move(verified));
    accepted_.put(hash, principal);
  }
  if (auto refusal = refuse_now(principal)) return std::move(*refusal).outcome();
  return {std::move(principal), AuthFailure::kUnknown, {}};
}

std::optional<Refusal> OwnTokenVerifier::refuse_now(const std::shared_ptr<const Principal>& given) const {
  const Principal& principal = *given;
  if (known_->ended.contains(principal.sign_in)) {
    // Whoever left is not sent to sign in again.
    const AuthOutcome admitted = people_ == nullptr ? AuthOutcome{given, {}, {}} : people_->admit(given);
    if (!admitted.ok() && admitted.failure == AuthFailure::kRevoked) {
      return Refusal{AuthFailure::kRevoked, admitted.message};
    }
    return Refusal{AuthFailure::kRevoked, "This sign-in has ended. " + std::string(sign_in_words(principal))};
  }
  if (clock_->now() >= *principal.expires) {
    const bool renews_itself = principal.client == kClaudeCodeClient;
    return Refusal{AuthFailure::kExpired,
                   "This token expired at " + format_time(*principal.expires) + ". " +
                       (renews_itself ? std::string(sign_in_words(principal)) : "Get a new one with 'reeve token'.")};
  }
  return std::nullopt;
}

OrRefusal<std::shared_ptr<const Principal>> OwnTokenVerifier::verify(std::string_view token) const {
  auto parsed = parse_jwt(token);
  if (std::get_if<Refusal>(&parsed) != nullptr) return malformed();
  const Jwt& jwt = std::get<Jwt>(parsed);
  const auto key = known_->keys.find(jwt.key_id);
  const bool signed_by_us = key != known_->keys.end() && key->second.retired > clock_->now() &&
                            jwt.algorithm == SignatureAlgorithm::kEdDsa &&
                            token.starts_with(own_token_header(jwt.key_id) + ".") &&
                            ed25519_verify(key->second.public_key, jwt.signing_input, jwt.signature);
  if (!signed_by_us) return bad_signature();
  const JsonValue claims = jwt.claims.root();
  if (claims["iss"].string_or("") != tokens_->issuer()) {
    return Refusal{AuthFailure::kForeignIssuer,
                   "This token is of the Reeve at another address. Sign in here with 'reeve login'."};
  }
  if (claims["aud"].string_or("") != tokens_->settings().audience) {
    return Refusal{AuthFailure::kWrongAudience, "This token is not meant for calls. Sign in with 'reeve login'."};
  }
  const auto expires = claims["exp"].as_int();
  const auto issued = claims["iat"].as_int();
  auto principal = std::make_shared<Principal>();
  principal->id = claims["sub"].string_or("");
  principal->sign_in = claims["sid"].string_or("");
  principal->client = claims["client_id"].string_or("");
  if (!expires || !issued || !is_name(principal->id) || principal->sign_in.empty()) return malformed();
  if (clock_->now() + kClockSkew < from_unix_seconds(*issued)) {
    return Refusal{AuthFailure::kNotYetValid, "This token is valid later only. Check the clocks of Reeve's nodes."};
  }
  principal->expires = from_unix_seconds(*expires);
  // As old as the sign-in: a token that was renewed after its person was cut off is worth no more than the first.
  const auto signed_in = claims["auth_time"].as_double();
  if (!signed_in || !(*signed_in >= 0 && *signed_in < 9e9)) return malformed();
  principal->issued = Instant{std::llround(*signed_in * 1e6) * 1'000};
  principal->type = claims["principal_type"].string_or("person");
  principal->team = claims["team"].string_or("");
  principal->issuer = claims["idp"].string_or("");
  principal->groups = read_names(claims["groups"]);
  // RFC 9068 section 2.2.3: names with blanks between them.
  for (const std::string_view scope : split(claims["scope"].string_or(""), ' ')) {
    if (!scope.empty()) principal->scopes.emplace_back(scope);
  }
  if (!read_actors(claims, *principal)) return malformed();
  return std::shared_ptr<const Principal>(std::move(principal));
}

}  // namespace reeve::identity
