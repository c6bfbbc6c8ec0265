// reeve kill drill: the switch played on every node, and how long that took.

#include <algorithm>
#include <cstdio>
#include <thread>

#include "core/bytes.h"
#include "core/id.h"
#include "core/json.h"
#include "reeve/kill_commands.h"
#include "reeve/register_access.h"
#include "reeve/terminal.h"

namespace reeve::app {

namespace {

using identity::Cutoff;
using identity::Drill;
using identity::DrillReport;

constexpr auto kAskAgain = std::chrono::milliseconds(50);
/// Nodes are heard within half a second; then their streams have begun.
constexpr Duration kGetReady = std::chrono::milliseconds(1'500);
constexpr std::int64_t kGoodMs = 1'000;

struct NodeTimes {
  std::string node;
  bool done = false;
  std::int64_t calls = 0, learned = 0, p50 = 0, p99 = 0, max = 0, unended = 0;

  bool good() const { return done && unended == 0 && max <= kGoodMs && learned <= kGoodMs; }
};

NodeTimes times_of(const DrillReport& report) {
  NodeTimes times{.node = report.node, .done = report.done};
  const auto document = JsonDocument::parse(report.detail);
  if (!document) return times;
  const JsonValue root = document->root();
  times.calls = root["calls"].int_or(0);
  times.learned = root["learned_ms"].int_or(0);
  times.p50 = root["p50_ms"].int_or(0);
  times.p99 = root["p99_ms"].int_or(0);
  times.max = root["max_ms"].int_or(0);
  times.unended = root["unended"].int_or(0);
  return times;
}

/// Asks until `enough`, or the time is over.
template <typename Enough>
Result<std::vector<DrillReport>> wait_for_reports(identity::KillSwitchStore& store, const std::string& drill,
                                                  Duration patience, const Enough& enough) {
  const Moment until = system_clock().steady() + patience;
  while (true) {
    auto reports = store.drill_reports(drill);
    if (!reports || enough(*reports) || system_clock().steady() >= until) return reports;
    std::this_thread::sleep_for(kAskAgain);
  }
}

std::string report_json(const Drill& drill, const Cutoff& cutoff, const std::vector<NodeTimes>& nodes, bool good) {
  JsonWriter json;
  json.begin_object().member("at", format_time(cutoff.at)).member("by", drill.by).member("cutoff", cutoff.id);
  json.member("drill", drill.id).member("for_real", drill.for_real).member("good", good).key("nodes").begin_array();
  for (const NodeTimes& node : nodes) {
    json.begin_object().member("calls", node.calls).member("done", node.done).member("learned_ms", node.learned);
    json.member("max_ms", node.max).member("node", node.node).member("p50_ms", node.p50).member("p99_ms", node.p99);
    json.member("unended", node.unended).end_object();
  }
  json.end_array().member("reason", cutoff.reason).member("scope", drill.scope.text());
  return json.end_object().take();
}

void print_report(const Drill& drill, const std::vector<NodeTimes>& nodes, bool good) {
  std::printf("Drill %s of %s%s\n\n", drill.id.c_str(), printable(drill.scope.text(), 100).c_str(),
              drill.for_real ? ", for real" : ", with practice streams");
  std::vector<std::vector<std::string>> rows{{"NODE", "CALLS", "LEARNED", "P50", "P99", "LAST BYTE", ""}};
  const auto ms = [](std::int64_t value) { return std::to_string(value) + " ms"; };
  for (const NodeTimes& node : nodes) {
    rows.push_back({printable(node.node, 60), std::to_string(node.calls), ms(node.learned), ms(node.p50), ms(node.p99),
                    ms(node.max), node.good() ? green("in time") : red(node.done ? "too late" : "no answer")});
  }
  std::printf("%s\n%s\n", table(rows).c_str(),
              good ? "Everything ended within a second." : "Not everything ended within a second.");
}

Result<Drill> announce(identity::KillSwitchStore& store, const KillArguments& arguments,
                       const identity::CutoffScope& scope) {
  Drill drill;
  drill.id = make_id("drill");
  drill.scope = scope;
  drill.for_real = arguments.for_real;
  drill.streams = arguments.streams;
  drill.by = arguments.by.empty() ? system_user_name() : arguments.by;
  drill.at = system_clock().now();
  if (auto announced = store.announce_drill(drill); !announced) return std::move(announced).error();
  return drill;
}

/// Switches, waits for what the nodes tell, and lets everything on again.
Result<std::vector<NodeTimes>> play(identity::KillSwitchStore& store, const Drill& drill, Cutoff& cutoff,
                                    Duration patience, std::size_t nodes) {
  cutoff.practice = !drill.for_real;
  cutoff.drill = drill.id;
  if (auto put = store.put(cutoff); !put) return std::move(put).error();
  const auto reports = wait_for_reports(store, drill.id, patience, [&](const std::vector<DrillReport>& list) {
    return list.size() >= nodes && std::all_of(list.begin(), list.end(), [](const auto& r) { return r.done; });
  });
  // Whatever came of it: a drill leaves nothing switched off.
  if (auto ended = store.end(cutoff.id, system_clock().now(), drill.by, "the drill is over"); !ended) {
    return with_context(std::move(ended).error(), "the drill's cutoff " + cutoff.id + " is still on");
  }
  if (!reports) return reports.error();
  std::vector<NodeTimes> times;
  for (const DrillReport& report : *reports) times.push_back(times_of(report));
  return times;
}

}  // namespace

namespace {

Result<void> announce_drilled(const Common& common, const control::Event& event) {
  const auto access = open_registers(common, false);
  if (!access) return access.error();
  return access->registers().notifications().announce(event);
}

}  // namespace

int kill_drill_command(const Common& common, const KillArguments& arguments) {
  const auto scope = identity::parse_cutoff_scope(arguments.scope);
  if (!scope) return fail(common, kWrongUse, "--scope: " + scope.error().message);
  const auto patience = parse_duration(arguments.wait);
  if (!patience) return fail(common, kWrongUse, "--wait: " + patience.error().message);
  const auto access = open_kill_switch(common, arguments.here);
  if (!access) return fail(common, exit_code_of(access.error()), access.error().message);
  identity::KillSwitchStore& store = access->register_of(arguments.here);
  const std::string reason = arguments.reason.empty() ? "a drill" : arguments.reason;

  const auto drill = announce(store, arguments, *scope);
  if (!drill) return fail(common, kFailed, drill.error().message);
  const auto ready = wait_for_reports(store, drill->id, kGetReady, [](const auto&) { return false; });
  if (!ready) return fail(common, kFailed, ready.error().message);
  if (ready->empty()) return fail(common, kFailed, "no server answers, so there is nothing to drill; is one running?");

  auto cutoff = identity::make_cutoff({*scope, reason, drill->by, system_clock().now() + std::chrono::minutes(2), {}},
                                      system_clock().now());
  if (!cutoff) return fail(common, kWrongUse, cutoff.error().message);
  const auto nodes = play(store, *drill, *cutoff, *patience, ready->size());
  if (!nodes) return fail(common, kFailed, nodes.error().message);
  const bool good = std::all_of(nodes->begin(), nodes->end(), [](const NodeTimes& node) { return node.good(); });
  const std::string report = report_json(*drill, *cutoff, *nodes, good);
  if (auto noted = access->own->note("kill.drilled", report); !noted)
    return fail(common, kFailed, noted.error().message);
  const control::Event event{drill->id, "kill.drilled", cutoff->at, report};
  if (auto told = announce_drilled(common, event); !told) return fail(common, kFailed, told.error().message);
  if (common.json) {
    std::printf("%s\n", report.c_str());
  } else {
    print_report(*drill, *nodes, good);
  }
  return good ? kDone : kAnswerIsNo;
}

}  // namespace reeve::app
