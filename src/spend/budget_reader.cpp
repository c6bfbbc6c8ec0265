#include <algorithm>

#include "core/bytes.h"
#include "core/nearest.h"
#include "spend/budget_set.h"

namespace reeve::spend {

namespace {

constexpr std::size_t kPatternsMax = 1'000;
constexpr std::size_t kThresholdsMax = 16;  // a counter remembers those it has told of in as many bits
constexpr std::int64_t kCountMax = 1'000'000'000'000'000;
constexpr Duration kRollingMin = std::chrono::minutes(1);
constexpr Duration kRollingMax = std::chrono::days(92);

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= 63 &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string_view::npos;
}

std::optional<int> read_percent(std::string_view text) {
  if (text.ends_with('%')) text.remove_suffix(1);
  const auto value = parse_int(trim(text));
  if (!value || *value < 1 || *value > 100) return std::nullopt;
  return static_cast<int>(*value);
}

/// "8", "400k", "1.5M", "2,000,000"
std::optional<std::int64_t> read_count(std::string_view text) {
  std::int64_t unit = 1;
  if (text.ends_with('k')) unit = 1'000;
  if (text.ends_with('M')) unit = 1'000'000;
  if (text.ends_with('G')) unit = 1'000'000'000;
  if (unit > 1) text.remove_suffix(1);
  // The grammar is that of amounts of money, and as exact.
  const auto number = text.starts_with('$') ? Result<Money>(ErrorCode::kInvalid, "") : parse_money(text);
  if (!number) return std::nullopt;
  const std::int64_t nanos = number->nanos;
  const std::int64_t per = 1'000'000'000 / unit;
  if (nanos % per != 0 || nanos / per > kCountMax) return std::nullopt;
  return nanos / per;
}

class BudgetReader {
 public:
  BudgetReader(const YamlValue& document, const std::vector<YamlValue>& documents, std::vector<Diagnostic>& complaints)
      : document_(document), documents_(documents), complaints_(complaints) {}

