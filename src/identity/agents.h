#pragma once

// The register of agents: what may act at all, for whom, with which permissions, and by which credential it is known.
// Part of the identity room's face; docs/agents.md describes it to people.
//
// An agent is nobody until somebody else than its owner and its requester has approved it. A change of what it may do
// is a new request. Whatever is not approved now, or has expired, is refused with the next request, also when it holds
// a token that has not ended.

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/json.h"
#include "core/result.h"
#include "core/time.h"

namespace reeve::identity {

struct AuthOutcome;
struct Principal;
class Directory;

enum class AgentState : std::uint8_t { kRequested, kApproved, kDenied, kSuspended, kRetired };
std::string_view agent_state_name(AgentState state);  // "requested", …
std::optional<AgentState> agent_state_from_name(std::string_view name);

/// A credential that speaks for an agent.
struct AgentIdentity {
  enum class Kind : std::uint8_t {
    kSpiffe,    // `name`: the SPIFFE ID, to the last byte
    kWorkload,  // `name`: the issuer; all of `claims` must be in its token with exactly that text
    kCard       // `name`: empty; `keys`: the key set of the agent's card, which signs its assertions
  };
  Kind kind = Kind::kSpiffe;
  std::string name;
  std::vector<std::pair<std::string, std::string>> claims;  // sorted; names may be dotted paths
  std::string keys;                                         // JSON Web Key Set
  bool operator==(const AgentIdentity&) const = default;
};

/// What is not named is not permitted; all are patterns as glob_match, so "*" permits everything.
struct AgentPermissions {
  std::vector<std::string> models, tools, classes, repos;
  std::vector<std::string> acts_for;  // people, "group:NAME", "agent:ID" or "*"; its owner without saying so
  bool operator==(const AgentPermissions&) const = default;
};

struct Agent {
  std::string id;  // 2 to 63 of a-z, 0-9 and hyphens, beginning with a letter; never used twice once retired
  std::string title, owner, purpose, team, risk;
  AgentPermissions permissions;
  std::vector<AgentIdentity> identities;
  std::optional<Instant> expires;
  AgentState state = AgentState::kRequested;
  std::string requested_by, decided_by, reason;  // `reason`: of the last decision
  Instant requested;
  std::optional<Instant> decided;
  std::uint64_t version = 1;  // grows by one with each change

  bool acts_at(Instant now) const { return state == AgentState::kApproved && (!expires || now < *expires); }
  bool operator==(const Agent&) const = default;
};

/// The principal's id when an agent acts for itself: "agent:" and its own.
inline constexpr std::string_view kAgentPrefix = "agent:";
/// The group of agents that nobody approved, where these are let in at all.
inline constexpr std::string_view kSandboxGroup = "sandbox";

/// JSON with members in the order of their names: what storage keeps and the API shows. Times are in microseconds.
std::string agent_to_json(const Agent& agent);
Result<Agent> agent_from_json(std::string_view json);

// ---- Changing the register ----

/// A new agent, or with `before` the next version of one whose state is not retired; either way `requested`. kInvalid,
/// with a sentence that names the field, for what makes no sense.
struct AgentRequest {
  std::string id, title, owner, purpose, team, risk, by;
  AgentPermissions permissions;
  std::vector<AgentIdentity> identities;
  std::optional<Instant> expires;
};
Result<Agent> request_agent(const AgentRequest& request, const std::optional<Agent>& before, Instant now);
/// What the API is sent: an object with members as agent_to_json writes them; `spiffe`, `workloads` and `card` are its
/// identities. The state is not taken from it.
Result<AgentRequest> agent_request_from_json(const JsonValue& json);
/// An identity out of a signed card (compact JWS, `typ` agent-card+jwt): its claims are `sub`, the agent's id, `exp`,
/// and `jwks`, among whose keys is the one that signed it. That is proof that whoever registers holds the key.
Result<AgentIdentity> read_agent_card(std::string_view card, std::string_view agent, Instant now);

enum class AgentDecision : std::uint8_t { kApprove, kDeny, kSuspend, kRetire };
std::optional<AgentDecision> agent_decision_from_name(std::string_view name);  // "approve", …
/// The next version. kDenied when its owner or its requester would approve it; kConflict when it is not in a state for
/// that. Everything but an approval takes something away, so nobody is kept from it here.
Result<Agent> decide_agent(const Agent& agent, AgentDecision decision, std::string_view by, std::string_view reason,
                           Instant now);
/// The next version: another person answers for it from the next approval on; until then it is `requested`. kConflict
/// for what is retired, or is theirs already.
Result<Agent> transfer_agent(const Agent& agent, std::string_view to, std::string_view by, Instant now);
/// "agent.registered", "agent.approved", "agent.denied", "agent.suspended", "agent.retired": the ledger's entry for a
/// version. Its detail is agent_to_json without keys.
std::string_view agent_event_kind(const Agent& agent);
std::string agent_event_detail(const Agent& agent);

/// Port: implemented by the store, which several processes or nodes share; thread-safe. Calls may block, but for
/// generation() and uncertain_for().
class AgentStore {
 public:
  static constexpr std::size_t kAgentsMax = 10'000;
  virtual ~AgentStore() = default;
  /// Durable on return, with the note for the ledger. Version 1 is new; any other replaces the one before. kConflict
  /// when somebody was faster, or when a credential of it speaks for another agent that is not retired; kUnavailable
  /// when there are kAgentsMax.
  virtual Result<void> put(const Agent& agent) = 0;
  /// By id. What it gives may be as of the last look at a shared database.
  virtual Result<std::vector<Agent>> list() = 0;
  virtual Result<std::optional<Agent>> find(std::string_view id) = 0;
  /// Moves with every change, by any process that shares the storage; without a system call.
  virtual std::uint64_t generation() const = 0;
  /// For how long it has not been certain that generation() is the newest: while a shared database is away.
  virtual Duration uncertain_for() const { return Duration::zero(); }
};
/// Kept in memory only, for tests.
std::unique_ptr<AgentStore> make_memory_agent_store();
/// Why two agents cannot stand beside each other; empty when they can. For stores.
std::string shared_credential(const Agent& one, const Agent& other);

// ---- Asking ----

enum class UnregisteredAgents : std::uint8_t {
  kRefuse,
  kSandbox  // who has no entry, or one that waits for approval or has expired, acts in kSandboxGroup
};

/// A verified credential of an agent, before anybody asked whether that agent is known.
struct AgentCredential {
  AgentIdentity::Kind kind = AgentIdentity::Kind::kSpiffe;
  std::string name;     // SPIFFE ID, issuer, or the id of the agent whose card it is
  std::string subject;  // for people: the SPIFFE ID, the subject of the token, the agent
  std::string claims;   // JSON, of a token
  Instant expires;      // no token for it lasts longer
  std::string once;     // what may come only once, or empty
};

/// All agents at one moment. Immutable.
class AgentSet {
 public:
  explicit AgentSet(std::vector<Agent> agents);
  const Agent* find(std::string_view id) const;
  /// The one that the credential speaks for; null for none. kDenied when it could be several.
  Result<const Agent*> find(const AgentCredential& credential) const;
  const std::vector<Agent>& all() const { return agents_; }

