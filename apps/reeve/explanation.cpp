#include "reeve/explanation.h"

#include "core/json.h"

namespace reeve::app {

namespace {

void append_rule(JsonWriter& json, const policy::RuleExplanation& rule) {
  json.begin_object().member("rule", rule.rule->name).member("effect", policy::effect_name(rule.rule->effect));
  json.member("mode", policy::mode_name(rule.rule->mode)).member("matched", rule.matched);
  json.member("counted", rule.counted).member("standing", rule.standing).member("file", rule.rule->file);
  json.member("line", static_cast<std::uint64_t>(rule.rule->line)).key("predicates").begin_array();
  for (const policy::PredicateValue& predicate : rule.predicates) {
    json.begin_object().member("condition", predicate.text).member("value", predicate.value);
    json.key("facts").begin_object();
    for (const auto& [name, value] : predicate.facts) json.member(name, value);
    json.end_object().end_object();
  }
  json.end_array().end_object();
}

}  // namespace

std::string explanation_json(const policy::Explanation& told, const RecordedDecision& recorded) {
  const policy::Decision& decision = told.decision;
  JsonWriter json;
  json.begin_object()
      .member("on", policy::point_name(told.point))
      .member("effect", policy::effect_name(decision.effect));
  if (decision.rule != nullptr) json.member("rule", decision.rule->name);
  json.member_if("message", decision.message).member("bundle", told.bundle).member("input", told.input);
  json.member_if("recorded_effect", recorded.effect).member_if("recorded_input", recorded.input);
  json.key("exceptions").begin_array();
  for (const auto* exception : decision.exceptions) json.value(exception->name);
  json.end_array().key("ended").begin_array();
  for (const auto& ended : decision.ended) {
    json.begin_object().member("exception", ended.exception->name).member("why", policy::ended_reason(ended.why));
    json.end_object();
  }
  json.end_array().key("errors").begin_array();
  for (const auto& error : decision.errors) {
    json.begin_object().member("rule", error.rule->name).member("message", error.message).end_object();
  }
  json.end_array().key("rules").begin_array();
  for (const auto& rule : told.rules) append_rule(json, rule);
  return json.end_array().end_object().take();
}

}  // namespace reeve::app
