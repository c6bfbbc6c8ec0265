#include "reeve/live_exceptions.h"

#include <algorithm>

#include "core/log.h"

namespace reeve::app {

using control::ExceptionRequest;
using control::ExceptionState;

namespace {

/// A day before its end, or a quarter of its time where that is less.
Instant told_from(const ExceptionRequest& request) {
  const Duration before = std::min<Duration>(std::chrono::hours(24), (request.ends() - request.asked.from) / 4);
  return request.ends() - before;
}

/// One line for each that has an effect, now or later.
std::string what_is_granted(std::span<const ExceptionRequest> requests, Instant now) {
  std::string lines;
  for (const ExceptionRequest& request : requests) {
    if (now >= request.ends() || !request.granted()) continue;
    lines += control::digest_of(request) + " " + format_time(request.ends()) + "\n";
  }
  return lines;
}

}  // namespace

bool LiveExceptions::look() {
  // Read before the rows: a change that comes in between is found at the next look.
  const std::uint64_t generation = registers_.exceptions().generation();
  if (generation == seen_) return false;
  auto list = registers_.exceptions().list();
  if (!list) {
    log_error("exceptions cannot be read; those of before stay in effect", {{"why", list.error().message}});
    return false;
  }
  requests_ = *std::move(list);
  seen_ = generation;
  std::string granted = what_is_granted(requests_, system_clock().now());
  std::swap(granted, granted_);
  return granted != granted_;
}

void LiveExceptions::keep_time(Instant now) {
  for (const ExceptionRequest& request : requests_) {
    ExceptionRequest over = request;
    if (control::expire(over, now)) {
      const auto kept = registers_.exceptions().update(over, control::step_of(over, "exception.expired", "", now));
      // Somebody else was faster; the next look shows it.
      if (!kept && kept.error().code != ErrorCode::kConflict) {
        log_error("the end of an exception cannot be kept", {{"id", request.id}, {"why", kept.error().message}});
      }
    } else if (request.state != ExceptionState::kRequested && now >= told_from(request) && request.in_effect(now)) {
      announce_end(request, now);
    }
  }
}

void LiveExceptions::announce_end(const ExceptionRequest& request, Instant now) {
  const std::string key = request.id + ":ends:" + format_time(request.ends());
  // One that is renewed goes on.
  if (request.state == ExceptionState::kRenewed || announced_.contains(key)) return;
  const std::string detail = control::step_of(request, "exception.expiring", "", now).detail;
  const auto announced = registers_.notifications().announce({key, "exception.expiring", now, detail});
  if (announced) announced_.insert(key);
  if (!announced) log_error("an event for notifications cannot be kept", {{"why", announced.error().message}});
}

}  // namespace reeve::app
