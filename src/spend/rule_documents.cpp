// `kind: SpendAlert` and `kind: AdviceRule`.

#include <algorithm>

#include "spend/price_fields.h"
#include "spend/spend.h"

namespace reeve::spend {

namespace {

bool is_kind(const YamlValue& document, std::string_view name) {
  const YamlValue* kind = document.find("kind");
  return kind != nullptr && kind->text() == name;
}

std::int64_t whole_number(const YamlValue& document, PriceFields& fields, std::string_view key, std::int64_t fallback,
                          std::int64_t most) {
  const YamlValue* value = document.find(key);
  if (value == nullptr) return fallback;
  const auto number = value->as_int();
  if (number && *number >= 1 && *number <= most) return *number;
  fields.complain(key, "'" + std::string(key) + "' must be a whole number from 1 to " + std::to_string(most));
  return fallback;
}

/// "3" or "2.5", in hundredths.
std::int64_t hundredths(const YamlValue& document, PriceFields& fields, std::string_view key, std::int64_t fallback) {
  const YamlValue* value = document.find(key);
  if (value == nullptr) return fallback;
  const auto number = parse_money(value->text());
  constexpr std::int64_t kBillionthsInStep = 10'000'000;
  if (number && number->nanos >= 1'000'000'000 && number->nanos <= 1'000'000'000'000) {
    return number->nanos / kBillionthsInStep;
  }
  fields.complain(key, "'" + std::string(key) + "' must be a number from 1 to 1000, such as 2.5");
  return fallback;
}

Money money(const YamlValue& document, PriceFields& fields, std::string_view key, Money fallback) {
  const YamlValue* value = document.find(key);
  if (value == nullptr) return fallback;
  if (const auto amount = parse_money(value->text())) return *amount;
  fields.complain(key, "'" + std::string(key) + "' must be an amount of dollars such as $20");
  return fallback;
}

bool flag(const YamlValue& document, PriceFields& fields, std::string_view key, bool fallback) {
  const YamlValue* value = document.find(key);
  if (value == nullptr) return fallback;
  if (const auto set = value->as_bool()) return *set;
  fields.complain(key, "'" + std::string(key) + "' must be true or false");
  return fallback;
}

SpendAlert read_alert(const YamlValue& document, std::vector<Diagnostic>& complaints) {
  document.refuse_unknown_keys({"kind", "name", "over", "minimum", "times", "score", "history", "team", "notify"},
                               complaints);
  PriceFields fields(document, complaints);
  SpendAlert alert;
  alert.name = fields.name("name", true);
  const YamlValue* over = document.find("over");
  alert.over = over == nullptr ? "person" : over->text();
  constexpr std::array<std::string_view, 10> kOver{"person",  "team",      "client", "session",  "repo",
                                                   "feature", "work_item", "model",  "provider", "agent"};
  if (std::find(kOver.begin(), kOver.end(), alert.over) == kOver.end()) {
    fields.complain("over",
                    "'over' must be person, team, client, session, repo, feature, work_item, model, provider "
                    "or agent");
    alert.over = "person";
  }
  alert.minimum = money(document, fields, "minimum", alert.minimum);
  alert.times_hundredths = hundredths(document, fields, "times", alert.times_hundredths);
  alert.score_hundredths = hundredths(document, fields, "score", alert.score_hundredths);
  if (const YamlValue* history = document.find("history")) {
    const auto duration = parse_duration(history->text());
    const std::int64_t days = duration ? std::chrono::duration_cast<std::chrono::days>(*duration).count() : 0;
    if (days >= 7 && days <= 366) {
      alert.history_days = days;
    } else {
      fields.complain("history", "'history' must be from 7d to 366d");
    }
  }
  if (const YamlValue* team = document.find("team")) alert.team = team->text();
  if (const YamlValue* notify = document.find("notify")) {
    if (!notify->is_sequence()) fields.complain("notify", "'notify' must be a list, such as [platform]");
    for (const YamlValue& one : notify->items()) alert.notify.push_back(one.text());
  }
  return alert;
}

AdviceRule read_rule(const YamlValue& document, std::vector<Diagnostic>& complaints) {
  document.refuse_unknown_keys(
      {"kind", "name", "from", "to", "input_max", "output_max", "tools", "thinking", "more_tokens", "minimum"},
      complaints);
  PriceFields fields(document, complaints);
  AdviceRule rule;
  rule.name = fields.name("name", true);
  for (const auto& [key, into] : {std::pair("from", &rule.from), std::pair("to", &rule.to)}) {
    const YamlValue* value = document.find(key);
    if (value != nullptr && value->is_scalar() && !value->text().empty()) {
      *into = value->text();
    } else {
      fields.complain(key, "advice needs 'from', a pattern of models, and 'to', a model");
    }
  }
  if (rule.to.find('*') != std::string::npos) fields.complain("to", "'to' must be one model, not a pattern");
  constexpr std::int64_t kTokensMost = 1'000'000'000;
  rule.input_max = whole_number(document, fields, "input_max", rule.input_max, kTokensMost);
  rule.output_max = whole_number(document, fields, "output_max", rule.output_max, kTokensMost);
  rule.tools = flag(document, fields, "tools", rule.tools);
  rule.thinking = flag(document, fields, "thinking", rule.thinking);
  if (document.find("more_tokens") != nullptr) {
    rule.more_tokens_millionths = fields.percent("more_tokens", 1000).value_or(rule.more_tokens_millionths);
  }
  rule.minimum = money(document, fields, "minimum", rule.minimum);
  return rule;
}

}  // namespace

std::vector<SpendAlert> read_alerts(const std::vector<YamlValue>& documents, std::vector<Diagnostic>& complaints) {
  std::vector<SpendAlert> alerts;
  for (const YamlValue& document : documents) {
    if (!is_kind(document, "SpendAlert")) continue;
    alerts.push_back(read_alert(document, complaints));
    const bool twice = std::any_of(alerts.begin(), alerts.end() - 1,
                                   [&](const SpendAlert& other) { return other.name == alerts.back().name; });
    if (twice) PriceFields(document, complaints).complain("name", "there is another alert of this name");
  }
  return alerts;
}

std::vector<AdviceRule> read_advice_rules(const std::vector<YamlValue>& documents,
                                          std::vector<Diagnostic>& complaints) {
  std::vector<AdviceRule> rules;
  for (const YamlValue& document : documents) {
    if (is_kind(document, "AdviceRule")) rules.push_back(read_rule(document, complaints));
  }
  return rules;
}

}  // namespace reeve::spend
