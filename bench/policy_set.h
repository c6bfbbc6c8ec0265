#pragma once

// Rules and calls as a company of some size has them, for measuring decisions: the same seed gives the same set.

#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "policy/policy.h"

namespace reeve::bench {

/// YAML of `count` policies on model.call, with exceptions for one in twenty of those that deny.
std::string policy_set(std::size_t count, std::uint32_t seed);

/// One call's facts, as a surface would have them at hand.
struct Call {
  std::string person, type, team, client, version, session, repo, work_item, model, tier, provider, region, retention;
  std::vector<std::string> groups, classes, labels;
  std::vector<policy::Finding> findings;
  std::int64_t bytes = 0, tokens = 0;
  bool stream = true;
  Instant now;
};
std::vector<Call> calls(std::size_t count, std::uint32_t seed);

class CallFacts final : public policy::Facts {
 public:
  explicit CallFacts(const Call& call) : call_(call) {}
  void read(policy::Fact fact, policy::FactSink& sink) const override;

 private:
  const Call& call_;
};

}  // namespace reeve::bench
