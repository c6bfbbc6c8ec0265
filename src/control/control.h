#pragma once

// Control: registers and workflows. First of them: exceptions and approvals. docs/exceptions.md describes them.
//
// Somebody asks: more budget, to be let off a rule, or the approval that a rule requires. Others decide, by what
// ApprovalPolicy documents say of them. What is granted holds from its beginning to its end and not a moment longer:
// whoever uses it compares times at the decision itself, so nothing has to run for it to end.
//
// The functions here are pure: they take the register's row and the time, and change the row or say why not. Whoever
// calls them writes the row back with ExceptionStore::update(), which fails when somebody else was faster.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "control/register_store.h"
#include "core/json.h"
#include "core/result.h"
#include "core/time.h"
#include "core/yaml.h"
#include "policy/policy.h"
#include "spend/spend.h"

namespace reeve::control {

// ---- What is asked ----

enum class ExceptionKind : std::uint8_t {
  kBudget,    // more than a budget's limit
  kRule,      // to be let off a rule
  kApproval,  // the approval that a rule with `require: approval` wants
};
std::string_view kind_name(ExceptionKind kind);  // "budget", "rule", "approval"
std::optional<ExceptionKind> kind_from_name(std::string_view name);

/// Everything that an approval is bound to. Another value of any member is another request.
struct Asked {
  ExceptionKind kind = ExceptionKind::kRule;
  std::string budget;              // kBudget: its name
  spend::Amounts extra;            // kBudget: beyond its limits, in each window that begins within the time
  std::vector<std::string> rules;  // kRule: to be lifted; kApproval: the one that wants it
  /// For whom and what. kBudget: one value for each of the budget's `each` dimensions ("person", "team", ...) that it
  /// is for. kRule: keys and patterns as in a rule's `match` ("people", "repos", ...). kApproval: "repos" and
  /// "work_items"; the person is requested_for.
  std::map<std::string, std::vector<std::string>> scope;
  std::string when;                   // kRule: a CEL condition, or empty
  std::optional<std::uint64_t> uses;  // kRule: at most so many decisions
  std::string compensating_check;     // kRule: a named check that must be green, or empty
  std::string reason, work_item;
  Instant from, until;                      // [from, until), whole seconds
  std::string requested_by, requested_for;  // the same person, unless one asks for another
};

// ---- What became of it ----

enum class ExceptionState : std::uint8_t {
  kRequested,
  kApproved,
  kApprovedWithConditions,
  kDenied,
  kExpired,    // its time is over, decided or not
  kWithdrawn,  // taken back: its effect ended there
  kRenewed,    // another one goes on where it ends
};
std::string_view state_name(ExceptionState state);  // "requested", ..., "approved_with_conditions"
std::optional<ExceptionState> state_from_name(std::string_view name);

/// What one person decided.
struct Review {
  bool approved = false;
  std::string by;
  std::vector<std::string> groups;  // of that person, as they were known then
  Instant at;
  std::string reason;                   // of a denial
  std::vector<std::string> conditions;  // of an approval
  std::optional<Instant> until;         // of an approval for a shorter time than asked
  std::string digest;                   // of what was asked, as this person saw it
  std::string policy;                   // the ApprovalPolicy that gave the authority
};

/// A row of the register.
struct ExceptionRequest {
  std::string id;             // "ex-…": letters, digits and hyphens, so that it can name an Exception document
  std::uint64_t version = 1;  // grows with every change
  Asked asked;
  ExceptionState state = ExceptionState::kRequested;
  Instant made;
  std::vector<Review> reviews;
  std::string renews;  // the id of the one it goes on after
  int renewal = 0;     // how many times the first of them was renewed
  std::string ended_by, end_reason;

  /// When its effect ends: what was asked, or earlier when an approval says so.
  Instant ends() const;
  /// Approved by as many as it needed, for exactly what it asks now.
  bool granted() const;
  bool in_effect(Instant now) const { return granted() && asked.from <= now && now < ends(); }
};

/// "sha256:…" over one line of canonical JSON of the id and all that is asked.
std::string digest_of(const ExceptionRequest& request);
/// The row as one line of canonical JSON, as the store keeps it, and back. kCorrupt for what is no such row.
std::string request_to_json(const ExceptionRequest& request);
Result<ExceptionRequest> request_from_json(std::string_view text);

// ---- Who may decide ----

/// A `kind: ApprovalPolicy` document: who may approve what.
struct ApprovalPolicy {
  std::string name;
  std::vector<ExceptionKind> kinds;                                     // that it is about
  std::vector<std::pair<std::string, std::vector<std::string>>> match;  // "budgets", "rules", or a key of the scope
  std::vector<std::string> groups, people;                              // who
  bool bounded = false;                                                 // up_to… are bounds; one not named is 0
  spend::Amounts up_to;
  bool second_person_always = false;
  std::optional<Money> second_person_over;  // tokens and requests count as more than any amount of money
  Duration longest = std::chrono::hours(24 * 30);
  int renewals = 1;
  std::string file;
  std::size_t line = 0;
};

class ApprovalPolicies {
 public:
  /// Reads the ApprovalPolicy documents; others are left alone.
  static ApprovalPolicies build(const std::vector<YamlValue>& documents, std::vector<Diagnostic>& complaints);
  std::span<const ApprovalPolicy> list() const { return list_; }
  /// Who may decide about this one: "the group leads, boss@example.com". Empty when nobody may.
  std::string reviewers_of(const ExceptionRequest& request) const;
  /// Why nobody may, as kDenied: no policy is about it, or it asks for more than any allows.
  Result<void> somebody_may_approve(const ExceptionRequest& request) const;

