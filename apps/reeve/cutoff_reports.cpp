#include "reeve/cutoff_reports.h"

#include "core/json.h"
#include "core/log.h"

namespace reeve::app {

namespace {

/// As many as can be in force. Beyond that the oldest go untold.
constexpr std::size_t kWaitingMax = identity::KillSwitchStore::kCutoffsMax;
/// What cannot be told is tried again after a second, two, four and so on: four minutes in all.
constexpr int kTriesMax = 8;

std::int64_t milliseconds(Duration duration) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
}

}  // namespace

CutoffReports::CutoffReports(const gateway::CutoffTally& tally, std::string node, Record record, Duration told_after)
    : tally_(tally), node_(std::move(node)), record_(std::move(record)), told_after_(told_after), thread_([this] {
        run();
      }) {}

CutoffReports::~CutoffReports() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
  for (auto& [due, waiting] : waiting_) tell(waiting);
}

void CutoffReports::add(Applied applied) {
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() >= kWaitingMax) {
      log_error("what a cutoff did is not told: too many wait", {{"id", waiting_.begin()->second.applied.cutoff.id}});
      waiting_.erase(waiting_.begin());
    }
    waiting_.emplace(system_clock().steady() + told_after_, Waiting{std::move(applied)});
  }
  wake_.notify_all();
}

void CutoffReports::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const Moment now = system_clock().steady();
    if (waiting_.empty()) {
      wake_.wait(lock);
    } else if (waiting_.begin()->first > now) {
      wake_.wait_for(lock, waiting_.begin()->first - now);
    } else {
      Waiting next = std::move(waiting_.extract(waiting_.begin()).mapped());
      lock.unlock();
      const bool told = tell(next);
      lock.lock();
      if (told) continue;
      if (++next.tries < kTriesMax) {
        waiting_.emplace(now + std::chrono::seconds(1 << (next.tries - 1)), std::move(next));
      } else {
        log_error("what a cutoff did is not told", {{"id", next.applied.cutoff.id}});
      }
    }
  }
}

/// False: something of it is still to be told.
bool CutoffReports::tell(Waiting& waiting) {
  const identity::Cutoff& cutoff = waiting.applied.cutoff;
  const std::string detail = what_it_did(waiting.applied);
  if (!cutoff.drill.empty() && !waiting.drill_told) {
    const auto told = waiting.applied.store->report_drill(cutoff.drill, {node_, true, detail});
    waiting.drill_told = told.ok();
    if (!told) log_error("a drill cannot be answered", {{"drill", cutoff.drill}, {"why", told.error().message}});
  }
  if (!cutoff.practice && !waiting.recorded) waiting.recorded = record_("kill.applied", detail).has_value();
  return (cutoff.drill.empty() || waiting.drill_told) && (cutoff.practice || waiting.recorded);
}

std::string CutoffReports::what_it_did(const Applied& applied) const {
  const gateway::CutoffTally::Times times = tally_.times_of(applied.cutoff.id);
  JsonWriter json;
  json.begin_object().member("calls", times.cut).member("id", applied.cutoff.id);
  json.member("learned_ms", milliseconds(applied.cutoff.since_switch(applied.learned)));
  json.member("max_ms", milliseconds(times.quantile(1))).member("node", node_);
  json.member("p50_ms", milliseconds(times.quantile(0.5))).member("p99_ms", milliseconds(times.quantile(0.99)));
  json.member("scope", applied.cutoff.scope.text());
  json.member("unended", times.cut - times.ended);
  return json.end_object().take();
}

}  // namespace reeve::app
