// reeve kill drill: the switch played on every node, and how long that took.

#include <cstdio>

#include "core/bytes.h"
#include "reeve/kill_commands.h"
#include "reeve/kill_drill.h"
#include "reeve/register_access.h"
#include "reeve/terminal.h"

namespace reeve::app {

namespace {

void print_report(const DrillOutcome& outcome) {
  const identity::Drill& drill = outcome.drill;
  std::printf("Drill %s of %s%s\n\n", drill.id.c_str(), printable(drill.scope.text(), 100).c_str(),
              drill.for_real ? ", for real" : ", with practice streams");
  std::vector<std::vector<std::string>> rows{{"NODE", "CALLS", "LEARNED", "P50", "P99", "LAST BYTE", ""}};
  const auto ms = [](std::int64_t value) { return std::to_string(value) + " ms"; };
  for (const DrillTimes& node : outcome.nodes) {
    rows.push_back({printable(node.node, 60), std::to_string(node.calls), ms(node.learned), ms(node.p50), ms(node.p99),
                    ms(node.max), node.good() ? green("in time") : red(node.done ? "too late" : "no answer")});
  }
  std::printf("%s\n%s\n", table(rows).c_str(),
              outcome.good() ? "Everything ended within a second." : "Not everything ended within a second.");
}

Result<void> announce_drilled(const Common& common, const control::Event& event) {
  const auto access = open_registers(common, false);
  if (!access) return access.error();
  return access->registers().notifications().announce(event);
}

}  // namespace

int kill_drill_command(const Common& common, const KillArguments& arguments) {
  DrillAsked asked;
  const auto scope = identity::parse_cutoff_scope(arguments.scope);
  if (!scope) return fail(common, kWrongUse, "--scope: " + scope.error().message);
  const auto patience = parse_duration(arguments.wait);
  if (!patience) return fail(common, kWrongUse, "--wait: " + patience.error().message);
  const auto access = open_kill_switch(common, arguments.here);
  if (!access) return fail(common, exit_code_of(access.error()), access.error().message);
  asked.scope = *scope;
  asked.reason = arguments.reason.empty() ? "a drill" : arguments.reason;
  asked.by = arguments.by.empty() ? system_user_name() : arguments.by;
  asked.for_real = arguments.for_real;
  asked.streams = arguments.streams;
  asked.patience = *patience;
  const auto outcome = play_drill(access->register_of(arguments.here), asked);
  if (!outcome) {
    return fail(common, outcome.error().code == ErrorCode::kInvalid ? kWrongUse : kFailed, outcome.error().message);
  }
  const std::string report = outcome->to_json();
  if (auto noted = access->own->note("kill.drilled", report); !noted)
    return fail(common, kFailed, noted.error().message);
  const control::Event event{outcome->drill.id, "kill.drilled", outcome->cutoff.at, report};
  if (auto told = announce_drilled(common, event); !told) return fail(common, kFailed, told.error().message);
  if (common.json) {
    std::printf("%s\n", report.c_str());
  } else {
    print_report(*outcome);
  }
  return outcome->good() ? kDone : kAnswerIsNo;
}

}  // namespace reeve::app
