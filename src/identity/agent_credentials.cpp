#include <algorithm>

#include "core/bytes.h"
#include "identity/agent_tokens.h"
#include "identity/claims.h"
#include "identity/identity.h"
#include "identity/issuer_keys.h"
#include "identity/jwt.h"
#include "identity/names.h"
#include "identity/spiffe_id.h"

namespace reeve::identity {

namespace {

constexpr Duration kClockSkew = std::chrono::seconds(60);
constexpr int kRoundsMax = 3;
constexpr std::size_t kOnceBytesMax = 256;

Error denied(std::string message) { return {ErrorCode::kDenied, std::move(message)}; }

Error error_of(const Refusal& refusal) {
  return {refusal.failure == AuthFailure::kUnavailable ? ErrorCode::kUnavailable : ErrorCode::kDenied, refusal.message};
}

/// As a key source of JWT-SVIDs.
OidcIssuer issuer_of(const TrustDomain& domain) {
  OidcIssuer issuer;
  issuer.issuer = std::string(kSpiffeScheme) + domain.name;
  issuer.audience = domain.audience;
  issuer.keys = domain.keys;
  issuer.key_use = "jwt-svid";
  return issuer;
}

bool verifies(const KeySet& keys, const Jwt& jwt) {
  const auto candidates = keys.candidates(jwt.algorithm, jwt.key_id);
  return std::any_of(candidates.begin(), candidates.end(), [&](const VerificationKey* key) {
    return key->verify(jwt.algorithm, jwt.signing_input, jwt.signature);
  });
}

class LoopCredentials final : public AgentCredentials {
 public:
  LoopCredentials(Options options, net::Client& client) : options_(std::move(options)) {
    const auto add = [&](OidcIssuer issuer) {
      issuers_.push_back(std::make_shared<IssuerKeys>(std::move(issuer), *options_.clock, client));
    };
    for (const OidcIssuer& issuer : options_.trust.workloads) add(issuer);
    for (const TrustDomain& domain : options_.trust.domains) {
      if (!domain.keys.empty()) add(issuer_of(domain));
    }
  }
  ~LoopCredentials() override {
    for (const auto& issuer : issuers_) issuer->cancel();
  }

  Task<Result<AgentCredential>> verify(std::string token) override {
    auto parsed = parse_jwt(token, TokenUse::kAgentCredential);
    if (const auto* refusal = std::get_if<Refusal>(&parsed)) co_return error_of(*refusal);
    const Jwt& jwt = std::get<Jwt>(parsed);
    const JsonValue claims = jwt.claims.root();
    const std::string issuer(claims["iss"].string_or("")), subject(claims["sub"].string_or(""));
    // In any case: whatever means to be a SPIFFE ID is held to being one.
    if (equal_ignoring_case(std::string_view(subject).substr(0, 7), kSpiffeScheme.substr(0, 7))) {
      co_return co_await verify_svid(jwt, subject);
    }
    const bool is_workload = std::any_of(options_.trust.workloads.begin(), options_.trust.workloads.end(),
                                         [&](const OidcIssuer& one) { return one.issuer == issuer; });
    if (is_workload) co_return co_await verify_token(jwt, issuer, subject);
    if (!issuer.empty() && issuer == subject) co_return verify_assertion(jwt, subject);
    co_return denied(
        "This token comes from an issuer that Reeve does not take workloads from. It is configured under "
        "'identity.agents', with 'spiffe' or 'workloads'.");
  }

 private:
  Task<Result<AgentCredential>> verify_svid(const Jwt& jwt, std::string subject) {
    const auto id = parse_spiffe_id(subject);
    if (!id) co_return denied(id.error().message);
    const TrustDomain* const domain = find_trust_domain(options_.trust, id->trust_domain);
    if (domain == nullptr || domain->keys.empty()) {
      co_return denied("Reeve takes no JWT-SVID of the trust domain " + id->trust_domain + ".");
    }
    auto credential = co_await verify_signed(jwt, std::string(kSpiffeScheme) + domain->name);
    if (!credential) co_return credential;
    credential->kind = AgentIdentity::Kind::kSpiffe;
    credential->name = credential->subject = subject;
    co_return credential;
  }

  Task<Result<AgentCredential>> verify_token(const Jwt& jwt, std::string issuer, std::string subject) {
    auto credential = co_await verify_signed(jwt, issuer);
    if (!credential) co_return credential;
    if (!is_name(subject)) co_return denied("This token does not name its workload in a short, readable text.");
    credential->kind = AgentIdentity::Kind::kWorkload;
    credential->name = issuer;
    credential->subject = subject;
    co_return credential;
  }

  /// Audience, times and signature, by the keys of the one issuer that it names.
  Task<Result<AgentCredential>> verify_signed(const Jwt& jwt, std::string name) {
    Refusal refusal{AuthFailure::kForeignIssuer, "Reeve takes no tokens of " + name + "."};
    for (const auto& issuer : issuers_) {
      if (issuer->issuer().issuer != name) continue;
      auto credential = read(jwt.claims.root(), issuer->issuer().audience, issuer->issuer().clock_skew, kLongest);
      if (auto* no = std::get_if<Refusal>(&credential)) {
        refusal = std::move(*no);
        continue;  // the issuer may be there twice, with two audiences
      }
      if (auto no = co_await check_signature(jwt, issuer)) co_return error_of(*no);
      co_return std::get<AgentCredential>(std::move(credential));
    }
    co_return error_of(refusal);
  }

