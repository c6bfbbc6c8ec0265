#include "identity/scim/patch.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace reeve::identity::scim {
namespace {

constexpr const char* kEnterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

Value value_of_text(const std::string& json) {
  const auto document = JsonDocument::parse(json);
  EXPECT_TRUE(document.ok()) << json;
  return value_of(document->root());
}

/// The resource after the operations, or the scimType of what went wrong.
std::string patched(const ResourceType& type, const std::string& resource, const std::string& operations) {
  Value value = value_of_text(resource);
  const auto read = read_operations(value_of_text(
      R"({"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":)" + operations + "}"));
  if (const auto* problem = std::get_if<Problem>(&read)) return problem->type;
  Work work;
  for (const Operation& operation : std::get<std::vector<Operation>>(read)) {
    if (const auto problem = apply(type, operation, value, work)) return problem->type;
  }
  return value.to_json();
}
std::string user_patched(const std::string& resource, const std::string& operations) {
  return patched(user_type(), resource, operations);
}

TEST(ScimPatch, SetsAndRemovesWhatAPathNames) {
  const std::string ada = R"({"userName":"ada","name":{"givenName":"Ada"}})";
  EXPECT_EQ(user_patched(ada, R"([{"op":"replace","path":"title","value":"Countess"}])"),
            R"({"userName":"ada","name":{"givenName":"Ada"},"title":"Countess"})");
  EXPECT_EQ(user_patched(ada, R"([{"op":"add","path":"name.familyName","value":"Lovelace"}])"),
            R"({"userName":"ada","name":{"givenName":"Ada","familyName":"Lovelace"}})");
  EXPECT_EQ(user_patched(ada, R"([{"op":"remove","path":"name.givenName"}])"), R"({"userName":"ada"})");
  EXPECT_EQ(user_patched(ada, R"([{"op":"remove","path":"NAME"}])"), R"({"userName":"ada"})");
  EXPECT_EQ(user_patched(ada, R"([{"op":"replace","path":"name","value":{"familyName":"King"}}])"),
            R"({"userName":"ada","name":{"givenName":"Ada","familyName":"King"}})");
  EXPECT_EQ(user_patched(ada, R"([{"op":"replace","path":"active","value":"False"}])"),
            R"({"userName":"ada","name":{"givenName":"Ada"},"active":false})");
}

TEST(ScimPatch, TakesTheWaysOfProviders) {
  const std::string ada = R"({"userName":"ada"})";
  EXPECT_EQ(user_patched(ada, R"([{"op":"Replace","value":{"displayName":"Ada","name.givenName":"Ada","active":"True",
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department":"engines","id":"x","colour":"red"}}])"),
            std::string(R"({"userName":"ada","displayName":"Ada","name":{"givenName":"Ada"},"active":true,")") +
                kEnterprise + R"(":{"department":"engines"}})");
  EXPECT_EQ(user_patched(ada, R"([{"op":"Add","path":"emails[type eq \"work\"].value","value":"ada@example.com"}])"),
            R"({"userName":"ada","emails":[{"type":"work","value":"ada@example.com"}]})");
  EXPECT_EQ(user_patched(ada, std::string(R"([{"op":"Add","path":")") + kEnterprise + R"(:manager","value":"usr_9"}])"),
            std::string(R"({"userName":"ada",")") + kEnterprise + R"(":{"manager":{"value":"usr_9"}}})");
  const std::string group = R"({"displayName":"g","members":[{"value":"a"},{"value":"b"},{"value":"c"}]})";
  EXPECT_EQ(patched(group_type(), group, R"([{"op":"remove","path":"members","value":[{"value":"a"},{"value":"c"}]}])"),
            R"({"displayName":"g","members":[{"value":"b"}]})");
  EXPECT_EQ(patched(group_type(), group, R"([{"op":"remove","path":"members[value eq \"b\"]"}])"),
            R"({"displayName":"g","members":[{"value":"a"},{"value":"c"}]})");
  EXPECT_EQ(patched(group_type(), group, R"([{"op":"add","value":{"members":[{"value":"d"},{"value":"a"}]}}])"),
            R"({"displayName":"g","members":[{"value":"a"},{"value":"b"},{"value":"c"},{"value":"d"}]})");
  EXPECT_EQ(patched(group_type(), group, R"([{"op":"replace","value":{"id":"grp_1","displayName":"h"}}])"),
            R"({"displayName":"h","members":[{"value":"a"},{"value":"b"},{"value":"c"}]})");
}

TEST(ScimPatch, ChangesSelectedValues) {
  const std::string ada = R"({"userName":"ada","emails":[{"value":"a","type":"work","primary":true},)"
                          R"({"value":"b","type":"home"}]})";
  EXPECT_EQ(user_patched(ada, R"([{"op":"replace","path":"emails[type eq \"home\"].value","value":"c"}])"),
            R"({"userName":"ada","emails":[{"value":"a","type":"work","primary":true},{"value":"c","type":"home"}]})");
  EXPECT_EQ(user_patched(ada, R"([{"op":"replace","path":"emails[type eq \"home\"].primary","value":true}])"),
            R"({"userName":"ada","emails":[{"value":"a","type":"work","primary":false},)"
            R"({"value":"b","type":"home","primary":true}]})");
  EXPECT_EQ(user_patched(ada, R"([{"op":"remove","path":"emails[type eq \"work\"]"}])"),
            R"({"userName":"ada","emails":[{"value":"b","type":"home"}]})");
  EXPECT_EQ(user_patched(ada, R"([{"op":"remove","path":"emails[not (type eq \"x\")]"}])"), R"({"userName":"ada"})");
  EXPECT_EQ(user_patched(ada, R"([{"op":"replace","path":"emails[type eq \"home\"]","value":{"value":"d"}}])"),
            R"({"userName":"ada","emails":[{"value":"a","type":"work","primary":true},{"value":"d"}]})");
  EXPECT_EQ(user_patched(ada, R"([{"op":"replace","path":"emails[type eq \"x\"].value","value":"c"}])"), "noTarget");
  EXPECT_EQ(user_patched(ada, R"([{"op":"remove","path":"emails[type eq \"x\"]"}])"), value_of_text(ada).to_json());
}