 private:
  std::vector<Agent> agents_;  // by id
  std::unordered_map<std::string, const Agent*> by_spiffe_;
  std::unordered_multimap<std::string, const Agent*> by_issuer_;
};

/// The register as of the last change, for all loops. Thread-safe.
class Agents {
 public:
  /// How long what is in memory serves while the shared database is away.
  static constexpr Duration kServesUnconfirmed = std::chrono::minutes(5);

  /// `people`: where one is in force, agents stop with the person who answers for them; it must outlive this. Null:
  /// nobody is known to leave.
  Agents(AgentStore& store, UnregisteredAgents unregistered, const Clock& clock, Directory* people = nullptr)
      : store_(store), unregistered_(unregistered), clock_(clock), people_(people) {}

  /// Null when it cannot be read. Reads the store when its generation moved.
  std::shared_ptr<const AgentSet> current();
  UnregisteredAgents unregistered() const { return unregistered_; }
  const Clock& clock() const { return clock_; }

  /// Why the agent does not act at `now`, for people: by its own state, or because its owner has left since somebody
  /// approved it; empty when it acts. kUnavailable when the directory cannot be read. May read the directory.
  Result<std::string> why_not(const Agent& agent, Instant now) const;
  /// Moves when why_not() may answer otherwise for the same register.
  std::uint64_t people_version() const;

 private:
  AgentStore& store_;
  const UnregisteredAgents unregistered_;
  const Clock& clock_;
  Directory* const people_;
  std::mutex mutex_;  // guards what follows
  std::shared_ptr<const AgentSet> current_;
  std::uint64_t generation_ = 0;
  Moment failed_at_{};
};

/// What one loop remembers of the register's answers; used on its loop's thread only.
class AgentView {
 public:
  static constexpr std::size_t kRememberedMax = 10'000;
  explicit AgentView(Agents* agents) : agents_(agents) {}

  /// What is left of the outcome of a credential by the register's word: an agent's principal is held to what its
  /// agents may do now. Null agents: nothing changes.
  AuthOutcome admit(AuthOutcome outcome);

 private:
  struct Admitted {
    std::shared_ptr<const Principal> given, admitted;
    std::optional<Instant> until;  // the first of its agents expires
  };
  AuthOutcome decide(const std::shared_ptr<const Principal>& principal, const AgentSet& set, Admitted& admitted) const;

  Agents* agents_;
  std::shared_ptr<const AgentSet> set_;
  std::uint64_t people_version_ = 0;
  std::unordered_map<const Principal*, Admitted> remembered_;
};

/// Whether `agent` may act for whoever the principal is.
bool may_act_for(const Agent& agent, const Principal& principal);
/// Why an agent cannot act now, as whoever is refused reads it.
std::string agent_refusal(const Agent& agent, Instant now);

}  // namespace reeve::identity
