#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "identity/identity.h"

namespace reeve::identity {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

RoleBindings bindings_of(const std::string& text, std::vector<Diagnostic>& complaints) {
  return RoleBindings::build(parse_yaml(text, "roles.yaml", complaints), complaints);
}

RoleBindings bindings_of(const std::string& text) {
  std::vector<Diagnostic> complaints;
  auto bindings = bindings_of(text, complaints);
  EXPECT_THAT(complaints, IsEmpty()) << complaints.front().to_string();
  return bindings;
}

Principal person(const std::string& id, std::vector<std::string> groups = {}) {
  Principal principal;
  principal.id = id;
  principal.groups = std::move(groups);
  return principal;
}

constexpr const char* kBindings = R"(
kind: RoleBinding
name: admins
role: administrator
groups: [platform-admins]
---
kind: RoleBinding
name: auditors
role: auditor
groups: [audit]
people: [Grace@example.com]
---
kind: RoleBinding
name: authors
role: policy-author
people: [ada@example.com, bob@example.com]
---
kind: RoleBinding
name: approvers
role: approver
people: [bob@example.com]
)";

TEST(Roles, GiveWhatTheirTableSaysAndNothingElse) {
  const RoleBindings bindings = bindings_of(kBindings);
  const Principal admin = person("root@example.com", {"platform-admins"});
  EXPECT_TRUE(bindings.decide(admin, Permission::kWriteBudgets).allowed);
  EXPECT_FALSE(bindings.decide(admin, Permission::kReadLedger).allowed);
  EXPECT_TRUE(bindings.decide(person("grace@EXAMPLE.com"), Permission::kReadLedger).allowed);
  EXPECT_FALSE(bindings.decide(person("grace@example.com"), Permission::kWriteBudgets).allowed);
  const auto nobody = bindings.decide(person("eve@example.com"), Permission::kReadLedger);
  EXPECT_FALSE(nobody.allowed);
  EXPECT_THAT(nobody.message, HasSubstr("auditor"));
  EXPECT_FALSE(bindings.decide(person("admins"), Permission::kReadBudgets).allowed) << "a binding's name is nobody's";
}

TEST(Roles, NoRoleMayBothChangeAndAudit) {
  for (std::size_t i = 0; i < kRoles; ++i) {
    const auto role = static_cast<Role>(i);
    const auto has = [&](Permission wanted) {
      const auto all = permissions_of(role);
      return std::find(all.begin(), all.end(), wanted) != all.end();
    };
    const bool changes = has(Permission::kWriteBudgets) || has(Permission::kWritePolicy) ||
                         has(Permission::kWriteKeys) || has(Permission::kSwitchKill);
    EXPECT_FALSE(changes && has(Permission::kReadLedger)) << role_name(role);
    EXPECT_FALSE(has(Permission::kWritePolicy) && has(Permission::kApprovePolicy)) << role_name(role);
    EXPECT_EQ(role_from_name(role_name(role)), role);
  }
}

TEST(Roles, ThatExcludeEachOtherAreWorthNothingTogether) {
  const RoleBindings bindings = bindings_of(kBindings);
  const Principal both = person("root@example.com", {"audit", "platform-admins"});
  const auto decision = bindings.decide(both, Permission::kWriteBudgets);
  EXPECT_FALSE(decision.allowed);
  EXPECT_THAT(decision.message, HasSubstr("exclude each other"));
  EXPECT_FALSE(bindings.decide(both, Permission::kReadLedger).allowed);
}

TEST(Roles, NobodyApprovesTheirOwn) {
  const RoleBindings bindings = bindings_of(kBindings);
  const Principal bob = person("bob@example.com");
  EXPECT_TRUE(bindings.decide_about(bob, Permission::kApprovePolicy, "ada@example.com").allowed);
  EXPECT_FALSE(bindings.decide_about(bob, Permission::kApprovePolicy, "BOB@example.com").allowed);
}

TEST(Roles, MistakesAreComplaints) {
  for (const char* text :
       {"kind: RoleBinding\nname: a\nrole: king\npeople: [x]\n", "kind: RoleBinding\nname: a\nrole: viewer\n",
        "kind: RoleBinding\nrole: viewer\npeople: [x]\n", "kind: RoleBinding\nname: a\nrole: viewer\npeople: x\n",
        "kind: RoleBinding\nname: a\nrole: viewer\npeople: [x]\nuntil: tomorrow\n",
        "kind: RoleBinding\nname: a\nrole: viewer\npeople: [x]\n---\nkind: RoleBinding\nname: a\nrole: "
        "auditor\npeople: "
        "[y]\n",
        "kind: RoleBinding\nname: a\nrole: administrator\npeople: [x@y.z]\n---\nkind: RoleBinding\nname: b\nrole: "
        "auditor\npeople: [X@y.z]\n"}) {
    std::vector<Diagnostic> complaints;
    bindings_of(text, complaints);
    EXPECT_TRUE(has_errors(complaints)) << text;
  }
}

TEST(Roles, ThatCannotBeReadGiveNobodyAnything) {
  const RoleBindings bindings = RoleBindings::unreadable();
  EXPECT_FALSE(bindings.empty()) << "or scopes would decide";
  Principal ada;
  ada.id = "ada@example.com";
  for (std::size_t i = 0; i < kPermissions; ++i) {
    EXPECT_FALSE(bindings.decide(ada, static_cast<Permission>(i)).allowed);
  }
}

TEST(Roles, AreNotGivenToANameThatOnlyLooksLikeOne) {
  const RoleBindings bindings = bindings_of("kind: RoleBinding\nname: a\nrole: administrator\npeople: [Admin@x.org]\n");
  const auto allowed = [&](const char* name) {
    Principal person;
    person.id = name;
    return bindings.decide(person, Permission::kWriteKeys).allowed;
  };
  EXPECT_TRUE(allowed("admin@x.org"));
  EXPECT_TRUE(allowed("ADMIN@x.org"));
  EXPECT_FALSE(allowed("adm\u0131n@x.org"));
}

}  // namespace
}  // namespace reeve::identity
