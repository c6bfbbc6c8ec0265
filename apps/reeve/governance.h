#pragma once

// The governance directory: every document in it goes to the room that understands its kind, and none is left unread,
// so that a rule that is not enforced never looks as if it was.

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "control/control.h"
#include "core/yaml.h"
#include "harness/harness.h"
#include "identity/identity.h"
#include "policy/policy.h"
#include "spend/spend.h"

namespace reeve::app {

/// What the governance files say. Without errors all of it is there.
struct Governance {
  std::shared_ptr<const policy::Bundle> policy;     // null when there are errors
  std::shared_ptr<const spend::Catalogue> prices;   // null when there are errors
  std::shared_ptr<const spend::BudgetSet> budgets;  // null when there are errors
  control::ApprovalPolicies approvals;
  control::IntakeRules intake;
  std::vector<control::Destination> destinations;  // of notifications
  identity::RoleBindings roles;
  std::shared_ptr<const harness::ClientSettingsSet> client_settings;  // null when there are errors
  std::vector<spend::SpendAlert> alerts;                              // those of the program when there is no document
  std::vector<YamlValue> documents;
};

/// `exceptions`: Exception documents of the register, which hold beside those in the files. One that the rules cannot
/// take (they changed since it was approved) is left out with a warning: it must not keep everything else from holding.
/// `budgets`: those of the register, which hold beside those in the files; one that cannot be read is an error, because
/// a limit must not fall away.
Governance read_governance(const std::filesystem::path& directory, std::vector<Diagnostic>& complaints,
                           std::vector<YamlValue> exceptions = {},
                           std::span<const spend::RegisteredBudget> budgets = {});

/// The same rules with other exceptions of the register among them: those that `requests` grant and the rules can take.
/// Null when they cannot be built, which is logged.
std::shared_ptr<const policy::Bundle> with_exceptions(const policy::Bundle& rules,
                                                      std::span<const control::ExceptionRequest> requests, Instant now);

/// Whether any rule asks what was found in requests or answers.
bool asks_for_content(const policy::Bundle& rules);

/// Rules that are checked and tested but that nothing in this version asks, or whose effect it cannot carry out; empty
/// when there are none. A rule that nobody enforces must not look as if it held.
std::string not_enforced(const policy::Bundle& bundle);

/// Changes whenever a file below the directory is added, removed or written: names, sizes and times, not contents.
/// Folders below `depth_max` are not looked into.
std::string directory_fingerprint(const std::filesystem::path& directory, int depth_max = 100);

}  // namespace reeve::app
