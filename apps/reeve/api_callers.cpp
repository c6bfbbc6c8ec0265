#include "reeve/api_callers.h"

#include <algorithm>

#include "core/json.h"
#include "wire/wire.h"

namespace reeve::app {

namespace {

ApiAnswer lacks_scope(std::string_view kind, std::string_view value) {
  return problem(403, "Forbidden",
                 "This needs a key that names it; an administrator makes one with 'reeve key create --owner "
                 "you@example.com --scope " +
                     std::string(kind) + ":" + std::string(value) + "'.");
}

ApiCallers::Caller refused(ApiAnswer answer) { return {nullptr, std::move(answer), {}}; }
ApiCallers::Caller refused(int status, std::string_view title, std::string why) {
  return {nullptr, problem(status, title, why), std::move(why)};
}

}  // namespace

/// Where no scope of that kind is set, in_scope says yes; here that has to be no.
bool has_scope_of(const identity::Principal& principal, std::string_view kind) {
  const std::string prefix = std::string(kind) + ":";
  return std::any_of(principal.scopes.begin(), principal.scopes.end(),
                     [&](const std::string& scope) { return scope.starts_with(prefix); });
}

std::optional<ApiAnswer> refuse_scope(const identity::Principal& principal, std::string_view kind,
                                      std::string_view value) {
  if (has_scope_of(principal, kind) && principal.in_scope(kind, value)) return std::nullopt;
  return lacks_scope(kind, value);
}

std::optional<ApiAnswer> refuse_any_scope(const identity::Principal& principal, std::string_view kind) {
  return has_scope_of(principal, kind) ? std::nullopt : std::optional(lacks_scope(kind, "read"));
}

namespace {

/// Whoever acts for a person has none of their roles.
bool asks_by_role(const identity::Principal& principal, const identity::RoleBindings& roles) {
  return !roles.empty() && principal.type == "person" && !principal.is_delegated();
}

/// What somebody puts their name to.
bool is_decision(identity::Permission permission) {
  using enum identity::Permission;
  return permission == kDecideExceptions || permission == kDecideAgents || permission == kDecideIntake ||
         permission == kApprovePolicy;
}

}  // namespace

bool needs_control_scope(const identity::Principal& principal, const identity::RoleBindings& roles) {
  return !asks_by_role(principal, roles) || !principal.key_id.empty();
}

std::optional<ApiAnswer> refuse_permission(const identity::Principal& principal, const identity::RoleBindings& roles,
                                           identity::Permission permission, std::string_view scope) {
  if (needs_control_scope(principal, roles)) {
    if (auto no = refuse_scope(principal, "control", scope)) return no;
  }
  // Otherwise an agent could say yes in the name of the person it works for.
  if (principal.is_delegated() && is_decision(permission)) {
    return problem(403, "Forbidden",
                   "Whoever acts for somebody decides nothing in their name; they decide themselves.");
  }
  if (!asks_by_role(principal, roles)) return std::nullopt;
  const auto decision = roles.decide(principal, permission);
  if (decision.allowed) return std::nullopt;
  return problem(403, "Forbidden", decision.message);
}

bool is_permitted(const ApiRequest& request, identity::Permission permission, std::string_view scope) {
  return !refuse_permission(*request.principal, *request.roles, permission, scope);
}

Task<void> respond(net::Exchange& exchange, const ApiAnswer& answer, std::string methods) {
  net::Headers headers{{"content-type", answer.status < 400 ? "application/json" : "application/problem+json"},
                       {"cache-control", "no-store"}};
  if (answer.status == 401) headers.add("www-authenticate", "Bearer");
  if (answer.status == 405 && !methods.empty()) headers.add("allow", methods);
  const std::int64_t wait = answer.retry_after == 0 && answer.status == 503 ? 1 : answer.retry_after;
  const std::string seconds = std::to_string(wait);
  if (wait > 0) headers.add("retry-after", seconds);
  if (!answer.etag.empty()) headers.add("etag", answer.etag);
  if (!answer.location.empty()) headers.add("location", answer.location);
  const auto sent = co_await exchange.respond(answer.status, headers, answer.body);
  static_cast<void>(sent);
}

Result<std::unique_ptr<ApiCallers>> ApiCallers::create(net::Runtime& runtime,
                                                       const std::vector<identity::OidcIssuer>& issuers,
                                                       const net::ClientTls& tls, identity::KeyTable& keys,
                                                       identity::OwnTokens* own_tokens, identity::Directory* directory,
                                                       identity::Agents* agents) {
  auto callers = std::make_unique<ApiCallers>();
  for (std::size_t i = 0; i < runtime.loop_count(); ++i) {
    auto client = net::Client::create(runtime.loop(i), identity::Authenticator::client_limits(), tls);
    if (!client) return client.error();
    Worker worker{*std::move(client), nullptr};
    worker.authenticator = identity::Authenticator::create(
        {.issuers = issuers, .own_tokens = own_tokens, .directory = directory, .agents = agents}, keys, *worker.client);
    callers->workers_.push_back(std::move(worker));
  }
  return callers;
}

Task<ApiCallers::Caller> ApiCallers::identify(net::Exchange& exchange, std::string_view kind) {
  Caller caller = co_await identify(exchange);
  if (!caller.principal || has_scope_of(*caller.principal, kind)) co_return caller;
  co_return refused(lacks_scope(kind, "read"));
}

Task<ApiCallers::Caller> ApiCallers::identify(net::Exchange& exchange) {
  Caller caller = co_await identify_any(exchange);
  if (!caller.principal || caller.principal->client != identity::kClaudeCodeClient) co_return caller;
  co_return refused(403, "Forbidden",
                    "This sign-in is Claude Code's, which is for calls of models only. Sign in with 'reeve login'.");
}

Task<ApiCallers::Caller> ApiCallers::identify_any(net::Exchange& exchange) {
  const net::Headers& headers = exchange.head().headers;
  if (headers.count("authorization") > 1) {
    co_return refused(400, "Bad request", "The header authorization came twice; send only one credential.");
  }
  const auto header = [&headers](std::string_view name) {
    return name == "authorization" ? headers.get(name) : std::string_view();
  };
  const auto credential = wire::read_credential(header, {});
  if (!credential) co_return refused(401, "Unauthorized", credential.error().message);
  if (credential->empty()) {
    co_return refused(401, "Unauthorized", "Send a Reeve key as \"Authorization: Bearer rv_...\".");
  }
  co_return co_await decide(*credential, exchange.loop());
}

Task<ApiCallers::Caller> ApiCallers::identify_also_browser(net::Exchange& exchange) {
  const net::RequestHead& head = exchange.head();
  const std::string secret = browsers_ == nullptr ? std::string() : browsers_->secret_of(head.headers);
  // A credential that was sent on purpose goes before what the browser adds by itself.
  if (secret.empty() || head.headers.count("authorization") > 0) co_return co_await identify(exchange);
  if (browsers_->is_foreign(head)) {
    co_return refused(problem(403, "Forbidden", "This request did not come from the console's own pages."));
  }
  const auto token = co_await browsers_->token(secret, exchange.loop());
  if (!token) {
    const bool ended = token.error().code == ErrorCode::kDenied;
    co_return refused(problem(ended ? 401 : 503, ended ? "Unauthorized" : "Unavailable", token.error().message));
  }
  Caller caller = co_await decide(*token, exchange.loop());
  if (!caller.principal) co_return caller;
  const std::string cut_off = browsers_->refusal_of(*caller.principal, system_clock().now());
  if (!cut_off.empty()) co_return refused(problem(403, "Forbidden", cut_off));
  co_return caller;
}

Task<ApiCallers::Caller> ApiCallers::decide(std::string_view credential, net::Loop& loop) {
  identity::Authenticator& authenticator = *workers_[loop.index()].authenticator;
  auto outcome = authenticator.authenticate_now(credential);
  if (!outcome) outcome = co_await authenticator.authenticate(credential);
  if (!outcome->ok()) {
    const bool unavailable = outcome->failure == identity::AuthFailure::kUnavailable;
    co_return refused(unavailable ? 503 : 401, unavailable ? "Unavailable" : "Unauthorized", outcome->message);
  }
  co_return Caller{outcome->principal, {}, {}};
}

Task<void> ApiCallers::tell_refusal(net::Exchange& exchange, std::string_view what,
                                    std::shared_ptr<const identity::Principal> caller, const ApiAnswer& answer) {
  if (refusals_ == nullptr) co_return;
  const net::RequestHead& head = exchange.head();
  const auto problem = JsonDocument::parse(answer.body);
  Refusal refusal;
  refusal.what = what;
  refusal.why = std::to_string(answer.status);
  if (problem) refusal.why += ": " + std::string(problem->root()["detail"].string_or(""));
  refusal.address = proxies_.client_address(exchange.peer_address(), head.headers);
  refusal.request = std::string(head.method_text) + " " + std::string(head.path);
  if (caller) refusal.who = caller->id, refusal.key_id = caller->key_id;
  co_await refusals_->tell(std::move(refusal), exchange.loop());
}

}  // namespace reeve::app
