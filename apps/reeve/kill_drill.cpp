#include "reeve/kill_drill.h"

#include <algorithm>
#include <thread>

#include "core/id.h"
#include "core/json.h"

namespace reeve::app {

namespace {

using identity::Cutoff;
using identity::Drill;
using identity::DrillReport;

constexpr auto kAskAgain = std::chrono::milliseconds(50);
/// Nodes are heard within half a second; then their streams have begun.
constexpr Duration kGetReady = std::chrono::milliseconds(1'500);
constexpr std::int64_t kGoodMs = 1'000;

DrillTimes times_of(const DrillReport& report) {
  DrillTimes times{.node = report.node, .done = report.done};
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

Result<Drill> announce(identity::KillSwitchStore& store, const DrillAsked& asked) {
  Drill drill;
  drill.id = make_id("drill");
  drill.scope = asked.scope;
  drill.for_real = asked.for_real;
  drill.streams = asked.streams;
  drill.by = asked.by;
  drill.at = system_clock().now();
  if (auto announced = store.announce_drill(drill); !announced) return std::move(announced).error();
  return drill;
}

/// Switches, waits for what the nodes tell, and lets everything on again.
Result<std::vector<DrillTimes>> play(identity::KillSwitchStore& store, const Drill& drill, Cutoff& cutoff,
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
  std::vector<DrillTimes> times;
  for (const DrillReport& report : *reports) times.push_back(times_of(report));
  return times;
}

}  // namespace

bool DrillTimes::good() const { return done && unended == 0 && max <= kGoodMs && learned <= kGoodMs; }

bool DrillOutcome::good() const {
  return std::all_of(nodes.begin(), nodes.end(), [](const DrillTimes& node) { return node.good(); });
}

std::string DrillOutcome::to_json() const {
  JsonWriter json;
  json.begin_object().member("at", format_time(cutoff.at)).member("by", drill.by).member("cutoff", cutoff.id);
  json.member("drill", drill.id).member("for_real", drill.for_real).member("good", good()).key("nodes").begin_array();
  for (const DrillTimes& node : nodes) {
    json.begin_object().member("calls", node.calls).member("done", node.done).member("learned_ms", node.learned);
    json.member("max_ms", node.max).member("node", node.node).member("p50_ms", node.p50).member("p99_ms", node.p99);
    json.member("unended", node.unended).end_object();
  }
  json.end_array().member("reason", cutoff.reason).member("scope", drill.scope.text());
  return json.end_object().take();
}

Result<DrillOutcome> play_drill(identity::KillSwitchStore& store, const DrillAsked& asked) {
  auto drill = announce(store, asked);
  if (!drill) return std::move(drill).error();
  const auto ready = wait_for_reports(store, drill->id, kGetReady, [](const auto&) { return false; });
  if (!ready) return ready.error();
  if (ready->empty()) {
    return Error{ErrorCode::kUnavailable, "no server answers, so there is nothing to drill; is one running?"};
  }
  auto cutoff = identity::make_cutoff(
      {asked.scope, asked.reason, drill->by, system_clock().now() + std::chrono::minutes(2), {}}, system_clock().now());
  if (!cutoff) return std::move(cutoff).error();
  auto nodes = play(store, *drill, *cutoff, asked.patience, ready->size());
  if (!nodes) return std::move(nodes).error();
  return DrillOutcome{*std::move(drill), *std::move(cutoff), *std::move(nodes)};
}

}  // namespace reeve::app
