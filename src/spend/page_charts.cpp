#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "core/bytes.h"
#include "spend/page_parts.h"
#include "spend/report_text.h"

namespace reeve::spend {

namespace {

constexpr std::size_t kColours = 6;  // --c0 to --c5; the last is for the rest
constexpr double kWidth = 920;

std::string px(double value) { return decimals(value, 1); }

std::string rect(double x, double y, double width, double height, const std::string& style, const std::string& title) {
  return "<rect x=\"" + px(x) + "\" y=\"" + px(y) + "\" width=\"" + px(std::max(width, 0.0)) + "\" height=\"" +
         px(std::max(height, 0.0)) + "\" " + style + "><title>" + html_text(title) + "</title></rect>";
}

std::string text_at(double x, double y, const std::string& text, const char* anchor, const char* css = "") {
  return "<text x=\"" + px(x) + "\" y=\"" + px(y) + "\" text-anchor=\"" + anchor + "\" class=\"" + css + "\">" +
         html_text(text) + "</text>";
}

std::string line_at(double x1, double y1, double x2, double y2, const char* css) {
  return "<line x1=\"" + px(x1) + "\" y1=\"" + px(y1) + "\" x2=\"" + px(x2) + "\" y2=\"" + px(y2) + "\" class=\"" +
         css + "\"/>";
}

std::string svg(double height, const std::string& label, const std::string& content) {
  return "<svg viewBox=\"0 0 " + px(kWidth) + " " + px(height) + "\" role=\"img\" aria-label=\"" + html_text(label) +
         "\">" + content + "</svg>\n";
}

std::string colour(std::size_t index) {
  return "style=\"fill:var(--c" + std::to_string(std::min(index, kColours - 1)) + ")\"";
}

/// A round number of about a quarter of `most`: 1, 2 or 5 times a power of ten.
double step_of(double most) {
  const double power = std::pow(10.0, std::floor(std::log10(std::max(most / 4, 1.0))));
  const double mantissa = most / 4 / power;
  return power * (mantissa <= 1 ? 1 : mantissa <= 2 ? 2 : mantissa <= 5 ? 5 : 10);
}

/// Amounts on an axis: no cents that say nothing.
std::string axis_money(double nanos) {
  std::string text = format_money(Money{static_cast<std::int64_t>(nanos)});
  if (text.ends_with(".00")) text.resize(text.size() - 3);
  return text;
}

double cost_of_group(const SpendGroup& group) { return static_cast<double>(group.cost.nanos); }

}  // namespace

std::string days_chart(const std::vector<SpendGroup>& days_by_model) {
  std::map<std::string, double> by_model;
  std::map<std::string, std::map<std::string, double>> by_day;
  for (const SpendGroup& group : days_by_model) {
    by_model[group.key[1]] += cost_of_group(group);
    by_day[group.key[0]][group.key[1]] += cost_of_group(group);
  }
  std::vector<std::pair<double, std::string>> order;
  for (const auto& [model, cost] : by_model) {
    if (cost > 0) order.emplace_back(-cost, model);
  }
  if (order.empty()) return "<p>Nothing was spent.</p>\n";
  std::sort(order.begin(), order.end());
  std::map<std::string, std::size_t> colours;
  for (std::size_t i = 0; i < order.size(); ++i) colours[order[i].second] = std::min(i, kColours - 1);

  // Every day of the period has its place, also one without spend.
  const std::int64_t first = day_number(*parse_time(by_day.begin()->first));
  const std::int64_t last = day_number(*parse_time(by_day.rbegin()->first));
  double most = 0;
  for (const auto& [day, models] : by_day) {
    double sum = 0;
    for (const auto& [model, cost] : models) sum += cost;
    most = std::max(most, sum);
  }
  constexpr double kLeft = 70;
  constexpr double kTop = 10;
  constexpr double kBottom = 230;
  const double scale = (kBottom - kTop) / most;
  std::string content;
  const double step = step_of(most);
  for (int i = 0; i * step <= most; ++i) {
    const double at = i * step;
    const double y = kBottom - at * scale;
    content += line_at(kLeft, y, kWidth, y, "grid") + text_at(kLeft - 6, y + 4, axis_money(at), "end");
  }
  const double slot = (kWidth - kLeft) / static_cast<double>(last - first + 1);
  const std::int64_t label_every = std::max<std::int64_t>(1, static_cast<std::int64_t>(std::ceil(56 / slot)));
  for (std::int64_t day = first; day <= last; ++day) {
    const double x = kLeft + slot * static_cast<double>(day - first);
    if ((day - first) % label_every == 0 && x + slot / 2 < kWidth - 20) {
      content += text_at(x + slot / 2, kBottom + 18, day_name(day).substr(5), "middle");
    }
    const auto found = by_day.find(day_name(day));
    if (found == by_day.end()) continue;
    double y = kBottom;
    for (const auto& [negative, model] : order) {
      const auto cost = found->second.find(model);
      if (cost == found->second.end()) continue;
      const double height = cost->second * scale;
      y -= height;
      content +=
          rect(x + slot * 0.1, y, slot * 0.8, height, colour(colours[model]),
               day_name(day) + " " + shown(model) + " " + format_money(Money{static_cast<std::int64_t>(cost->second)}));
    }
  }
  std::string legend = "<p class=\"legend\">";
  for (std::size_t i = 0; i < std::min(order.size(), kColours); ++i) {
    const bool rest = i + 1 == kColours && order.size() > kColours;
    legend += "<span><i style=\"background:var(--c" + std::to_string(i) + ")\"></i>" +
              (rest ? "other models" : html_text(shown(order[i].second))) + "</span> ";
  }
  return svg(kBottom + 26, "Cost by day and model", content) + legend + "</p>\n";
}

std::string groups_chart(const std::vector<SpendGroup>& groups, std::size_t most) {
  std::vector<std::pair<std::string, std::int64_t>> bars;
  std::int64_t rest = 0;
  std::size_t others = 0;
  for (const SpendGroup& group : groups) {
    if (group.cost.nanos <= 0) continue;
    if (bars.size() < most) {
      bars.emplace_back(shown(group.key.front()), group.cost.nanos);
    } else {
      rest = saturated_sum(rest, group.cost.nanos);
      ++others;
    }
  }
  if (others > 0) bars.emplace_back(counted(others, "other", "others"), rest);
  if (bars.empty()) return "";
  double largest = 1;
  // The others together may be more than any: their bar ends at the edge, so that the rest can still be compared.
  for (std::size_t i = 0; i < std::min(bars.size(), most); ++i) {
    largest = std::max(largest, static_cast<double>(bars[i].second));
  }
  constexpr double kLeft = 250;
  constexpr double kRight = 110;
  std::string content;
  double y = 0;
  for (const auto& [name, cost] : bars) {
    const double width = (kWidth - kLeft - kRight) * std::min(1.0, static_cast<double>(cost) / largest);
    const std::string cut = printable(name, 36);
    const bool is_rest = others > 0 && &name == &bars.back().first;
    content += text_at(kLeft - 10, y + 16, cut, "end") +
               rect(kLeft, y + 3, width, 18, colour(is_rest ? kColours - 1 : 0), name) +
               text_at(kLeft + width + 8, y + 16, format_money(Money{cost}), "start", "value");
    y += 26;
  }
  return svg(y + 4, "Cost by group", content);
}

std::string effects_chart(const MonthComparison::Comparison& comparison) {
  const auto& total = comparison.total;
  struct Step {
    std::string name;
    double from, to;
    bool whole;
  };
  std::vector<Step> steps{{comparison.before.name, 0, static_cast<double>(total.before.nanos), true}};
  double at = static_cast<double>(total.before.nanos);
  for (std::size_t i = 0; i < MonthComparison::kEffects; ++i) {
    const double to = at + static_cast<double>(total.effects[i]);
    steps.push_back({std::string(MonthComparison::kEffectNames[i]), at, to, false});
    at = to;
  }
  steps.push_back({comparison.after.name, 0, static_cast<double>(total.after.nanos), true});
  double most = 1;
  double least = 0;
  for (const Step& step : steps) {
    most = std::max({most, step.from, step.to});
    least = std::min({least, step.from, step.to});
  }
  constexpr double kTop = 24;
  constexpr double kBottom = 200;
  const auto y_of = [&](double nanos) { return kBottom - (nanos - least) * (kBottom - kTop) / (most - least); };
  const double slot = kWidth / static_cast<double>(steps.size());
  std::string content = line_at(0, y_of(0), kWidth, y_of(0), "axis");
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const Step& step = steps[i];
    const double x = slot * static_cast<double>(i);
    const double top = std::min(y_of(step.from), y_of(step.to));
    const double height = std::fabs(y_of(step.from) - y_of(step.to));
    const double change = step.to - step.from;
    const std::string amount = step.whole ? format_money(Money{static_cast<std::int64_t>(step.to)})
                                          : signed_money(static_cast<std::int64_t>(change));
    const char* fill = step.whole ? "var(--c0)" : change >= 0 ? "var(--more)" : "var(--less)";
    content += rect(x + slot * 0.15, top, slot * 0.7, std::max(height, 1.0), std::string("style=\"fill:") + fill + "\"",
                    step.name + " " + amount);
    content += text_at(x + slot / 2, top - 6, amount, "middle", "value");
    content += text_at(x + slot / 2, kBottom + 18, step.name, "middle");
    if (i + 1 < steps.size()) {
      content += line_at(x + slot * 0.85, y_of(step.to), x + slot * 1.15, y_of(step.to), "grid");
    }
  }
  return svg(kBottom + 26, "From one month to the next", content);
}

