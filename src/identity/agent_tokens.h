#pragma once

// What agents get for their credentials: short tokens of ours, for themselves or for somebody who has them act (RFC
// 8693). Part of the identity room's face; docs/agents.md describes it.
//
// A loop verifies a credential (AgentCredentials); what it is worth is decided on a thread that may block
// (AgentTokens). A token never lasts longer than what it was given for, and a chain of actors never gains: each step is
// asked for what it may do, and all must say yes (Principal::in_scope, and the gateway's rules).

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/task.h"
#include "core/time.h"
#include "identity/agents.h"
#include "identity/identity.h"
#include "identity/sign_in.h"
#include "net/net.h"

namespace reeve::identity {

/// Whoever may vouch for workloads by SPIFFE.
struct TrustDomain {
  std::string name;          // corp.example.com
  std::string audience;      // that JWT-SVIDs for us carry
  std::string keys;          // of JWT-SVIDs: an https address or a file; empty: none are taken
  std::string certificates;  // of X.509-SVIDs: a PEM file of the domain's authorities; empty: none are taken
  bool operator==(const TrustDomain&) const = default;
};

/// What `identity.agents` of the configuration says.
struct AgentTrust {
  UnregisteredAgents unregistered = UnregisteredAgents::kRefuse;
  std::vector<TrustDomain> domains;
  std::vector<OidcIssuer> workloads;  // their tokens are never a person's
  bool operator==(const AgentTrust&) const = default;
};
/// What is wrong with it, as kInvalid.
Result<void> check_agent_trust(const AgentTrust& trust);

/// The trust domain that pins it: of no other name, and of none that looks like it. Null: not trusted.
const TrustDomain* find_trust_domain(const AgentTrust& trust, std::string_view name);

/// Verifies the tokens that agents show. One per loop, used on its thread only; all references outlive it.
class AgentCredentials {
 public:
  /// No credential of a workload that ends later than this from now is taken: it was made to be kept.
  static constexpr Duration kLongest = std::chrono::hours(24);
  /// The same for what an agent says of itself (RFC 7523), which it makes anew each time.
  static constexpr Duration kAssertionLongest = std::chrono::minutes(5);

  /// `own_issuer` and `token_address`: what an agent's own assertion must be meant for.
  struct Options {
    AgentTrust trust;
    Agents* agents;
    std::string own_issuer, token_address;
    const Clock* clock = &system_clock();
  };
  static std::unique_ptr<AgentCredentials> create(Options options, net::Client& client);
  virtual ~AgentCredentials() = default;

  /// A JWT-SVID, a workload's OIDC token, or an assertion signed with a key of a registered card. kUnavailable when the
  /// keys cannot be had, kDenied with a sentence otherwise.
  virtual Task<Result<AgentCredential>> verify(std::string token) = 0;
};

/// What a TLS client's certificates, DER and leaf first, say: an X.509-SVID (SPIFFE X509-SVID sections 2 to 5). Reads
/// the domain's file, so that a bundle may be renewed at any time. Blocks. kDenied with a sentence otherwise.
Result<AgentCredential> verify_certificates(std::span<const std::string> chain, const AgentTrust& trust, Instant now);

/// Thread-safe; every function blocks.
class AgentTokens {
 public:
  /// How many may stand in a chain, with whoever it begins with.
  static constexpr std::size_t kChainMax = 4;

  AgentTokens(Agents& agents, GrantStore& store, OwnTokens& tokens, const Clock& clock, Grants::Record record)
      : agents_(agents), store_(store), tokens_(tokens), clock_(clock), record_(std::move(record)) {}

  /// The principal that a credential stands for, and that it is used once where it must be.
  Result<Principal> admit(const AgentCredential& credential);

  /// A token for the agent itself. `expires`: of its credential.
  TokenAnswer sign_in(const Principal& agent, Instant expires, const std::string& address);

  struct Delegation {
    Principal subject;  // verified by a token of ours
    Principal actor;    // an agent for itself
    Instant actor_expires;
    std::vector<std::string> scopes;  // to which the chain is held besides; may be empty
    std::string address;
  };
  TokenAnswer exchange(const Delegation& delegation);

 private:
  Agents& agents_;
  GrantStore& store_;
  OwnTokens& tokens_;
  const Clock& clock_;
  const Grants::Record record_;
};

}  // namespace reeve::identity
