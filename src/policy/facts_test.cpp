// Facts from JSON and from ledger entries, and what is generated from their table.

#include "policy/facts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "policy/bundle_for_tests.h"
#include "policy/facts_value.h"

namespace reeve::policy {
namespace {

using ::testing::HasSubstr;

std::string complaint(Point point, std::string_view json) {
  const auto document = JsonDocument::parse(json);
  const auto read = facts_from_json(point, document->root());
  return read ? "" : read.error().message;
}

std::string as_json(Point point, std::string_view json) {
  const auto document = JsonDocument::parse(json);
  const auto read = facts_from_json(point, document->root());
  return read ? facts_to_json(point, **read) : read.error().message;
}

TEST(FactTable, IsInTheOrderOfItsNumbersAndNamesEachOnce) {
  ASSERT_EQ(all_facts().size(), kFacts);
  std::set<std::string_view> names, keys;
  for (std::size_t i = 0; i < kFacts; ++i) {
    const FactDescriptor& fact = all_facts()[i];
    EXPECT_EQ(static_cast<std::size_t>(fact.fact), i) << fact.name;
    EXPECT_TRUE(names.insert(fact.name).second) << fact.name;
    EXPECT_TRUE(fact.match_key.empty() || keys.insert(fact.match_key).second) << fact.match_key;
    EXPECT_EQ(find_fact(fact.name), &fact);
    EXPECT_EQ(fact_name(fact.fact), fact.name);
    EXPECT_NE(fact.points, 0U) << fact.name;
    const bool textual = fact.type == "string" || fact.type == "list(string)";
    EXPECT_TRUE(fact.match_key.empty() || textual) << fact.name << " cannot be matched by patterns";
  }
  for (std::size_t i = 0; i < kPoints; ++i) EXPECT_EQ(static_cast<std::size_t>(all_points()[i].point), i);
  EXPECT_EQ(find_match_key("tiers")->fact, Fact::kModelTier);
  EXPECT_EQ(find_match_key(""), nullptr);
  EXPECT_EQ(find_fact("model"), nullptr);
}

TEST(FactTable, EveryExampleIsOfItsType) {
  for (const FactDescriptor& fact : all_facts()) {
    for (const PointDescriptor& point : all_points()) {
      const std::string json = "{\"" + std::string(fact.name) + "\":" + std::string(fact.example) + "}";
      const bool there = (fact.points & point_bit(point.point)) != 0;
      EXPECT_EQ(complaint(point.point, json).empty(), there) << fact.name << " on " << point.name;
    }
  }
}

TEST(FactTable, EveryMatchKeyReadsItsOwnFact) {
  for (const FactDescriptor& fact : all_facts()) {
    if (fact.match_key.empty()) continue;
    const auto point = static_cast<Point>(std::countr_zero(fact.points));
    const std::string value = fact.fact == Fact::kPrincipalType ? "person" : "it";
    const auto bundle =
        must_build("{kind: Policy, name: m, on: " + std::string(point_name(point)) +
                   ", effect: ask, message: m, match: {" + std::string(fact.match_key) + ": [" + value +
                   ", 'n*']}}\n---\n{kind: Policy, name: n, on: " + std::string(point_name(point)) +
                   ", effect: ask, message: m, not: {" + std::string(fact.match_key) + ": " + value + "}}");
    ASSERT_NE(bundle, nullptr) << fact.name;
    const std::string given = fact.type == "string" ? "\"" + value + "\"" : "[\"other\",\"" + value + "\"]";
    const GivenFacts facts(point, "{\"" + std::string(fact.name) + "\":" + given + "}");
    EXPECT_EQ(names(decide(*bundle, point, facts).matched), "m") << fact.name;
    EXPECT_EQ(names(decide(*bundle, point, GivenFacts(point, "{}")).matched), "n") << fact.name;
    EXPECT_TRUE(bundle->needs(point, fact.fact));
  }
}

TEST(FactsDocument, IsWhatLiesInDocs) {
  std::ifstream file(std::string(REEVE_SOURCE_DIR) + "/docs/facts.md");
  std::ostringstream text;
  text << file.rdbuf();
  EXPECT_EQ(text.str(), facts_document()) << "the table changed: write docs/facts.md anew with 'reeve policy facts'";
}

TEST(GovernanceSchema, IsJsonAndNamesEveryKey) {
  const std::string schema = governance_schema();
  const auto document = JsonDocument::parse(schema);
  ASSERT_TRUE(document.ok());
  const auto kinds = document->root()["oneOf"].items();
  ASSERT_EQ(kinds.size(), 20U);
  for (const char* key :
       {"name",   "on",       "match", "not",       "when",    "effect", "message", "fix",           "mode",
        "since",  "until",    "layer", "relaxable", "relaxes", "with",   "classes", "spares_marked", "to",
        "ladder", "approval", "check", "lease",     "set",     "tests",  "title",   "owner",         "controls"}) {
    EXPECT_TRUE(kinds[0]["properties"][key].present()) << key;
  }
  EXPECT_TRUE(kinds[0]["properties"]["match"]["properties"]["tiers"].present());
}

TEST(FactsFromJson, AreTheSameNestedAndDotted) {
  const std::string expected = R"({"model.name":"m","model.tier":"small","principal.groups":["a","b"]})";
  EXPECT_EQ(as_json(Point::kModelCall, R"({"principal":{"groups":["a","b"]},"model":{"tier":"small","name":"m"}})"),
            expected);
  EXPECT_EQ(as_json(Point::kModelCall, R"({"model.tier":"small","principal.groups":["a","b"],"model.name":"m"})"),
            expected);
  EXPECT_EQ(as_json(Point::kModelCall, R"({"model":{"name":"m","tier":"small"},"principal.groups":["a","b"]})"),
            expected);
}

TEST(FactsFromJson, WhatReadsAsAbsentIsAbsent) {
  EXPECT_EQ(
      as_json(
          Point::kModelCall,
          R"({"model":{"tier":"","name":null},"principal":{"groups":[]},"request":{"bytes":0,"stream":false},"checks":{}})"),
      "{}");
}

TEST(FactsFromJson, HoldWhatFollowsFromOthers) {
  EXPECT_THAT(as_json(Point::kToolCall, R"({"tool.commands":[{"name":"git"},{"name":"npm"},{"name":"git"}]})"),
              HasSubstr(R"("tool.command_names":["git","npm"])"));
  EXPECT_THAT(as_json(Point::kToolCall, R"({"content.findings":[{"class":"pii","type":"email"}]})"),
              HasSubstr(R"("content.classes":["pii"])"));
  EXPECT_THAT(as_json(Point::kToolCall, R"({"content.findings":[{"class":"pii"}],"content.classes":["other"]})"),
              HasSubstr(R"("content.classes":["other"])"));
}

TEST(FactsFromJson, OfTheWrongNameTypeOrPlaceAreRefused) {
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {"[]", "facts are a JSON object"},
      {R"({"modle":{"tier":"x"}})", "unknown fact 'modle'"},
      {R"({"model":{"teir":"x"}})", "unknown fact 'model.teir'; did you mean 'model.tier'?"},
      {R"({"model":"x"})", "'model' is a group of facts"},
      {R"({"model":{"tier":3}})", "the fact 'model.tier': expected string, not 3"},
      {R"({"principal":{"groups":"x"}})", "the fact 'principal.groups': expected list(string)"},
      {R"({"principal":{"groups":["x",1]}})", "expected string, not 1"},
      {R"({"request":{"bytes":1.5}})", "expected int"},
      {R"({"request":{"stream":"yes"}})", "expected bool"},
      {R"({"now":"soon"})", "expected timestamp"},
      {R"({"checks":{"a":"green"}})", "expected bool"},
      {R"({"content.findings":[{"klass":"x"}]})", "'klass' is no field of Finding"},
      {R"({"approvals":[{"groups":"x"}]})", "expected list(string)"},
      {R"({"tool.name":"x"})", "the fact 'tool.name' is not there on model.call"}};
  for (const auto& [json, message] : wrong) EXPECT_THAT(complaint(Point::kModelCall, json), HasSubstr(message)) << json;
}

using Members = std::map<std::string, std::string>;  // by their dotted paths

std::string object_of(const Members& members) {
  std::map<std::string, Members> inner;
  std::string json = "{";
  for (const auto& [path, value] : members) {
    const std::size_t dot = path.find('.');
    if (dot == std::string::npos) {
      json += "\"" + path + "\":" + value + ",";
    } else {
      inner[path.substr(0, dot)][path.substr(dot + 1)] = value;
    }
  }
  for (const auto& [name, of] : inner) json += "\"" + name + "\":" + object_of(of) + ",";
  json.back() = '}';
  return json;
}

/// An entry with every fact of model.call where the table says that the ledger keeps it.
std::string entry_with_examples() {
  Members members;
  for (const FactDescriptor& fact : all_facts()) {
    if (!fact.recorded.empty()) members[std::string(fact.recorded)] = fact.example;
  }
  return object_of(members);
}

TEST(FactsFromEntry, GiveTheDigestOfTheFactsThatWereRecorded) {
  std::string original = "{";
  for (const FactDescriptor& fact : all_facts()) {
    if (fact.recorded.empty() || (fact.points & point_bit(Point::kModelCall)) == 0) continue;
    original += "\"" + std::string(fact.name) + "\":" + std::string(fact.example) + ",";
  }
  original.back() = '}';
  const auto given = JsonDocument::parse(original);
  const auto kept = JsonDocument::parse(entry_with_examples());
  ASSERT_TRUE(given.ok() && kept.ok());
  const auto facts = facts_from_json(Point::kModelCall, given->root());
  ASSERT_TRUE(facts.ok()) << facts.error().message;
  const auto again = facts_from_entry(kept->root());
  EXPECT_EQ(facts_to_json(Point::kModelCall, *again), facts_to_json(Point::kModelCall, **facts));
  EXPECT_EQ(input_digest(Point::kModelCall, *again), input_digest(Point::kModelCall, **facts));
  EXPECT_THAT(input_digest(Point::kModelCall, *again), ::testing::MatchesRegex("sha256:[0-9a-f]{64}"));
}

TEST(FactsFromEntry, WhatNobodyKnewOfTheInventoryIsUnknownAgain) {
  const auto bundle = must_build(
      "{kind: Policy, name: all, on: model.call, effect: allow}\n---\n"
      "{kind: Policy, name: a, on: model.call, effect: deny, message: m, when: 'inventory.model == \"denied\"'}");
  const auto effect = [&](const char* inventory) {
    const auto entry = JsonDocument::parse(R"({"decision":{"inventory":)" + std::string(inventory) + "}}");
    return decide(*bundle, Point::kModelCall, *facts_from_entry(entry->root())).effect;
  };
  EXPECT_EQ(effect(R"({"unknown":true})"), Effect::kDeny);
  EXPECT_EQ(effect(R"({"model":"denied"})"), Effect::kDeny);
  EXPECT_EQ(effect(R"({"model":"in_use"})"), Effect::kAllow);
  EXPECT_EQ(effect("{}"), Effect::kAllow);
}

TEST(FactsFromEntry, AWrongEntryMakesRulesFailNotTheReader) {
  const auto entry = JsonDocument::parse(R"({"principal":{"groups":"x","id":7},"model":null})");
  const auto facts = facts_from_entry(entry->root());
  const auto bundle = must_build("{kind: Policy, name: a, on: model.call, effect: allow, not: {groups: x}}");
  EXPECT_EQ(decide(*bundle, Point::kModelCall, *facts).errors.size(), 1U);
}

/// The times that sinks take keep their nanoseconds, also before 1970.
TEST(FactSinks, TakeWhatSurfacesHave) {
  class Source final : public Facts {
   public:
    void read(Fact fact, FactSink& sink) const override {
      static const std::map<std::string, bool> checks = {{"a", true}, {"b", false}};
      if (fact == Fact::kNow) sink.time({-1});
      if (fact == Fact::kChecks) sink.flags(checks);
      if (fact == Fact::kRequestBytes) sink.integer(-5);
      if (fact == Fact::kRequestStream) sink.boolean(true);
      if (fact == Fact::kRequestTokens) sink.unknown(fact);
    }
  };
  const Source source;
  EXPECT_EQ(
      facts_to_json(Point::kModelCall, source),
      R"({"checks":{"a":true,"b":false},"now":"1969-12-31T23:59:59.999999999Z","request.bytes":-5,"request.stream":true})");
  cel::Arena arena;
  EXPECT_EQ(instant_of(read_fact(source, Fact::kNow, arena)).nanoseconds, -1);
  bool present = true;
  EXPECT_TRUE(read_fact(source, Fact::kRepo, arena, &present).text().empty());
  EXPECT_FALSE(present);
}

}  // namespace
}  // namespace reeve::policy