TEST(ScimPatch, RefusesWhatMakesNoSense) {
  const std::string ada = R"({"userName":"ada"})";
  const std::vector<std::pair<const char*, const char*>> wrong = {
      {R"([{"op":"remove"}])", "noTarget"},
      {R"([{"op":"remove","path":"userName"}])", "mutability"},
      {R"([{"op":"replace","path":"userName","value":""}])", "invalidValue"},
      {R"([{"op":"replace","path":"id","value":"x"}])", "mutability"},
      {R"([{"op":"replace","path":"meta.version","value":"x"}])", "mutability"},
      {R"([{"op":"add","path":"groups","value":[{"value":"grp_1"}]}])", "mutability"},
      {R"([{"op":"replace","path":"colour","value":"red"}])", "invalidPath"},
      {R"([{"op":"replace","path":"emails[","value":"red"}])", "invalidPath"},
      {R"([{"op":"replace","path":7,"value":"red"}])", "invalidPath"},
      {R"([{"op":"replace","path":"active","value":"perhaps"}])", "invalidValue"},
      {R"([{"op":"replace","path":"active"}])", "invalidValue"},
      {R"([{"op":"replace","value":"red"}])", "invalidValue"},
      {R"([{"op":"paint","path":"title","value":"red"}])", "invalidSyntax"},
      {R"([])", "invalidSyntax"},
      {R"({})", "invalidSyntax"},
      {R"([{"op":"add","path":"emails[not (type eq \"x\")].value","value":"c"}])", "noTarget"},
      {R"([{"op":"add","path":"emails","value":[{"value":"a","primary":true},{"value":"b","primary":true}]}])",
       "invalidValue"},
  };
  for (const auto& [operations, type] : wrong) EXPECT_EQ(user_patched(ada, operations), type) << operations;
  EXPECT_EQ(patched(group_type(), R"({"displayName":"g","members":[{"value":"a"}]})",
                    R"([{"op":"replace","path":"members[value eq \"a\"].value","value":"b"}])"),
            "mutability");
}

TEST(ScimPatch, AThousandConditionsOverAHugeGroupAreRefusedBeforeTheyAreTried) {
  constexpr int kMembers = 100'000;
  Value::List members;
  for (int i = 0; i < kMembers; ++i) {
    Value member;
    member.set("value", Value("usr_" + std::to_string(i)));
    members.push_back(std::move(member));
  }
  Value group;
  group.set("displayName", Value("everybody"));
  group.set("members", Value(std::move(members)));
  Operation operation;
  operation.kind = Operation::Kind::kRemove;
  operation.path = R"(members[value eq "nobody"])";
  Work work;
  std::size_t done = 0;
  std::optional<Problem> refused;
  while (done < kOperationsMax && !(refused = apply(group_type(), operation, group, work))) ++done;
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->type, "tooMany");
  EXPECT_GE(done, 20u) << "what providers send goes through";
  EXPECT_LE(done, 50u);
  EXPECT_EQ(group.find("members")->list()->size(), static_cast<std::size_t>(kMembers));
}

/// Random operations on some texts and a list of members, against plain maps and lists that do the same.
TEST(ScimPatch, DoesWhatAPlainModelDoes) {
  std::mt19937 random(20'261'122);
  const auto below = [&random](unsigned bound) { return random() % bound; };
  const std::vector<std::string> names{"title", "nickName", "displayName", "locale"};
  for (int round = 0; round < 300; ++round) {
    std::map<std::string, std::string> texts;
    std::map<std::string, std::string> emails;  // by type; each type once
    Value value = value_of_text(R"({"userName":"ada"})");
    for (int step = 0; step < 20; ++step) {
      Operation operation;
      operation.kind = static_cast<Operation::Kind>(below(3));
      const bool removes = operation.kind == Operation::Kind::kRemove;
      const std::string text = "v" + std::to_string(below(1000));
      bool expected_problem = false;
      if (below(2) == 0) {
        const std::string& name = names[below(4)];
        operation.path = name;
        operation.value = Value(text);
        removes ? static_cast<void>(texts.erase(name)) : static_cast<void>(texts[name] = text);
      } else {
        const std::string type = "t" + std::to_string(below(3));
        operation.path = "emails[type eq \"" + type + "\"]" + (removes ? "" : ".value");
        operation.value = Value(text);
        expected_problem = operation.kind == Operation::Kind::kReplace && !emails.contains(type);
        if (removes) emails.erase(type);
        if (!removes && !expected_problem) emails[type] = text;
      }
      Value tried = value;
      Work work;
      const auto problem = apply(user_type(), operation, tried, work);
      ASSERT_EQ(problem.has_value(), expected_problem) << *operation.path;
      if (!problem) value = std::move(tried);
    }
    for (const std::string& name : names) EXPECT_EQ(value.text_of(name), texts.contains(name) ? texts[name] : "");
    std::map<std::string, std::string> found;
    if (const Value* list = value.find("emails")) {
      for (const Value& email : *list->list()) {
        EXPECT_TRUE(found.emplace(email.text_of("type"), email.text_of("value")).second);
      }
    }
    EXPECT_EQ(found, emails);
  }
}

}  // namespace
}  // namespace reeve::identity::scim
