#pragma once

// Identity: who is calling. Three kinds of credential: virtual keys (rv_…), made by `reeve key create` and bound to an
// owner; OIDC access or ID tokens of configured issuers; and Reeve's own short-lived tokens, which people get by
// signing in with one of those issuers (sign_in.h). All end as a Principal.
//
// A credential is hashed the moment it is read; the clear text is never stored, logged or sent on.

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/crypto.h"
#include "core/result.h"
#include "core/task.h"
#include "core/time.h"
#include "identity/cutoff.h"
#include "identity/key_table.h"
#include "identity/sessions.h"
#include "net/net.h"

namespace reeve::identity {

/// A verified caller. Immutable, shared.
struct Principal {
  std::string id;               // e-mail where known, else issuer's subject
  std::string type = "person";  // "person", "agent", "service"
  std::string team;
  std::vector<std::string> groups;  // sorted
  std::vector<std::string> scopes;  // empty: everything the owner may do. "models:claude-*", "operations:chat", …
  std::string key_id;               // virtual key, or empty
  std::string issuer;               // OIDC issuer, or empty
  std::string sign_in;              // the sign-in that a token of our own belongs to, or empty
  std::string client;               // the program that such a token was made for, or empty
  std::optional<Instant> expires;
  std::optional<Instant> issued;  // the credential, where it says so
  /// The registered agents that act, by id, the one that holds the credential first: those of the chain of `act` (RFC
  /// 8693 section 4.1), and the owner where that is an agent. Empty: nobody but the owner.
  std::vector<std::string> actors;
  std::vector<std::vector<std::string>> held_to;    // scopes that each step of the chain gave up all others for
  std::vector<std::vector<std::string>> permitted;  // scopes of each actor, as the register has them now
  std::vector<std::string> owners;                  // who answers for each actor, likewise

  /// True when somebody acts for the owner.
  bool is_delegated() const { return actors.size() > (type == "agent" ? 1U : 0U); }

  /// True when each list of scopes covers `value`: has a scope of that kind that does, or none of that kind. Patterns
  /// as glob_match. So a chain of actors never may what one of them, or the owner, may not.
  bool in_scope(std::string_view kind, std::string_view value) const;
};

// ---- Virtual keys ----

struct VirtualKey {
  std::string id;        // "key_…"; not secret
  Sha256 secret_hash{};  // of the whole secret: it has 256 random bits, so a plain hash is safe
  std::string hint;      // "rv_Ab3…9x": what a person recognises it by
  std::string owner;
  std::string team;
  std::string type = "person";
  std::vector<std::string> groups;
  std::vector<std::string> scopes;
  Instant created;
  std::optional<Instant> expires;
  std::optional<Instant> revoked;
  std::string note;
};

/// What this room asks of storage; src/store implements it for SQLite and PostgreSQL. Calls may block, but for
/// generation() and uncertain_for(), which are asked with each request: no system call. All functions are thread-safe.
class KeyStore {
 public:
  virtual ~KeyStore() = default;
  /// kConflict when the id or the secret's hash is already there.
  virtual Result<void> insert(const VirtualKey& key) = 0;
  /// Every key, also the expired and the revoked, oldest first.
  virtual Result<std::vector<VirtualKey>> list() = 0;
  /// kNotFound when there is no such key; revoking twice keeps the first time.
  virtual Result<void> revoke(std::string_view id, Instant when) = 0;
  /// What changed after `since`, 0 for everything; gives the number to ask with the next time.
  virtual Result<std::uint64_t> read_changes(std::uint64_t since, KeyReader& reader) = 0;
  /// Grows with every change, by any process or node that shares the storage.
  virtual std::uint64_t generation() const = 0;
  /// For how long it has not been certain that generation() is the newest: while a shared database is away.
  virtual Duration uncertain_for() const { return Duration::zero(); }
};

struct NewKey {
  VirtualKey key;
  std::string secret;  // "rv_" and 43 characters of base64url: shown once, never again
};
struct KeyRequest {
  std::string owner, team, type = "person", note;
  std::vector<std::string> groups, scopes;
  std::optional<Duration> time_to_live;
};
/// Makes a key and stores its hash. kInvalid, with a sentence that names the field, when the request does not make
/// sense: no owner, control characters, a scope of a kind that nothing checks (it would restrict nothing). Groups and
/// scopes are sorted; an owner that is an e-mail address is lower-cased, as it is for tokens, so that one person has
/// one name.
Result<NewKey> create_key(KeyStore& store, const KeyRequest& request, Instant now);

/// Keys kept in memory only: for tests and benchmarks of rooms that need some keys and no disk. Thread-safe.
std::unique_ptr<KeyStore> make_memory_key_store();

// ---- OIDC ----

/// What the groups of an issuer are called here, and which of ours lie within others.
struct GroupRules {
  std::map<std::string, std::vector<std::string>> names;    // the issuer's name -> ours
  std::map<std::string, std::vector<std::string>> parents;  // whoever is in the one is in these, too, all the way up
  bool keep_unnamed = true;                                 // whether what `names` lacks counts under its own name
  /// The result is sorted, each name once.
  void apply(std::vector<std::string>& groups) const;
  bool operator==(const GroupRules&) const = default;
};

struct OidcIssuer {
  std::string issuer;                   // exactly as in `iss`; discovery at issuer + /.well-known/openid-configuration
  std::string audience;                 // must be in `aud`
  std::string groups_claim = "groups";  // dotted path
  std::string person_claim = "email";   // falls back to sub
  std::string team_claim;               // optional
  Duration clock_skew = std::chrono::seconds(60);
  Duration jwks_time_to_live = std::chrono::minutes(10);
  GroupRules group_rules;
  bool reads_groups = true;  // false: a token's groups are passed over, because they come from elsewhere

