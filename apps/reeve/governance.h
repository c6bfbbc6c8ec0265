#pragma once

// The governance directory: every document in it goes to the room that understands its kind, and none is left unread,
// so that a rule that is not enforced never looks as if it was.

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/yaml.h"
#include "policy/policy.h"
#include "spend/spend.h"

namespace reeve::app {

struct Governance {
  std::shared_ptr<const policy::Bundle> policy;    // null when there are errors
  std::shared_ptr<const spend::Catalogue> prices;  // null when there are errors
  std::vector<YamlValue> documents;
};

Governance read_governance(const std::filesystem::path& directory, std::vector<Diagnostic>& complaints);

/// Rules that are checked and tested but that nothing in this version asks, or whose effect it cannot carry out; empty
/// when there are none. A rule that nobody enforces must not look as if it held.
std::string not_enforced(const policy::Bundle& bundle);

/// Changes whenever a file below the directory is added, removed or written: names, sizes and times, not contents.
/// Folders below `depth_max` are not looked into.
std::string directory_fingerprint(const std::filesystem::path& directory, int depth_max = 100);

}  // namespace reeve::app
