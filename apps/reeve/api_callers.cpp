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

ApiCallers::Caller refused(ApiAnswer answer) { return {nullptr, std::move(answer)}; }

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

Task<void> respond(net::Exchange& exchange, const ApiAnswer& answer, std::string methods) {
  net::Headers headers{{"content-type", answer.status < 400 ? "application/json" : "application/problem+json"},
                       {"cache-control", "no-store"}};
  if (answer.status == 401) headers.add("www-authenticate", "Bearer");
  if (answer.status == 405 && !methods.empty()) headers.add("allow", methods);
  if (answer.status == 503) headers.add("retry-after", "1");
  if (!answer.etag.empty()) headers.add("etag", answer.etag);
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
  const net::Headers& headers = exchange.head().headers;
  if (headers.count("authorization") > 1) {
    co_return refused(problem(400, "Bad request", "The header authorization came twice; send only one credential."));
  }
  const auto header = [&headers](std::string_view name) {
    return name == "authorization" ? headers.get(name) : std::string_view();
  };
  const auto credential = wire::read_credential(header, {});
  if (!credential) co_return refused(problem(401, "Unauthorized", credential.error().message));
  if (credential->empty()) {
    co_return refused(problem(401, "Unauthorized", "Send a Reeve key as \"Authorization: Bearer rv_...\"."));
  }
  identity::Authenticator& authenticator = *workers_[exchange.loop().index()].authenticator;
  auto outcome = authenticator.authenticate_now(*credential);
  if (!outcome) outcome = co_await authenticator.authenticate(*credential);
  if (!outcome->ok()) {
    const bool unavailable = outcome->failure == identity::AuthFailure::kUnavailable;
    co_return refused(unavailable ? problem(503, "Unavailable", outcome->message)
                                  : problem(401, "Unauthorized", outcome->message));
  }
  co_return Caller{outcome->principal, {}};
}

}  // namespace reeve::app