 private:
  std::vector<ApprovalPolicy> list_;
};

// ---- The workflow ----
// Errors: kInvalid (it makes no sense), kDenied (not this person, not so much, not so long), kConflict (it is not in a
// state for that). Each message says what to do.

/// A person, and the groups that are known of that person.
struct Actor {
  std::string name;
  std::vector<std::string> groups;
};

/// A new request. Times are cut to whole seconds; without requested_for it is for who asks.
Result<ExceptionRequest> make_request(Asked asked, Instant now);
/// Asks for something else: earlier approvals are void. Only by who asked, and only until it is decided.
Result<void> change_request(ExceptionRequest& request, Asked asked, std::string_view by, Instant now);

struct Approval {
  std::vector<std::string> conditions;
  std::optional<Instant> until;  // shorter than asked
  std::string digest;            // what the reviewer saw: the whole of it or its beginning; empty: takes the row's own
};
/// One person's yes. The state changes when it was the last one needed: a policy may want two people.
Result<void> approve(ExceptionRequest& request, const Actor& by, const Approval& approval,
                     const ApprovalPolicies& policies, Instant now);
Result<void> deny(ExceptionRequest& request, const Actor& by, std::string_view reason, const ApprovalPolicies& policies,
                  Instant now);
/// Takes it back, also when it is in effect. By who asked, by whom it is for, or by somebody who might approve it.
Result<void> withdraw(ExceptionRequest& request, const Actor& by, std::string_view reason,
                      const ApprovalPolicies& policies, Instant now);
/// Asks for the same again, from its end on, or from now when that is over. `others`: the register.
Result<ExceptionRequest> renew(const ExceptionRequest& request, std::string_view by, Instant until,
                               std::string_view reason, std::span<const ExceptionRequest> others, Instant now);
/// Sets the state to kExpired when its time is over; true when that changed it.
bool expire(ExceptionRequest& request, Instant now);

/// After the change. `by` is empty for what time did.
Step step_of(const ExceptionRequest& request, std::string_view kind, std::string_view by, Instant now);

// ---- The register ----

/// Port: implemented by the store; thread-safe. Rows are never deleted.
class ExceptionStore {
 public:
  virtual ~ExceptionStore() = default;
  /// kConflict when the id is there. The step becomes a note for the ledger and an event for notifications in the same
  /// transaction: nothing changes that is not told.
  virtual Result<void> insert(const ExceptionRequest& request, const Step& step) = 0;
  /// Replaces the row whose version is one less than `request`'s; kConflict when that is not the stored one any more.
  virtual Result<void> update(const ExceptionRequest& request, const Step& step) = 0;
  virtual Result<std::vector<ExceptionRequest>> list() = 0;  // oldest first
  /// Moves with every change, in whatever process; cheap, no system call.
  virtual std::uint64_t generation() const = 0;
};

// ---- What it does ----

/// The approved extras that are not over yet: what spend::Budgets::allow() takes. Each has its own beginning and end,
/// so this need not be asked again because time passes.
std::vector<spend::Allowance> allowances(std::span<const ExceptionRequest> requests, Instant now);
/// Approved exceptions to rules that are not over yet, as `kind: Exception` documents: merged with those of the
/// governance directory, so that one matcher decides. Each names "exception ID" as its file.
std::vector<YamlValue> exception_documents(std::span<const ExceptionRequest> requests, Instant now);
/// One request as such a document, whether it is approved or not: to see beforehand whether the rules could take it.
YamlValue exception_document(const ExceptionRequest& request);
inline constexpr std::string_view kExceptionFilePrefix = "exception ";
/// Approvals that are not over yet.
std::vector<policy::GivenApproval> given_approvals(std::span<const ExceptionRequest> requests, Instant now);

}  // namespace reeve::control

#include "control/export_sinks.h"   // where exports go
#include "control/intake.h"         // from a question to a decision
#include "control/inventory.h"      // what AI there is
#include "control/notifications.h"  // telling people: kept apart for its length
