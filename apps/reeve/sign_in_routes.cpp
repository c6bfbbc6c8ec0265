#include "reeve/sign_in_routes.h"

#include <algorithm>
#include <array>
#include <limits>

#include "core/bytes.h"
#include "core/json.h"

namespace reeve::app {

namespace {

constexpr std::size_t kFormBytesMax = 16UL << 10U;
constexpr std::size_t kNoFlood = std::numeric_limits<std::size_t>::max();

std::string_view name_of(net::Method method) { return method == net::Method::kPost ? "POST" : "GET"; }

}  // namespace

int status_of(const Error& error) {
  switch (error.code) {
    case ErrorCode::kInvalid:
    case ErrorCode::kNotFound: return 400;
    case ErrorCode::kDenied: return 403;
    case ErrorCode::kTooLarge: return 413;
    default: return 503;
  }
}

WebAnswer oauth_error(int status, std::string_view error, std::string_view description) {
  JsonWriter json;
  json.begin_object().member("error", error).member("error_description", description).end_object();
  WebAnswer answer;
  answer.status = status;
  answer.body = json.take();
  return answer;
}

const std::string& SignInRoutes::Request::field(std::string_view name) const {
  static const std::string none;
  const auto found = fields.find(name);
  return found == fields.end() ? none : found->second;
}

SignInRoutes::SignInRoutes(Sources sources)
    : sources_(std::move(sources)),
      // A whole company may come from one address; what is counted here costs little.
      device_codes_({300, 3000, 10, std::chrono::minutes(10)}),
      departures_({300, 3000, 10, std::chrono::minutes(10)}),
      browser_departures_({30, kNoFlood, 0, std::chrono::minutes(10)}),
      // Of 20^8 codes: a thousand that wait are not found by a million guesses, one time in twenty-five.
      wrong_codes_({60, 500, 2, std::chrono::minutes(10)}),
      browser_wrong_codes_({10, kNoFlood, 0, std::chrono::minutes(10)}),
      browsers_(*sources_.browsers, *sources_.tokens, *sources_.kill_switch, thread_) {
  for (const identity::OidcIssuer& issuer : sources_.issuers) {
    if (!issuer.client_id.empty()) providers_.push_back(issuer);
  }
}

Result<std::unique_ptr<SignInRoutes>> SignInRoutes::create(net::Runtime& runtime, Sources sources) {
  std::unique_ptr<SignInRoutes> routes(new SignInRoutes(std::move(sources)));
  for (std::size_t i = 0; i < runtime.loop_count(); ++i) {
    auto client = net::Client::create(runtime.loop(i), identity::Authenticator::client_limits(), routes->sources_.tls);
    if (!client) return client.error();
    Worker worker{*std::move(client), nullptr, nullptr, nullptr};
    worker.providers = identity::ProviderSignIn::create(routes->providers_, system_clock(), *worker.client);
    const Sources& given = routes->sources_;
    if (given.agent_tokens != nullptr) {
      // Only our own tokens: what others made is a credential, and not yet anybody here.
      worker.authenticator = identity::Authenticator::create(
          {.issuers = {}, .own_tokens = given.tokens, .directory = given.directory, .agents = given.agents},
          *given.keys, *worker.client);
      worker.credentials = identity::AgentCredentials::create(
          {*given.trust, given.agents, given.tokens->issuer(), routes->public_address("/oauth/token")}, *worker.client);
    }
    routes->workers_.push_back(std::move(worker));
  }
  return routes;
}

std::span<const SignInRoutes::Path> SignInRoutes::paths() {
  using net::Method;
  using Self = SignInRoutes;
  static constexpr std::array kPaths = {
      Path{"/.well-known/oauth-authorization-server", Method::kGet, &Self::describe, false},
      Path{"/oauth/jwks", Method::kGet, &Self::give_keys, false},
      Path{"/oauth/device", Method::kPost, &Self::begin_device, false},
      // Where Claude Code asks when it takes the metadata for somebody else's: behind a proxy of another name.
      Path{"/oauth/device_authorization", Method::kPost, &Self::begin_device, false},
      Path{"/oauth/token", Method::kPost, &Self::give_tokens, false},
      Path{"/oauth/revoke", Method::kPost, &Self::revoke, false},
      Path{"/oauth/authorize", Method::kGet, &Self::authorize, true},
      Path{"/sign-in", Method::kGet, &Self::show_code_form, true},
      Path{"/sign-in", Method::kPost, &Self::take_code, true},
      Path{"/sign-in/callback", Method::kGet, &Self::come_back, true},
      Path{"/sign-in/confirm", Method::kPost, &Self::take_confirmation, true},
      Path{"/console/sign-in", Method::kGet, &Self::sign_in_to_console, true},
      Path{"/console/sign-out", Method::kPost, &Self::sign_out_of_console, false},
      Path{"/console/enter", Method::kGet, &Self::show_link, true},
      Path{"/console/enter", Method::kPost, &Self::take_link, true},
      Path{"/console/visit", Method::kPost, &Self::enter_as_visitor, true},
      Path{"/console/status", Method::kGet, &Self::tell_console, false},
  };
  return kPaths;
}

bool SignInRoutes::serves(std::string_view path) {
  const bool is_of_console =
      path.starts_with("/console/") &&
      std::any_of(paths().begin(), paths().end(), [&](const Path& known) { return known.path == path; });
  return path == "/.well-known/oauth-authorization-server" || path == "/sign-in" || path.starts_with("/sign-in/") ||
         path.starts_with("/oauth/") || is_of_console;
}

std::string SignInRoutes::client_address(const net::Exchange& exchange) const {
  return sources_.proxies.client_address(exchange.peer_address(), exchange.head().headers);
}

Task<Result<SignInRoutes::Request>> SignInRoutes::read(net::Exchange& exchange) {
  const net::RequestHead& head = exchange.head();
  Request request;
  request.method = head.method;
  request.path = head.path;
  request.query = head.query;
  request.address = client_address(exchange);
  request.neighbours = identity::address_group(request.address);
  request.browser = cookie_secret(head.headers, cookie_name());
  request.session = browsers_.secret_of(head.headers);
  request.is_foreign = browsers_.is_foreign(head);
  request.is_new_browser = request.browser.empty();
  if (request.is_new_browser) request.browser = to_base64url(random_bytes(32));
  request.origin = head.headers.get("origin");
  request.is_forwarded = head.headers.count("forwarded") + head.headers.count("x-forwarded-for") > 0;
  request.fetch_site = head.headers.get("sec-fetch-site");
  request.user_agent = head.headers.get("user-agent");
  if (head.path == "/oauth/token") request.certificates = exchange.peer_certificates();
  const Error too_large{ErrorCode::kTooLarge, "The request is longer than 16 KB."};
  if (head.query.size() > kFormBytesMax || head.content_length.value_or(0) > kFormBytesMax) co_return too_large;
  std::string_view text = head.query;
  if (head.method == net::Method::kPost) {
    const std::string_view type = head.headers.get("content-type");
    request.is_form = equal_ignoring_case(trim(type.substr(0, type.find(';'))), "application/x-www-form-urlencoded");
    if (!request.is_form) {
      co_return Error{ErrorCode::kInvalid, "Send the fields as application/x-www-form-urlencoded."};
    }
    const auto body = co_await exchange.read_body();
    if (!body) co_return body.error();
    if (body->size() > kFormBytesMax) co_return too_large;
    text = *body;
  }
  auto fields = identity::parse_web_form(text);
  if (!fields) co_return Error{ErrorCode::kInvalid, "The fields cannot be read: " + fields.error().message + "."};
  request.fields = *std::move(fields);
  co_return request;
}

Task<WebAnswer> SignInRoutes::answer(net::Exchange& exchange) {
  const net::RequestHead& head = exchange.head();
  const auto at_path = [&](const Path& path) { return path.path == head.path; };
  const auto known = std::find_if(paths().begin(), paths().end(), at_path);
  if (known == paths().end())
    co_return failure_page(404, "There is nothing here.", "To sign a device in, go to /sign-in.");
  const auto path = std::find_if(paths().begin(), paths().end(), [&](const Path& candidate) {
    return at_path(candidate) && candidate.method == head.method;
  });
  if (path == paths().end()) {
    co_await note_refusal("request", "405: " + std::string(head.method_text) + " " + std::string(head.path),
                          client_address(exchange), exchange.loop());
    WebAnswer answer = oauth_error(405, "invalid_request", "This path does not take that method.");
    answer.headers.emplace_back("allow", name_of(known->method));
    co_return answer;
  }
  auto request = co_await read(exchange);
  if (!request) {
    const std::string& what = request.error().message;
    co_await note_refusal("request", std::string(head.path) + ": " + what, client_address(exchange), exchange.loop());
    co_return path->is_for_people ? failure_page(status_of(request.error()), what, "Begin again.")
                                  : oauth_error(status_of(request.error()), "invalid_request", what);
  }
  const bool sets_cookie = path->is_for_people && request->is_new_browser;
  const std::string browser = request->browser;
  WebAnswer answer = co_await (this->*path->route)(*std::move(request), exchange.loop());
  if (sets_cookie) {
    // Lax: the way back from the company's provider is a navigation from another site.
    answer.headers.emplace_back("set-cookie", cookie_name() + "=" + browser + "; Path=/; HttpOnly; SameSite=Lax" +
                                                  (is_secure() ? "; Secure" : ""));
  }
  co_return answer;
}

Task<void> SignInRoutes::handle(net::Exchange& exchange) {
  const WebAnswer web = co_await answer(exchange);
  net::Headers headers{{"content-type", web.type}, {"cache-control", "no-store"}};
  for (const auto& [name, value] : web.headers) headers.add(name, value);
  const auto sent = co_await exchange.respond(web.status, headers, web.body);
  static_cast<void>(sent);
}

Task<void> SignInRoutes::note_refusal(std::string what, std::string why, std::string address, net::Loop& loop) {
  co_await sources_.refusals->tell({std::move(what), std::move(why), std::move(address), {}, {}, {}}, loop);
}

}  // namespace reeve::app
