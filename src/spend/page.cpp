#include <algorithm>

#include "spend/page_parts.h"
#include "spend/report_text.h"

namespace reeve::spend {

namespace {

using Rows = std::vector<Cells>;

std::string number(std::uint64_t count) { return with_separators(static_cast<std::int64_t>(count)); }

std::string groups_table(const std::string& heading, const std::vector<SpendGroup>& groups, Money whole) {
  constexpr std::size_t kMost = 50;
  Rows rows{{heading, "calls", "input", "from cache", "output", "cost", "share"}};
  for (std::size_t i = 0; i < std::min(groups.size(), kMost); ++i) {
    const SpendGroup& group = groups[i];
    rows.push_back({shown(group.key.front()), number(group.calls), with_separators(group.usage.input_total()),
                    share_of(Money{group.usage.cache_read}, Money{group.usage.input_total()}),
                    with_separators(group.usage.output),
                    (group.estimated + group.unknown_prices > 0 ? "~" : "") + format_money(group.cost),
                    share_of(group.cost, whole)});
  }
  std::string text = html_table(rows, 1);
  if (groups.size() > kMost)
    text += "<p>The dearest " + std::to_string(kMost) + " of " + number(groups.size()) + ".</p>\n";
  return text;
}

std::string cards(const SpendPage& page) {
  const SpendGroup& total = page.total;
  std::string text =
      "<div class=\"cards\">\n" + page_card(format_money(total.cost), "spent") +
      page_card(number(total.calls - total.refused), "calls") + page_card(number(total.refused), "refused") +
      page_card(share_of(Money{total.usage.cache_read}, Money{total.usage.input_total()}), "of input from cache");
  if (page.forecast && page.forecast->possible) {
    text += page_card(format_money(page.forecast->expected), "expected for " + page.forecast->month.name);
  }
  Money saving;
  for (const auto& advice : page.advice) saving += advice.saving();
  if (saving.nanos > 0) text += page_card(format_money(saving), "could have been saved");
  return text + "</div>\n";
}

std::string notes(const SpendGroup& total) {
  std::string text;
  if (total.estimated > 0) {
    text += "<p>~ " + html_text(counted(total.estimated, "call", "calls")) +
            " with usage estimated in part, because the provider did not report all of it.</p>\n";
  }
  if (total.unknown_prices > 0) {
    text += "<p>~ " + html_text(counted(total.unknown_prices, "call", "calls")) +
            " to models without a known price, charged at the price for unknown models.</p>\n";
  }
  return text;
}

std::string comparison_section(const MonthComparison::Comparison& comparison) {
  std::string text = "<section><h2>Why it changed</h2>\n<pre>" + html_text(comparison.in_words()) + "</pre>\n" +
                     effects_chart(comparison);
  if (comparison.groups.size() < 2) return text + "</section>\n";
  Rows rows{{"", comparison.before.name, comparison.after.name, "change"}};
  for (const std::string_view effect : MonthComparison::kEffectNames) rows[0].emplace_back(effect);
  for (std::size_t i = 0; i < std::min<std::size_t>(comparison.groups.size(), 15); ++i) {
    const auto& group = comparison.groups[i];
    Cells row{shown(group.name), format_money(group.before), format_money(group.after),
              signed_money(group.after.nanos - group.before.nanos)};
    for (const std::int64_t effect : group.effects) row.push_back(signed_money(effect));
    rows.push_back(std::move(row));
  }
  return text + html_table(rows, 1) + "</section>\n";
}

std::string anomalies_section(const std::vector<Anomaly>& anomalies) {
  std::string text = "<section><h2>Out of the usual</h2>\n";
  if (anomalies.empty()) return text + "<p>Nothing was.</p></section>\n";
  Rows rows{{"over", "subject", "day", "compared with", "cost", "usual", "score"}};
  for (std::size_t i = 0; i < std::min<std::size_t>(anomalies.size(), 30); ++i) {
    const Anomaly& one = anomalies[i];
    rows.push_back({one.over, shown(one.subject), one.day,
                    std::to_string(one.compared_with) + (one.by_peers ? " of all" : " of its own"),
                    format_money(one.cost), format_money(one.usual), decimals(one.score, 1)});
  }
  return text + html_table(rows, 4) + "</section>\n";
}

std::string units_section(const std::vector<UnitCosts::Unit>& units) {
  Rows rows{{"per", "count", "total", "mean", "median", "p90"}};
  for (const auto& unit : units) {
    if (unit.count == 0) continue;
    rows.push_back({unit.name, number(unit.count), format_money(unit.total), format_money(unit.mean),
                    format_money(unit.median), format_money(unit.p90)});
  }
  return rows.size() < 2 ? "" : "<section><h2>Unit costs</h2>\n" + html_table(rows, 1) + "</section>\n";
}

std::string advice_section(const std::vector<SavingsAdvice::Advice>& advice) {
  if (advice.empty()) return "";
  Rows rows{{"team", "person", "from", "to", "calls", "cost", "saving"}};
  for (std::size_t i = 0; i < std::min<std::size_t>(advice.size(), 30); ++i) {
    const auto& one = advice[i];
    rows.push_back({shown(one.team), shown(one.person), shown(one.from), one.to, number(one.calls),
                    format_money(one.cost), format_money(one.saving())});
  }
  return "<section><h2>What a cheaper model would have served</h2>\n" + html_table(rows, 4) + "</section>\n";
}

}  // namespace

std::string html_table(const std::vector<Cells>& rows, std::size_t text_columns) {
  std::string text = "<div class=\"wide\"><table>";
  for (const Cells& row : rows) {
    const bool heading = &row == rows.data();
    text += heading ? "<thead><tr>" : "<tr>";
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string tag = heading ? "th" : "td";
      text += "<" + tag + (i < text_columns ? ">" : " class=\"n\">") + html_text(row[i]) + "</" + tag + ">";
    }
    text += heading ? "</tr></thead><tbody>" : "</tr>";
  }
  return text + "</tbody></table></div>\n";
}

