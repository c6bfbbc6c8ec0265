// What programs ask: RFC 8414 (metadata), RFC 8628 (devices), RFC 6749 and 7636 (tokens), RFC 7009 (revocation).

#include "core/bytes.h"
#include "core/json.h"
#include "reeve/sign_in_routes.h"

namespace reeve::app {

namespace {

constexpr std::string_view kDeviceGrant = "urn:ietf:params:oauth:grant-type:device_code";
constexpr std::size_t kDeviceNameBytesMax = 100;

void write_names(JsonWriter& json, std::string_view name, std::initializer_list<std::string_view> values) {
  json.key(name).begin_array();
  for (const std::string_view value : values) json.value(value);
  json.end_array();
}

WebAnswer json_answer(std::string body) {
  WebAnswer answer;
  answer.body = std::move(body);
  return answer;
}

/// `is_unnamed`: whoever asks to renew sends no client_id, as Claude Code does; it takes 401 for the end of a sign-in
/// where RFC 6749 has 400.
WebAnswer token_answer(const identity::TokenAnswer& tokens, bool is_unnamed_refresh) {
  if (!tokens.ok()) {
    const bool later = tokens.error == "temporarily_unavailable";
    const bool ended = is_unnamed_refresh && tokens.error == "invalid_grant";
    return oauth_error(later ? 503 : ended ? 401 : 400, tokens.error, tokens.description);
  }
  JsonWriter json;
  json.begin_object().member("access_token", tokens.access_token).member("token_type", "Bearer");
  json.member("expires_in", std::chrono::duration_cast<std::chrono::seconds>(tokens.expires_in).count());
  json.member("refresh_token", tokens.refresh_token);
  // Beyond the standard: who it is, so that a program can show it.
  if (tokens.person.id.find('@') != std::string::npos) json.member("email", tokens.person.id);
  json.member("person", tokens.person.id).key("groups").begin_array();
  for (const std::string& group : tokens.person.groups) json.value(group);
  json.end_array().member("sign_in", tokens.session.id);
  return json_answer(json.member("sign_in_expires", format_time(tokens.session.expires)).end_object().take());
}

/// Refusals that are a part of the way, and not worth an entry.
bool is_expected(const std::string& error) {
  return error == "authorization_pending" || error == "slow_down" || error == "expired_token" ||
         error == "access_denied" || error == "temporarily_unavailable";
}

}  // namespace

Task<WebAnswer> SignInRoutes::describe(Request, net::Loop&) {
  JsonWriter json;
  json.begin_object().member("issuer", sources_.tokens->issuer());
  json.member("authorization_endpoint", public_address("/oauth/authorize"));
  json.member("token_endpoint", public_address("/oauth/token"));
  json.member("device_authorization_endpoint", public_address("/oauth/device"));
  json.member("revocation_endpoint", public_address("/oauth/revoke"));
  json.member("jwks_uri", public_address("/oauth/jwks"));
  write_names(json, "response_types_supported", {"code"});
  write_names(json, "response_modes_supported", {"query"});
  if (sources_.agent_tokens != nullptr) {
    write_names(json, "grant_types_supported",
                {"authorization_code", "refresh_token", kDeviceGrant, kClientCredentialsGrant, kTokenExchangeGrant});
    write_names(json, "token_endpoint_auth_methods_supported", {"none", "private_key_jwt", "tls_client_auth"});
    write_names(json, "token_endpoint_auth_signing_alg_values_supported",
                {"RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA"});
  } else {
    write_names(json, "grant_types_supported", {"authorization_code", "refresh_token", kDeviceGrant});
    write_names(json, "token_endpoint_auth_methods_supported", {"none"});
  }
  write_names(json, "code_challenge_methods_supported", {"S256"});
  write_names(json, "revocation_endpoint_auth_methods_supported", {"none"});
  json.member("authorization_response_iss_parameter_supported", true);
  co_return json_answer(json.end_object().take());
}

Task<WebAnswer> SignInRoutes::give_keys(Request, net::Loop& loop) {
  identity::OwnTokens* const tokens = sources_.tokens;
  const auto keys = co_await on_thread<std::string>([tokens] { return tokens->key_set(); }, loop);
  if (!keys) co_return oauth_error(503, "temporarily_unavailable", keys.error().message);
  co_return json_answer(*keys);
}

Task<WebAnswer> SignInRoutes::begin_device(Request request, net::Loop& loop) {
  const SignInClient* const client = find_device_client(request.field("client_id"), request.field("surface"));
  if (client == nullptr) {
    co_await note_refusal("device", "invalid_client", request.address, loop);
    co_return oauth_error(400, "invalid_client", "This client is not registered.");
  }
  if (providers_.empty()) {
    co_return oauth_error(400, "invalid_request",
                          "Nobody can sign in here: no provider of the configuration has a client_id. Use a key.");
  }
  if (device_codes_.admit(request.neighbours, loop.now()) != RateLimit::Answer::kYes) {
    co_await note_refusal("device", "too many", request.address, loop);
    co_return oauth_error(429, "slow_down", "Too many sign-ins begin here. Try again in some minutes.");
  }
  // What it says of itself, with its version.
  std::string device = request.field("device_name");
  if (device.empty()) device = client->surface.empty() ? request.field("surface") : printable(request.user_agent, 100);
  if (device.size() > kDeviceNameBytesMax) device.resize(kDeviceNameBytesMax);
  const identity::Asking asking{std::string(client->id), std::move(device), request.address};
  identity::Grants* const grants = sources_.grants;
  const auto codes = co_await on_thread<identity::Grants::DeviceCodes>(
      [grants, asking] { return grants->begin_device(asking); }, loop);
  if (!codes) co_return oauth_error(503, "temporarily_unavailable", codes.error().message);
  const auto seconds = [](Duration time) { return std::chrono::duration_cast<std::chrono::seconds>(time).count(); };
  JsonWriter json;
  json.begin_object().member("device_code", codes->device_code).member("user_code", codes->user_code);
  json.member("verification_uri", public_address("/sign-in"));
  json.member("verification_uri_complete", public_address("/sign-in?code=" + codes->user_code));
  json.member("expires_in", seconds(identity::Grants::kCodesLive));
  co_return json_answer(json.member("interval", seconds(identity::Grants::kInterval)).end_object().take());
}

/// On the thread.
identity::TokenAnswer SignInRoutes::exchange(const Request& request) const {
  const std::string& grant = request.field("grant_type");
  const std::string& client = request.field("client_id");
  if (grant == kDeviceGrant) return sources_.grants->exchange_device(request.field("device_code"), client);
  if (grant == "refresh_token") {
    return sources_.grants->refresh(request.field("refresh_token"), client, request.address);
  }
  if (grant == "authorization_code") {
    return sources_.grants->exchange_code(request.field("code"), client, request.field("redirect_uri"),
                                          request.field("code_verifier"));
  }
  identity::TokenAnswer unknown;
  unknown.error = "unsupported_grant_type";
  unknown.description = "Ask with authorization_code, refresh_token or " + std::string(kDeviceGrant) + ".";
  return unknown;
}

Task<WebAnswer> SignInRoutes::give_tokens(Request request, net::Loop& loop) {
  if (is_of_agents(request.field("grant_type"))) co_return co_await give_agent_tokens(std::move(request), loop);
  if (find_sign_in_client(request.field("client_id")) == nullptr) {
    co_await note_refusal("token", "invalid_client", request.address, loop);
    co_return oauth_error(400, "invalid_client", "This client is not registered.");
  }
  const std::string address = request.address;
  // What the ledger and the limits know it by: a name of ours, whatever was sent.
  const std::string_view asked = request.field("grant_type");
  const bool is_known = asked == "authorization_code" || asked == "refresh_token" || asked == kDeviceGrant;
  const std::string grant = is_known ? std::string(asked) : "another grant";
  const bool is_unnamed_refresh = asked == "refresh_token" && request.field("client_id").empty();
  const auto tokens = co_await on_thread<identity::TokenAnswer>(
      [this, request = std::move(request)]() -> Result<identity::TokenAnswer> { return exchange(request); }, loop);
  if (!tokens) co_return oauth_error(503, "temporarily_unavailable", tokens.error().message);
  if (!tokens->ok() && !is_expected(tokens->error)) {
    co_await note_refusal(grant, tokens->error + ": " + tokens->description, address, loop);
  }
  co_return token_answer(*tokens, is_unnamed_refresh);
}

Task<WebAnswer> SignInRoutes::revoke(Request request, net::Loop& loop) {
  identity::Grants* const grants = sources_.grants;
  const std::string& token = request.field("token");
  if (token.empty()) co_return oauth_error(400, "invalid_request", "Name the token that is to end.");
  const auto done = co_await on_thread<bool>([grants, token] { return grants->revoke(token, "signed out"); }, loop);
  if (!done && done.error().code == ErrorCode::kInvalid) {
    co_return oauth_error(400, "unsupported_token_type", done.error().message);
  }
  if (!done) co_return oauth_error(503, "temporarily_unavailable", done.error().message);
  // Also for one that is not known (RFC 7009 section 2.2): it is of no use to anybody.
  co_return json_answer("{}");
}

}  // namespace reeve::app
