#include <algorithm>

#include "core/bytes.h"
#include "core/json.h"
#include "core/log.h"
#include "identity/claims.h"
#include "identity/identity.h"
#include "identity/issuer_address.h"
#include "identity/jwt.h"
#include "identity/web_form.h"

namespace reeve::identity {

namespace {

constexpr std::size_t kAnswerBytesMax = 256UL << 10U;
constexpr Duration kEndpointsLive = std::chrono::minutes(10);

Error denied(std::string message) { return {ErrorCode::kDenied, std::move(message)}; }
Error unavailable(std::string message) { return {ErrorCode::kUnavailable, std::move(message)}; }

/// What the discovery document says about the code flow.
struct Endpoints {
  std::string authorization;
  DocumentAddress token;
  std::optional<DocumentAddress> userinfo;
  bool answers_name_it = false;  // RFC 9207
  Moment read_at;
};

Result<Endpoints> read_endpoints(std::string_view document, const std::string& issuer) {
  // Also compares the issuer's name, to the last byte.
  if (const auto checked = read_discovery(document, issuer); !checked) return checked.error();
  const auto json = JsonDocument::parse(document, /*depth_max=*/16);
  if (!json) return json.error();
  const JsonValue root = json->root();
  const auto address = [&](const char* name) { return parse_document_address(root[name].string_or("")); };
  Endpoints endpoints;
  endpoints.authorization = root["authorization_endpoint"].string_or("");
  if (const auto usable = address("authorization_endpoint"); !usable) {
    return with_context(usable.error(), "authorization_endpoint");
  }
  auto token = address("token_endpoint");
  if (!token) return with_context(std::move(token).error(), "token_endpoint");
  endpoints.token = *std::move(token);
  endpoints.answers_name_it = root["authorization_response_iss_parameter_supported"].as_bool().value_or(false);
  if (root["userinfo_endpoint"].present()) {
    auto userinfo = address("userinfo_endpoint");
    if (!userinfo) return with_context(std::move(userinfo).error(), "userinfo_endpoint");
    endpoints.userinfo = *std::move(userinfo);
  }
  return endpoints;
}

/// Compared in constant time, and only in a token whose signature was verified.
Result<void> check_nonce(std::string_view id_token, const OidcIssuer& issuer, const std::string& nonce) {
  const auto parsed = parse_jwt(id_token);
  const Jwt* jwt = std::get_if<Jwt>(&parsed);
  if (jwt == nullptr) return denied("The provider's ID token cannot be read.");
  const JsonValue claims = jwt->claims.root();
  if (!equal_constant_time(claims["nonce"].string_or(""), nonce)) {
    return denied("The provider's ID token belongs to another sign-in (its nonce is another one). Begin again.");
  }
  if (const JsonValue party = claims["azp"]; party.present() && party.string_or("") != issuer.client_id) {
    return denied("The provider's ID token was made for another client.");
  }
  return {};
}

class SignInOverClient final : public ProviderSignIn {
 public:
  SignInOverClient(const std::vector<OidcIssuer>& issuers, const Clock& clock, net::Client& client)
      : client_(client), clock_(clock) {
    std::vector<OidcIssuer> as_client;
    for (const OidcIssuer& issuer : issuers) {
      if (issuer.client_id.empty()) continue;
      providers_.push_back({issuer, std::nullopt});
      // ID tokens are for the client, not for calls.
      as_client.push_back(issuer);
      as_client.back().audience = issuer.client_id;
      as_client.back().reads_groups = !issuer.groups_from_userinfo;
    }
    authenticator_ = Authenticator::create({.issuers = std::move(as_client), .clock = &clock}, *no_keys_, client);
  }

  Task<Result<std::string>> departure_address(std::string issuer, Departure departure) override {
    const auto provider = co_await find(std::move(issuer));
    if (!provider) co_return provider.error();
    const OidcIssuer& own = (*provider)->issuer;
    const std::string& home = (*provider)->endpoints->authorization;
    co_return home + (home.find('?') == std::string::npos ? "?" : "&") +
        web_form({{"response_type", "code"},
                  {"client_id", own.client_id},
                  {"redirect_uri", departure.redirect_uri},
                  {"scope", own.scopes},
                  {"state", departure.state},
                  {"nonce", departure.nonce},
                  {"code_challenge", to_base64url(as_bytes(sha256(departure.verifier)))},
                  {"code_challenge_method", "S256"}});
  }

