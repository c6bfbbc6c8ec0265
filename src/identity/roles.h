#pragma once

// Roles: what people may do in the control plane. Part of the identity room's face; docs/roles.md has the table.
//
// A role is a fixed set of permissions; `kind: RoleBinding` documents give roles to groups and people. Some roles
// exclude each other: who has both has neither. Machines' keys have scopes instead.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/yaml.h"

namespace reeve::identity {

struct Principal;

enum class Role : std::uint8_t {
  kViewer,
  kDeveloper,
  kApprover,
  kPolicyAuthor,
  kAuditor,
  kIncidentCommander,
  kAdministrator
};
inline constexpr std::size_t kRoles = 7;
std::string_view role_name(Role role);  // "viewer", …, "policy-author", "incident-commander"
std::optional<Role> role_from_name(std::string_view name);
std::string_view role_description(Role role);

enum class Permission : std::uint8_t {
  kReadBudgets,
  kWriteBudgets,
  kReadSpend,
  kReadExceptions,
  kAskExceptions,
  kDecideExceptions,
  kReadLedger,
  kReadSessions,
  kReadPolicy,
  kWritePolicy,
  kApprovePolicy,
  kReadDirectory,
  kWriteDirectory,
  kWriteKeys,
  kWriteChanges,
  kReadKillSwitch,
  kSwitchKill,
  kReadSettings,  // how the server and its providers stand
  kReadApi,       // its description
  kReadAgents,
  kRegisterAgents,
  kDecideAgents,
  kReadInventory,
  kWriteInventory,
  kReadIntake,
  kAskIntake,
  kDecideIntake,  // also fills checklists
};
inline constexpr std::size_t kPermissions = 27;
std::string_view permission_name(Permission permission);  // "budgets.read", …
std::span<const Permission> permissions_of(Role role);

/// Why two roles exclude each other; empty when they do not.
std::string_view exclusion_of(Role one, Role other);

/// A `kind: RoleBinding` document.
struct RoleBinding {
  std::string name;
  Role role = Role::kViewer;
  std::vector<std::string> groups, people;  // people folded
  std::string file;
  std::size_t line = 0;
};

class RoleBindings {
 public:
  /// Reads the RoleBinding documents; others are left alone. That one person is named for two roles that exclude each
  /// other is a complaint.
  static RoleBindings build(const std::vector<YamlValue>& documents, std::vector<Diagnostic>& complaints);

  /// For when the documents cannot be read: nobody is given anything. As if there were none, scopes would decide, and
  /// give more.
  static RoleBindings unreadable();

  /// Without any, keys' scopes alone decide, as if there were no roles.
  bool empty() const { return list_.empty() && !unreadable_; }
  std::span<const RoleBinding> list() const { return list_; }

  struct Held {
    Role role = Role::kViewer;
    const RoleBinding* by = nullptr;
  };
  /// All that the bindings give to whoever has that name and those groups, also what excludes each other.
  std::vector<Held> held_by(std::string_view person, std::span<const std::string> groups) const;

  struct Decision {
    bool allowed = false;
    std::string message;  // why not, and who could
  };
  Decision decide(const Principal& principal, Permission permission) const;
  /// The same for a decision about what somebody made: nobody approves their own.
  Decision decide_about(const Principal& principal, Permission permission, std::string_view author) const;

 private:
  std::vector<RoleBinding> list_;
  bool unreadable_ = false;
};

}  // namespace reeve::identity
