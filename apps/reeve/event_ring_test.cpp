#include "reeve/event_ring.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace reeve::app {

namespace {

using ::testing::HasSubstr;
using ::testing::Not;

EventView everything() {
  EventView view;
  view.topics.fill(true);
  view.of_everybody = true;
  view.who = "ada@example.com";
  return view;
}

LiveEvent call_of(const std::string& person, int number) {
  return {EventTopic::kCalls, person, "{\"decision\":" + std::to_string(number) + "}"};
}

std::size_t count_of(std::string_view text, std::string_view part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

}  // namespace

TEST(EventRing, EachIsTakenOnceAndAsServerSentEvents) {
  EventRing ring("ev_1");
  ring.put(call_of("ada@example.com", 1));
  auto place = ring.end();
  ring.put(call_of("ada@example.com", 2));
  ring.put({EventTopic::kLedger, {}, "{\"entries\":9}"});
  EXPECT_EQ(ring.take(place, everything()).text,
            "id: ev_1-2\nevent: calls\ndata: {\"decision\":2}\n\nid: ev_1-3\nevent: ledger\ndata: {\"entries\":9}\n\n");
  EXPECT_EQ(ring.take(place, everything()).text, "");
  EXPECT_FALSE(ring.take(place, everything()).is_lost);
}

TEST(EventRing, OfSessionsAndCallsOthersAreNotShown) {
  EventRing ring("ev_1");
  EventView own = everything();
  own.of_everybody = false;
  auto place = ring.end();
  ring.put(call_of("eve@example.com", 1));  // not shown, and the number tells
  ring.put(call_of("", 2));
  ring.put(call_of("ada@example.com", 3));
  ring.put({EventTopic::kSessions, "eve@example.com", "{\"session\":\"of-eve\"}"});
  ring.put({EventTopic::kKillSwitch, {}, "{\"on\":1}"});
  const std::string text = ring.take(place, own).text;
  EXPECT_THAT(text, HasSubstr("\"decision\":3"));
  EXPECT_THAT(text, HasSubstr("\"on\":1"));
  EXPECT_THAT(text, Not(HasSubstr("of-eve")));
  EXPECT_EQ(count_of(text, "event: calls"), 1U);
  EXPECT_THAT(text, Not(HasSubstr("\"decision\":1}")));
  // Whoever has no name is shown nobody's, and above all not those of nobody.
  EventView nameless = own;
  nameless.who.clear();
  auto again = *ring.after("ev_1-0");
  EXPECT_EQ(count_of(ring.take(again, nameless).text, "event: calls"), 0U);
}

TEST(EventRing, TopicsThatAreNotWantedAreLeftOut) {
  EventRing ring("ev_1");
  EventView view = everything();
  view.topics.fill(false);
  view.topics[static_cast<std::size_t>(EventTopic::kLedger)] = true;
  auto place = ring.end();
  for (std::size_t i = 0; i < kEventTopics; ++i) ring.put({static_cast<EventTopic>(i), "ada@example.com", "{}"});
  const std::string text = ring.take(place, view).text;
  EXPECT_EQ(count_of(text, "event: "), 1U);
  EXPECT_THAT(text, HasSubstr("event: ledger"));
}

TEST(EventRing, WhoComesBackGoesOnWhereItWas) {
  EventRing ring("ev_1");
  for (int i = 0; i < 5; ++i) ring.put(call_of("ada@example.com", i));
  auto place = ring.after("ev_1-3");
  ASSERT_TRUE(place);
  EXPECT_EQ(count_of(ring.take(*place, everything()).text, "event: "), 2U);
  for (const std::string_view unknown :
       {"", "-", "ev_1-", "ev_1-6", "ev_1--1", "ev_2-3", "3", "ev_1-99999999999999999999"}) {
    EXPECT_FALSE(ring.after(unknown)) << unknown;
  }
}

TEST(EventRing, WhoIsTooSlowIsToldAndTheRestIsBounded) {
  EventRing ring("ev_1");
  auto place = ring.end();
  for (std::size_t i = 0; i <= EventRing::kKept; ++i) ring.put(call_of("ada@example.com", 1));
  const auto taken = ring.take(place, everything());
  EXPECT_TRUE(taken.is_lost);
  EXPECT_EQ(taken.text, "");
  EXPECT_FALSE(ring.after("ev_1-0"));
  auto oldest = ring.after("ev_1-1");
  ASSERT_TRUE(oldest);
  EXPECT_LT(ring.take(*oldest, everything()).text.size(), EventRing::kBytesAtOnce + 1'000);
  // What follows comes with the next taking.
  std::size_t left = 0;
  for (std::string text; !(text = ring.take(*oldest, everything()).text).empty();) left += count_of(text, "event: ");
  EXPECT_GT(left, 0U);
  EXPECT_EQ(oldest->next, ring.end().next);
}

TEST(EventRing, BegunAnewNothingOfBeforeIsKnown) {
  EventRing ring("ev_1");
  ring.put(call_of("ada@example.com", 1));
  auto place = ring.end();
  ring.begin_anew("ev_2");
  EXPECT_TRUE(ring.take(place, everything()).is_lost);
  EXPECT_FALSE(ring.after("ev_1-1"));
  EXPECT_EQ(ring.end().next, 0U);
}

}  // namespace reeve::app
