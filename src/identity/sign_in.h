#pragma once

// What Reeve gives to people who signed in with their company's provider: sessions, short-lived tokens of our own, and
// the one-time secrets on the way there. Part of identity.h.
//
// A sign-in begins a session. It holds who the person is, as the provider said then, and ends after a stated time, when
// its owner signs out, when somebody revokes it, or when one of its refresh tokens comes a second time. Access tokens
// belong to a session and are refused from the moment it ends, though they carry their own, earlier end.
//
// Every secret is kept as its hash only. Functions here block on storage: never call them on a loop, except for what
// says that it may.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/crypto.h"
#include "core/result.h"
#include "core/time.h"
#include "identity/identity.h"

namespace reeve::identity {

// ---- What is kept: the port ----

/// The kinds of one-time secrets.
enum class GrantKind : std::uint8_t {
  kDevice = 1,        // what a device polls with (RFC 8628)
  kUserCode = 2,      // what its owner types
  kAttempt = 3,       // `state` on the way to the company's provider and back
  kConfirmation = 4,  // a person whom the provider named, and who has not said yes yet
  kCode = 5,          // an authorization code (RFC 6749 section 4.1)
  kRefresh = 6,       // a refresh token
  kBrowser = 7,       // a sign-in as a browser holds it, by a cookie
  kLink = 8,          // a link that signs in whoever opens it first
  kAssertion = 9      // what an agent said of itself, and must not say twice
};

struct Grant {
  GrantKind kind = GrantKind::kDevice;
  Sha256 hash{};         // of the secret
  std::string document;  // JSON: what it is for, and what became of it
  std::uint64_t version = 1;
  Instant expires;
};

/// A sign-in.
struct SignInSession {
  std::string id;      // "sgn_…"; not secret
  std::string person;  // the principal's id
  std::string client;
  std::string document;  // the principal, as principal_to_json
  Instant created, expires;
  std::optional<Instant> ended;
  std::string why;  // it ended
};

/// The end of a sign-in.
struct SignInEnd {
  Instant when;
  std::string why;  // at most 500 bytes
  std::string by;   // who ended it; empty: Reeve itself
};
/// The entry of the ledger that tells of one.
inline constexpr std::string_view kSignInEndedKind = "identity.sign_in_ended";
std::string sign_in_ended_detail(std::string_view session, std::string_view person, const SignInEnd& end);

/// What changes together, all of it or nothing.
struct GrantChange {
  std::vector<Grant> inserted;
  std::vector<Grant> replaced;  // each the next version of what is there
  std::optional<SignInSession> begun;
};

/// A public key that verifies our tokens. Nodes publish theirs; private halves stay on their nodes.
struct TokenKey {
  std::string id;
  std::string public_key;  // Ed25519, 32 bytes
  Instant created, retired;
  bool operator==(const TokenKey&) const = default;
};

/// Thread-safe; calls may block, except generation(). src/store implements it for SQLite and PostgreSQL.
class GrantStore {
 public:
  virtual ~GrantStore() = default;
  /// kConflict when a secret or a session to be inserted is there already, or when what is replaced is not at the
  /// version before: somebody else was faster.
  virtual Result<void> apply(const GrantChange& change) = 0;
  /// Also what has expired, as long as it was not forgotten.
  virtual Result<std::optional<Grant>> find(GrantKind kind, const Sha256& hash) = 0;
  virtual Result<std::optional<SignInSession>> session(std::string_view id) = 0;
  /// Those that began last come first, at most 1000; of one person in whatever case of letters (fold_case), or of
  /// everybody when `person` is empty.
  virtual Result<std::vector<SignInSession>> sessions(std::string_view person) = 0;
  /// Ends one session, and leaves what the ledger tells of it with the notes that wait for it, in one transaction.
  /// False when it had ended before, or there is none: its first end stays.
  virtual Result<bool> end_session(std::string_view id, const SignInEnd& end) = 0;
  /// The same for every session of a person, as sessions() finds them, that has not ended; the ids of those.
  virtual Result<std::vector<std::string>> end_sessions_of(std::string_view person, const SignInEnd& end) = 0;
  /// Sessions that were ended at or after `since`.
  virtual Result<std::vector<std::string>> ended_since(Instant since) = 0;
  /// Adds a key, or changes when it retires.
  virtual Result<void> publish_key(const TokenKey& key) = 0;
  virtual Result<std::vector<TokenKey>> keys() = 0;
  /// Removes what has expired before `before`: secrets, keys by their retirement, and sessions with all of theirs.
  virtual Result<void> forget_expired(Instant before) = 0;
  /// Grows when a session ends or a key is published, by any process that shares the storage.
  virtual std::uint64_t generation() const = 0;
};

/// Kept in memory only, for tests. Thread-safe. `note` is told what the ledger has to tell.
std::unique_ptr<GrantStore> make_memory_grant_store(
    std::function<void(std::string_view kind, const std::string& detail)> note = {});

std::string principal_to_json(const Principal& principal);
Result<Principal> principal_from_json(std::string_view json);

// ---- Our own tokens ----

struct TokenSettings {
  std::string audience = "reeve";
  Duration lifetime = std::chrono::minutes(15);  // of an access token; 1m to 1h
  Duration session = std::chrono::hours(24);     // of a sign-in; 5m to 90 days
  Duration rotate_keys = std::chrono::hours(24 * 30);
  bool operator==(const TokenSettings&) const = default;
};
/// kInvalid, with a sentence, when a time is out of its range.
Result<void> check_token_settings(const TokenSettings& settings);

/// Whether the credential looks like a token of ours; nothing of it is verified.
bool is_own_token(std::string_view credential);

/// Makes and verifies tokens: JWTs of RFC 9068 (`typ` at+jwt), signed with Ed25519. Thread-safe. What a token says of
/// its person is as old as the sign-in (`auth_time`), however often it was renewed.
class OwnTokens {
 public:
  /// Reads the signing key, or makes one: readable by its owner only. The store outlives this.
  static Result<std::unique_ptr<OwnTokens>> open(std::filesystem::path key_file, TokenSettings settings,
                                                 GrantStore& store, const Clock& clock);

