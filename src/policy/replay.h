#pragma once

// Replaying: decisions that a ledger holds, made once more. Part of policy.h, which includes it.

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/money.h"
#include "policy/policy.h"

namespace reeve::policy {

/// Answers for exceptions with a limit as the record of a decision says: one that was used admits, one that was used up
/// does not. One that the record does not name is counted on `others`; null admits it.
class RecordedUses final : public UseGate {
 public:
  RecordedUses(JsonValue entry, UseCounter* others) : entry_(entry), others_(others) {}
  bool admit(const ExceptionInfo& exception) override;

 private:
  JsonValue entry_;
  UseCounter* others_;
};

/// What is asked of every recorded decision. What it points to must outlive the replay.
struct ReplayQuestion {
  /// Decided anew by this one; null: by the bundle that the decision was made under.
  std::shared_ptr<const Bundle> after;
  /// Compared with what this one decides; null: with what was recorded.
  std::shared_ptr<const Bundle> before;
  /// The bundle of a digest, or null when nobody has it any more. Called on the Replayer's thread.
  std::function<std::shared_ptr<const Bundle>(const std::string& digest)> find_bundle;
  UseCounter* uses_after = nullptr;  // of exceptions that the record does not name; may be shared by threads
  UseCounter* uses_before = nullptr;
  std::uint64_t check_inputs = 1;  // of every so many decisions the input digest is computed again; 0: of none
  std::optional<Instant> until;    // later entries are only read for the cost of earlier calls
};

/// Decisions that end differently, with the recorded cost of those that would now be refused.
struct ReplayGroup {
  std::string name;
  std::uint64_t decisions = 0;
  std::uint64_t people = 0;       // different ones
  std::uint64_t now_refused = 0;  // deny, require or ask, and was none of them
  std::uint64_t now_allowed = 0;  // the other way round; what those would have cost, nobody knows
  Money refused_cost;
};

struct ReplayDifference {
  std::uint64_t seq = 0;  // of the entry
  std::string time, request_id, person, model;
  std::string before, before_rule, after, after_rule;  // effects; a rule is empty where the default decided
  std::string parts;  // what differs, comma-separated: effect, rule, rules, shadow, shadow_effect, exceptions
};

struct ReplayReport {
  std::uint64_t decisions = 0;  // seen; the sum of the next five
  std::uint64_t agreed = 0;     // in everything
  std::uint64_t differing =
      0;  // in the effect, the decisive rule, the rules that matched or an exception that was used
  std::uint64_t bundle_unknown = 0;
  std::uint64_t unreadable = 0;
  std::uint64_t facts_cut = 0;  // the entry was too long, and what it kept is not what was decided on
  std::uint64_t inputs_checked = 0, inputs_differing = 0;  // digests computed again; facts no longer what they were
  ReplayGroup changes;                                     // all that end differently: with another effect
  std::vector<ReplayGroup> by_effect;                      // "allow -> deny"; most decisions first, as the next two
  std::vector<ReplayGroup> by_person;                      // the first 20
  std::vector<ReplayGroup> by_rule;  // the one that refuses now, or no longer does; "(default)" where none does
  std::vector<ReplayDifference> differences;  // the first 50; those with another effect before others
};

/// One thread's part of a replay. All entries about a call must come to the same Replayer in their order: what a call
/// cost is in an entry of its own. Keeps a few bytes for each call that would now be refused, nothing for others.
class Replayer {
 public:
  explicit Replayer(ReplayQuestion question);
  ~Replayer();
  Replayer(Replayer&&) noexcept;
  Replayer& operator=(Replayer&&) noexcept;

  /// One entry, canonical JSON. Entries that are neither a decision about a model call nor its outcome are passed over.
  void feed(std::string_view entry);
  /// Takes in what another one found about other calls, and leaves that one empty.
  void merge(Replayer& other);
  ReplayReport report() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace reeve::policy
