#include "reeve/event_ring.h"

#include "core/bytes.h"

namespace reeve::app {

std::string_view topic_name(EventTopic topic) {
  switch (topic) {
    case EventTopic::kSessions: return "sessions";
    case EventTopic::kCalls: return "calls";
    case EventTopic::kApprovals: return "approvals";
    case EventTopic::kKillSwitch: return "kill_switch";
    case EventTopic::kLedger: return "ledger";
  }
  return "ledger";
}

bool EventView::shows(const LiveEvent& event) const {
  if (!topics[static_cast<std::size_t>(event.topic)]) return false;
  const bool is_somebodys = event.topic == EventTopic::kSessions || event.topic == EventTopic::kCalls;
  return !is_somebodys || of_everybody || (!who.empty() && event.person == who);
}

void EventRing::put(LiveEvent event) {
  const std::lock_guard lock(mutex_);
  events_.push_back(std::move(event));
  if (events_.size() <= kKept) return;
  events_.pop_front();
  ++first_;
}

void EventRing::begin_anew(std::string epoch) {
  const std::lock_guard lock(mutex_);
  epoch_ = std::move(epoch);
  events_.clear();
  first_ = 0;
}

EventRing::Place EventRing::end() const {
  const std::lock_guard lock(mutex_);
  return {epoch_, first_ + events_.size()};
}

bool EventRing::has(const Place& place) const {
  return place.epoch == epoch_ && place.next >= first_ && place.next <= first_ + events_.size();
}

std::optional<EventRing::Place> EventRing::after(std::string_view id) const {
  const std::size_t dash = id.rfind('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto next = parse_int(id.substr(dash + 1));
  if (!next || *next < 0) return std::nullopt;
  Place place{std::string(id.substr(0, dash)), static_cast<std::uint64_t>(*next)};
  const std::lock_guard lock(mutex_);
  return has(place) ? std::optional(std::move(place)) : std::nullopt;
}

EventRing::Taken EventRing::take(Place& place, const EventView& view) const {
  Taken taken;
  const std::lock_guard lock(mutex_);
  if (!has(place)) {
    taken.is_lost = true;
    return taken;
  }
  while (place.next < first_ + events_.size() && taken.text.size() < kBytesAtOnce) {
    const LiveEvent& event = events_[place.next - first_];
    ++place.next;
    if (!view.shows(event)) continue;
    taken.text +=
        "id: " + id_of(place) + "\nevent: " + std::string(topic_name(event.topic)) + "\ndata: " + event.data + "\n\n";
  }
  return taken;
}

}  // namespace reeve::app