  /// The address of this server as people see it: the issuer. Before the first token is made or verified.
  void serve_as(std::string issuer) { issuer_ = std::move(issuer); }
  const std::string& issuer() const { return issuer_; }
  const TokenSettings& settings() const { return settings_; }

  struct Made {
    std::string token;
    Instant expires;
  };
  /// With who acts for the person, and what the chain is held to. kTooLarge when the groups do not fit into a token.
  Result<Made> make(const Principal& person, const SignInSession& session) const;
  /// The key set of RFC 7517, with the keys of all nodes.
  Result<std::string> key_set() const;
  /// Changes the signing key when it has grown old. About once a minute.
  Result<void> look();

  /// What tokens are verified with. Immutable.
  struct Known {
    std::uint64_t generation = 0;
    std::map<std::string, TokenKey, std::less<>> keys;
    std::set<std::string, std::less<>> ended;  // sessions whose tokens may still be about
  };
  /// As of the last change. May be called on a loop: the store is read only when it has changed.
  Result<std::shared_ptr<const Known>> known();
  std::uint64_t generation() const { return store_->generation(); }

 private:
  OwnTokens(std::filesystem::path key_file, TokenSettings settings, GrantStore& store, const Clock& clock)
      : key_file_(std::move(key_file)), settings_(std::move(settings)), store_(&store), clock_(&clock) {}
  struct SigningKey {
    std::string id;
    Ed25519Key key;
    Instant created;
  };
  Result<void> read_key();
  Result<SigningKey> make_key() const;
  Result<void> publish(const SigningKey& key);

  const std::filesystem::path key_file_;
  const TokenSettings settings_;
  GrantStore* store_;
  const Clock* clock_;
  std::string issuer_;
  mutable std::mutex mutex_;
  std::shared_ptr<const SigningKey> signing_;
  std::shared_ptr<const Known> known_;
  Moment failed_at_{};
};

// ---- Signing in ----

/// What asks to be signed in, as it says of itself: shown to its owner, never believed.
struct Asking {
  std::string client;   // its registered name; may be empty for devices
  std::string device;   // what it calls itself, "reeve on laptop-7"
  std::string address;  // where the request came from
};

/// Why a person is at the company's provider: for a device, or for a program that waits for a code.
struct Purpose {
  Asking asking;
  std::string device_hash;  // hexadecimal; empty: for a code
  std::string redirect_uri, challenge, state;
  bool from_own_page = false;  // the browser says that it was sent from one of this server's pages
};

struct TokenAnswer {
  std::string error, description;  // RFC 6749 section 5.2; empty: it succeeded
  std::string access_token, refresh_token;
  Duration expires_in{};
  Principal person;
  SignInSession session;
  bool ok() const { return error.empty(); }
};

/// The registered name of Claude Code. Its tokens are for calls of models and what goes with them, and for nothing
/// else.
inline constexpr std::string_view kClaudeCodeClient = "claude-code";
/// The name under which Claude Code puts a work item into a request's tags; a claim of its tokens says it.
inline constexpr std::string_view kWorkItemTag = "work-item";

/// A registered client that differs from most.
struct ClientTraits {
  std::string id;
  bool sends_no_id = false;  // a request without a client_id may be one of this client's
  /// Several of its processes hold the same refresh token, and take over from each other what one of them renewed. So a
  /// used one that comes from where the newer one went is only refused; from elsewhere it ends the sign-in as ever.
  bool shares_tokens = false;
};

/// The grants of OAuth 2.0, decided. Thread-safe; every function blocks.
class Grants {
 public:
  /// Writes an entry of the ledger and waits for it. What fails to be recorded does not happen.
  using Record = std::function<Result<void>(std::string_view kind, const std::string& detail)>;

