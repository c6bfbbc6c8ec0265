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

namespace reeve::app {

/// Sends an answer of JSON with the header fields that go with its status; `methods` are those that the path takes. A
/// client that has gone is nobody to tell.
Task<void> respond(net::Exchange& exchange, const ApiAnswer& answer, std::string methods = "GET");
/// Why a principal may not do that here; nothing when it has the scope KIND:VALUE and says so.
std::optional<ApiAnswer> refuse_scope(const identity::Principal& principal, std::string_view kind,
                                      std::string_view value);

/// Whether the principal has any scope of that kind.
bool has_scope_of(const identity::Principal& principal, std::string_view kind);

/// One for all loops; each has its own authenticator. Issuers, keys, tokens and the directory outlive it.
class ApiCallers {
 public:
  static Result<std::unique_ptr<ApiCallers>> create(net::Runtime& runtime,
                                                    const std::vector<identity::OidcIssuer>& issuers,
                                                    const net::ClientTls& tls, identity::KeyTable& keys,
                                                    identity::OwnTokens* own_tokens,
                                                    identity::Directory* directory = nullptr,
                                                    identity::Agents* agents = nullptr);

  struct Caller {
    std::shared_ptr<const identity::Principal> principal;  // null: refused
    ApiAnswer refusal;
  };
  /// A key without any scope of that kind is refused.
  Task<Caller> identify(net::Exchange& exchange, std::string_view kind);
  /// Whoever it is, with or without scopes.
  Task<Caller> identify(net::Exchange& exchange);

 private:
  struct Worker {
    std::unique_ptr<net::Client> client;  // to issuers
    std::unique_ptr<identity::Authenticator> authenticator;
  };
  std::vector<Worker> workers_;  // by the index of the loop
};

}  // namespace reeve::app
