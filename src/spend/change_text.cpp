// What is told of merged changes: as a table, CSV, JSON and a page.

#include "core/csv.h"
#include "core/json.h"
#include "spend/changes.h"
#include "spend/page_parts.h"
#include "spend/report_text.h"

namespace reeve::spend {

namespace {

using Costs = ChangeCosts::Costs;
constexpr std::array<std::string_view, ChangeCosts::kReasons> kReasonNames{
    "names neither a work item nor a repository", "its work item has no merged change",
    "no later merge of that person in that repository"};
constexpr std::array<std::string_view, ChangeCosts::kReasons> kReasonKeys{"names_nothing", "work_item_not_merged",
                                                                          "no_merge_of_person"};

std::string number(std::uint64_t count) { return with_separators(static_cast<std::int64_t>(count)); }

std::vector<Cells> change_lines(const Costs& costs) {
  std::vector<Cells> lines{
      {"repository", "change", "merged", "work item", "author", "tied by", "lines", "calls", "cost"}};
  for (const auto& change : costs.changes) {
    const MergedChange& merged = change.merged;
    lines.push_back({shown(merged.repo), shown(merged.id), format_time(merged.at).substr(0, 10),
                     shown(merged.work_item), shown(merged.author), std::string(way_name(change.way)),
                     merged.lines ? with_separators(*merged.lines) : "-", number(change.calls),
                     change.calls == 0 ? "-" : format_money(change.cost)});
  }
  return lines;
}
constexpr std::size_t kTextColumns = 6;

std::vector<Cells> window_lines(const Costs& costs) {
  const auto line = [&](std::string_view name, const ChangeCosts::Part& part) {
    return Cells{std::string(name), number(part.calls), format_money(part.cost),
                 share_of(part.cost, costs.window.cost)};
  };
  std::vector<Cells> lines{{"of all calls in this time", "calls", "cost", "share"}};
  lines.push_back(line("belong to these changes", costs.of_these));
  if (costs.of_others.calls > 0) lines.push_back(line("belong to changes merged at another time", costs.of_others));
  for (std::size_t i = 0; i < costs.untied.size(); ++i) {
    if (costs.untied[i].calls > 0) {
      lines.push_back(line("not tied: " + std::string(kReasonNames[i]), costs.untied[i]));
    }
  }
  lines.push_back(line("all", costs.window));
  return lines;
}

std::string in_words(const Costs& costs) {
  std::string text = counted(costs.changes.size(), "merged change", "merged changes") + ", " +
                     number(costs.with_calls) + " with calls";
  if (costs.with_calls > 0) {
    text += ": " + format_money(costs.total) + " in all, mean " + format_money(costs.mean) + ", median " +
            format_money(costs.median) + ", p90 " + format_money(costs.p90);
  }
  text += ". ";
  const auto untied = costs.untied_in_all();
  text += "Not tied to any change: " + format_money(untied.cost) + " of " + format_money(costs.window.cost) + " (" +
          share_of(untied.cost, costs.window.cost) + ").";
  if (costs.before.calls > 0) {
    text += " Of these changes' calls, " + number(costs.before.calls) + " for " + format_money(costs.before.cost) +
            " lie outside of this time.";
  }
  return text + "\n";
}

void write_part(JsonWriter& json, std::string_view name, const ChangeCosts::Part& part) {
  json.key(name).begin_object().member("calls", part.calls).member("cost_nanos", part.cost.nanos).end_object();
}

void write_change(JsonWriter& json, const ChangeCosts::Change& change, bool trace) {
  const MergedChange& merged = change.merged;
  json.begin_object().member("repo", merged.repo).member("id", merged.id).member("at", format_time(merged.at));
  json.member_if("work_item", merged.work_item).member_if("author", merged.author);
  json.member_if("branch", merged.branch).member_if("commit", merged.commit);
  if (merged.lines) json.member("lines", *merged.lines);
  json.member("tied_by", way_name(change.way)).member("calls", change.calls);
  json.member("cost_nanos", change.cost.nanos);
  if (trace) {
    json.key("rows").begin_array();
    for (const std::uint64_t row : change.rows) json.value(row);
    json.end_array();
  }
  json.end_object();
}

}  // namespace

std::string_view way_name(ChangeCosts::Way way) {
  switch (way) {
    case ChangeCosts::Way::kWorkItem: return "work item";
    case ChangeCosts::Way::kRepoAndAuthor: return "repository and author";
    case ChangeCosts::Way::kNone: break;
  }
  return "nothing to go by";
}

std::string ChangeCosts::to_table() const {
  const Costs all = costs();
  std::string text;
  if (all.changes.empty()) {
    text =
        "No change was merged in this time, as far as the ledger knows. Tell of them with 'reeve change merged' or "
        "'reeve change import'.\n";
  } else {
    text = align(change_lines(all), kTextColumns) + "\n";
  }
  text += in_words(all);
  for (const Change& change : all.changes) {
    if (trace_ && change.calls > 0) {
      text +=
          shown(change.merged.repo) + " " + shown(change.merged.id) + ": ledger rows " + row_ranges(change.rows) + "\n";
    }
  }
  return text + "\n" + align(window_lines(all), 1);
}

std::string ChangeCosts::to_csv() const {
  std::string text = "repo,change,merged_at,work_item,author,branch,commit,lines,tied_by,calls,cost_usd\r\n";
  for (const Change& change : costs().changes) {
    const MergedChange& merged = change.merged;
    for (const std::string& value : {merged.repo, merged.id, format_time(merged.at), merged.work_item, merged.author,
                                     merged.branch, merged.commit}) {
      text += csv_cell(value) + ",";
    }
    text += (merged.lines ? std::to_string(*merged.lines) : "") + "," + std::string(way_name(change.way)) + "," +
            std::to_string(change.calls) + "," + format_money_exact(change.cost) + "\r\n";
  }
  return text;
}

std::string ChangeCosts::to_json() const {
  const Costs all = costs();
  JsonWriter json;
  json.begin_object().member("changes_merged", all.changes.size()).member("with_calls", all.with_calls);
  json.member("total_nanos", all.total.nanos).member("mean_nanos", all.mean.nanos);
  json.member("median_nanos", all.median.nanos).member("p90_nanos", all.p90.nanos);
  write_part(json, "calls_in_window", all.window);
  write_part(json, "of_these_changes", all.of_these);
  write_part(json, "of_other_changes", all.of_others);
  write_part(json, "outside_of_window", all.before);
  write_part(json, "not_tied", all.untied_in_all());
  json.key("not_tied_because").begin_object();
  for (std::size_t i = 0; i < kReasons; ++i) write_part(json, kReasonKeys[i], all.untied[i]);
  json.end_object().key("changes").begin_array();
  for (const Change& change : all.changes) write_change(json, change, trace_);
  return json.end_array().end_object().take();
}

std::string ChangeCosts::to_html(const std::string& period) const {
  const Costs all = costs();
  std::string html = page_head("AI spend per merged change", period) + "<div class=\"cards\">\n";
  html += page_card(number(all.changes.size()), "merged changes") + page_card(number(all.with_calls), "with calls");
  html += page_card(format_money(all.total), "in all") + page_card(format_money(all.median), "median");
  html += page_card(format_money(all.p90), "p90");
  html += page_card(share_of(all.untied_in_all().cost, all.window.cost), "of spend not tied") + "</div>\n";
  html += "<p>" + html_text(in_words(all)) + "</p>\n<section><h2>Changes</h2>\n" +
          html_table(change_lines(all), kTextColumns) + "</section>\n";
  html += "<section><h2>What was tied</h2>\n" + html_table(window_lines(all), 1) + "</section>\n";
  return html + "</body></html>\n";
}

}  // namespace reeve::spend
