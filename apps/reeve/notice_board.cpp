#include "reeve/notice_board.h"

#include <algorithm>

#include "core/json.h"
#include "core/log.h"

namespace reeve::app {

namespace {
constexpr std::size_t kAtOnce = 100;  // one transaction, some milliseconds of the main thread
/// Longer than any window, so that nothing is told again in the same one.
constexpr Duration kClaimKept = std::chrono::days(93);

/// Leaves those that this node is to tell. A notice is a limit of one that whoever comes first has used up.
void leave_own(std::vector<control::Event>& events, spend::SliceStore& shared, const std::string& node) {
  std::vector<spend::SliceRequest> claims;
  for (const control::Event& event : events) {
    JsonWriter name;
    name.begin_array().value("notice").value(event.key).end_array();
    claims.push_back({.counter = name.take(),
                      .window_begin = {0},
                      .window_end = event.time + kClaimKept,
                      .limit = 1,
                      .spent = 1,  // so that it stays taken when this node starts again
                      .reserved = 0,
                      .wanted = 1});
  }
  const auto claimed = shared.exchange(node, claims);
  if (!claimed || claimed->size() != events.size()) return;  // told twice is better than not told
  std::vector<control::Event> own;
  for (std::size_t i = 0; i < events.size(); ++i) {
    if ((*claimed)[i].granted > 0) own.push_back(std::move(events[i]));
  }
  events = std::move(own);
}

}  // namespace

void NoticeBoard::put(gateway::Notice notice) {
  const std::lock_guard lock(mutex_);
  if (known_.contains(notice.key)) return;
  if (waiting_.size() >= kWaitingMax) {
    ++dropped_;
    return;
  }
  if (known_.size() >= kKnownMax) known_.clear();
  known_.insert(notice.key);
  waiting_.push_back({std::move(notice.key), std::move(notice.kind), notice.time, std::move(notice.detail)});
}

void NoticeBoard::announce(control::NotificationQueue& queue, spend::SliceStore* shared, const std::string& node) {
  std::vector<control::Event> events;
  std::uint64_t dropped = 0;
  {
    const std::lock_guard lock(mutex_);
    std::swap(dropped, dropped_);
    const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(std::min(kAtOnce, waiting_.size()));
    events.assign(std::make_move_iterator(waiting_.begin()), std::make_move_iterator(end));
    waiting_.erase(waiting_.begin(), end);
  }
  if (dropped > 0) log_warning("budgets told more than could be taken; some notices are lost", {{"lost", dropped}});
  if (events.empty()) return;
  if (shared != nullptr) leave_own(events, *shared, node);
  const auto announced = queue.announce_and_note(events);
  if (announced) return;
  log_error("what budgets told cannot be kept, and is tried again", {{"why", announced.error().message}});
  const std::lock_guard lock(mutex_);
  waiting_.insert(waiting_.begin(), std::make_move_iterator(events.begin()), std::make_move_iterator(events.end()));
}

}  // namespace reeve::app
