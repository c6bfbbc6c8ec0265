// reeve session list, end: the sessions of the last hour, and the end of one.

#include <cstdio>

#include "core/bytes.h"
#include "core/json.h"
#include "core/money.h"
#include "reeve/kill_commands.h"
#include "reeve/ledger_reading.h"
#include "reeve/live_sessions.h"
#include "reeve/terminal.h"

namespace reeve::app {

namespace {

void print_sessions(const std::vector<LiveSession>& sessions) {
  if (sessions.empty()) {
    std::printf("No session had a call in that time. 'reeve ledger sessions' shows earlier ones.\n");
    return;
  }
  std::vector<std::vector<std::string>> rows{
      {"SESSION", "STATE", "PERSON", "CLIENT", "MODEL", "STARTED", "LAST SEEN", "CALLS", "TOKENS", "COST", "AGENTS"}};
  for (const LiveSession& session : sessions) {
    rows.push_back({printable(session.session, 60), std::string(session.state()), printable(session.person, 60),
                    session.client, printable(session.model, 40), format_time(session.started).substr(0, 19),
                    format_time(session.last_seen).substr(11, 8), std::to_string(session.calls),
                    std::to_string(session.input_tokens + session.output_tokens), format_money({session.cost_nanos}),
                    std::to_string(session.agents.size())});
  }
  std::printf("%s", table(rows).c_str());
}

}  // namespace

int session_list_command(const Common& common, const SessionArguments& arguments) {
  const auto since = parse_since(arguments.since, system_clock().now());
  if (!since) return fail(common, kWrongUse, "--since: " + since.error().message);
  auto reader = open_ledger(common);
  if (!reader) return fail(common, exit_code_of(reader.error()), reader.error().message);
  auto sessions = recent_sessions(**reader, *since);
  if (!sessions) return fail(common, kFailed, sessions.error().message);
  const auto access = open_kill_switch(common, false);
  if (!access) return fail(common, exit_code_of(access.error()), access.error().message);
  std::vector<identity::Cutoff> cutoffs;
  for (const bool here : {true, false}) {
    auto part = access->register_of(here).list(system_clock().now());
    if (!part) return fail(common, kFailed, part.error().message);
    cutoffs.insert(cutoffs.end(), part->begin(), part->end());
  }
  mark_ended(*sessions, cutoffs);
  if (auto noted = note_reading(common, sessions->size()); !noted) return fail(common, kFailed, noted.error().message);
  if (common.json) {
    JsonWriter json;
    json.begin_object().key("sessions").begin_array();
    for (const LiveSession& session : *sessions) write_session(json, session);
    std::printf("%s\n", json.end_array().end_object().text().c_str());
  } else {
    print_sessions(*sessions);
  }
  return kDone;
}

int session_end_command(const Common& common, const SessionArguments& arguments) {
  KillArguments kill;
  kill.scope = "session:" + arguments.session;
  kill.reason = arguments.reason;
  kill.by = arguments.by;
  kill.until = format_time(system_clock().now() + kSessionsEndedFor);
  return kill_on_command(common, kill);
}

}  // namespace reeve::app