std::string forecast_chart(const Forecast& forecast) {
  if (!forecast.possible) return "";
  const double most = std::max(1.0, static_cast<double>(forecast.high95.nanos) * 1.05);
  const auto x_of = [&](Money money) { return 20 + (kWidth - 140) * static_cast<double>(money.nanos) / most; };
  std::string content;
  constexpr double kY = 34;
  content += rect(x_of({}), kY, x_of(forecast.spent) - x_of({}), 26, colour(0), "spent so far");
  content += rect(x_of(forecast.low95), kY + 4, x_of(forecast.high95) - x_of(forecast.low95), 18,
                  "style=\"fill:var(--c1);opacity:.25\"", "nineteen months of twenty end here");
  content += rect(x_of(forecast.low80), kY + 4, x_of(forecast.high80) - x_of(forecast.low80), 18,
                  "style=\"fill:var(--c1);opacity:.45\"", "four months of five end here");
  content += line_at(x_of(forecast.expected), kY - 6, x_of(forecast.expected), kY + 32, "mark");
  content +=
      text_at(x_of(forecast.expected), kY - 12, format_money(forecast.expected) + " expected", "middle", "value");
  content += text_at(x_of({}), kY + 50, format_money(forecast.spent) + " so far", "start");
  content += text_at(x_of(forecast.low95), kY + 50, format_money(forecast.low95), "middle");
  content += text_at(x_of(forecast.high95), kY + 50, format_money(forecast.high95), "middle");
  return svg(kY + 60, "Forecast", content);
}

}  // namespace reeve::spend
