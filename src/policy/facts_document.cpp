// docs/facts.md and the editors' schema, from the tables that the program itself uses.

#include "core/json.h"
#include "policy/cel/function.h"
#include "policy/document_schema.h"
#include "policy/facts.h"

namespace reeve::policy {

namespace {

std::string points_text(PointSet points) {
  if (points == (1U << kPoints) - 1) return "everywhere";
  std::string text;
  for (const PointDescriptor& point : all_points()) {
    if ((points & point_bit(point.point)) == 0) continue;
    text.append(text.empty() ? "`" : ", `").append(point.name).append("`");
  }
  return text;
}

/// A table's cells are divided by bars.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c;
  }
  return out;
}

void append_functions(std::string& out) {
  out +=
      "\n## Functions\n\nBeside CEL's operators, `has`, `all`, `exists`, `exists_one`, `filter` and `map`:\n\n"
      "| function | does |\n|---|---|\n";
  for (const cel::Function& function : cel::all_functions()) {
    if (function.summary.empty()) continue;
    out.append("| `").append(function.name).append("` | ").append(cell(function.summary)).append(" |\n");
  }
}

/// What looks like a number in YAML is a text here.
void text(JsonWriter& json) {
  json.begin_object().key("type").begin_array().value("string").value("number").value("boolean").end_array();
  json.end_object();
}

void plain(JsonWriter& json, std::string_view name, std::string_view type, std::string_view description) {
  json.key(name).begin_object().member("description", description).key("type");
  if (type == "string") {
    json.begin_array().value("string").value("number").value("boolean").end_array();
  } else {
    json.value(type);
  }
  json.end_object();
}

void text_or_list(JsonWriter& json) {
  json.begin_object().key("anyOf").begin_array();
  text(json);
  json.begin_object().member("type", "array").member("minItems", 1).key("items");
  text(json);
  json.end_object().end_array().end_object();
}

template <typename Names>
void choice(JsonWriter& json, std::string_view name, const Names& names, std::string_view text) {
  json.key(name).begin_object().member("description", text).key("enum").begin_array();
  for (const std::string_view option : names) json.value(option);
  json.end_array().end_object();
}

void match_keys(JsonWriter& json, std::string_view name) {
  json.key(name).begin_object().member("type", "object").member("additionalProperties", false).key("properties");
  json.begin_object();
  for (const FactDescriptor& fact : all_facts()) {
    if (fact.match_key.empty()) continue;
    json.key(fact.match_key);
    text_or_list(json);
  }
  json.end_object().end_object();
}

std::vector<std::string_view> effect_names() {
  std::vector<std::string_view> names;
  names.reserve(kEffects);
  for (std::size_t i = 0; i < kEffects; ++i) names.push_back(effect_name(static_cast<Effect>(i)));
  return names;
}

void tests_schema(JsonWriter& json) {
  json.key("tests").begin_object().member("type", "array").key("items").begin_object().member("type", "object");
  json.key("required").begin_array().value("given").value("expect").end_array().key("properties").begin_object();
  json.key("given")
      .begin_object()
      .member("type", "object")
      .member("description", "Facts, nested or dotted")
      .end_object();
  std::vector<std::string_view> expectations = effect_names();
  expectations.push_back("none");
  choice(json, "expect", expectations, "The verdict, or none: this rule does not match");
  plain(json, "name", "string", "What the test shows");
  plain(json, "rule", "string", "The decisive rule");
  plain(json, "exception", "string", "The exception that must be used");
  choice(json, "on", point_names(), "The decision point, where there are several");
  json.end_object().end_object().end_object();
}

void policy_schema(JsonWriter& json) {
  json.begin_object().member("title", "Policy").member("type", "object").member("additionalProperties", false);
  json.key("required").begin_array();
  for (const std::string_view key : {"kind", "name", "on", "effect"}) json.value(key);
  json.end_array().key("properties").begin_object();
  json.key("kind").begin_object().member("const", "Policy").end_object();
  json.key("name").begin_object().member("type", "string").member("pattern", "^[a-z0-9-]{1,63}$").end_object();
  plain(json, "title", "string", "For lists and reports");
  plain(json, "owner", "string", "Whom to ask");
  json.key("controls");
  text_or_list(json);
  json.key("on").begin_object().key("anyOf").begin_array();
  json.begin_object().key("enum").begin_array();
  for (const std::string_view name : point_names()) json.value(name);
  json.end_array().end_object();
  json.begin_object().member("type", "array").end_object().end_array().end_object();
  match_keys(json, "match");
  match_keys(json, "not");
  plain(json, "when", "string", "A CEL condition over the facts");
  choice(json, "effect", effect_names(), "What happens when the rule matches");
  plain(json, "message", "string", "Why, and what to do: a person reads it");
  plain(json, "fix", "string", "A way forward");
  choice(json, "mode", std::vector<std::string_view>{"enforce", "shadow", "off"}, "shadow notes and changes nothing");
  plain(json, "since", "string", "From when: a date or a time");
  plain(json, "until", "string", "Until before when: a date or a time");
  plain(json, "layer", "object", "{team: NAME} or {repo: NAME}");
  plain(json, "relaxable", "boolean", "Whether a lower layer may lift it");
  for (const std::string_view key : {"relaxes", "classes"}) {
    json.key(key);
    text_or_list(json);
  }
  choice(json, "with", std::vector<std::string_view>{"token", "mask", "remove"}, "How redacted text is replaced");
  plain(json, "spares_marked", "boolean", "Whether what stands on a line with an allow marker is left alone");
  plain(json, "to", "object", "Where to: region, provider, retention");
  plain(json, "ladder", "string", "The ladder's name");
  plain(json, "approval", "object", "{by: [group], within: 24h}");
  plain(json, "check", "string", "A named check that must be green");
  plain(json, "lease", "object", "{secrets: [name], for: 1h}");
  plain(json, "set", "object", "What is rewritten, and the CEL expression of its new value");
  tests_schema(json);
  json.end_object().end_object();
}

