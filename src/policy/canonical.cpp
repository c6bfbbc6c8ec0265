// Documents as canonical JSON: what a digest covers and a bundle file carries. Members are sorted by name and lists of
// patterns are sorted, so that the same rules give the same bytes wherever and however they were written down.

#include <map>

#include "core/json.h"
#include "policy/bundle.h"

namespace reeve::policy {

namespace {

void texts(JsonWriter& json, std::string_view name, const std::vector<std::string>& values) {
  if (values.empty()) return;
  json.key(name).begin_array();
  for (const std::string& value : values) json.value(value);
  json.end_array();
}

void patterns(JsonWriter& json, std::string_view name, const std::vector<FactPatterns>& facts) {
  if (facts.empty()) return;
  std::map<std::string_view, const std::vector<std::string>*> sorted;
  for (const FactPatterns& fact : facts) sorted.emplace(descriptor_of(fact.fact).match_key, &fact.patterns);
  json.key(name).begin_object();
  for (const auto& [key, values] : sorted) texts(json, key, *values);
  json.end_object();
}

void route(JsonWriter& json, const RuleInfo& rule) {
  if (rule.effect != Effect::kRoute) return;
  json.key("to").begin_object();
  texts(json, "provider", rule.to_providers);
  texts(json, "region", rule.to_regions);
  texts(json, "retention", rule.to_retentions);
  json.end_object();
}

}  // namespace

std::string canonical_rule(const Rule& source) {
  const RuleInfo& rule = source.info;
  JsonWriter json;
  json.begin_object();
  if (rule.approval) {
    json.key("approval").begin_object();
    texts(json, "by", rule.approval->by);
    json.member("within", format_duration(rule.approval->within)).end_object();
  }
  json.member_if("check", rule.check);
  texts(json, "classes", rule.classes);
  texts(json, "controls", rule.controls);
  json.member("effect", effect_name(rule.effect)).member_if("fix", rule.fix).member("kind", "Policy");
  json.member_if("ladder", rule.ladder);
  if (rule.layer.kind != Layer::Kind::kOrganisation) {
    json.key("layer").begin_object();
    json.member(rule.layer.kind == Layer::Kind::kTeam ? "team" : "repo", rule.layer.name).end_object();
  }
  if (rule.effect == Effect::kLease) {
    json.key("lease").begin_object().member("for", format_duration(rule.lease_for));
    texts(json, "secrets", rule.secrets);
    json.end_object();
  }
  patterns(json, "match", source.selector.match);
  json.member_if("message", rule.message).member("mode", mode_name(rule.mode)).member("name", rule.name);
  patterns(json, "not", source.selector.except);
  json.key("on").begin_array();
  for (const Point point : rule.points) json.value(point_name(point));
  json.end_array();
  json.member_if("owner", rule.owner);
  if (rule.relaxable) json.member("relaxable", true);
  texts(json, "relaxes", rule.relaxes);
  if (!source.rewrites.empty()) {
    std::map<std::string_view, std::string_view> sorted;
    for (const RewriteSource& rewrite : source.rewrites) sorted.emplace(rewrite.target, rewrite.expression);
    json.key("set").begin_object();
    for (const auto& [target, expression] : sorted) json.member(target, expression);
    json.end_object();
  }
  if (rule.since) json.member("since", format_time(*rule.since));
  if (rule.spares_marked) json.member("spares_marked", true);
  json.member_if("title", rule.title);
  route(json, rule);
  if (rule.until) json.member("until", format_time(*rule.until));
  json.member_if("when", source.selector.when).member_if("with", rule.redact_with).end_object();
  return json.take();
}

std::string canonical_exception(const Exception& source) {
  const ExceptionInfo& exception = source.info;
  JsonWriter json;
  json.begin_object().member("approved_by", exception.approved_by);
  json.member_if("compensating_check", exception.compensating_check).member("ends", format_time(exception.ends));
  json.member("kind", "Exception");
  patterns(json, "match", source.selector.match);
  json.member("name", exception.name);
  patterns(json, "not", source.selector.except);
  json.member("reason", exception.reason).member("requested_by", exception.requested_by);
  texts(json, "rules", exception.rules);
  if (exception.uses) json.member("uses", *exception.uses);
  json.member_if("when", source.selector.when).member_if("work_item", exception.work_item).end_object();
  return json.take();
}

std::string canonical_ladder(const LadderInfo& ladder) {
  JsonWriter json;
  json.begin_object().member("kind", "Ladder").member("name", ladder.name);
  texts(json, "steps", ladder.steps);
  json.end_object();
  return json.take();
}

}  // namespace reeve::policy
