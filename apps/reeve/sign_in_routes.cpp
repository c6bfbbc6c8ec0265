#include "reeve/sign_in_routes.h"

#include <algorithm>
#include <array>

#include "core/bytes.h"
#include "core/json.h"
#include "core/log.h"

namespace reeve::app {

namespace {

constexpr std::size_t kFormBytesMax = 16UL << 10U;
constexpr std::size_t kBrowserBytes = 43;  // 32 random bytes in base64url

/// The value of a cookie, when it looks as ours do.
std::string browser_of(const net::Headers& headers, std::string_view name) {
  for (const auto& [field, value] : headers) {
    if (!equal_ignoring_case(field, "cookie")) continue;
    for (const std::string_view part : split(value, ';')) {
      const std::string_view cookie = trim(part);
      const std::size_t equals = cookie.find('=');
      if (cookie.substr(0, equals) != name || equals == std::string_view::npos) continue;
      const std::string_view text = cookie.substr(equals + 1);
      if (text.size() == kBrowserBytes && from_base64url(text)) return std::string(text);
    }
  }
  return {};
}

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
      device_codes_(300, 3000, std::chrono::minutes(10)),
      // Of 20^8 codes: a thousand that wait are not found by guessing 200 times.
      wrong_codes_(20, 200, std::chrono::minutes(10)),
      notes_(30, 300, std::chrono::minutes(1)) {
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
      Path{"/oauth/token", Method::kPost, &Self::give_tokens, false},
      Path{"/oauth/revoke", Method::kPost, &Self::revoke, false},
      Path{"/oauth/authorize", Method::kGet, &Self::authorize, true},
      Path{"/sign-in", Method::kGet, &Self::show_code_form, true},
      Path{"/sign-in", Method::kPost, &Self::take_code, true},
      Path{"/sign-in/callback", Method::kGet, &Self::come_back, true},
      Path{"/sign-in/confirm", Method::kPost, &Self::take_confirmation, true},
  };
  return kPaths;
}

bool SignInRoutes::serves(std::string_view path) {
  return path == "/.well-known/oauth-authorization-server" || path == "/sign-in" || path.starts_with("/sign-in/") ||
         path.starts_with("/oauth/");
}

Task<Result<SignInRoutes::Request>> SignInRoutes::read(net::Exchange& exchange) {
  const net::RequestHead& head = exchange.head();
  Request request;
  request.method = head.method;
  request.path = head.path;
  request.query = head.query;
  request.address = exchange.peer_address();
  request.browser = browser_of(head.headers, cookie_name());
  request.is_new_browser = request.browser.empty();
  if (request.is_new_browser) request.browser = to_base64url(random_bytes(32));
  request.origin = head.headers.get("origin");
  request.fetch_site = head.headers.get("sec-fetch-site");
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
    WebAnswer answer = oauth_error(405, "invalid_request", "This path does not take that method.");
    answer.headers.emplace_back("allow", name_of(known->method));
    co_return answer;
  }
  auto request = co_await read(exchange);
  if (!request) {
    const std::string& what = request.error().message;
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

/// Not every one: whoever guesses would fill the ledger. The limit is far above what people do.
Task<void> SignInRoutes::note_refusal(std::string what, std::string why, std::string address, net::Loop& loop) {
  if (!notes_.admit(what + " " + address, loop.now())) {
    ++unnoted_;
    co_return;
  }
  JsonWriter json;
  json.begin_object().member("address", address);
  // What was left out since the last entry, so that a flood shows.
  if (const std::uint64_t unnoted = unnoted_.exchange(0); unnoted > 0) json.member("left_out", unnoted);
  json.member("reason", why).member("what", what).end_object();
  const std::string detail = json.take();
  const auto& record = sources_.record;
  const std::function<Result<bool>()> work = [&record, detail]() -> Result<bool> {
    auto recorded = record("identity.refused", detail);
    if (!recorded) return std::move(recorded).error();
    return true;
  };
  const auto recorded = co_await on_thread<bool>(work, loop);
  if (!recorded) log_warning("a refused sign-in is not recorded", {{"why", recorded.error().message}});
}

}  // namespace reeve::app