std::string page_card(std::string_view value, std::string_view name) {
  return "<div class=\"card\"><b>" + html_text(value) + "</b><span>" + html_text(name) + "</span></div>\n";
}

std::string html_text(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&': escaped += "&amp;"; break;
      case '<': escaped += "&lt;"; break;
      case '>': escaped += "&gt;"; break;
      case '"': escaped += "&quot;"; break;
      case '\'': escaped += "&#39;"; break;
      default: escaped += c;
    }
  }
  return escaped;
}

const std::string_view kPageStyle = R"css(
:root { --bg: #ffffff; --fg: #1c2430; --dim: #5c6673; --line: #d9dee5; --card: #f5f7fa; --more: #b3261e; --less: #1b7f4b;
  --c0: #2b5fb8; --c1: #d08a1d; --c2: #3f9a8a; --c3: #9a5bb0; --c4: #c05a5a; --c5: #8b95a3; color-scheme: light dark; }
@media (prefers-color-scheme: dark) { :root { --bg: #14181f; --fg: #e6eaf0; --dim: #98a3b3; --line: #2c3440;
  --card: #1c222c; --more: #f0857c; --less: #5cc98c; --c0: #6f9fee; --c1: #e5ac52; --c2: #63c2b1; --c3: #c08ad4;
  --c4: #e38787; --c5: #7d8896; } }
@media print { :root { --bg: #ffffff; --fg: #000000; --card: #ffffff; } section { break-inside: avoid; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1000px; padding: 24px; background: var(--bg); color: var(--fg);
  font: 15px/1.5 system-ui, sans-serif; -webkit-print-color-adjust: exact; print-color-adjust: exact; }
h1 { font-size: 26px; margin: 0; } h2 { font-size: 18px; margin: 32px 0 8px; }
p, .period { color: var(--dim); margin: 4px 0; } pre { white-space: pre-wrap; font: inherit; margin: 4px 0; }
.cards { display: flex; flex-wrap: wrap; gap: 12px; margin: 20px 0; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 10px 16px; min-width: 130px; }
.card b { display: block; font-size: 21px; } .card span { color: var(--dim); font-size: 13px; }
svg { width: 100%; height: auto; display: block; font: 12px system-ui, sans-serif; } svg text { fill: var(--dim); }
svg text.value { fill: var(--fg); } .grid { stroke: var(--line); } .axis { stroke: var(--dim); }
.mark { stroke: var(--fg); stroke-width: 2; }
.legend span { margin-right: 14px; white-space: nowrap; } .legend i { display: inline-block; width: 11px; height: 11px;
  border-radius: 2px; margin-right: 5px; }
.wide { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: 14px; margin: 8px 0; }
th, td { text-align: left; padding: 4px 10px 4px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { color: var(--dim); font-weight: 600; } .n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td:first-child { overflow-wrap: anywhere; }
)css";

std::string page_head(std::string_view title, std::string_view period) {
  return "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
         "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
         "'unsafe-inline'\">\n<title>" +
         html_text(title) + "</title>\n<style>" + std::string(kPageStyle) + "</style></head>\n<body>\n<h1>" +
         html_text(title) + "</h1>\n<p class=\"period\">" + html_text(period) + "</p>\n";
}

std::string spend_page_html(const SpendPage& page) {
  std::string html = page_head(page.title, page.period);
  html += cards(page) + notes(page.total);
  html += "<section><h2>By day</h2>\n" + days_chart(page.days_by_model) + "</section>\n";
  if (page.forecast) {
    html += "<section><h2>This month</h2>\n" + forecast_chart(*page.forecast) + "<p>" +
            html_text(page.forecast->possible ? "The forecast " + page.forecast->basis + "."
                                              : "There is " + page.forecast->basis + ".") +
            "</p></section>\n";
  }
  if (page.comparison) html += comparison_section(*page.comparison);
  for (const auto& [heading, groups] : page.tables) {
    // A dimension that no call names would be a table of one dash.
    if (groups.empty() || (groups.size() == 1 && groups[0].key[0].empty())) continue;
    html += "<section><h2>By " + html_text(heading) + "</h2>\n" + groups_chart(groups, 10) +
            groups_table(heading, groups, page.total.cost) + "</section>\n";
  }
  html += anomalies_section(page.anomalies) + units_section(page.units) + advice_section(page.advice);
  return html + "</body></html>\n";
}

}  // namespace reeve::spend
