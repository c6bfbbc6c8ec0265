#include "identity/token_verifier.h"

#include <algorithm>

#include "core/bytes.h"
#include "identity/claims.h"
#include "identity/jwt.h"

namespace reeve::identity {

namespace {

/// True when only time or another set of keys can turn the refusal into a welcome.
bool is_lasting(AuthFailure failure) {
  return failure != AuthFailure::kNotYetValid && failure != AuthFailure::kUnavailable;
}

Refusal unavailable(const std::string& issuer) {
  return {AuthFailure::kUnavailable, "Reeve cannot check this token now, because the identity provider " + issuer +
                                         " does not give out its keys. Try again shortly; whoever runs Reeve finds the "
                                         "cause in its log."};
}

Refusal foreign() {
  return {AuthFailure::kForeignIssuer,
          "This token comes from an identity provider that Reeve does not trust. Sign in with the one of your "
          "organisation, or use a Reeve key (rv_…)."};
}

Refusal unknown_key() {
  return {AuthFailure::kBadSignature,
          "This token is signed with a key that its identity provider does not publish (any more). Sign in again."};
}

Refusal bad_signature() {
  return {AuthFailure::kBadSignature,
          "The signature of this token is wrong: it was changed on its way, or is not from its identity provider. Sign "
          "in again."};
}

}  // namespace

TokenVerifier::TokenVerifier(std::vector<OidcIssuer> issuers, const Clock& clock, net::Client& client)
    : clock_(&clock) {
  for (OidcIssuer& issuer : issuers) {
    issuers_.push_back(std::make_shared<IssuerKeys>(std::move(issuer), clock, client));
  }
}

TokenVerifier::~TokenVerifier() {
  for (const auto& issuer : issuers_) issuer->cancel();
}

TokenVerifier::Step TokenVerifier::decide(std::string_view token) {
  if (token.size() > kTokenBytesMax) return {std::get<Refusal>(parse_jwt(token)).outcome(), nullptr};
  const Sha256 hash = sha256(token);
  if (auto outcome = recall(hash)) return {std::move(outcome), nullptr};

  auto parsed = parse_jwt(token);
  if (auto* refusal = std::get_if<Refusal>(&parsed)) return refuse(hash, std::move(*refusal), nullptr);
  const Jwt& jwt = std::get<Jwt>(parsed);
  const JsonValue claims = jwt.claims.root();
  const auto issuer_name = claims["iss"].as_string();
  // Before the signature, because it is cheap, may make a fetch needless, and "expired" helps more than "unknown key".
  Refusal refusal = foreign();
  for (const auto& issuer : issuers_) {
    if (issuer->issuer().issuer != issuer_name) continue;
    auto read = read_claims(claims, issuer->issuer(), clock_->now());
    if (auto* principal = std::get_if<0>(&read)) return check_signature(hash, jwt, issuer, std::move(*principal));
    refusal = std::get<Refusal>(std::move(read));
    if (refusal.failure != AuthFailure::kWrongAudience) break;  // the issuer may be there twice, with two audiences
  }
  return refuse(hash, std::move(refusal), nullptr);
}

TokenVerifier::Step TokenVerifier::check_signature(const Sha256& hash, const Jwt& jwt,
                                                   std::shared_ptr<IssuerKeys> issuer,
                                                   std::shared_ptr<const Principal> principal) {
  switch (issuer->state()) {
    case IssuerKeys::State::kFetchFirst: return {std::nullopt, std::move(issuer)};
    case IssuerKeys::State::kDown: return {unavailable(issuer->issuer().issuer).outcome(), nullptr};
    case IssuerKeys::State::kUsable: break;
  }
  const auto candidates = issuer->keys().candidates(jwt.algorithm, jwt.key_id);
  const bool valid = std::any_of(candidates.begin(), candidates.end(), [&](const VerificationKey* key) {
    return key->verify(jwt.algorithm, jwt.signing_input, jwt.signature);
  });
  if (valid) {
    const Instant now = clock_->now();
    const Basis basis{issuer, issuer->version(), now, std::min(*principal->expires, now + kRememberFor)};
    accepted_.put(hash, {basis, principal});
    return {AuthOutcome{std::move(principal), AuthFailure::kUnknown, {}}, nullptr};
  }
  const bool named_and_known = !jwt.key_id.empty() && !candidates.empty();
  if (named_and_known) return refuse(hash, bad_signature(), issuer);
  // Nothing that is here fits. It may be a key that came into use after the last fetch.
  if (issuer->may_look_for_rotation()) return {std::nullopt, std::move(issuer)};
  return {unknown_key().outcome(), nullptr};
}

bool TokenVerifier::holds(const Basis& basis) const {
  const Instant now = clock_->now();
  return now >= basis.since && now < basis.until &&
         (basis.issuer == nullptr || basis.issuer->version() == basis.version);
}

std::optional<AuthOutcome> TokenVerifier::recall(const Sha256& hash) {
  if (const Accepted* accepted = accepted_.find(hash)) {
    if (holds(accepted->basis)) return AuthOutcome{accepted->principal, AuthFailure::kUnknown, {}};
    accepted_.erase(hash);
  }
  if (const Refused* refused = refused_.find(hash)) {
    if (holds(refused->basis)) return AuthOutcome{nullptr, refused->refusal.failure, refused->refusal.message};
    refused_.erase(hash);
  }
  return std::nullopt;
}

TokenVerifier::Step TokenVerifier::refuse(const Sha256& hash, Refusal refusal,
                                          std::shared_ptr<const IssuerKeys> issuer) {
  if (is_lasting(refusal.failure)) {
    const Instant now = clock_->now();
    const std::uint64_t version = issuer ? issuer->version() : 0;
    refused_.put(hash, {Basis{std::move(issuer), version, now, now + kRefuseFor}, refusal});
  }
  return {std::move(refusal).outcome(), nullptr};
}

}  // namespace reeve::identity
