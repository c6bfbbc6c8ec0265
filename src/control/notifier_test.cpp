// Who is told of what.

#include <gtest/gtest.h>

#include <algorithm>

#include "control/control.h"

namespace reeve::control {
namespace {

/// One event that waits; keeps where it was routed.
class QueueForTests final : public NotificationQueue {
 public:
  Result<void> announce(const Event& event) override {
    events_ = {event};
    return {};
  }
  Result<void> announce_and_note(std::span<const Event>) override { return {}; }
  Result<std::vector<Event>> unrouted() override { return events_; }
  Result<void> route(std::string_view, std::span<const std::string> destinations, Instant) override {
    routed.assign(destinations.begin(), destinations.end());
    events_.clear();
    return {};
  }
  Result<std::vector<Delivery>> claim(Instant, Duration) override { return std::vector<Delivery>(); }
  Result<void> delivered(std::int64_t, Instant) override { return {}; }
  Result<void> failed(std::int64_t, std::string_view, std::optional<Instant>, Instant) override { return {}; }
  Result<void> retry(std::int64_t, Instant) override { return {}; }
  Result<std::vector<Delivery>> list(std::optional<Delivery::State>, std::size_t) override {
    return std::vector<Delivery>();
  }
  Result<void> forget(Instant) override { return {}; }

  std::vector<std::string> routed;

 private:
  std::vector<Event> events_;
};

class SenderForTests final : public Sender {
 public:
  Result<void> send(const Destination&, const Event&, Instant) override { return {}; }
};

using Names = std::vector<std::string>;

Destination destination(const std::string& name, std::vector<std::string> events) {
  Destination made;
  made.name = name;
  made.events = std::move(events);
  return made;
}

Names told_of(const std::string& kind, const std::vector<Destination>& destinations) {
  QueueForTests queue;
  SenderForTests sender;
  Notifier notifier(queue, sender);
  EXPECT_TRUE(queue.announce({"key", kind, from_unix_seconds(1), "{}"}).ok());
  notifier.step(destinations, system_clock());
  return queue.routed;
}

TEST(Notifier, TellsWhoeverNamesTheEvent) {
  const std::vector<Destination> both{destination("chat", {"anomaly"}), destination("pager", {"kill.switched"})};
  EXPECT_EQ(told_of("anomaly", both), Names{"chat"});
  EXPECT_EQ(told_of("kill.switched", both), Names{"pager"});
  EXPECT_EQ(told_of("kill.drilled", both), Names{});
}

TEST(Notifier, TellsEverybodyOfTheKillSwitchWhereNobodyAsked) {
  const std::vector<Destination> both{destination("chat", {"anomaly"}), destination("mail", {"budget.threshold"})};
  EXPECT_EQ(told_of("kill.switched", both), (Names{"chat", "mail"}));
  EXPECT_EQ(told_of("budget.exhausted", both), Names{}) << "of other things only who asked";
}

TEST(Notifier, TellsEverybodyOfBreakGlassWhateverTheyAskedFor) {
  const std::vector<Destination> both{destination("chat", {"anomaly"}), destination("mail", {"break_glass.opened"})};
  for (const char* kind : {"break_glass.sealed", "break_glass.refused", "break_glass.opened"}) {
    EXPECT_EQ(told_of(kind, both), (Names{"chat", "mail"})) << kind;
  }
}

TEST(Notifier, KnowsEachEventOnce) {
  const auto kinds = event_kinds();
  for (const char* kind :
       {"agent.stopped", "break_glass.refused", "client.settings_drift", "provider.key_set_aside", "sealing.rotated"}) {
    EXPECT_EQ(std::count(kinds.begin(), kinds.end(), kind), 1) << kind;
  }
}

}  // namespace
}  // namespace reeve::control
