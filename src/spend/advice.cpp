#include <algorithm>

#include "core/bytes.h"
#include "core/json.h"
#include "spend/report_text.h"
#include "spend/spend.h"

namespace reeve::spend {

namespace {

constexpr std::int64_t kWhole = 1'000'000;  // millionths

std::int64_t more(std::int64_t count, std::int64_t millionths) {
  constexpr std::int64_t kCountMost = 1'000'000'000;
  return (std::clamp<std::int64_t>(count, 0, kCountMost) * (kWhole + millionths) + kWhole - 1) / kWhole;
}

/// The usage that the cheaper model is taken to have: more tokens of every kind, for another tokenizer and a wordier
/// answer.
TokenUsage enlarged(const TokenUsage& usage, std::int64_t millionths) {
  TokenUsage larger = usage;
  for (const auto count : {&TokenUsage::input, &TokenUsage::cache_read, &TokenUsage::cache_write_5m,
                           &TokenUsage::cache_write_1h, &TokenUsage::output, &TokenUsage::reasoning}) {
    larger.*count = more(usage.*count, millionths);
  }
  return larger;
}

bool has_shape(const AdviceRule& rule, const SpendRow& row) {
  return row.status == "ok" && row.operation != "embed" && row.priced && row.price_known && row.shape_known &&
         row.usage.input_total() <= rule.input_max && row.usage.output <= rule.output_max && row.usage.output > 0 &&
         (rule.tools || !row.tools) && (rule.thinking || (!row.thinking && row.usage.reasoning == 0));
}

AdviceRule rule_of(const char* name, const char* from, const char* to) {
  AdviceRule rule;
  rule.name = name;
  rule.from = from;
  rule.to = to;
  return rule;
}

}  // namespace

std::vector<AdviceRule> default_advice_rules() {
  return {rule_of("short-answers-of-opus", "claude-opus-*", "claude-haiku-4-5"),
          rule_of("short-answers-of-sonnet", "claude-sonnet-*", "claude-haiku-4-5"),
          rule_of("short-answers-of-gpt-5", "gpt-5*", "gpt-5-mini"),
          rule_of("short-answers-of-gemini-pro", "gemini-*-pro*", "gemini-2.5-flash"),
          rule_of("short-answers-of-practice-large", "practice-large", "practice-small")};
}

SavingsAdvice::SavingsAdvice(const Catalogue& catalogue, std::vector<AdviceRule> rules)
    : catalogue_(&catalogue), rules_(std::move(rules)) {}

void SavingsAdvice::add(const SpendRow& row) {
  if (row.refused || !row.priced) return;
  const auto rule = std::find_if(rules_.begin(), rules_.end(),
                                 [&](const AdviceRule& one) { return glob_match(one.from, row.model); });
  if (rule == rules_.end()) return;
  looked_at.nanos = saturated_sum(looked_at.nanos, row.cost.nanos);
  const bool cached = row.usage.input_total() != row.usage.input;
  Session* session = row.session.empty() ? nullptr : &sessions_[{row.model, row.session}];

  const std::string& provider = row.price_provider.empty() ? row.provider : row.price_provider;
  const PriceMatch match = catalogue_->find(provider, rule->to, row.price_time.value_or(row.time), row.region);
  Fit fit{static_cast<std::size_t>(rule - rules_.begin()), row.team, row.person, row.index, row.cost, {}};
  bool fits = has_shape(*rule, row) && match.known;
  if (fits) {
    fit.cheaper = cost_of(match, enlarged(row.usage, rule->more_tokens_millionths),
                          row.service_tier.value_or(ServiceTier::kStandard))
                      .total;
    fits = fit.cheaper + rule->minimum <= fit.cost;
  }
  if (!fits) {
    if (session != nullptr) *session = {false, {}};
  } else if (!cached) {
    alone_[row.model].push_back(fit);
  } else if (session != nullptr && session->all_fit) {
    session->cached.push_back(fit);
  }
}

void SavingsAdvice::merge(const SavingsAdvice& other) {
  looked_at.nanos = saturated_sum(looked_at.nanos, other.looked_at.nanos);
  for (const auto& [model, fits] : other.alone_) alone_[model].insert(alone_[model].end(), fits.begin(), fits.end());
  for (const auto& [key, session] : other.sessions_) {
    Session& mine = sessions_[key];
    mine.all_fit = mine.all_fit && session.all_fit;
    mine.cached.insert(mine.cached.end(), session.cached.begin(), session.cached.end());
    if (!mine.all_fit) mine.cached.clear();
  }
}

void SavingsAdvice::give(std::vector<Advice>& list, std::map<std::vector<std::string>, std::size_t>& places,
                         const Fit& fit, const std::string& from) const {
  const AdviceRule& rule = rules_[fit.rule];
  const auto [place, is_new] = places.try_emplace({rule.name, fit.team, fit.person, from}, list.size());
  if (is_new) list.push_back({.rule = rule.name, .team = fit.team, .person = fit.person, .from = from, .to = rule.to});
  Advice& advice = list[place->second];
  ++advice.calls;
  advice.cost.nanos = saturated_sum(advice.cost.nanos, fit.cost.nanos);
  advice.cheaper.nanos = saturated_sum(advice.cheaper.nanos, fit.cheaper.nanos);
  advice.rows.push_back(fit.row);
}

std::vector<SavingsAdvice::Advice> SavingsAdvice::advice() const {
  std::vector<Advice> list;
  std::map<std::vector<std::string>, std::size_t> places;
  for (const auto& [model, fits] : alone_) {
    for (const Fit& fit : fits) give(list, places, fit, model);
  }
  for (const auto& [key, session] : sessions_) {
    if (!session.all_fit) continue;
    for (const Fit& fit : session.cached) give(list, places, fit, key.first);
  }
  for (Advice& advice : list) std::sort(advice.rows.begin(), advice.rows.end());
  std::sort(list.begin(), list.end(), [](const Advice& left, const Advice& right) {
    return std::tuple(right.saving(), left.team, left.person, left.from) <
           std::tuple(left.saving(), right.team, right.person, right.from);
  });
  return list;
}

std::string SavingsAdvice::to_table() const {
  const std::vector<Advice> list = advice();
  std::string text;
  Money cost;
  Money saving;
  std::uint64_t calls = 0;
  if (!list.empty()) {
    std::vector<Cells> lines{{"team", "person", "from", "to", "calls", "cost", "saving", "first rows"}};
    for (const Advice& one : list) {
      std::vector<std::uint64_t> first(
          one.rows.begin(), one.rows.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(one.rows.size(), 3)));
      lines.push_back({shown(one.team), shown(one.person), shown(one.from), one.to,
                       with_separators(static_cast<std::int64_t>(one.calls)), format_money(one.cost),
                       format_money(one.saving()), row_ranges(first) + (one.rows.size() > 3 ? ",..." : "")});
      cost += one.cost;
      saving += one.saving();
      calls += one.calls;
    }
    text = align(lines, 4) + "\n";
  }
  return text + counted(calls, "call", "calls") + " of " + format_money(cost) + " would have cost " +
         format_money(saving) + " less on a cheaper model, of " + format_money(looked_at) +
         " spent on models that a rule names. With --json every call's ledger row is named.\n";
}

std::string SavingsAdvice::to_json() const {
  JsonWriter json;
  json.begin_object().member("looked_at_nanos", looked_at.nanos).key("rules").begin_array();
  for (const AdviceRule& rule : rules_) {
    json.begin_object().member("name", rule.name).member("from", rule.from).member("to", rule.to);
    json.member("input_max", rule.input_max).member("output_max", rule.output_max).member("tools", rule.tools);
    json.member("thinking", rule.thinking).member("more_tokens_millionths", rule.more_tokens_millionths).end_object();
  }
  json.end_array().key("advice").begin_array();
  for (const Advice& one : advice()) {
    json.begin_object().member("rule", one.rule).member("team", one.team).member("person", one.person);
    json.member("from", one.from).member("to", one.to).member("calls", one.calls).member("cost_nanos", one.cost.nanos);
    json.member("cheaper_nanos", one.cheaper.nanos).member("saving_nanos", one.saving().nanos);
    json.key("rows").begin_array();
    for (const std::uint64_t row : one.rows) json.value(row);
    json.end_array().end_object();
  }
  return json.end_array().end_object().take();
}

}  // namespace reeve::spend
