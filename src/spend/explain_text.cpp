#include <algorithm>

#include "core/json.h"
#include "spend/insight.h"
#include "spend/report_text.h"

namespace reeve::spend {

namespace {

double number(std::int64_t value) { return static_cast<double>(value); }

std::string share_text(std::int64_t part, std::int64_t whole) {
  return whole <= 0 ? "none" : decimals(100.0 * number(part) / number(whole), 0) + " %";
}

std::string effect_sentence(const MonthComparison::Comparison& all, std::size_t effect) {
  const MonthComparison::Group& total = all.total;
  const std::string amount = signed_money(total.effects[effect]);
  switch (effect) {
    case MonthComparison::kVolume:
      return amount + " from volume: " + with_separators(total.tokens_after) + " tokens after " +
             with_separators(total.tokens_before) + " (" +
             signed_percent(number(total.tokens_after - total.tokens_before), number(total.tokens_before)) + ").";
    case MonthComparison::kMix: {
      std::string text = amount + " from which models were used";
      if (!all.models.empty()) {
        const auto& [name, before, after, cost_before, cost_after] = all.models.front();
        text += ": " + shown(name) + " had " + share_text(after, total.tokens_after) + " of the tokens after " +
                share_text(before, total.tokens_before);
      }
      return text + ".";
    }
    case MonthComparison::kShape:
      return amount + " from the shape of calls: more or less output for the same input, long contexts, service tiers.";
    case MonthComparison::kCache:
      return amount + " from caches: " + share_text(total.cached_after, total.input_after) +
             " of the input was read from them after " + share_text(total.cached_before, total.input_before) + ".";
    default: return amount + " from prices: the same calls at the prices of the month before.";
  }
}

void write_group(JsonWriter& json, const MonthComparison::Group& group) {
  json.member("before_nanos", group.before.nanos).member("after_nanos", group.after.nanos);
  json.member("difference_nanos", group.after.nanos - group.before.nanos);
  json.member("tokens_before", group.tokens_before).member("tokens_after", group.tokens_after);
  json.key("effects_nanos").begin_object();
  for (std::size_t i = 0; i < MonthComparison::kEffects; ++i) {
    json.member(MonthComparison::kEffectNames[i], group.effects[i]);
  }
  json.end_object();
}

Cells cells_of(const std::string& name, const MonthComparison::Group& group) {
  Cells cells{name, format_money(group.before), format_money(group.after),
              signed_money(group.after.nanos - group.before.nanos)};
  for (const std::int64_t effect : group.effects) cells.push_back(signed_money(effect));
  return cells;
}

}  // namespace

std::string MonthComparison::Comparison::in_words() const {
  const std::int64_t difference = total.after.nanos - total.before.nanos;
  std::string text;
  if (part_of_month) {
    text += "The month is not over: it is compared with the one before up to day " +
            format_time(before.end).substr(8, 2) + ", " + format_time(before.end).substr(11, 5) + " UTC.\n";
  }
  text += after.name + " cost " + format_money(total.after) + " after " + format_money(total.before) + " in " +
          before.name + ": " + signed_money(difference) + " (" +
          signed_percent(number(difference), number(total.before.nanos)) + ").\n";
  std::vector<std::size_t> order{kVolume, kMix, kShape, kCache, kPrice};
  std::sort(order.begin(), order.end(), [&](std::size_t left, std::size_t right) {
    return std::pair(-std::abs(total.effects[left]), left) < std::pair(-std::abs(total.effects[right]), right);
  });
  for (const std::size_t effect : order) {
    if (total.effects[effect] != 0) text += "  " + effect_sentence(*this, effect) + "\n";
  }
  return text;
}

std::string MonthComparison::Comparison::to_table() const {
  std::vector<Cells> lines{{"", before.name, after.name, "change"}};
  for (const std::string_view effect : kEffectNames) lines[0].emplace_back(effect);
  if (groups.size() > 1 || (!groups.empty() && !groups.front().name.empty())) {
    for (const Group& group : groups) lines.push_back(cells_of(shown(group.name), group));
  }
  lines.push_back(cells_of("total", total));
  return align(lines, 1);
}

std::string MonthComparison::Comparison::to_json() const {
  JsonWriter json;
  json.begin_object().member("before", before.name).member("after", after.name);
  json.member("part_of_month", part_of_month).member("before_end", format_time(before.end));
  json.member("after_end", format_time(after.end)).key("total").begin_object();
  write_group(json, total);
  json.end_object().key("groups").begin_array();
  for (const Group& group : groups) {
    json.begin_object().member("name", group.name);
    write_group(json, group);
    json.end_object();
  }
  json.end_array().key("models").begin_array();
  for (const auto& [name, tokens_before, tokens_after, cost_before, cost_after] : models) {
    json.begin_object().member("model", name).member("tokens_before", tokens_before);
    json.member("tokens_after", tokens_after).member("before_nanos", cost_before.nanos);
    json.member("after_nanos", cost_after.nanos).end_object();
  }
  return json.end_array().end_object().take();
}

}  // namespace reeve::spend