  Budget read() {
    document_.refuse_unknown_keys({"kind", "name", "title", "owner", "message", "for", "each", "window", "time_zone",
                                   "limit", "carry_over", "thresholds", "reserve"},
                                  complaints_);
    budget_.file = document_.file();
    budget_.line = document_.line();
    read_name();
    budget_.title = text_of("title", 200);
    budget_.owner = text_of("owner", 200);
    budget_.message = text_of("message", 1'000);
    if (const YamlValue* match = document_.find("for")) read_match(*match);
    if (const YamlValue* each = document_.find("each")) read_each(*each);
    read_window();
    read_time_zone();
    read_limits();
    if (const YamlValue* carry = document_.find("carry_over")) read_carry_over(*carry);
    if (const YamlValue* thresholds = document_.find("thresholds")) read_thresholds(*thresholds);
    if (const YamlValue* reserve = document_.find("reserve")) read_reserve(*reserve);
    return std::move(budget_);
  }

 private:
  void complain(const YamlValue& at, std::string message) { complaints_.push_back(at.complain(std::move(message))); }

  static std::string did_you_mean(std::string_view name, std::span<const std::string_view> known) {
    const std::string_view nearest = nearest_name(name, known);
    return nearest.empty() ? "" : "; did you mean '" + std::string(nearest) + "'?";
  }

  void read_name() {
    const YamlValue* name = document_.find("name");
    if (name != nullptr && name->is_scalar() && is_name(name->text())) {
      budget_.name = name->text();
      return;
    }
    complain(name == nullptr ? document_ : *name,
             "a budget needs a name of small letters, digits and hyphens, such as 'name: payments-monthly'");
  }

  std::string text_of(std::string_view key, std::size_t bytes_max) {
    const YamlValue* value = document_.find(key);
    if (value == nullptr) return {};
    if (value->is_scalar() && !value->text().empty() && value->text().size() <= bytes_max) return value->text();
    complain(*value, "'" + std::string(key) + "' must be a text of at most " + std::to_string(bytes_max) + " bytes");
    return {};
  }

  std::optional<Dimension> read_dimension(const YamlValue& value) {
    if (const auto dimension = value.is_scalar() ? dimension_from_name(value.text()) : std::nullopt) return dimension;
    std::vector<std::string_view> known;
    std::string list;
    for (std::size_t i = 0; i < kDimensions; ++i) {
      known.push_back(dimension_name(static_cast<Dimension>(i)));
      list += (i == 0 ? "" : i + 1 == kDimensions ? " or " : ", ") + std::string(known.back());
    }
    complain(value, "calls are told apart by " + list + "; '" + printable(value.text(), 40) + "' is none of them" +
                        did_you_mean(value.text(), known));
    return std::nullopt;
  }

  void read_match(const YamlValue& match) {
    if (!match.is_mapping() || match.members().empty()) {
      complain(match,
               "'for' says which calls the budget is about, such as {team: payments, model: [claude-opus-*]}; "
               "leave it out for all calls");
      return;
    }
    for (const auto& [key, value] : match.members()) {
      const auto dimension = read_dimension(key);
      std::vector<std::string> patterns;
      const auto add = [&](const YamlValue& item) {
        if (item.is_scalar() && !item.text().empty() && item.text().size() <= kValueBytesMax) {
          patterns.push_back(item.text());
        } else {
          complain(item, "a value or pattern such as payments or claude-opus-* is needed here");
        }
      };
      if (value.is_sequence()) {
        for (const YamlValue& item : value.items()) add(item);
        if (value.items().empty()) complain(value, "an empty list matches no call; name at least one value");
        if (value.items().size() > kPatternsMax) complain(value, "more than 1,000 patterns; use * or a group");
      } else {
        add(value);
      }
      if (dimension) budget_.match.emplace_back(*dimension, std::move(patterns));
    }
  }

  void read_each(const YamlValue& each) {
    const auto add = [&](const YamlValue& item) {
      const auto dimension = read_dimension(item);
      if (!dimension) return;
      if (*dimension == Dimension::kGroup) {
        complain(item, "a call may belong to several groups, so there is no counter for each; use 'for: {group: ...}'");
      } else if (std::find(budget_.each.begin(), budget_.each.end(), *dimension) != budget_.each.end()) {
        complain(item, "'" + item.text() + "' stands here twice");
      } else {
        budget_.each.push_back(*dimension);
      }
    };
    if (each.is_sequence()) {
      for (const YamlValue& item : each.items()) add(item);
    } else {
      add(each);
    }
  }

  void read_window() {
    static constexpr std::array<std::string_view, 6> kNames{"session", "hour", "day", "week", "month", "quarter"};
    const YamlValue* window = document_.find("window");
    if (window == nullptr) {
      complain(document_, "a budget needs a window: session, hour, day, week, month, quarter or {rolling: 24h}");
      return;
    }
    if (window->is_mapping()) {
      read_rolling(*window);
      return;
    }
    const auto* const found = std::find(kNames.begin(), kNames.end(), window->text());
    if (!window->is_scalar() || found == kNames.end()) {
      complain(*window, "a window is session, hour, day, week, month, quarter or {rolling: 24h}" +
                            did_you_mean(window->text(), kNames));
      return;
    }
    budget_.period = static_cast<Period>(found - kNames.begin());
    const bool has_session =
        std::find(budget_.each.begin(), budget_.each.end(), Dimension::kSession) != budget_.each.end();
    if (budget_.period == Period::kSession && !has_session) budget_.each.push_back(Dimension::kSession);
  }

  void read_rolling(const YamlValue& window) {
    window.refuse_unknown_keys({"rolling"}, complaints_);
    budget_.period = Period::kRolling;
    const YamlValue* length = window.find("rolling");
    const auto duration = parse_duration(length == nullptr ? "" : length->text());
    if (duration && *duration >= kRollingMin && *duration <= kRollingMax) {
      budget_.rolling = *duration;
      return;
    }
    budget_.rolling = std::chrono::hours(24);
    complain(length == nullptr ? window : *length, "a rolling window is from 1m to 92d long, such as {rolling: 24h}");
  }

  void read_time_zone() {
    const YamlValue* zone = document_.find("time_zone");
    if (zone == nullptr) return;
    budget_.time_zone = zone->text();
    if (auto known = TimeZone::named(zone->text()); !known) complain(*zone, known.error().message);
  }

  void read_limits() {
    const YamlValue* limits = document_.find("limit");
    if (limits == nullptr || !limits->is_mapping() || limits->members().empty()) {
      complain(limits == nullptr ? document_ : *limits,
               "a budget needs a limit, such as 'limit: {money: $2000, tokens: 50M}'");
      return;
    }
    for (const auto& [key, value] : limits->members()) {
      // "{money: $2,000}" reads as two keys.
      if (!parse_int(key.text()) || value.kind() != YamlValue::Kind::kNull) continue;
      complain(key,
               "between braces a comma begins the next key; write the amount without it, such as $2000, or in "
               "quotes: \"$2,000\"");
      return;
    }
    limits->refuse_unknown_keys(
        {"money", "tokens", "requests", "concurrent", "tokens_per_minute", "requests_per_minute"}, complaints_);
    for (std::size_t i = 0; i < kQuantities; ++i) {
      const auto quantity = static_cast<Quantity>(i);
      const YamlValue* value = limits->find(quantity_name(quantity));
      if (value == nullptr) continue;
      if (quantity == Quantity::kMoney) {
        const auto money = parse_money(value->text());
        if (!money) complain(*value, "a limit of money is an amount of dollars, such as $2,000 or 0.25");
        budget_.limits[i] = money ? money->nanos : 0;
        continue;
      }
      const auto count = read_count(value->text());
      if (!count) complain(*value, "a limit is a number such as 60, 400k or 50M");
      budget_.limits[i] = count.value_or(0);
    }
  }

  /// Of what runs out in a window: there must be something to have a share of.
  bool has_amount() const { return budget_.limits[0] || budget_.limits[1] || budget_.limits[2]; }

  void read_carry_over(const YamlValue& carry) {
    const auto percent = read_percent(carry.text());
    if (!percent) complain(carry, "'carry_over' is a share of the limit, from 1% to 100%");
    if (budget_.period == Period::kSession || budget_.period == Period::kRolling) {
      complain(carry, "nothing is left over of a " + std::string(period_name(budget_.period)) +
                          " window; 'carry_over' needs an hour, day, week, month or quarter");
    }
    if (!has_amount()) complain(carry, "'carry_over' is of a limit of money, tokens or requests; there is none");
    budget_.carry_over_percent = percent.value_or(0);
  }

  void read_thresholds(const YamlValue& thresholds) {
    if (!thresholds.is_sequence() || thresholds.items().size() > kThresholdsMax) {
      complain(thresholds, "thresholds are a list of at most 16, such as [{at: 80%, do: notify}]");
      return;
    }
    if (!has_amount()) complain(thresholds, "thresholds are of a limit of money, tokens or requests; there is none");
    for (const YamlValue& item : thresholds.items()) read_threshold(item);
  }

  void read_threshold(const YamlValue& item) {
    item.refuse_unknown_keys({"at", "do", "ladder"}, complaints_);
    Threshold threshold;
    const YamlValue* at = item.find("at");
    const auto percent = at == nullptr ? std::nullopt : read_percent(at->text());
    if (!percent) {
      complain(at == nullptr ? item : *at, "a threshold needs 'at', a share of the limit from 1% to 100%");
    }
    threshold.percent = percent.value_or(100);
    const YamlValue* action = item.find("do");
    if (action != nullptr && action->text() == "degrade") {
      threshold.action = Threshold::Action::kDegrade;
    } else if (action == nullptr || action->text() != "notify") {
      static constexpr std::array<std::string_view, 2> kActions{"notify", "degrade"};
      complain(action == nullptr ? item : *action, "a threshold needs 'do: notify' or 'do: degrade'" +
                                                       did_you_mean(action == nullptr ? "" : action->text(), kActions));
    }
    const YamlValue* ladder = item.find("ladder");
    if (threshold.action == Threshold::Action::kDegrade) {
      read_ladder(ladder == nullptr ? item : *ladder, ladder == nullptr ? "" : ladder->text());
      if (ladder != nullptr) threshold.ladder = ladder->text();
    } else if (ladder != nullptr) {
      complain(*ladder, "only 'do: degrade' takes a ladder");
    }
    const auto after = std::upper_bound(budget_.thresholds.begin(), budget_.thresholds.end(), threshold,
                                        [](const Threshold& a, const Threshold& b) { return a.percent < b.percent; });
    budget_.thresholds.insert(after, std::move(threshold));
  }

  void read_ladder(const YamlValue& at, std::string_view name) {
    std::vector<std::string_view> known;
    for (const YamlValue& document : documents_) {
      const YamlValue* kind = document.find("kind");
      const YamlValue* ladder = document.find("name");
      if (kind != nullptr && ladder != nullptr && kind->text() == "Ladder") known.push_back(ladder->text());
    }
    if (name.empty()) {
      complain(at, "'do: degrade' needs 'ladder', the name of a 'kind: Ladder' document");
    } else if (std::find(known.begin(), known.end(), name) == known.end()) {
      complain(at, "there is no ladder '" + printable(name, 60) + "'" + did_you_mean(name, known));
    }
  }

  void read_reserve(const YamlValue& reserve) {
    static constexpr std::array<std::string_view, 2> kNames{"learned", "maximum"};
    const auto* const found = std::find(kNames.begin(), kNames.end(), reserve.text());
    if (found == kNames.end()) {
      complain(reserve, "'reserve' is learned or maximum" + did_you_mean(reserve.text(), kNames));
    } else {
      budget_.reserve = *found == "maximum" ? Budget::Reserve::kMaximum : Budget::Reserve::kLearned;
    }
  }

  const YamlValue& document_;
  const std::vector<YamlValue>& documents_;
  std::vector<Diagnostic>& complaints_;
  Budget budget_;
};

}  // namespace

Budget read_budget(const YamlValue& document, const std::vector<YamlValue>& documents,
                   std::vector<Diagnostic>& complaints) {
  return BudgetReader(document, documents, complaints).read();
}

}  // namespace reeve::spend
