#include "gateway/budget_notices.h"

#include <algorithm>

#include "core/bytes.h"
#include "core/crypto.h"
#include "core/json.h"

namespace reeve::gateway {

namespace {

using spend::Dimension;
using spend::Period;

constexpr std::int64_t kNanosOfDay = 86'400'000'000'000;

/// Names the window in keys. A rolling window has no beginning that stays, so time is cut into pieces of its length: it
/// is told of once in each.
std::string window_name(const spend::BudgetSet& set, const spend::Budget& budget, const spend::CallScope& call,
                        Instant now) {
  const auto piece_of = [&](std::int64_t length) { return std::to_string(now.nanoseconds / length * length); };
  if (budget.period == Period::kRolling) return piece_of(budget.rolling.count());
  // Calls without a session share a counter for each day.
  if (budget.period == Period::kSession) return call[Dimension::kSession].empty() ? piece_of(kNanosOfDay) : "session";
  return format_time(set.window_at(budget, now).first).substr(0, 19);
}

/// Names the counter: its scope may be long, and is nobody's business in a header.
std::string counter_name(const spend::Budget& budget, const spend::CallScope& call) {
  std::string values;
  for (const Dimension dimension : budget.each) {
    values += std::to_string(call[dimension].size());
    values.append(":").append(call[dimension]);
  }
  return to_hex(as_bytes(sha256(values))).substr(0, 24);
}

std::string key_of(std::string_view kind, const spend::BudgetSet& set, const spend::Budget& budget,
                   const spend::CallScope& call, Instant now) {
  std::string key(kind);
  key.append(":").append(budget.name).append(":").append(counter_name(budget, call));
  return key.append(":").append(window_name(set, budget, call, now));
}

std::string scope_words(std::string_view scope) { return scope.empty() ? "" : " for " + std::string(scope); }

}  // namespace

bool passes_by_itself(const spend::BudgetRefusal& refusal) {
  return refusal.quantity == spend::Quantity::kConcurrent || refusal.quantity == spend::Quantity::kTokensPerMinute ||
         refusal.quantity == spend::Quantity::kRequestsPerMinute;
}

Notice notice_of_threshold(const spend::Reached& reached, const spend::BudgetSet& set, const spend::CallScope& call,
                           Instant now) {
  const spend::Budget& budget = *reached.budget;
  const bool degrades = reached.threshold->action == spend::Threshold::Action::kDegrade;
  const std::string percent = std::to_string(reached.threshold->percent);
  JsonWriter json;
  json.begin_object().member("at", format_time(now)).member("budget", budget.name);
  json.member("do", degrades ? "degrade" : "notify").member_if("ladder", reached.threshold->ladder);
  json.member_if("owner", budget.owner).member("percent", reached.threshold->percent).member("scope", reached.scope);
  json.member("sentence", "The budget " + budget.name + scope_words(reached.scope) + " is at " + percent +
                              " % of its limit or more, what calls under way may cost included.");
  json.member_if("title", budget.title).end_object();
  const std::string_view kind = "budget.threshold";
  std::string key = key_of(kind, set, budget, call, now) + ":" + percent + (degrades ? ":degrade" : ":notify");
  return {std::move(key), std::string(kind), now, json.take()};
}

std::optional<Notice> notice_of_refusal(const spend::BudgetRefusal& refusal, const spend::BudgetSet& set,
                                        const spend::CallScope& call, Instant now) {
  const spend::Budget* const found = set.find(refusal.budget);
  if (found == nullptr || passes_by_itself(refusal)) return std::nullopt;
  const spend::Budget& budget = *found;
  JsonWriter json;
  json.begin_object().member("asked", refusal.asked).member("at", format_time(now)).member("budget", refusal.budget);
  json.member("limit", refusal.limit).member_if("owner", budget.owner);
  json.member("quantity", spend::quantity_name(refusal.quantity)).member("reserved", refusal.reserved);
  if (refusal.resets_at) json.member("resets_at", format_time(*refusal.resets_at));
  json.member("scope", refusal.scope).member("sentence", refusal.sentence).member("spent", refusal.spent);
  json.member_if("title", budget.title).end_object();
  const std::string_view kind = "budget.exhausted";
  return Notice{key_of(kind, set, budget, call, now), std::string(kind), now, json.take()};
}

}  // namespace reeve::gateway
