// `reeve ledger sql`, `sessions` and `trace`: what only the index answers.

#include <algorithm>
#include <cstdio>
#include <map>

#include "core/bytes.h"
#include "core/json.h"
#include "reeve/ledger_commands.h"
#include "reeve/ledger_reading.h"
#include "reeve/session_list.h"
#include "reeve/terminal.h"

namespace reeve::app {

namespace {

constexpr std::uint64_t kSessionCallsMax = 100'000;
constexpr std::size_t kBarWidth = 24;

std::string text_of(const ledger::IndexCell& cell) {
  if (const auto* flag = std::get_if<bool>(&cell)) return *flag ? "true" : "false";
  if (const auto* number = std::get_if<std::int64_t>(&cell)) return std::to_string(*number);
  if (const auto* real = std::get_if<double>(&cell)) {
    JsonWriter json;
    return json.value(*real).take();
  }
  const auto* text = std::get_if<std::string>(&cell);
  return text == nullptr ? "" : printable(*text, 1'000);
}

/// One row by the names of its columns.
class NamedRow {
 public:
  NamedRow(const ledger::IndexRows& rows, std::size_t row) : rows_(rows), row_(row) {}
  const ledger::IndexCell& operator[](std::string_view column) const {
    static const ledger::IndexCell kNothing;
    const auto found = std::find(rows_.columns.begin(), rows_.columns.end(), column);
    return found == rows_.columns.end() ? kNothing
                                        : rows_.rows[row_][static_cast<std::size_t>(found - rows_.columns.begin())];
  }
  std::string text(std::string_view column) const { return text_of((*this)[column]); }
  std::int64_t number(std::string_view column) const {
    const auto* number = std::get_if<std::int64_t>(&(*this)[column]);
    return number == nullptr ? 0 : *number;
  }

 private:
  const ledger::IndexRows& rows_;
  const std::size_t row_;
};

void print_table(const ledger::IndexRows& rows) {
  std::vector<std::vector<std::string>> lines{rows.columns};
  for (std::string& heading : lines.front()) heading = printable(heading, 80);
  for (const auto& cells : rows.rows) {
    std::vector<std::string>& line = lines.emplace_back();
    for (const ledger::IndexCell& cell : cells) line.push_back(text_of(cell));
  }
  std::printf("%s", table(lines).c_str());
}

std::string milliseconds(std::int64_t microseconds) {
  return microseconds < 10'000'000 ? std::to_string(microseconds / 1000) + " ms"
                                   : std::to_string(microseconds / 1'000'000) + " s";
}

/// How deep an agent stands below the one that the person started.
class Agents {
 public:
  explicit Agents(const ledger::IndexRows& rows) {
    for (std::size_t i = 0; i < rows.rows.size(); ++i) {
      const NamedRow row(rows, i);
      if (const std::string agent = row.text("agent"); !agent.empty()) parents_[agent] = row.text("agent_parent");
    }
  }
  std::size_t depth_of(std::string agent) const {
    std::size_t depth = 0;
    // Bounded: whoever called itself its own ancestor is not believed.
    while (depth < 8) {
      const auto found = parents_.find(agent);
      if (found == parents_.end() || found->second.empty()) break;
      agent = found->second;
      ++depth;
    }
    return depth;
  }

 private:
  std::map<std::string, std::string> parents_;
};

/// When a call ran within the session, as a bar.
std::string bar_of(std::int64_t begin, std::int64_t length, std::int64_t whole) {
  const auto scaled = [&](std::int64_t at) {
    return static_cast<std::size_t>(
        std::clamp<std::int64_t>(at * static_cast<std::int64_t>(kBarWidth) / whole, 0, kBarWidth));
  };
  const std::size_t from = std::min(scaled(begin), kBarWidth - 1);
  const std::size_t to = std::max(from + 1, scaled(begin + length));
  return std::string(from, '.') + std::string(to - from, '#') + std::string(kBarWidth - to, '.');
}

std::int64_t microseconds_of(const std::string& time) {
  const auto at = parse_time(time);
  return at ? at->nanoseconds / 1000 : 0;
}

std::vector<std::string> trace_line(const NamedRow& row, const Agents& agents, std::int64_t begin, std::int64_t whole) {
  const std::int64_t started = microseconds_of(row.text("started")) - begin;
  const std::int64_t length = row.number("total_us");
  const std::string status = row.text("status");
  std::string came_of_it = status.empty() ? yellow("under way") : status == "ok" ? green(status) : red(status);
  if (const std::string reason = row.text("status_reason"); !reason.empty()) came_of_it += " (" + reason + ")";
  std::string decision = row.text("enforced");
  if (const std::string rule = row.text("rule"); !rule.empty()) decision += " by " + rule;
  const std::string agent = row.text("agent");
  const std::string who = std::string(agents.depth_of(agent) * 2, ' ') + (agent.empty() ? "-" : agent);
  const std::string model = row.text("model_served").empty() ? row.text("model_asked") : row.text("model_served");
  const std::int64_t read = row.number("input_tokens") + row.number("cache_read_tokens");
  return {row.text("started").substr(11, 12),
          bar_of(started, length, whole),
          milliseconds(length),
          who,
          model,
          decision,
          came_of_it,
          std::to_string(read) + " > " + std::to_string(row.number("output_tokens")),
          format_money({row.number("cost_nanos")}),
          (row.text("intent").empty() ? "" : row.text("intent") + ", ") + row.text("seq"),
          row.text("findings")};
}

void print_trace(const std::string& session, const ledger::IndexRows& rows) {
  const Agents agents(rows);
  const std::int64_t begin = microseconds_of(NamedRow(rows, 0).text("started"));
  std::int64_t end = begin + 1;
  std::int64_t cost = 0;
  for (std::size_t i = 0; i < rows.rows.size(); ++i) {
    const NamedRow row(rows, i);
    end = std::max(end, std::max(microseconds_of(row.text("time")),
                                 microseconds_of(row.text("started")) + row.number("total_us")));
    cost += row.number("cost_nanos");
  }
  std::vector<std::vector<std::string>> lines{
      {"started", "when", "took", "agent", "model", "decision", "came of it", "tokens", "cost", "entries", "found"}};
  for (std::size_t i = 0; i < rows.rows.size(); ++i) {
    lines.push_back(trace_line(NamedRow(rows, i), agents, begin, end - begin));
  }
  std::printf("%s  %s, %zu calls in %s, %s\n\n%s", bold(printable(session, 200)).c_str(),
              NamedRow(rows, 0).text("person").c_str(), rows.rows.size(), milliseconds(end - begin).c_str(),
              format_money({cost}).c_str(), table(lines).c_str());
}

void print_json(const ledger::IndexRows& rows, std::string_view name) {
  JsonWriter json;
  json.begin_object().key("columns").begin_array();
  for (const std::string& column : rows.columns) json.value(column);
  json.end_array().member("cut", rows.is_cut).key(name);
  write_rows(json, rows);
  std::printf("%s\n", json.end_object().text().c_str());
}

}  // namespace

int ledger_sql_command(const Common& common, const LedgerSqlArguments& arguments) {
  auto index = open_index(common);
  if (!index) return fail(common, kFailed, index.error().message);
  if (auto locked = (*index)->lock_down(); !locked) return fail(common, kFailed, locked.error().message);
  const auto rows =
      (*index)->select(arguments.statement, {}, arguments.rows_max, std::chrono::seconds(arguments.seconds_max));
  if (!rows) return fail(common, exit_code_of(rows.error()), rows.error().message);
  if (auto noted = note_reading(common, rows->rows.size(), arguments.statement); !noted)
    return fail(common, kFailed, noted.error().message);
  if (common.json) {
    print_json(*rows, "rows");
    return kDone;
  }
  print_table(*rows);
  if (rows->is_cut) {
    std::fprintf(stderr, "Only the first %llu rows; --limit takes more.\n",
                 static_cast<unsigned long long>(arguments.rows_max));
  }
  return kDone;
}

int ledger_sessions_command(const Common& common, const LedgerSessionsArguments& arguments) {
  const auto since = parse_since(arguments.since, system_clock().now());
  if (!since) return fail(common, kWrongUse, "--since: " + since.error().message);
  auto index = open_index(common);
  if (!index) return fail(common, kFailed, index.error().message);
  const auto rows = sessions_page(**index, {*since, std::nullopt, arguments.limit});
  if (!rows) return fail(common, kFailed, rows.error().message);
  if (auto noted = note_reading(common, rows->rows.size()); !noted) return fail(common, kFailed, noted.error().message);
  if (common.json) {
    print_json(*rows, "sessions");
    return kDone;
  }
  std::vector<std::vector<std::string>> lines{
      {"session", "person", "client", "repo", "calls", "denied", "not ok", "first", "last", "cost"}};
  for (std::size_t i = 0; i < rows->rows.size(); ++i) {
    const NamedRow row(*rows, i);
    lines.push_back({row.text("session"), row.text("person"), row.text("client"), row.text("repo"), row.text("calls"),
                     row.text("denied"), row.text("not_ok"), row.text("first").substr(0, 19),
                     row.text("last").substr(0, 19), format_money({row.number("cost_nanos")})});
  }
  std::printf("%s", table(lines).c_str());
  return kDone;
}

int ledger_trace_command(const Common& common, const LedgerSessionsArguments& arguments) {
  auto index = open_index(common);
  if (!index) return fail(common, kFailed, index.error().message);
  const auto rows =
      (*index)->select(session_calls_sql(), {arguments.session}, kSessionCallsMax, std::chrono::seconds(30));
  if (!rows) return fail(common, kFailed, rows.error().message);
  if (rows->rows.empty()) {
    return fail(common, kAnswerIsNo, "the ledger knows no session '" + printable(arguments.session, 200) + "'");
  }
  JsonWriter name;
  name.value(arguments.session);
  if (auto noted = note_reading(common, rows->rows.size(), "session_id == " + name.text()); !noted)
    return fail(common, kFailed, noted.error().message);
  if (common.json) {
    std::printf("%s\n", session_json(arguments.session, *rows).c_str());
  } else {
    print_trace(arguments.session, *rows);
  }
  return kDone;
}

}  // namespace reeve::app
