// `reeve policy replay`: recorded decisions made once more, by other rules or by their own.

#include <cstdio>

#include "reeve/commands.h"
#include "reeve/policy_source.h"
#include "reeve/replay_report.h"

namespace reeve::app {

int policy_replay_command(const Common& common, const PolicyReplayArguments& arguments) {
  if (arguments.recorded && !arguments.bundle.empty()) {
    return fail(common, kWrongUse, "--recorded decides by the rules of the time; it takes no rules to compare with");
  }
  const auto window = CallWindow::parse(arguments.since, arguments.until);
  if (!window) return fail(common, kWrongUse, window.error().message);
  policy::ReplayQuestion question;
  if (!arguments.recorded) {
    const auto bundle = open_policy(common, arguments.bundle);
    if (!bundle) return fail(common, exit_code_of(bundle.error()), bundle.error().message);
    question.after = *bundle;
  }
  const auto report = replay_calls(common, *window, question);
  if (!report) return fail(common, exit_code_of(report.error()), report.error().message);
  const bool all_agree =
      report->differing == 0 && report->inputs_differing == 0 && report->bundle_unknown == 0 && report->unreadable == 0;
  if (common.json) {
    JsonWriter json;
    json.begin_object().member("rules", question.after ? question.after->digest() : "recorded");
    append_replay(json, *report, *window);
    std::printf("%s\n", json.end_object().text().c_str());
  } else {
    print_replay(*report, *window, arguments.recorded);
  }
  return arguments.recorded && !all_agree ? kAnswerIsNo : kDone;
}

}  // namespace reeve::app
