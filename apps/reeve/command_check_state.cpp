#include <cstdio>

#include "core/bytes.h"
#include "core/json.h"
#include "reeve/commands.h"
#include "reeve/register_access.h"
#include "reeve/terminal.h"

namespace reeve::app {

namespace {

std::string state_of(const policy::CheckState& state, Instant now) {
  if (now >= state.until) return "stale";
  return state.green ? "green" : "red";
}

std::string to_the_second(Instant at) { return format_time(at).substr(0, 19) + "Z"; }

void write_state(JsonWriter& json, const policy::CheckState& state, Instant now) {
  json.begin_object().member("check", state.name).member("state", state_of(state, now));
  json.member("by", state.reported_by).member("at", format_time(state.reported_at));
  json.member("until", format_time(state.until)).member("reason", state.reason).end_object();
}

}  // namespace

int check_state_set_command(const Common& common, const CheckStateArguments& arguments) {
  if (arguments.state != "green" && arguments.state != "red") {
    return fail(common, kWrongUse,
                "a check is reported as green or red, not as '" + printable(arguments.state, 60) + "'");
  }
  const auto good_for = parse_duration(arguments.good_for);
  if (!good_for) return fail(common, kWrongUse, "--for: " + good_for.error().message);
  if (*good_for <= Duration::zero()) return fail(common, kWrongUse, "--for: a report must hold for some time");
  auto access = open_registers(common, false);
  if (!access) return fail(common, exit_code_of(access.error()), access.error().message);

  policy::CheckState state;
  state.name = arguments.name;
  state.green = arguments.state == "green";
  state.reason = std::string(trim(arguments.reason));
  state.reported_by = arguments.by.empty() ? system_user_name() : std::string(trim(arguments.by));
  state.reported_at = system_clock().now();
  state.until = state.reported_at + *good_for;
  const auto reported = access->registers().checks().report(state);
  if (!reported) return fail(common, exit_code_of(reported.error()), reported.error().message);

  if (common.json) {
    JsonWriter json;
    write_state(json, state, state.reported_at);
    std::printf("%s\n", json.text().c_str());
  } else {
    std::printf("The check %s is %s until %s. It holds from the next decision on, also of a running server.\n",
                state.name.c_str(), (state.green ? green("green") : red("red")).c_str(),
                to_the_second(state.until).c_str());
  }
  return kDone;
}

int check_state_list_command(const Common& common) {
  auto access = open_registers(common, false);
  if (!access) return fail(common, exit_code_of(access.error()), access.error().message);
  const auto states = access->registers().checks().list();
  if (!states) return fail(common, kFailed, states.error().message);
  const Instant now = system_clock().now();
  if (common.json) {
    JsonWriter json;
    json.begin_array();
    for (const policy::CheckState& state : *states) write_state(json, state, now);
    std::printf("%s\n", json.end_array().text().c_str());
    return kDone;
  }
  if (states->empty()) {
    std::printf("No check was ever reported. Report one with: reeve policy check-state set NAME green --reason TEXT\n");
    return kDone;
  }
  std::vector<std::vector<std::string>> rows{{"CHECK", "STATE", "BY", "SINCE", "UNTIL", "REASON"}};
  for (const policy::CheckState& state : *states) {
    rows.push_back({state.name, state_of(state, now), printable(state.reported_by), to_the_second(state.reported_at),
                    to_the_second(state.until), printable(state.reason)});
  }
  std::printf("%s", table(rows).c_str());
  return kDone;
}

}  // namespace reeve::app