  static Task<std::optional<Refusal>> check_signature(const Jwt& jwt, std::shared_ptr<IssuerKeys> issuer) {
    for (int round = 0; round < kRoundsMax; ++round) {
      const IssuerKeys::State state = issuer->state();
      if (state == IssuerKeys::State::kDown) break;
      if (state == IssuerKeys::State::kUsable) {
        if (verifies(issuer->keys(), jwt)) co_return std::nullopt;
        const bool is_known = !issuer->keys().candidates(jwt.algorithm, jwt.key_id).empty();
        if ((is_known && !jwt.key_id.empty()) || !issuer->may_look_for_rotation()) {
          co_return Refusal{AuthFailure::kBadSignature,
                            "The signature of this token is wrong, or is by a key that its issuer does not publish."};
        }
      }
      co_await issuer->refresh();
    }
    co_return Refusal{AuthFailure::kUnavailable,
                      "The keys of " + issuer->issuer().issuer +
                          " cannot be had at the moment. Try again shortly; whoever runs Reeve finds the cause in its "
                          "log."};
  }

  /// RFC 7523 section 3: an agent about itself, signed with a key of its card, for us, shortly, and once.
  Result<AgentCredential> verify_assertion(const Jwt& jwt, const std::string& agent) const {
    const auto set = options_.agents->current();
    if (!set) return Error{ErrorCode::kUnavailable, "The register of agents cannot be read. Try again shortly."};
    const JsonValue claims = jwt.claims.root();
    const Agent* const known = set->find(agent);
    const AgentIdentity* card = nullptr;
    if (known != nullptr) {
      for (const AgentIdentity& identity : known->identities) {
        if (identity.kind == AgentIdentity::Kind::kCard) card = &identity;
      }
    }
    const auto keys = card != nullptr ? parse_key_set(card->keys) : Result<KeySet>(KeySet());
    const Error stranger =
        denied("No registered agent signs with this key. Its card is registered with 'reeve agent register --card'.");
    if (!keys || !verifies(*keys, jwt)) return stranger;
    auto credential = read(claims, options_.own_issuer, kClockSkew, kAssertionLongest);
    if (const auto* no = std::get_if<Refusal>(&credential); no && no->failure == AuthFailure::kWrongAudience) {
      credential = read(claims, options_.token_address, kClockSkew, kAssertionLongest);
    }
    if (const auto* no = std::get_if<Refusal>(&credential)) return error_of(*no);
    const auto once = claims["jti"].as_string();
    if (!once || once->empty() || once->size() > kOnceBytesMax) {
      return denied("An assertion of an agent needs a jti of its own, at most 256 bytes: it is good once.");
    }
    auto verified = std::get<AgentCredential>(std::move(credential));
    verified.kind = AgentIdentity::Kind::kCard;
    verified.name = verified.subject = agent;
    verified.once = agent + '\0' + std::string(*once);
    return verified;
  }

  OrRefusal<AgentCredential> read(const JsonValue& claims, std::string_view audience, Duration skew,
                                  Duration longest) const {
    if (!is_for_audience(claims["aud"], audience)) {
      return Refusal{AuthFailure::kWrongAudience,
                     "This token is not meant for Reeve: its audience must be \"" + std::string(audience) + "\"."};
    }
    const Instant now = options_.clock->now();
    Principal times;
    if (auto refusal = check_times(claims, skew, now, times)) return *std::move(refusal);
    if (*times.expires > now + longest + skew) {
      return Refusal{AuthFailure::kMalformed, "This token is good for too long: at most " +
                                                  std::to_string(longest / std::chrono::minutes(1)) +
                                                  " minutes are taken."};
    }
    AgentCredential credential;
    credential.claims = claims.to_json();
    credential.expires = *times.expires;
    return credential;
  }

  const Options options_;
  std::vector<std::shared_ptr<IssuerKeys>> issuers_;
};

}  // namespace

std::unique_ptr<AgentCredentials> AgentCredentials::create(Options options, net::Client& client) {
  return std::make_unique<LoopCredentials>(std::move(options), client);
}

const TrustDomain* find_trust_domain(const AgentTrust& trust, std::string_view name) {
  const auto found = std::find_if(trust.domains.begin(), trust.domains.end(),
                                  [&](const TrustDomain& domain) { return domain.name == name; });
  return found == trust.domains.end() ? nullptr : &*found;
}

Result<void> check_agent_trust(const AgentTrust& trust) {
  for (const TrustDomain& domain : trust.domains) {
    if (find_trust_domain(trust, domain.name) != &domain) {
      return Error{ErrorCode::kInvalid, "the trust domain " + domain.name + " stands there twice"};
    }
    if (!is_trust_domain(domain.name)) {
      return Error{ErrorCode::kInvalid,
                   "'" + printable(domain.name, 80) +
                       "' is not a trust domain; it looks like corp.example.com, without spiffe://"};
    }
    if (domain.keys.empty() && domain.certificates.empty()) {
      return Error{ErrorCode::kInvalid, "the trust domain " + domain.name +
                                            " needs 'keys' (of JWT-SVIDs), 'certificates' (of X.509-SVIDs), or both"};
    }
    if (domain.keys.empty()) continue;
    if (auto checked = check_issuer(issuer_of(domain)); !checked) return checked;
  }
  for (const OidcIssuer& issuer : trust.workloads) {
    if (auto checked = check_issuer(issuer); !checked) return checked;
  }
  return {};
}

}  // namespace reeve::identity
