#pragma once

// One `kind: Policy` document, read and checked. Private to the policy room.

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/yaml.h"
#include "policy/policy.h"

namespace reeve::policy {

/// The keys of `match`, in the order of kMatchKeyNames. Each names one fact of a model call.
enum class MatchKey {
  kPeople,
  kTypes,
  kGroups,
  kTeams,
  kClients,
  kModels,
  kTiers,
  kProviders,
  kRegions,
  kRepos,
  kFeatures,
  kWorkItems
};
inline constexpr std::size_t kMatchKeys = 12;
inline constexpr std::array<std::string_view, kMatchKeys> kMatchKeyNames{"people",  "types",  "groups",   "teams",
                                                                         "clients", "models", "tiers",    "providers",
                                                                         "regions", "repos",  "features", "work_items"};

/// Patterns per key; a key without patterns asks nothing. Sorted, without duplicates.
using Patterns = std::array<std::vector<std::string>, kMatchKeys>;

/// A case that stands in a rule: these facts must end like that.
struct RuleTest {
  std::string person, principal_type, team, client, model, tier, provider, region, repo, feature, work_item;
  std::vector<std::string> groups;
  Effect expect = Effect::kDeny;
  YamlValue source;  // for messages

  ModelCallFacts facts() const;  // views into this test
};

struct Rule {
  std::string name;
  std::string owner;
  std::vector<std::string> controls;
  Effect effect = Effect::kDeny;
  Mode mode = Mode::kEnforce;
  std::string message;
  Patterns match;   // every key with patterns must have a value that fits one
  Patterns except;  // `not:`, no value may fit any
  std::vector<RuleTest> tests;
};

/// True for documents this room reads.
bool is_policy(const YamlValue& document);

/// Nothing when the document has an error; complaints then say which.
std::optional<Rule> read_rule(const YamlValue& document, std::vector<Diagnostic>& complaints);

}  // namespace reeve::policy