  Task<Result<Principal>> arrive(std::string issuer, Arrival arrival) override {
    const auto provider = co_await find(std::move(issuer));
    if (!provider) co_return provider.error();
    const OidcIssuer& own = (*provider)->issuer;
    const Endpoints endpoints = *(*provider)->endpoints;
    // All providers send people back to one address, so another one's code could come under this one's state; and would
    // be given to it.
    const bool is_its_own =
        arrival.answered_by.empty() ? !endpoints.answers_name_it : arrival.answered_by == own.issuer;
    if (!is_its_own) co_return denied("The answer does not say that it is of the provider you went to. Begin again.");
    const auto tokens = co_await exchange(own, endpoints, arrival);
    if (!tokens) co_return tokens.error();
    const auto json = JsonDocument::parse(*tokens, /*depth_max=*/16);
    if (!json) co_return unavailable("The provider's answer is not JSON.");
    const std::string id_token(json->root()["id_token"].string_or(""));
    if (id_token.empty()) co_return denied("The provider gave no ID token; its client needs the scope openid.");
    const AuthOutcome outcome = co_await authenticator_->authenticate(id_token);
    if (!outcome.ok()) {
      const bool down = outcome.failure == AuthFailure::kUnavailable;
      co_return Error{down ? ErrorCode::kUnavailable : ErrorCode::kDenied, outcome.message};
    }
    // Another provider's token would be good by itself: whoever runs one could sign people of the other in.
    if (outcome.principal->issuer != own.issuer) {
      co_return denied("The ID token is of another provider than the one that this sign-in began with. Begin again.");
    }
    if (const auto fresh = check_nonce(id_token, own, arrival.nonce); !fresh) co_return fresh.error();
    Principal person = *outcome.principal;
    // How long the provider's token lasts is not how long ours does.
    person.expires.reset();
    if (own.groups_from_userinfo) {
      const std::string access_token(json->root()["access_token"].string_or(""));
      const std::string subject = subject_of(id_token);
      auto groups = co_await read_userinfo(own, endpoints, access_token, subject);
      if (!groups) co_return groups.error();
      person.groups = *std::move(groups);
    }
    co_return person;
  }

 private:
  struct Provider {
    OidcIssuer issuer;
    std::optional<Endpoints> endpoints;
  };

  /// The provider with endpoints that are fresh enough.
  Task<Result<Provider*>> find(std::string issuer) {
    const auto found = std::find_if(providers_.begin(), providers_.end(),
                                    [&](const Provider& provider) { return provider.issuer.issuer == issuer; });
    if (found == providers_.end()) co_return denied("Nobody signs in with that provider here any more.");
    if (found->endpoints && clock_.steady() - found->endpoints->read_at < kEndpointsLive) co_return &*found;
    const auto home = parse_document_address(discovery_address(found->issuer.issuer));
    if (!home) co_return home.error();
    const auto document = co_await call(*home, "GET", {{"accept", "application/json"}}, {});
    auto endpoints = document ? read_endpoints(*document, found->issuer.issuer) : document.error();
    if (!endpoints && !found->endpoints) {
      co_return unavailable("The sign-in of your company cannot be reached at the moment (" +
                            endpoints.error().message + ").");
    }
    if (endpoints) {
      if (!found->endpoints && !endpoints->answers_name_it && providers_.size() > 1) {
        log_warning("an identity provider does not name itself in its answers (RFC 9207), as it should beside others",
                    {{"issuer", found->issuer.issuer}});
      }
      found->endpoints = *std::move(endpoints);
      found->endpoints->read_at = clock_.steady();
    }
    co_return &*found;
  }

