#include "spend/budget_set.h"

#include <algorithm>

#include "core/bytes.h"

namespace reeve::spend {

namespace {

bool has_kind(const YamlValue& document, std::string_view name) {
  const YamlValue* kind = document.find("kind");
  return kind != nullptr && kind->is_scalar() && kind->text() == name;
}

bool has_star(const std::string& pattern) { return pattern.find('*') != std::string::npos; }

std::string_view bounded(std::string_view value) { return value.substr(0, kValueBytesMax); }

void append_scope(std::string& scope, Dimension dimension, std::string_view value) {
  if (dimension == Dimension::kOrganisation) return;
  if (!scope.empty()) scope += ", ";
  for (const char c : dimension_name(dimension)) scope += c == '_' ? ' ' : c;
  scope.append(" ").append(value.empty() ? "unknown" : printable(value, 80));
}

/// The first value of a key, which loses it.
std::string_view take_value(std::string_view& key) {
  CHECK(key.size() >= 2);
  const auto size = static_cast<std::size_t>(static_cast<unsigned char>(key[0])) +
                    static_cast<std::size_t>(static_cast<unsigned char>(key[1])) * 256;
  const std::string_view value = key.substr(2, size);
  key.remove_prefix(std::min(key.size(), 2 + size));
  return value;
}

}  // namespace

std::string shape_of(const Budget& budget) {
  JsonWriter json;
  json.begin_object().member("window", period_name(budget.period)).member("rolling", budget.rolling.count());
  json.member("zone", budget.time_zone).key("each").begin_array();
  for (const Dimension dimension : budget.each) json.value(dimension_name(dimension));
  json.end_array().key("for").begin_array();
  for (const auto& [dimension, patterns] : budget.match) {
    json.begin_array().value(dimension_name(dimension));
    for (const std::string& pattern : patterns) json.value(pattern);
    json.end_array();
  }
  json.end_array().end_object();
  return json.take();
}

void append_key(std::string& key, const Budget& budget, const CallScope& call) {
  for (const Dimension dimension : budget.each) {
    const std::string_view value = bounded(call[dimension]);
    key += static_cast<char>(value.size() & 0xFF);
    key += static_cast<char>(value.size() >> 8);
    key += value;
  }
}

std::vector<std::pair<Dimension, std::string>> values_of_key(const Budget& budget, std::string_view key) {
  std::vector<std::pair<Dimension, std::string>> values;
  for (const Dimension dimension : budget.each) values.emplace_back(dimension, take_value(key));
  return values;
}

std::string scope_of_key(const Budget& budget, std::string_view key) {
  std::string scope;
  for (const auto& [dimension, patterns] : budget.match) {
    if (std::find(budget.each.begin(), budget.each.end(), dimension) != budget.each.end()) continue;
    std::string several;
    for (const std::string& pattern : patterns) several += (several.empty() ? "" : " or ") + pattern;
    append_scope(scope, dimension, several);
  }
  for (const Dimension dimension : budget.each) append_scope(scope, dimension, take_value(key));
  return scope;
}

LoadedBudgets::LoadedBudgets(std::vector<Budget> budgets) : budgets_(std::move(budgets)) {
  std::sort(budgets_.begin(), budgets_.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  for (std::size_t i = 0; i < budgets_.size(); ++i) {
    const Budget& budget = budgets_[i];
    auto zone = TimeZone::named(budget.time_zone);
    rules_.emplace_back(budget.period, budget.rolling, zone ? *zone : *TimeZone::named("UTC"));
    const auto index = static_cast<std::uint32_t>(i);
    // A call may be in several groups, and would find such a budget twice.
    const auto named = std::find_if(budget.match.begin(), budget.match.end(), [](const auto& match) {
      return match.first != Dimension::kGroup && std::none_of(match.second.begin(), match.second.end(), has_star);
    });
    if (named == budget.match.end()) {
      others_.push_back(index);
      continue;
    }
    for (const std::string& value : named->second) {
      auto& list = by_value_[static_cast<std::size_t>(named->first)][value];
      if (list.empty() || list.back() != index) list.push_back(index);
    }
  }
}

const Budget* LoadedBudgets::find(std::string_view name) const {
  const auto found = std::lower_bound(budgets_.begin(), budgets_.end(), name,
                                      [](const Budget& budget, std::string_view n) { return budget.name < n; });
  return found != budgets_.end() && found->name == name ? &*found : nullptr;
}

std::pair<Instant, Instant> LoadedBudgets::window_at(const Budget& budget, Instant now) const {
  if (budget.period == Period::kRolling) return {now - budget.rolling, now};
  const auto window = [&]() -> Window {
    // Every call asks, nearly always for a budget of this set; a set that is no longer in force may have others.
    const Budget* const own = find(budget.name);
    if (own == &budget) return rules_[static_cast<std::size_t>(own - budgets_.data())].at(now);
    const auto zone = TimeZone::named(budget.time_zone);
    return WindowRule(budget.period, budget.rolling, zone ? *zone : *TimeZone::named("UTC")).at(now);
  }();
  return {window.begin, window.end};
}

bool LoadedBudgets::matches(const Budget& budget, const CallScope& call) const {
  return std::all_of(budget.match.begin(), budget.match.end(), [&](const auto& match) {
    const auto& [dimension, patterns] = match;
    return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
      if (dimension != Dimension::kGroup) return glob_match(pattern, call[dimension]);
      return std::any_of(call.groups.begin(), call.groups.end(),
                         [&](const std::string& group) { return glob_match(pattern, group); });
    });
  });
}

void LoadedBudgets::matching(const CallScope& call, std::vector<std::uint32_t>& found) const {
  found.clear();
  for (const std::uint32_t index : others_) {
    if (matches(budgets_[index], call)) found.push_back(index);
  }
  for (std::size_t dimension = 0; dimension < kDimensions; ++dimension) {
    if (by_value_[dimension].empty()) continue;
    const auto list = by_value_[dimension].find(call.values[dimension]);
    if (list == by_value_[dimension].end()) continue;
    for (const std::uint32_t index : list->second) {
      if (matches(budgets_[index], call)) found.push_back(index);
    }
  }
  std::sort(found.begin(), found.end());
}

std::shared_ptr<const BudgetSet> BudgetSet::build(const std::vector<YamlValue>& documents,
                                                  std::vector<Diagnostic>& complaints) {
  std::vector<Diagnostic> own;
  std::vector<Budget> budgets;
  for (const YamlValue& document : documents) {
    if (!has_kind(document, "Budget")) continue;
    if (budgets.size() == kBudgetsMax) {
      own.push_back(document.complain("more than " + std::to_string(kBudgetsMax) +
                                      " budgets; one budget with 'each' counts any number of people or teams"));
      break;
    }
    Budget budget = read_budget(document, documents, own);
    const auto same =
        std::find_if(budgets.begin(), budgets.end(), [&](const Budget& b) { return b.name == budget.name; });
    if (same != budgets.end() && !budget.name.empty()) {
      own.push_back(document.find("name")->complain("the budget '" + budget.name + "' is already written at " +
                                                    same->file + ":" + std::to_string(same->line)));
      continue;
    }
    budgets.push_back(std::move(budget));
  }
  complaints.insert(complaints.end(), own.begin(), own.end());
  if (has_errors(own)) return nullptr;
  return std::make_shared<LoadedBudgets>(std::move(budgets));
}

}  // namespace reeve::spend
