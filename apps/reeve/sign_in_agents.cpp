// What agents ask the token endpoint: a token for themselves (client credentials, RFC 6749 section 4.4, with RFC 7523
// or a client certificate), and one with which they act for somebody (token exchange, RFC 8693).

#include <algorithm>

#include "core/bytes.h"
#include "core/json.h"
#include "reeve/sign_in_routes.h"

namespace reeve::app {

namespace {

constexpr std::string_view kAccessToken = "urn:ietf:params:oauth:token-type:access_token";
constexpr std::string_view kJwt = "urn:ietf:params:oauth:token-type:jwt";

identity::TokenAnswer refused(std::string_view error, std::string description) {
  identity::TokenAnswer answer;
  answer.error = error;
  answer.description = std::move(description);
  return answer;
}

identity::TokenAnswer refused_by(const Error& error, std::string_view otherwise) {
  return refused(error.code == ErrorCode::kUnavailable ? "temporarily_unavailable" : otherwise, error.message);
}

WebAnswer answer_with(const identity::TokenAnswer& tokens) {
  if (!tokens.ok()) {
    return oauth_error(tokens.error == "temporarily_unavailable" ? 503 : 400, tokens.error, tokens.description);
  }
  JsonWriter json;
  json.begin_object().member("access_token", tokens.access_token).member("issued_token_type", kAccessToken);
  json.member("token_type", "Bearer");
  json.member("expires_in", std::chrono::duration_cast<std::chrono::seconds>(tokens.expires_in).count());
  json.key("chain").begin_array();
  for (const std::string& actor : tokens.person.actors) json.value(actor);
  json.end_array().key("groups").begin_array();
  for (const std::string& group : tokens.person.groups) json.value(group);
  json.end_array().member("person", tokens.person.id).member("sign_in", tokens.session.id);
  WebAnswer answer;
  answer.body = json.end_object().take();
  return answer;
}

}  // namespace

bool SignInRoutes::is_of_agents(std::string_view grant) {
  return grant == kClientCredentialsGrant || grant == kTokenExchangeGrant;
}

/// Who holds this token, or the certificate of the connection where there is none.
Task<Result<SignInRoutes::ActingAgent>> SignInRoutes::find_agent(std::string token,
                                                                 std::vector<std::string> certificates,
                                                                 net::Loop& loop) {
  const Worker& worker = workers_[loop.index()];
  identity::AgentTokens* const tokens = sources_.agent_tokens;
  if (token.empty()) {
    const identity::AgentTrust trust = *sources_.trust;
    co_return co_await on_thread<ActingAgent>(
        [tokens, trust, chain = std::move(certificates)]() -> Result<ActingAgent> {
          const auto credential = identity::verify_certificates(chain, trust, system_clock().now());
          if (!credential) return credential.error();
          auto agent = tokens->admit(*credential);
          return agent ? Result<ActingAgent>({*std::move(agent), credential->expires}) : agent.error();
        },
        loop);
  }
  if (identity::is_own_token(token)) {
    const auto outcome = co_await worker.authenticator->authenticate(token);
    if (!outcome.ok()) co_return Error{ErrorCode::kDenied, outcome.message};
    co_return ActingAgent{*outcome.principal, outcome.principal->expires.value_or(Instant{})};
  }
  auto credential = co_await worker.credentials->verify(std::move(token));
  if (!credential) co_return std::move(credential).error();
  co_return co_await on_thread<ActingAgent>(
      [tokens, verified = *std::move(credential)]() -> Result<ActingAgent> {
        auto agent = tokens->admit(verified);
        return agent ? Result<ActingAgent>({*std::move(agent), verified.expires}) : agent.error();
      },
      loop);
}

Task<identity::TokenAnswer> SignInRoutes::sign_agent_in(Request request, net::Loop& loop) {
  const std::string& assertion = request.field("client_assertion");
  if (assertion.empty() && request.certificates.empty()) {
    co_return refused("invalid_client",
                      "Show who the agent is: a client_assertion (a JWT-SVID, the token of a workload, or an assertion "
                      "signed with the key of its card), or a client certificate.");
  }
  if (!assertion.empty() && request.field("client_assertion_type") != kJwtAssertion) {
    co_return refused("invalid_request", "The client_assertion_type is " + std::string(kJwtAssertion) + ".");
  }
  if (identity::is_own_token(assertion)) {
    co_return refused("invalid_client", "A token of Reeve is no credential with which another is given.");
  }
  auto agent = co_await find_agent(assertion, request.certificates, loop);
  if (!agent) co_return refused_by(agent.error(), "invalid_client");
  identity::AgentTokens* const tokens = sources_.agent_tokens;
  const auto made = co_await on_thread<identity::TokenAnswer>(
      [tokens, found = *std::move(agent), address = request.address]() -> Result<identity::TokenAnswer> {
        return tokens->sign_in(found.principal, found.expires, address);
      },
      loop);
  co_return made ? *made : refused_by(made.error(), "invalid_client");
}

Task<identity::TokenAnswer> SignInRoutes::exchange_for_agent(Request request, net::Loop& loop) {
  const std::string& subject_token = request.field("subject_token");
  if (request.field("subject_token_type") != kAccessToken || !identity::is_own_token(subject_token)) {
    co_return refused("invalid_request", "The subject_token is an access token that Reeve made, of the type " +
                                             std::string(kAccessToken) + ".");
  }
  const std::string& actor_token = request.field("actor_token");
  const std::string& actor_type = request.field("actor_token_type");
  if (!actor_token.empty() && actor_type != kAccessToken && actor_type != kJwt) {
    co_return refused("invalid_request",
                      "The actor_token_type is " + std::string(kAccessToken) + " or " + std::string(kJwt) + ".");
  }
  if (actor_token.empty() && request.certificates.empty()) {
    co_return refused("invalid_request", "Name the agent that is to act: an actor_token, or its client certificate.");
  }
  const std::string& audience = request.field("audience");
  const std::string& wanted = request.field("requested_token_type");
  if ((!audience.empty() && audience != sources_.tokens->settings().audience) || !request.field("resource").empty()) {
    co_return refused("invalid_target", "Tokens are made for Reeve itself and for nothing else.");
  }
  if (!wanted.empty() && wanted != kAccessToken) {
    co_return refused("invalid_request", "Only access tokens are given.");
  }
  const auto subject = co_await workers_[loop.index()].authenticator->authenticate(subject_token);
  if (!subject.ok()) co_return refused("invalid_request", "The subject_token: " + subject.message);
  auto actor = co_await find_agent(actor_token, request.certificates, loop);
  if (!actor) co_return refused_by(actor.error(), "invalid_request");
  identity::AgentTokens::Delegation asked{
      *subject.principal, std::move(actor->principal), actor->expires, {}, request.address};
  for (const std::string_view scope : split(request.field("scope"), ' ')) {
    if (!scope.empty()) asked.scopes.emplace_back(scope);
  }
  identity::AgentTokens* const tokens = sources_.agent_tokens;
  const auto made = co_await on_thread<identity::TokenAnswer>(
      [tokens, delegation = std::move(asked)]() -> Result<identity::TokenAnswer> {
        return tokens->exchange(delegation);
      },
      loop);
  co_return made ? *made : refused_by(made.error(), "invalid_request");
}

Task<WebAnswer> SignInRoutes::give_agent_tokens(Request request, net::Loop& loop) {
  if (sources_.agent_tokens == nullptr) {
    co_await note_refusal("agent", "unsupported_grant_type: no register of agents is in force", request.address, loop);
    co_return oauth_error(400, "unsupported_grant_type",
                          "No register of agents is in force here: 'identity.agents' of the configuration says of whom "
                          "agents may come.");
  }
  const std::string address = request.address;
  const bool exchanges = request.field("grant_type") == kTokenExchangeGrant;
  identity::TokenAnswer tokens;
  if (exchanges) {
    tokens = co_await exchange_for_agent(std::move(request), loop);
  } else {
    tokens = co_await sign_agent_in(std::move(request), loop);
  }
  if (!tokens.ok() && tokens.error != "temporarily_unavailable") {
    co_await note_refusal(exchanges ? "delegation" : "agent", tokens.error + ": " + tokens.description, address, loop);
  }
  co_return answer_with(tokens);
}

}  // namespace reeve::app
