#include <gmock/gmock.h>

#include "spend/budgets_for_tests.h"

namespace reeve::spend {
namespace {

using ::testing::HasSubstr;
using Verdict = Admission::Verdict;

Instant at(const char* text) { return *parse_time(text); }

/// Budgets on a clock that stands still.
struct Fixture {
  explicit Fixture(const std::string& yaml, const char* time = "2026-11-20T12:00:00Z")
      : clock(at(time)), budgets(Budgets::create({.clock = &clock})) {
    put(yaml);
  }
  void put(const std::string& yaml) {
    set = budgets_of(yaml);
    budgets->publish(set, Books(set));
  }
  Admission admit(const CallScope& call, const Amounts& hold) { return budgets->admit_now(call, hold, hold); }
  /// Spends, or tells what refused.
  std::string spend(const CallScope& call, const Amounts& amounts) {
    Admission admission = admit(call, amounts);
    if (admission.verdict != Verdict::kAdmitted) return admission.refusal->budget;
    budgets->settle(std::move(admission.reservation), amounts);
    return "";
  }
  std::int64_t spent(std::string_view budget, std::size_t counter = 0) {
    const auto views = budgets->counters(budget);
    return counter < views.size() ? views[counter].lines[0].spent : 0;
  }

  ManualClock clock;
  std::shared_ptr<const BudgetSet> set;
  std::unique_ptr<Budgets> budgets;
};

constexpr const char* kTeam = R"(
kind: Budget
name: payments
message: Ask in the channel.
for: {team: payments}
window: month
limit: {money: $1}
thresholds: [{at: 50%, do: notify}, {at: 80%, do: notify}]
)";

TEST(Admission, WithoutBudgetsEverythingPasses) {
  Fixture fixture("");
  const Admission admission = fixture.admit(call_of("payments", "mara"), cents(100'000));
  EXPECT_EQ(admission.verdict, Verdict::kAdmitted);
  EXPECT_FALSE(admission.fullest);
}

TEST(Admission, HoldsUntilSettled) {
  Fixture fixture(kTeam);
  Admission first = fixture.admit(call_of("payments", "mara"), cents(60));
  ASSERT_EQ(first.verdict, Verdict::kAdmitted);
  Admission second = fixture.admit(call_of("payments", "jon"), cents(60));
  ASSERT_EQ(second.verdict, Verdict::kRefused);
  EXPECT_EQ(second.refusal->budget, "payments");
  EXPECT_EQ(second.refusal->sentence,
            "The team payments has spent $0.00 of $1.00 this month; calls under way hold $0.60, and this one may cost "
            "$0.60.");
  EXPECT_EQ(second.refusal->message, "Ask in the channel.");
  EXPECT_EQ(second.refusal->resets_at, at("2026-12-01"));
  fixture.budgets->settle(std::move(first.reservation), cents(10));
  EXPECT_EQ(fixture.spend(call_of("payments", "jon"), cents(60)), "");
  EXPECT_EQ(fixture.spent("payments"), 70 * kCent);
  EXPECT_EQ(fixture.spend(call_of("search", "kim"), cents(60'000)), "") << "another team's call";
}

TEST(Admission, AReservationThatIsDroppedIsReleased) {
  Fixture fixture(kTeam);
  {
    const Admission dropped = fixture.admit(call_of("payments", "mara"), cents(100));
  }
  Admission again = fixture.admit(call_of("payments", "mara"), cents(100));
  ASSERT_EQ(again.verdict, Verdict::kAdmitted);
  fixture.budgets->release(std::move(again.reservation));
  EXPECT_EQ(fixture.spend(call_of("payments", "mara"), cents(100)), "");
  EXPECT_EQ(fixture.spend(call_of("payments", "mara"), cents(1)), "payments");
}

TEST(Admission, AllOrNothing) {
  Fixture fixture(std::string(kTeam) +
                  "---\nkind: Budget\nname: a-person\neach: person\nwindow: day\n"
                  "limit: {money: $0.50}\n");
  EXPECT_EQ(fixture.spend(call_of("payments", "mara"), cents(60)), "a-person");
  EXPECT_EQ(fixture.spend(call_of("payments", "mara"), cents(40)), "");
  EXPECT_EQ(fixture.spend(call_of("payments", "mara"), cents(20)), "a-person");
  EXPECT_EQ(fixture.spend(call_of("payments", "jon"), cents(50)), "");
  EXPECT_EQ(fixture.spent("payments"), 90 * kCent) << "refused calls hold nothing anywhere";
}

TEST(Admission, TopsUpOrEnds) {
  Fixture fixture(kTeam);
  Admission admission = fixture.admit(call_of("payments", "mara"), cents(60));
  EXPECT_TRUE(fixture.budgets->top_up(admission.reservation, {{40 * kCent}, 100, 0}));
  EXPECT_EQ(admission.reservation.amounts(), (Amounts{{100 * kCent}, 100, 1}));
  BudgetRefusal why;
  EXPECT_FALSE(fixture.budgets->top_up(admission.reservation, {{1}, 0, 0}, &why));
  EXPECT_EQ(why.budget, "payments");
  EXPECT_EQ(admission.reservation.amounts(), (Amounts{{100 * kCent}, 100, 1}));
  fixture.budgets->settle(std::move(admission.reservation), cents(100));
  EXPECT_EQ(fixture.budgets->overshoot().nanos, 0);
}

TEST(Admission, TellsOfThresholdsOnceAWindow) {
  Fixture fixture(kTeam);
  EXPECT_TRUE(fixture.admit(call_of("payments", "mara"), cents(49)).reached.empty());
  EXPECT_EQ(fixture.spend(call_of("payments", "mara"), cents(49)), "");
  const Admission first = fixture.admit(call_of("payments", "mara"), cents(1));
  ASSERT_EQ(first.reached.size(), 1U);
  EXPECT_TRUE(first.reached[0].newly);
  EXPECT_EQ(first.reached[0].threshold->percent, 50);
  EXPECT_EQ(first.reached[0].scope, "team payments");
  EXPECT_EQ(first.fullest->percent, 50);
  const Admission second = fixture.admit(call_of("payments", "mara"), cents(40));
  ASSERT_EQ(second.reached.size(), 2U);
  EXPECT_FALSE(second.reached[0].newly);
  EXPECT_TRUE(second.reached[1].newly);
  fixture.clock.advance(std::chrono::days(14));
  EXPECT_TRUE(fixture.admit(call_of("payments", "mara"), cents(50)).reached.front().newly);
}

TEST(Admission, ConcurrencyAndRates) {
  Fixture fixture(
      "kind: Budget\nname: busy\nwindow: day\nlimit: {concurrent: 2, requests_per_minute: 3, tokens_per_minute: 1k}\n");
  Admission first = fixture.admit(call_of("t", "p"), cents(1, 100));
  Admission second = fixture.admit(call_of("t", "p"), cents(1, 100));
  const Admission third = fixture.admit(call_of("t", "p"), cents(1, 100));
  ASSERT_EQ(third.verdict, Verdict::kRefused);
  EXPECT_EQ(third.refusal->quantity, Quantity::kConcurrent);
  EXPECT_FALSE(third.refusal->resets_at);
  fixture.budgets->settle(std::move(first.reservation), cents(1, 900));
  const Admission tokens = fixture.admit(call_of("t", "p"), cents(1, 100));
  ASSERT_EQ(tokens.verdict, Verdict::kRefused);
  EXPECT_EQ(tokens.refusal->quantity, Quantity::kTokensPerMinute);
  fixture.clock.step_wall_clock(std::chrono::minutes(5));
  EXPECT_EQ(fixture.admit(call_of("t", "p"), cents(1, 100)).verdict, Verdict::kRefused) << "no minute has passed";
  fixture.clock.advance(std::chrono::minutes(1));
  EXPECT_EQ(fixture.spend(call_of("t", "p"), cents(1, 100)), "");
}

TEST(Admission, CarriesOverWhatWasLeft) {
  Fixture fixture("kind: Budget\nname: day\nwindow: day\nlimit: {money: $1}\ncarry_over: 50%\n");
  EXPECT_EQ(fixture.spend(call_of("t", "p"), cents(101)), "day") << "nothing was spent before, so nothing is left over";
  EXPECT_EQ(fixture.spend(call_of("t", "p"), cents(80)), "");
  fixture.clock.advance(std::chrono::hours(24));
  EXPECT_EQ(fixture.spend(call_of("t", "p"), cents(121)), "day");
  EXPECT_EQ(fixture.spend(call_of("t", "p"), cents(120)), "");
  fixture.clock.advance(std::chrono::hours(24));
  EXPECT_EQ(fixture.spend(call_of("t", "p"), cents(101)), "day") << "more than the limit was spent";
  EXPECT_EQ(fixture.spend(call_of("t", "p"), cents(10)), "");
  fixture.clock.advance(std::chrono::hours(24));
  EXPECT_EQ(fixture.spend(call_of("t", "p"), cents(150)), "") << "at most half";
}

TEST(Admission, ExceptionsRaiseACounter) {
  Fixture fixture("kind: Budget\nname: day\neach: person\nwindow: day\nlimit: {money: $1}\n");
  EXPECT_EQ(fixture.spend(call_of("t", "mara"), cents(100)), "");
  const Instant now = fixture.clock.now();
  fixture.budgets->allow(
      {{"x-1", "day", {{Dimension::kPerson, "mara"}}, {{50 * kCent}, 0, 0}, now, now + std::chrono::hours(1)}});
  EXPECT_EQ(fixture.spend(call_of("t", "jon"), cents(101)), "day");
  EXPECT_EQ(fixture.spend(call_of("t", "mara"), cents(30)), "");
  fixture.clock.advance(std::chrono::hours(1));
  EXPECT_EQ(fixture.spend(call_of("t", "mara"), cents(20)), "day") << "it has ended";
}

TEST(Admission, AClockThatIsSetBackFindsItsWindow) {
  Fixture fixture("kind: Budget\nname: hour\nwindow: hour\nlimit: {money: $1}\n");
  EXPECT_EQ(fixture.spend(call_of("t", "p"), cents(100)), "");
  fixture.clock.advance(std::chrono::hours(3));
  EXPECT_EQ(fixture.spend(call_of("t", "p"), cents(60)), "");
  fixture.clock.step_wall_clock(-std::chrono::hours(3));
  EXPECT_EQ(fixture.spend(call_of("t", "p"), cents(1)), "hour");
  fixture.clock.step_wall_clock(std::chrono::hours(3));
  EXPECT_EQ(fixture.spend(call_of("t", "p"), cents(41)), "hour");
  EXPECT_EQ(fixture.spend(call_of("t", "p"), cents(40)), "");
  // Two days on the first hours are forgotten, and do not begin anew.
  fixture.clock.advance(std::chrono::hours(48));
  EXPECT_EQ(fixture.spend(call_of("t", "p"), cents(100)), "");
  fixture.clock.step_wall_clock(-std::chrono::hours(51));
  Admission late = fixture.admit(call_of("t", "p"), cents(100));
  fixture.budgets->settle(std::move(late.reservation), cents(100));
  EXPECT_EQ(fixture.spend(call_of("t", "p"), cents(1)), "hour");
}

TEST(Admission, SessionsAndCallsWithoutOne) {
  Fixture fixture("kind: Budget\nname: s\nwindow: session\nlimit: {money: $1}\n");
  EXPECT_EQ(fixture.spend(call_of("t", "p", "one"), cents(100)), "");
  fixture.clock.advance(std::chrono::days(3));
  EXPECT_EQ(fixture.spend(call_of("t", "p", "one"), cents(1)), "s");
  EXPECT_EQ(fixture.spend(call_of("t", "p", "two"), cents(100)), "");
  EXPECT_EQ(fixture.spend(call_of("t", "p", ""), cents(100)), "");
  EXPECT_EQ(fixture.spend(call_of("t", "q", ""), cents(1)), "s");
  fixture.clock.advance(std::chrono::days(1));
  EXPECT_EQ(fixture.spend(call_of("t", "p", ""), cents(100)), "") << "another day";
}

TEST(Admission, CountersOfWindowsThatAreOverAreSwept) {
  Fixture fixture("kind: Budget\nname: hour\neach: person\nwindow: hour\nlimit: {money: $1}\n");
  for (int hour = 0; hour < 200; ++hour) {
    for (int i = 0; i < 50; ++i) {
      fixture.spend(call_of("t", "p-" + std::to_string(hour * 50 + i)), cents(1));
    }
    fixture.clock.advance(std::chrono::hours(1));
  }
  EXPECT_LT(fixture.budgets->live_counters(), 50U * 26 * 2);
}

TEST(Admission, ANewBudgetBeginsWithWhatIsUnderWay) {
  Fixture fixture(kTeam);
  Admission open = fixture.admit(call_of("payments", "mara"), cents(60));
  const std::string person = "---\nkind: Budget\nname: person\neach: person\nwindow: day\nlimit: {money: $1}\n";
  fixture.put(kTeam + person);
  EXPECT_EQ(fixture.spend(call_of("search", "mara"), cents(50)), "person");
  fixture.budgets->settle(std::move(open.reservation), cents(10));
  EXPECT_EQ(fixture.spend(call_of("search", "mara"), cents(90)), "");
  EXPECT_EQ(fixture.spent("payments"), 10 * kCent);
}

TEST(Admission, WhatIsFreeCountsInItsMinuteOnly) {
  Fixture fixture("kind: Budget\nname: busy\nwindow: day\nlimit: {money: $1, requests: 1, requests_per_minute: 2}\n");
  EXPECT_EQ(fixture.spend(call_of("t", "p"), {}), "");  // as counting tokens is held and settled
  EXPECT_EQ(fixture.spend(call_of("t", "p"), cents(100)), "");
  const Admission third = fixture.admit(call_of("t", "p"), {});
  ASSERT_EQ(third.verdict, Verdict::kRefused);
  EXPECT_EQ(third.refusal->quantity, Quantity::kRequestsPerMinute);
  fixture.clock.advance(std::chrono::minutes(1));
  EXPECT_EQ(fixture.spend(call_of("t", "p"), {}), "") << "what is used up does not stop what is free";
}

TEST(Admission, SessionsInWhichNothingWasSpentAreSoonForgotten) {
  Fixture fixture("kind: Budget\nname: s\nwindow: session\nlimit: {money: $1}\n");
  EXPECT_EQ(fixture.spend(call_of("t", "p", "paid"), cents(100)), "");
  for (int minute = 0; minute < 20; ++minute) {
    for (int i = 0; i < 1'000; ++i) {
      fixture.spend(call_of("t", "p", "made-up-" + std::to_string(minute) + "-" + std::to_string(i)), {});
    }
    fixture.clock.advance(std::chrono::minutes(1));
  }
  EXPECT_LT(fixture.budgets->live_counters(), 8'000U);
  EXPECT_EQ(fixture.spend(call_of("t", "p", "paid"), cents(1)), "s");
}

/// What calls of "mara" come to in a budget that is published while they run.
constexpr const char* kMara = "kind: Budget\nname: person\neach: person\nwindow: day\nlimit: {money: $1}\n";

CallScope named(CallScope call, std::string_view request) {
  call.request_id = request;
  call.attempt = 1;
  return call;
}

TEST(Publishing, ACallThatNoBudgetCountedIsCountedByOneThatIsNew) {
  Fixture fixture("");
  Admission open = fixture.admit(call_of("search", "mara"), cents(60));
  ASSERT_EQ(open.verdict, Verdict::kAdmitted);
  EXPECT_FALSE(open.reservation.counted());
  fixture.put(kMara);
  EXPECT_TRUE(open.reservation.counted());
  EXPECT_EQ(fixture.spend(call_of("search", "mara"), cents(50)), "person") << "60 cents are under way";
  fixture.budgets->settle(std::move(open.reservation), cents(70));
  EXPECT_EQ(fixture.spent("person"), 70 * kCent);
}

TEST(Publishing, WhatIsSettledBehindTheBooksIsCounted) {
  Fixture fixture("");
  Admission open = fixture.admit(named(call_of("search", "mara"), "a"), cents(60));
  const auto set = budgets_of(kMara);
  EXPECT_TRUE(fixture.budgets->prepare(*set));
  const Books books(set);  // read before the call ends
  fixture.budgets->settle(std::move(open.reservation), cents(40));
  fixture.budgets->publish(set, books);
  EXPECT_EQ(fixture.spent("person"), 40 * kCent);
  EXPECT_FALSE(fixture.budgets->prepare(*set)) << "its counters go on";
}

TEST(Publishing, WhatTheBooksHaveIsCountedOnce) {
  Fixture fixture("");
  const CallScope scope = named(call_of("search", "mara"), "a");
  Admission ended = fixture.admit(scope, cents(60));
  Admission open = fixture.admit(named(call_of("search", "mara"), "b"), cents(20));
  const auto set = budgets_of(kMara);
  fixture.budgets->prepare(*set);
  Books books(set);
  const Instant now = fixture.clock.now();
  books.add({"a", 1, now, scope, cents(40)});
  books.add({"b", 1, now, scope, cents(10)});
  fixture.budgets->settle(std::move(ended.reservation), cents(40));
  fixture.budgets->publish(set, books);
  EXPECT_EQ(fixture.spent("person"), 50 * kCent);
  fixture.budgets->settle(std::move(open.reservation), cents(10));  // its outcome was read before it got here
  EXPECT_EQ(fixture.spent("person"), 50 * kCent);
}

TEST(Publishing, ASetThatIsAbandonedLeavesNothing) {
  Fixture fixture("");
  Admission open = fixture.admit(named(call_of("search", "mara"), "a"), cents(60));
  const auto set = budgets_of(kMara);
  fixture.budgets->prepare(*set);
  fixture.budgets->settle(std::move(open.reservation), cents(40));
  fixture.budgets->abandon();
  Books books(set);
  books.add({"c", 1, fixture.clock.now(), call_of("search", "mara"), cents(40)});
  fixture.budgets->publish(set, books);
  EXPECT_EQ(fixture.spent("person"), 40 * kCent);
}

TEST(Admission, MoreThanWasHeldIsCountedAndTold) {
  Fixture fixture(kTeam);
  Admission admission = fixture.admit(call_of("payments", "mara"), cents(90));
  fixture.budgets->settle(std::move(admission.reservation), cents(130));
  EXPECT_EQ(fixture.spent("payments"), 130 * kCent);
  EXPECT_EQ(fixture.budgets->overshoot().nanos, 30 * kCent);
  EXPECT_EQ(fixture.spend(call_of("payments", "mara"), cents(1)), "payments");
}

}  // namespace
}  // namespace reeve::spend