void exception_schema(JsonWriter& json) {
  json.begin_object().member("title", "Exception").member("type", "object").member("additionalProperties", false);
  json.key("required").begin_array();
  for (const std::string_view key : {"kind", "name", "rules", "reason", "requested_by", "approved_by", "ends"}) {
    json.value(key);
  }
  json.end_array().key("properties").begin_object();
  json.key("kind").begin_object().member("const", "Exception").end_object();
  for (const std::string_view key :
       {"name", "when", "reason", "requested_by", "approved_by", "compensating_check", "work_item", "ends"}) {
    plain(json, key, "string", key);
  }
  plain(json, "uses", "integer", "At most so many decisions");
  json.key("rules");
  text_or_list(json);
  match_keys(json, "match");
  match_keys(json, "not");
  json.end_object().end_object();
}

}  // namespace

std::string facts_document() {
  std::string out =
      "# Facts: what rules may name\n\n"
      "Generated by `reeve policy facts`; do not edit. How rules use them: [policy.md](policy.md).\n\n"
      "A fact that is not there reads as its type's zero value (`\"\"`, `0`, `false`, an empty list or map);\n"
      "`has(model.tier)` tells, and of a fact without a dot a comparison does, as in `repo != \"\"`. What a caller "
      "says of\n"
      "itself (client, repo, feature, work_item, agent) is good for steering, not for keeping anyone out.\n\n## "
      "Decision points\n\n| point | what is decided | where no rule speaks "
      "|\n|---|---|---|\n";
  for (const PointDescriptor& point : all_points()) {
    out.append("| `").append(point.name).append("` | ").append(point.text);
    out.append(point.allows_by_default ? " | allow |\n" : " | deny |\n");
  }
  out += "\n## Facts\n\n| fact | type | key of `match` | where | what | example |\n|---|---|---|---|---|---|\n";
  for (const FactDescriptor& fact : all_facts()) {
    out.append("| `").append(fact.name).append("` | `").append(fact.type).append("` | ");
    if (!fact.match_key.empty()) out.append("`").append(fact.match_key).append("`");
    out.append(" | ").append(points_text(fact.points)).append(" | ").append(cell(fact.text));
    out.append(" | `").append(cell(fact.example)).append("` |\n");
  }
  out += "\n## Structures\n\n| structure | fields |\n|---|---|\n";
  for (const auto& structure : all_structures()) {
    out.append("| `").append(structure->name).append("` | ");
    for (std::size_t i = 0; i < structure->fields.size(); ++i) {
      const auto& field = structure->fields[i];
      out.append(i == 0 ? "`" : ", `").append(field.name).append("` ").append(cel::type_text(field.type));
    }
    out += " |\n";
  }
  append_functions(out);
  out +=
      "\n## What the ledger keeps\n\n`reeve policy replay` decides again from what an entry holds:\n\n"
      "| fact | member of the entry |\n|---|---|\n";
  for (const FactDescriptor& fact : all_facts()) {
    if (fact.recorded.empty()) continue;
    out.append("| `").append(fact.name).append("` | `").append(fact.recorded).append("` |\n");
  }
  return out;
}

std::string governance_schema() {
  JsonWriter json;
  json.begin_object().member("$schema", "https://json-schema.org/draft/2020-12/schema");
  json.member("title", "Reeve governance documents").key("oneOf").begin_array();
  policy_schema(json);
  exception_schema(json);
  json.begin_object().member("title", "Ladder").member("type", "object").key("properties").begin_object();
  json.key("kind").begin_object().member("const", "Ladder").end_object();
  plain(json, "name", "string", "Its name");
  json.key("steps");
  text_or_list(json);
  json.end_object().key("required").begin_array().value("kind").value("name").value("steps").end_array().end_object();
  json.begin_object().member("title", "PolicyTest").member("type", "object").key("properties").begin_object();
  json.key("kind").begin_object().member("const", "PolicyTest").end_object();
  plain(json, "name", "string", "Its name");
  tests_schema(json);
  json.end_object().key("required").begin_array().value("kind").value("name").value("on").value("tests").end_array();
  json.end_object();
  write_document_schemas(json);
  json.begin_object().member("title", "Other kinds").member("type", "object").key("properties").begin_object();
  json.key("kind").begin_object().key("not").begin_object().key("enum").begin_array();
  for (const std::string_view kind : {"Policy", "Exception", "Ladder", "PolicyTest"}) json.value(kind);
  for (const std::string_view kind : described_kinds()) json.value(kind);
  json.end_array().end_object().end_object().end_object().key("required").begin_array().value("kind").end_array();
  json.end_object();
  json.end_array().end_object();
  return json.take() + "\n";
}

}  // namespace reeve::policy
