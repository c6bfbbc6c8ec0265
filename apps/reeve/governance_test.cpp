#include "reeve/governance.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "core/json.h"
#include "policy/policy.h"

namespace reeve::app {
namespace {

void write_example(JsonWriter& json, const JsonValue& schema);

/// A document with every key that the schema has.
void write_all_keys(JsonWriter& json, const JsonValue& schema) {
  json.begin_object();
  for (const auto& [key, value] : schema["properties"].members()) {
    json.key(key);
    write_example(json, value);
  }
  json.end_object();
}

void write_example(JsonWriter& json, const JsonValue& schema) {
  const auto ways = schema["anyOf"].items();
  if (!ways.empty()) return write_example(json, ways.back());  // the one with keys, where there is one
  if (schema["const"].present()) {
    json.value(schema["const"].string_or(""));
  } else if (schema["properties"].present()) {
    write_all_keys(json, schema);
  } else if (schema["type"].string_or("") == "array") {
    write_example(json.begin_array(), schema["items"]);
    json.end_array();
  } else if (schema["type"].string_or("") == "object") {
    json.begin_object().end_object();
  } else {
    json.value("x");
  }
}

std::vector<Diagnostic> complaints_about(const std::string& document) {
  const auto folder = std::filesystem::temp_directory_path() / ("reeve-governance-test-" + std::to_string(::getpid()));
  std::filesystem::create_directory(folder);
  std::ofstream(folder / "document.yaml") << document << '\n';
  std::vector<Diagnostic> complaints;
  read_governance(folder, complaints);
  std::filesystem::remove_all(folder);
  return complaints;
}

bool has_unknown_key(const std::vector<Diagnostic>& complaints) {
  return std::any_of(complaints.begin(), complaints.end(), [](const Diagnostic& complaint) {
    return complaint.message.find("unknown key") != std::string::npos;
  });
}

TEST(Governance, KnowsEveryKeyThatTheSchemaOffers) {
  const std::string text = policy::governance_schema();
  const auto schema = JsonDocument::parse(text);
  ASSERT_TRUE(schema.ok());
  std::size_t kinds = 0;
  for (const JsonValue& kind : schema->root()["oneOf"].items()) {
    if (!kind["properties"]["kind"]["const"].present()) continue;
    ++kinds;
    JsonWriter document;
    write_all_keys(document, kind);
    const std::string whole = document.take();
    for (const Diagnostic& complaint : complaints_about(whole)) {
      EXPECT_EQ(complaint.message.find("unknown key"), std::string::npos) << complaint.to_string() << "\n" << whole;
    }
    const std::string name(kind["properties"]["kind"]["const"].string_or(""));
    EXPECT_TRUE(has_unknown_key(complaints_about("{kind: " + name + ", no_such_key: 1}"))) << name;
  }
  EXPECT_GE(kinds, 14U);
}

TEST(Governance, AnAlertNamesNotificationsThatAreThere) {
  const std::string chat =
      "kind: Notification\nname: chat\non: anomaly\nwebhook: {url: \"https://chat.example.com/\"}\n---\n";
  const auto complaints = [&](const std::string& names) {
    return complaints_about(chat + "kind: SpendAlert\nname: days\nnotify: " + names);
  };
  EXPECT_TRUE(complaints("[chat]").empty());
  const auto wrong = complaints("[chat, pager]");
  ASSERT_EQ(wrong.size(), 1U);
  EXPECT_NE(wrong.front().to_string().find("document.yaml:8:16: there is no Notification 'pager'"), std::string::npos)
      << wrong.front().to_string();
}

}  // namespace
}  // namespace reeve::app
