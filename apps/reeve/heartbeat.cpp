#include "reeve/heartbeat.h"

#include "core/json.h"
#include "core/log.h"

namespace reeve::app {

namespace {

// Corrections by which a clock is made to agree with others are slower than this between two looks.
constexpr Duration kStepAtLeast = std::chrono::milliseconds(100);

std::int64_t microseconds(Duration duration) {
  return std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
}

}  // namespace

ClockWatch::ClockWatch(const Clock& clock) : clock_(clock), last_(ahead()), drift_base_(last_) {}

/// Read so that a pause between the two clocks does not look like a step.
Duration ClockWatch::ahead() const {
  constexpr int kTries = 5;
  Duration best{};
  Duration narrowest = Duration::max();
  for (int i = 0; i < kTries && narrowest > std::chrono::milliseconds(1); ++i) {
    const Moment before = clock_.steady();
    const Instant wall = clock_.now();
    const Duration width = clock_.steady() - before;
    if (width >= narrowest) continue;
    narrowest = width;
    best = Duration(wall.nanoseconds) - before.time_since_epoch();
  }
  return best;
}

std::optional<Duration> ClockWatch::look() {
  const Duration now = ahead();
  const Duration by = now - last_;
  last_ = now;
  if (by < kStepAtLeast && -by < kStepAtLeast) return std::nullopt;
  drift_base_ += by;
  return by;
}

Duration ClockWatch::take_drift() {
  const Duration drift = last_ - drift_base_;
  drift_base_ = last_;
  return drift;
}

Heartbeat::Heartbeat(ledger::Log& log, Duration interval, const Clock& clock, Record record)
    : log_(log),
      interval_(interval),
      clock_(clock),
      record_(std::move(record)),
      clock_watch_(clock),
      due_(clock.steady() + interval) {}

void Heartbeat::look() {
  if (const auto by = clock_watch_.look()) {
    log_warning("the clock was set, or the machine slept", {{"by_us", microseconds(*by)}});
    record_("clock.stepped", JsonWriter().begin_object().member("by_us", microseconds(*by)).end_object().take());
  }
  if (clock_.steady() < due_) return;
  // One that could not be written has a number, which the gap will tell of; it is tried again once it can be.
  if (late_ && !log_.writable()) return;
  const auto before = told_;
  late_ = !record_("service.heartbeat", detail()).has_value();
  if (late_) {
    told_ = before;
  } else {
    due_ = clock_.steady() + interval_;
  }
}

std::string Heartbeat::detail() {
  JsonWriter json;
  json.begin_object().key("clock").begin_object();
  json.member("drift_us", microseconds(clock_watch_.take_drift())).end_object();
  json.member("interval_ms", std::chrono::duration_cast<std::chrono::milliseconds>(interval_).count());
  json.key("producers").begin_object();
  for (const ledger::Producer* producer : log_.producers()) {
    // What failed is read first: a record that fails meanwhile is then counted as accepted until the next one, and not
    // the other way round.
    Counts now{0, producer->refused(), producer->lost()};
    now.taken = producer->taken();
    Counts& last = told_[producer->name()];
    const std::uint64_t failed = now.refused - last.refused + now.lost - last.lost;
    const std::uint64_t taken = now.taken - last.taken;
    json.key(producer->name()).begin_object().member("accepted", taken > failed ? taken - failed : 0);
    json.member("lost", now.lost - last.lost).member("number", now.taken);
    json.member("refused", now.refused - last.refused).end_object();
    last = now;
  }
  return json.end_object().end_object().take();
}

std::string Heartbeat::last_words() const {
  JsonWriter json;
  json.begin_object().key("producers").begin_object();
  for (const ledger::Producer* producer : log_.producers()) {
    json.key(producer->name()).begin_object().member("number", producer->taken()).end_object();
  }
  return json.end_object().end_object().take();
}

}  // namespace reeve::app
