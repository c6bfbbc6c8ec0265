#pragma once

// Who asks one of the server's own APIs, and whether they may. A key that names nothing of an API is given nothing of
// it: scopes restrict calls of models, but here they admit.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "identity/identity.h"
#include "net/net.h"
#include "reeve/api_request.h"
#include "reeve/browser_sessions.h"
#include "reeve/refusals.h"

namespace reeve::app {

/// Sends an answer of JSON with the header fields that go with its status; `methods` are those that the path takes. A
/// client that has gone is nobody to tell.
Task<void> respond(net::Exchange& exchange, const ApiAnswer& answer, std::string methods = "GET");
/// Why a principal may not do that here; nothing when it has the scope KIND:VALUE and says so.
std::optional<ApiAnswer> refuse_scope(const identity::Principal& principal, std::string_view kind,
                                      std::string_view value);

/// Why a principal without any scope of that kind is given nothing; nothing when it has one.
std::optional<ApiAnswer> refuse_any_scope(const identity::Principal& principal, std::string_view kind);

/// Whether the principal has any scope of that kind.
bool has_scope_of(const identity::Principal& principal, std::string_view kind);

/// Whether somebody needs a scope of the control API: machines, whoever acts for a person, and people who send a key,
/// since whoever made a key for a tool said what it is for. Without any RoleBinding, everybody.
bool needs_control_scope(const identity::Principal& principal, const identity::RoleBindings& roles);

/// Why the principal may not do in the control API what needs that permission and, of machines, the scope
/// `control:SCOPE`; nothing when they may. The one place that decides: routes, what /me promises, and lists that show
/// only what somebody may act on ask it.
std::optional<ApiAnswer> refuse_permission(const identity::Principal& principal, const identity::RoleBindings& roles,
                                           identity::Permission permission, std::string_view scope);
/// The same of whoever asks: true when they may.
bool is_permitted(const ApiRequest& request, identity::Permission permission, std::string_view scope);

/// One for all loops; each has its own authenticator. Issuers, keys, tokens and the directory outlive it.
class ApiCallers {
 public:
  static Result<std::unique_ptr<ApiCallers>> create(net::Runtime& runtime,
                                                    const std::vector<identity::OidcIssuer>& issuers,
                                                    const net::ClientTls& tls, identity::KeyTable& keys,
                                                    identity::OwnTokens* own_tokens,
                                                    identity::Directory* directory = nullptr,
                                                    identity::Agents* agents = nullptr);
  /// Where what tell_refusal() says goes, and who says where a request comes from. Before the first exchange.
  void tell_refusals_to(Refusals& refusals, identity::TrustedProxies proxies) {
    refusals_ = &refusals;
    proxies_ = std::move(proxies);
  }

  struct Caller {
    std::shared_ptr<const identity::Principal> principal;  // null: refused
    ApiAnswer refusal;
    std::string why;  // of a refusal, as a sentence
  };
  /// A key without any scope of that kind is refused.
  Task<Caller> identify(net::Exchange& exchange, std::string_view kind);
  /// Whoever it is, with or without scopes; but nobody by a token that was made for calls of models only.
  Task<Caller> identify(net::Exchange& exchange);
  /// Also by such a token: for what goes with calls.
  Task<Caller> identify_any(net::Exchange& exchange);
  /// The same, and people whose browser is signed in to the console. Only where what answers is not content that a
  /// page of another site could use.
  Task<Caller> identify_also_browser(net::Exchange& exchange);
  /// The address that a request comes from, as the trusted proxies tell it.
  std::string address_of(net::Exchange& exchange) const {
    return proxies_.client_address(exchange.peer_address(), exchange.head().headers);
  }
  /// Before the loops start; outlives the last call.
  void know(BrowserSessions& browsers) { browsers_ = &browsers; }
  /// Records that `answer` refused a request of that part of the server. `caller`: null when nobody knows who it was.
  Task<void> tell_refusal(net::Exchange& exchange, std::string_view what,
                          std::shared_ptr<const identity::Principal> caller, const ApiAnswer& answer);

 private:
  struct Worker {
    std::unique_ptr<net::Client> client;  // to issuers
    std::unique_ptr<identity::Authenticator> authenticator;
  };
  Task<Caller> decide(std::string_view credential, net::Loop& loop);
  std::vector<Worker> workers_;  // by the index of the loop
  BrowserSessions* browsers_ = nullptr;
  Refusals* refusals_ = nullptr;  // null: nobody is told
  identity::TrustedProxies proxies_;
};

}  // namespace reeve::app
