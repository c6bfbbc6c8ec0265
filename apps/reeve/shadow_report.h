#pragma once

// What rules in shadow mode would have done to recorded calls, rule by rule, and whether one is ready to be enforced.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/money.h"
#include "core/time.h"
#include "policy/policy.h"
#include "reeve/call_stream.h"
#include "reeve/commands.h"

namespace reeve::app {

/// When a rule counts as ready.
struct ShadowCriteria {
  Duration observed_min = std::chrono::hours(24 * 7);
  std::uint64_t decisions_min = 100;
  std::uint64_t refused_millipercent_max = 1000;  // share of calls it may refuse, in thousandths of a percent

  /// "1%", "0.25 %": at most three decimals.
  static Result<ShadowCriteria> with_max_share(std::string_view text);
  std::string max_share() const;  // "1 %"
};

/// What one rule in shadow mode did.
struct ShadowObservation {
  const policy::RuleInfo* rule = nullptr;
  std::uint64_t decisions = 0;           // that it was asked about: made while it was in shadow in its present form
  std::string first, last;               // times of those, as entries have them; empty when there were none
  std::uint64_t matched = 0;             // it would have acted
  std::uint64_t changed = 0;             // it matched, and with the rules in shadow the verdict would have been another
  std::uint64_t refused = 0;             // of those: calls that went on and would have been refused
  std::uint64_t allowed = 0;             // and calls that were refused and would have gone on
  std::uint64_t errors = 0;              // its condition could not be evaluated
  Money refused_cost;                    // what the refused ones cost
  std::set<std::string> people, models;  // whom it would have met

  Duration observed() const;
  /// What is missing before it is ready, a phrase each; empty when it is ready.
  std::vector<std::string> missing(const ShadowCriteria& criteria) const;
};

/// One thread's part of a report. All entries about a call must come to the same one, in their order. Where several
/// rules in shadow would refuse a call, it counts for each of them.
class ShadowTally {
 public:
  /// `current`: whose rules in shadow mode are looked at. `find_bundle`: the bundle of a digest, or null.
  ShadowTally(std::shared_ptr<const policy::Bundle> current,
              std::function<std::shared_ptr<const policy::Bundle>(const std::string&)> find_bundle,
              std::optional<Instant> until);

  void feed(std::string_view entry);
  void merge(const ShadowTally& other);
  const std::vector<ShadowObservation>& observations() const { return observations_; }
  std::uint64_t bundle_unknown() const { return bundle_unknown_; }  // decisions under rules that nobody has any more

 private:
  struct Entry;
  using Rules = std::vector<std::size_t>;  // numbers of observations
  const Rules& asked_under(std::string_view digest);
  void note_decision(const Entry& entry);
  void note_match(ShadowObservation& observation, const Entry& entry);
  void note_cost(const Entry& entry);

  std::shared_ptr<const policy::Bundle> current_;
  std::function<std::shared_ptr<const policy::Bundle>(const std::string&)> find_bundle_;
  std::optional<Instant> until_;
  std::vector<ShadowObservation> observations_;
  std::map<std::string, std::optional<Rules>, std::less<>> rules_by_digest_;  // nothing: bundle unknown
  std::unordered_map<std::size_t, Rules> refused_calls_;                      // by a hash of the request id
  std::uint64_t bundle_unknown_ = 0;
};

/// What the rules in shadow mode of `current` did over the calls of a window, on all cores. Without `common.through`
/// whoever calls records the reading.
Result<ShadowTally> observe_shadow(const Common& common, const CallWindow& window,
                                   std::shared_ptr<const policy::Bundle> current);
/// As `reeve policy shadow --json` gives it.
std::string shadow_json(const ShadowTally& tally, const ShadowCriteria& criteria, const CallWindow& window);

}  // namespace reeve::app
