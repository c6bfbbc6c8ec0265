#include "identity/roles.h"

#include <algorithm>
#include <array>

#include "core/bytes.h"
#include "identity/identity.h"
#include "identity/names.h"

namespace reeve::identity {

namespace {

using enum Permission;

struct RoleRow {
  Role role;
  std::string_view name, description;
  std::span<const Permission> permissions;
};

// Each role has what its work needs and nothing else; nothing is inherited, so that a line says all.
constexpr std::array kOfViewer{kReadBudgets,   kReadSpend,  kReadExceptions, kReadAgents,
                               kReadInventory, kReadIntake, kReadApi};
constexpr std::array kOfDeveloper{kReadBudgets,   kAskExceptions, kReadAgents, kRegisterAgents,
                                  kReadInventory, kReadIntake,    kAskIntake,  kReadApi};
constexpr std::array kOfApprover{kReadBudgets,   kReadSpend,    kReadExceptions, kDecideExceptions,
                                 kApprovePolicy, kReadAgents,   kDecideAgents,   kReadInventory,
                                 kReadIntake,    kDecideIntake, kReadApi};
constexpr std::array kOfPolicyAuthor{kReadBudgets, kReadSpend,     kReadExceptions, kReadPolicy,
                                     kWritePolicy, kReadInventory, kReadIntake,     kReadApi};
constexpr std::array kOfAuditor{kReadBudgets, kReadSpend,      kReadExceptions, kReadLedger, kReadSessions,
                                kReadPolicy,  kReadKillSwitch, kReadDirectory,  kReadAgents, kReadInventory,
                                kReadIntake,  kReadSettings,   kReadApi};
constexpr std::array kOfIncidentCommander{kReadBudgets,    kReadSpend,    kReadExceptions, kReadSessions,
                                          kReadKillSwitch, kSwitchKill,   kReadAgents,     kReadInventory,
                                          kReadIntake,     kReadSettings, kReadApi};
constexpr std::array kOfAdministrator{kReadBudgets,   kWriteBudgets,   kReadSpend,     kReadExceptions, kReadPolicy,
                                      kReadDirectory, kWriteDirectory, kWriteKeys,     kWriteChanges,   kReadKillSwitch,
                                      kReadAgents,    kRegisterAgents, kReadInventory, kWriteInventory, kReadIntake,
                                      kAskIntake,     kReadSettings,   kReadApi};

constexpr std::array<RoleRow, kRoles> kTable{
    {{Role::kViewer, "viewer", "sees budgets, spend, exceptions and the inventory", kOfViewer},
     {Role::kDeveloper, "developer",
      "sees budgets and the inventory, asks for exceptions and new uses of AI, and registers agents", kOfDeveloper},
     {Role::kApprover, "approver", "decides on exceptions, agents, intakes and changes of policy, never on their own",
      kOfApprover},
     {Role::kPolicyAuthor, "policy-author", "writes policy", kOfPolicyAuthor},
     {Role::kAuditor, "auditor", "reads everything that is recorded, and changes nothing", kOfAuditor},
     {Role::kIncidentCommander, "incident-commander", "stops what must stop, and sees the sessions that it is about",
      kOfIncidentCommander},
     {Role::kAdministrator, "administrator", "runs the service: budgets, keys, the directory; not what is recorded",
      kOfAdministrator}}};

constexpr std::array<std::string_view, kPermissions> kPermissionNames{
    "budgets.read",    "budgets.write", "spend.read",      "exceptions.read", "exceptions.ask", "exceptions.decide",
    "ledger.read",     "sessions.read", "policy.read",     "policy.write",    "policy.approve", "directory.read",
    "directory.write", "keys.write",    "changes.write",   "kill.read",       "kill.switch",    "settings.read",
    "api.read",        "agents.read",   "agents.register", "agents.decide",   "inventory.read", "inventory.write",
    "intake.read",     "intake.ask",    "intake.decide"};

struct Exclusion {
  Role one, other;
  std::string_view why;
};
constexpr std::array<Exclusion, 3> kExclusions{
    {{Role::kAdministrator, Role::kAuditor, "an auditor looks at what administrators did"},
     {Role::kPolicyAuthor, Role::kAuditor, "an auditor looks at what policy authors wrote"},
     {Role::kAdministrator, Role::kApprover, "an approver decides on what administrators want"}}};

const RoleRow& row_of(Role role) { return kTable[static_cast<std::size_t>(role)]; }

std::string names_of_roles() {
  std::string text;
  for (const RoleRow& row : kTable) text += (text.empty() ? "" : ", ") + std::string(row.name);
  return text;
}

/// A list of names below `key`.
std::vector<std::string> read_names(const YamlValue& document, std::string_view key,
                                    std::vector<Diagnostic>& complaints) {
  std::vector<std::string> names;
  const YamlValue* value = document.find(key);
  if (value == nullptr) return names;
  if (!value->is_sequence()) {
    complaints.push_back(value->complain(std::string(key) + " is a list of names"));
    return names;
  }
  for (const YamlValue& item : value->items()) {
    if (is_name(item.text())) {
      names.push_back(item.text());
    } else {
      complaints.push_back(item.complain("a name is 1 to 256 bytes of text in one line, without blanks around it"));
    }
  }
  return names;
}

std::optional<RoleBinding> read_binding(const YamlValue& document, std::vector<Diagnostic>& complaints) {
  document.refuse_unknown_keys({"kind", "name", "role", "groups", "people", "owner", "description"}, complaints);
  const YamlValue* name = document.find("name");
  const YamlValue* role = document.find("role");
  if (name == nullptr || role == nullptr) {
    complaints.push_back(document.complain("a RoleBinding needs a name and a role"));
    return std::nullopt;
  }
  const auto known = role_from_name(role->text());
  if (!known) {
    complaints.push_back(
        role->complain("'" + printable(role->text(), 40) + "' is not a role; there are " + names_of_roles()));
    return std::nullopt;
  }
  RoleBinding binding{name->text(),
                      *known,
                      read_names(document, "groups", complaints),
                      read_names(document, "people", complaints),
                      document.file(),
                      document.line()};
  for (std::string& person : binding.people) person = fold_case(person);
  if (!binding.groups.empty() || !binding.people.empty()) return binding;
  complaints.push_back(document.complain("this gives the role to nobody; name groups or people"));
  return std::nullopt;
}

bool is_among(const std::vector<std::string>& list, std::string_view name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

void complain_of_exclusions(const std::vector<RoleBinding>& list, std::vector<Diagnostic>& complaints) {
  for (std::size_t i = 0; i < list.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const std::string_view why = exclusion_of(list[i].role, list[j].role);
      if (why.empty()) continue;
      const auto both = [&](const std::vector<std::string>& left, const std::vector<std::string>& right) {
        const auto found =
            std::find_if(left.begin(), left.end(), [&](const auto& name) { return is_among(right, name); });
        return found == left.end() ? std::string() : *found;
      };
      const std::string person = both(list[i].people, list[j].people);
      const std::string group = both(list[i].groups, list[j].groups);
      if (person.empty() && group.empty()) continue;
      complaints.push_back({Diagnostic::Severity::kError, list[i].file, list[i].line, 1,
                            printable(person.empty() ? group : person, 80) + " would be both " +
                                std::string(role_name(list[j].role)) + " and " + std::string(role_name(list[i].role)) +
                                ", which exclude each other: " + std::string(why)});
    }
  }
}

}  // namespace

std::string_view role_name(Role role) { return row_of(role).name; }
std::string_view role_description(Role role) { return row_of(role).description; }
std::span<const Permission> permissions_of(Role role) { return row_of(role).permissions; }
std::string_view permission_name(Permission permission) {
  return kPermissionNames[static_cast<std::size_t>(permission)];
}

std::optional<Role> role_from_name(std::string_view name) {
  for (const RoleRow& row : kTable) {
    if (row.name == name) return row.role;
  }
  return std::nullopt;
}

std::string_view exclusion_of(Role one, Role other) {
  for (const Exclusion& pair : kExclusions) {
    if ((pair.one == one && pair.other == other) || (pair.one == other && pair.other == one)) return pair.why;
  }
  return {};
}

RoleBindings RoleBindings::build(const std::vector<YamlValue>& documents, std::vector<Diagnostic>& complaints) {
  RoleBindings bindings;
  for (const YamlValue& document : documents) {
    const YamlValue* kind = document.find("kind");
    if (kind == nullptr || kind->text() != "RoleBinding") continue;
    auto binding = read_binding(document, complaints);
    if (!binding) continue;
    for (const RoleBinding& other : bindings.list_) {
      if (other.name != binding->name) continue;
      complaints.push_back(document.complain("there is another RoleBinding of that name, in " + other.file));
    }
    bindings.list_.push_back(*std::move(binding));
  }
  complain_of_exclusions(bindings.list_, complaints);
  return bindings;
}

RoleBindings RoleBindings::unreadable() {
  RoleBindings bindings;
  bindings.unreadable_ = true;
  return bindings;
}

std::vector<RoleBindings::Held> RoleBindings::held_by(std::string_view person,
                                                      std::span<const std::string> groups) const {
  const std::string folded = fold_case(person);
  std::vector<Held> held;
  for (const RoleBinding& binding : list_) {
    const bool by_group = std::any_of(groups.begin(), groups.end(),
                                      [&](const std::string& group) { return is_among(binding.groups, group); });
    if (by_group || is_among(binding.people, folded)) held.push_back({binding.role, &binding});
  }
  return held;
}

RoleBindings::Decision RoleBindings::decide(const Principal& principal, Permission permission) const {
  if (unreadable_) {
    return {false,
            "The files that say who has which role cannot be read, so nobody has one. 'reeve check' says what is "
            "wrong; keys of type service go on by their scopes, and 'reeve break-glass open' makes one."};
  }
  const std::vector<Held> held = held_by(principal.id, principal.groups);
  std::string excluded;
  for (const Held& own : held) {
    const auto grants = permissions_of(own.role);
    if (std::find(grants.begin(), grants.end(), permission) == grants.end()) continue;
    const auto other = std::find_if(held.begin(), held.end(),
                                    [&](const Held& one) { return !exclusion_of(own.role, one.role).empty(); });
    if (other == held.end()) return {true, {}};
    excluded = "Your roles " + std::string(role_name(own.role)) + " (" + own.by->name + ") and " +
               std::string(role_name(other->role)) + " (" + other->by->name +
               ") exclude each other, so neither counts: " + std::string(exclusion_of(own.role, other->role)) + ".";
  }
  if (!excluded.empty()) return {false, excluded};
  std::string roles;
  for (const RoleRow& row : kTable) {
    if (std::find(row.permissions.begin(), row.permissions.end(), permission) == row.permissions.end()) continue;
    roles += (roles.empty() ? "" : ", ") + std::string(row.name);
  }
  return {false, "This needs the permission " + std::string(permission_name(permission)) + ", which the roles " +
                     roles + " have; RoleBinding documents in the governance directory give them."};
}

RoleBindings::Decision RoleBindings::decide_about(const Principal& principal, Permission permission,
                                                  std::string_view author) const {
  if (fold_name(principal.id) == fold_name(author)) {
    return {false, "Nobody decides about what they made themselves; ask another who may."};
  }
  return decide(principal, permission);
}

}  // namespace reeve::identity
