// reeve session list, show, end: the sessions of the last hour, one of them, and its end.

#include <algorithm>
#include <cstdio>
#include <optional>
#include <thread>

#include "core/bytes.h"
#include "core/declared.h"
#include "core/json.h"
#include "core/money.h"
#include "reeve/kill_commands.h"
#include "reeve/ledger_commands.h"
#include "reeve/ledger_reading.h"
#include "reeve/live_sessions.h"
#include "reeve/terminal.h"

namespace reeve::app {

namespace {

using identity::Session;

constexpr auto kWatchInterval = std::chrono::seconds(2);
constexpr auto kNotedEvery = std::chrono::minutes(1);
/// How far back a session is looked for in the ledger itself; its calls, which the index has, go back further.
constexpr Duration kShownFrom = std::chrono::hours(24);

std::vector<std::string> row_of_use(const identity::SessionUse& use) {
  return {std::to_string(use.calls), std::to_string(use.input_tokens + use.output_tokens),
          format_money({use.cost_nanos})};
}

std::vector<std::string> row_of(const Session& session) {
  std::vector<std::string> row{printable(session.id, 60),
                               std::string(session.state()),
                               printable(session.person, 60),
                               session.client,
                               printable(session.model, 40),
                               format_time(session.started).substr(0, 19),
                               format_time(session.last_seen).substr(11, 8)};
  for (std::string& cell : row_of_use(session.use)) row.push_back(std::move(cell));
  return row;
}

/// "└ reviewer", with what it used, which is part of what the session used.
std::vector<std::string> row_of(const identity::SessionBranch& branch) {
  const identity::SessionAgent& agent = *branch.agent;
  // A tree that goes deeper than a terminal is wide helps nobody.
  const std::size_t depth = std::min<std::size_t>(branch.depth, 10);
  std::vector<std::string> row{std::string(2 * depth + 1, ' ') + "└ " + printable(branch.id, 60),
                               agent.under_way > 0 ? "live" : (agent.over ? "over" : "idle"),
                               "",
                               "",
                               printable(agent.model, 40),
                               "",
                               format_time(agent.last_seen).substr(11, 8)};
  for (std::string& cell : row_of_use(agent.use)) row.push_back(std::move(cell));
  return row;
}

std::string sessions_table(const std::vector<Session>& sessions) {
  std::vector<std::vector<std::string>> rows{
      {"SESSION", "STATE", "PERSON", "CLIENT", "MODEL", "STARTED", "LAST SEEN", "CALLS", "TOKENS", "COST"}};
  for (const Session& session : sessions) {
    rows.push_back(row_of(session));
    for (const identity::SessionBranch& branch : identity::agent_tree(session)) rows.push_back(row_of(branch));
  }
  return table(rows);
}

void print_sessions(const Common& common, const std::vector<Session>& sessions, const SessionArguments& arguments) {
  if (common.json) {
    JsonWriter json;
    json.begin_object().key("sessions").begin_array();
    for (const Session& session : sessions) write_session(json, session);
    std::printf("%s\n", json.end_array().end_object().text().c_str());
  } else if (sessions.empty()) {
    std::printf(arguments.live ? "No session has a call under way.\n"
                               : "No session had a call in that time. 'reeve ledger sessions' shows earlier ones.\n");
  } else {
    std::printf("%s", sessions_table(sessions).c_str());
  }
  std::fflush(stdout);
}

Result<std::vector<identity::Cutoff>> cutoffs_everywhere(const KillSwitchAccess& access) {
  std::vector<identity::Cutoff> cutoffs;
  for (const bool here : {true, false}) {
    auto part = access.register_of(here).list(system_clock().now());
    if (!part) return part.error();
    cutoffs.insert(cutoffs.end(), part->begin(), part->end());
  }
  return cutoffs;
}

Result<std::vector<Session>> sessions_now(ledger::LogReader& reader, Instant since, const KillSwitchAccess& access) {
  auto book = sessions_in(reader, since);
  if (!book) return std::move(book).error();
  const auto cutoffs = cutoffs_everywhere(access);
  if (!cutoffs) return cutoffs.error();
  std::vector<Session> sessions = book->sessions();
  mark_ended(sessions, *cutoffs);
  return sessions;
}

}  // namespace

int session_list_command(const Common& common, const SessionArguments& arguments) {
  auto reader = open_ledger(common);
  if (!reader) return fail(common, exit_code_of(reader.error()), reader.error().message);
  const auto access = open_kill_switch(common, false);
  if (!access) return fail(common, exit_code_of(access.error()), access.error().message);
  std::optional<Moment> noted_at;
  while (true) {
    const auto since = parse_since(arguments.since, system_clock().now());
    if (!since) return fail(common, kWrongUse, "--since: " + since.error().message);
    auto sessions = sessions_now(**reader, *since, *access);
    if (!sessions) return fail(common, kFailed, sessions.error().message);
    if (arguments.live) std::erase_if(*sessions, [](const Session& session) { return session.under_way == 0; });
    // One note speaks for what is read within a minute.
    if (const Moment now = system_clock().steady(); !noted_at || now - *noted_at >= kNotedEvery) {
      noted_at = now;
      if (auto noted = note_reading(common, sessions->size()); !noted) {
        return fail(common, kFailed, noted.error().message);
      }
    }
    // Home, and what is below goes.
    if (arguments.watch && !common.json && output_is_terminal()) std::printf("\x1b[H\x1b[2J");
    print_sessions(common, *sessions, arguments);
    if (!arguments.watch) return kDone;
    std::this_thread::sleep_for(kWatchInterval);
  }
}

int session_show_command(const Common& common, const SessionArguments& arguments) {
  LedgerSessionsArguments trace;
  trace.session = arguments.session;
  if (common.json) return ledger_trace_command(common, trace);
  auto reader = open_ledger(common);
  if (!reader) return fail(common, exit_code_of(reader.error()), reader.error().message);
  const auto access = open_kill_switch(common, false);
  if (!access) return fail(common, exit_code_of(access.error()), access.error().message);
  auto sessions = sessions_now(**reader, system_clock().now() - kShownFrom, *access);
  if (!sessions) return fail(common, kFailed, sessions.error().message);
  std::erase_if(*sessions, [&](const Session& session) { return session.id != bounded(arguments.session); });
  if (sessions->empty()) return ledger_trace_command(common, trace);
  // One of ours is nowhere in the ledger; of others the trace is recorded, before anything is shown.
  if (sessions->front().named) {
    if (const int shown = ledger_trace_command(common, trace); shown != kDone) return shown;
    std::printf("\n");
  } else {
    JsonWriter name;
    name.value(arguments.session);
    if (auto noted = note_reading(common, sessions->size(), "session_id == " + name.text()); !noted) {
      return fail(common, kFailed, noted.error().message);
    }
  }
  std::printf("%s", sessions_table(*sessions).c_str());
  return kDone;
}

int session_end_command(const Common& common, const SessionArguments& arguments) {
  if (auto checked = check_can_be_ended(arguments.session); !checked) {
    return fail(common, kWrongUse, checked.error().message);
  }
  KillArguments kill;
  kill.scope = "session:" + arguments.session;
  kill.reason = arguments.reason;
  kill.by = arguments.by;
  kill.until = format_time(system_clock().now() + kSessionsEndedFor);
  return kill_on_command(common, kill);
}

}  // namespace reeve::app
