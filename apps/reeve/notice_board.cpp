#include "reeve/notice_board.h"

#include <algorithm>

#include "core/log.h"

namespace reeve::app {

namespace {
constexpr std::size_t kAtOnce = 100;  // one transaction, some milliseconds of the main thread
}  // namespace

void NoticeBoard::put(gateway::BudgetNotice notice) {
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

void NoticeBoard::announce(control::NotificationQueue& queue) {
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
  const auto announced = queue.announce_and_note(events);
  if (announced) return;
  log_error("what budgets told cannot be kept, and is tried again", {{"why", announced.error().message}});
  const std::lock_guard lock(mutex_);
  waiting_.insert(waiting_.begin(), std::make_move_iterator(events.begin()), std::make_move_iterator(events.end()));
}

}  // namespace reeve::app