  /// `directory`: where there is one, nobody whom it refuses gets a token, nor by a sign-in from before they were cut
  /// off. It outlives this, as do the others.
  Grants(GrantStore& store, OwnTokens& tokens, const Clock& clock, Record record, Directory* directory = nullptr,
         std::vector<ClientTraits> clients = {})
      : store_(store),
        tokens_(tokens),
        clock_(clock),
        record_(std::move(record)),
        directory_(directory),
        clients_(std::move(clients)) {}

  static constexpr Duration kCodesLive = std::chrono::minutes(10);  // of devices, and attempts
  static constexpr Duration kAuthorizationCodeLives = std::chrono::minutes(1);
  static constexpr Duration kInterval = std::chrono::seconds(5);  // between two polls

  struct DeviceCodes {
    std::string device_code, user_code;  // user_code: "BCDF-GHJK"
  };
  Result<DeviceCodes> begin_device(const Asking& asking);
  /// kNotFound when no device waits with that code (any more).
  Result<Purpose> find_device(std::string_view user_code);

  /// A browser leaves for the provider: the `state` to leave with. `browser` is the secret of its cookie.
  Result<std::string> begin_attempt(const Purpose& purpose, const std::string& issuer, std::string_view browser);
  struct Attempt {
    Purpose purpose;
    std::string issuer;
  };
  /// It comes back: once, and from the same browser. kDenied otherwise.
  Result<Attempt> take_attempt(std::string_view state, std::string_view browser);

  /// The provider named the person: the secret with which the person says yes. kDenied, with words for them: the
  /// directory lets them in no more, so they are asked nothing.
  Result<std::string> begin_confirmation(const Purpose& purpose, const Principal& person, std::string_view browser);
  struct Confirmed {
    Purpose purpose;
    Principal person;
    std::string code;  // for the redirect; empty for a device, and after a no
  };
  Result<Confirmed> confirm(std::string_view secret, std::string_view browser, bool yes);

  TokenAnswer exchange_device(std::string_view device_code, std::string_view client);
  TokenAnswer exchange_code(std::string_view code, std::string_view client, std::string_view redirect_uri,
                            std::string_view verifier);
  /// `address`: where it comes from.
  TokenAnswer refresh(std::string_view refresh_token, std::string_view client, std::string_view address = {});
  /// RFC 7009, for a refresh token or an access token: its session ends. True when one did.
  Result<bool> revoke(std::string_view token, std::string_view why);
  Result<bool> end_session(const std::string& id, const std::string& why, const std::string& by);

  /// Removes what nobody needs any more. About once a minute.
  Result<void> look();

 private:
  struct Begun;
  /// `vouched`: since when the person has been known to be who they are.
  Result<Begun> begin_session(const Principal& person, const std::string& client, Instant vouched) const;
  AuthOutcome ask_directory(const Principal& person, Instant vouched) const;
  Result<void> admit(const Principal& person, Instant vouched) const;
  Result<Grant> take(GrantKind kind, std::string_view secret, std::string_view browser);
  Result<TokenAnswer> finish(Begun begun, GrantChange change, const Asking& asking);
  TokenAnswer refuse_device(std::string_view error, const Sha256& hash);
  TokenAnswer end_for_reuse(const std::string& session, std::string_view what);
  TokenAnswer refuse_used_refresh(const Sha256& hash, std::string_view address);
  const ClientTraits* traits_of(std::string_view client) const;
  bool may_be(std::string_view asked, std::string_view granted) const;
  bool polls_too_often(const Sha256& hash);

  GrantStore& store_;
  OwnTokens& tokens_;
  const Clock& clock_;
  const Record record_;
  Directory* const directory_;  // null: there is none
  const std::vector<ClientTraits> clients_;
  std::mutex mutex_;
  struct Polling {
    Moment last;
    Duration interval;
  };
  std::map<Sha256, Polling> polling_;  // devices that wait, as this node saw them
};

}  // namespace reeve::identity