  Task<Result<std::string>> exchange(const OidcIssuer& own, const Endpoints& endpoints, const Arrival& arrival) {
    std::vector<std::pair<std::string, std::string>> fields{{"grant_type", "authorization_code"},
                                                            {"code", arrival.code},
                                                            {"redirect_uri", arrival.redirect_uri},
                                                            {"code_verifier", arrival.verifier}};
    net::Headers headers{{"accept", "application/json"}, {"content-type", "application/x-www-form-urlencoded"}};
    std::string basic;
    if (own.client_secret.empty()) {
      fields.emplace_back("client_id", own.client_id);
    } else {
      // RFC 6749 section 2.3.1: both are encoded as in a form first.
      basic = "Basic " + to_base64(form_encoded(own.client_id) + ":" + form_encoded(own.client_secret));
      headers.add("authorization", basic);
    }
    const std::string form = web_form(fields);
    auto answer = co_await call(endpoints.token, "POST", std::move(headers), form);
    if (!answer && answer.error().code == ErrorCode::kDenied) {
      co_return denied("Your company's sign-in did not confirm this (" + answer.error().message + "). Begin again.");
    }
    co_return answer;
  }

  Task<Result<std::vector<std::string>>> read_userinfo(const OidcIssuer& own, const Endpoints& endpoints,
                                                       std::string access_token, std::string subject) {
    if (!endpoints.userinfo) co_return denied("The provider has no userinfo endpoint to read groups from.");
    const std::string bearer = "Bearer " + access_token;
    const auto answer =
        co_await call(*endpoints.userinfo, "GET", {{"accept", "application/json"}, {"authorization", bearer}}, {});
    if (!answer) co_return answer.error();
    const auto json = JsonDocument::parse(*answer, kClaimDepthMax);
    if (!json || !has_unique_names(json->root())) co_return denied("The provider's userinfo cannot be read.");
    // OpenID Connect section 5.3.2: else it may be about somebody else.
    if (subject.empty() || json->root()["sub"].string_or("") != subject) {
      co_return denied("The provider's userinfo is about somebody else.");
    }
    std::vector<std::string> groups;
    if (auto refusal = read_groups(json->root(), own.groups_claim, groups)) co_return denied(refusal->message);
    own.group_rules.apply(groups);
    co_return groups;
  }

  static std::string subject_of(std::string_view id_token) {
    const auto parsed = parse_jwt(id_token);
    const Jwt* jwt = std::get_if<Jwt>(&parsed);
    return jwt == nullptr ? std::string() : std::string(jwt->claims.root()["sub"].string_or(""));
  }

  /// kDenied for an answer of 4xx, with what it says is wrong; kUnavailable for anything else that is not 200.
  Task<Result<std::string>> call(const DocumentAddress& address, std::string_view method, net::Headers headers,
                                 std::string_view body) {
    headers.add("user-agent", "reeve");
    const net::ClientRequest request{
        .method = method, .path_and_query = address.path_and_query, .headers = std::move(headers), .body = body};
    auto sent = co_await client_.send(address.origin, request);
    if (!sent.ok() && sent.failure.stale_connection) sent = co_await client_.send(address.origin, request);
    if (!sent.ok()) co_return unavailable(sent.failure.error.message);
    const int status = sent.response->status();
    auto text = co_await sent.response->read_all(kAnswerBytesMax);
    if (!text) co_return unavailable(text.error().message);
    if (status == 200) co_return text;
    const auto json = JsonDocument::parse(*text, /*depth_max=*/8);
    const std::string said = printable(json ? json->root()["error"].string_or("") : "", 80);
    const std::string what = "status " + std::to_string(status) + (said.empty() ? "" : ", " + said);
    co_return status >= 400 && status < 500 ? denied(what) : unavailable("it answered with " + what);
  }

  net::Client& client_;
  const Clock& clock_;
  std::vector<Provider> providers_;
  std::unique_ptr<KeyStore> no_keys_ = make_memory_key_store();
  std::unique_ptr<Authenticator> authenticator_;
};

}  // namespace

std::unique_ptr<ProviderSignIn> ProviderSignIn::create(const std::vector<OidcIssuer>& issuers, const Clock& clock,
                                                       net::Client& client) {
  return std::make_unique<SignInOverClient>(issuers, clock, client);
}

}  // namespace reeve::identity