  // For people who sign in with it; without a client_id nobody can.
  std::string client_id;
  std::string client_secret;  // empty: a public client
  std::string name;           // what people know it by; empty: the host of the issuer
  std::string scopes = "openid email profile";
  bool groups_from_userinfo = false;  // for people in more groups than an ID token holds

  // For issuers whose keys lie elsewhere than their discovery document says.
  std::string keys;             // an https address, or a file of this machine; empty: as discovery says
  std::string key_use = "sig";  // what the `use` of their keys may be besides "sig"
  bool operator==(const OidcIssuer&) const = default;
};

/// What is wrong with such an entry of the configuration, as kInvalid: https is required (http only for this machine
/// itself), audience and claims must be named, the skew is at most 10 minutes, the time to live 1 second to 24 hours.
Result<void> check_issuer(const OidcIssuer& issuer);

// ---- Authentication ----

enum class AuthFailure {
  kUnknown,
  kExpired,
  kRevoked,
  kForeignIssuer,
  kBadSignature,
  kWrongAudience,
  kNotYetValid,
  kMalformed,
  kUnavailable
};
std::string_view auth_failure_name(AuthFailure failure);

class Directory;

struct AuthOutcome {
  std::shared_ptr<const Principal> principal;  // null on failure
  AuthFailure failure = AuthFailure::kUnknown;
  std::string message;  // for the caller: what is wrong and what to do; never holds the credential
  bool ok() const { return principal != nullptr; }
};

/// Decides who a credential belongs to. One per loop: caches are its own. Keys are looked up in the table of all loops,
/// which reads what changed, so a revocation holds for the next request. Tokens
/// are verified once and remembered by their hash until they expire (at most 5 minutes); only RS256, RS384, RS512,
/// PS256, ES256, ES384 and EdDSA, each only with a key of its own type. Keys of an issuer are fetched on first use,
/// again when they age, and once more (at most every 30 s) when a token names a key that is not there: rotation. While
/// an issuer cannot be reached its last keys serve for up to one hour past their time to live; without any, its tokens
/// get kUnavailable.
class OwnTokens;
class Agents;
class Authenticator {
 public:
  struct Options {
    std::vector<OidcIssuer> issuers;
    const Clock* clock = &system_clock();
    OwnTokens* own_tokens = nullptr;  // outlives the authenticator; null: there are none
    /// When there is one, credentials are worth what it says; it must outlive the authenticator.
    Directory* directory = nullptr;
    /// When there is one, agents act as it says; it must outlive the authenticator. Null: nothing is known of agents.
    Agents* agents = nullptr;
  };
  /// Limits for the client below: a provider that hangs must not hold sign-ins for minutes, as a model may.
  static net::ClientLimits client_limits();
  /// `keys` and `client` must outlive the authenticator; `client` belongs to the same loop. Tokens of an issuer that
  /// check_issuer refuses get kUnavailable.
  static std::unique_ptr<Authenticator> create(Options options, KeyTable& keys, net::Client& client);
  /// With a table of its own.
  static std::unique_ptr<Authenticator> create(Options options, KeyStore& keys, net::Client& client);
  virtual ~Authenticator() = default;

  /// The answer when it can be given without waiting: every known credential in the steady state.
  virtual std::optional<AuthOutcome> authenticate_now(std::string_view credential) = 0;
  /// The whole decision, fetching an issuer's keys when needed.
  virtual Task<AuthOutcome> authenticate(std::string_view credential) = 0;
};

}  // namespace reeve::identity

#include "identity/agent_tokens.h"      // what agents get for their credentials
#include "identity/agents.h"            // which agents may act
#include "identity/break_glass.h"       // when nobody who may can
#include "identity/browser_grants.h"    // a sign-in as a browser holds it
#include "identity/directory.h"         // people and groups
#include "identity/provider_sign_in.h"  // a person signs in with an issuer
#include "identity/roles.h"             // what people may do in the control plane
#include "identity/scim.h"              // how identity providers keep the directory
#include "identity/sign_in.h"           // what Reeve itself gives to people who signed in
#include "identity/trusted_proxies.h"   // where a request comes from
#include "identity/web_form.h"          // what OAuth speaks
