// Many threads on nested budgets at once: sums stay under every limit, and nothing stays held.

#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <thread>

#include "spend/budgets_for_tests.h"

namespace reeve::spend {
namespace {

constexpr const char* kNested = R"(
kind: Budget
name: everybody
window: month
reserve: maximum
limit: {money: $20, requests: 9k}
---
kind: Budget
name: team
each: [team]
window: month
limit: {money: $12, tokens: 4M}
---
kind: Budget
name: person
each: [team, person]
window: month
limit: {money: $2, concurrent: 6}
---
kind: Budget
name: session
window: session
limit: {money: $1}
)";

struct Totals {
  std::atomic<std::int64_t> money{0}, requests{0}, admitted{0}, refused{0};
};

void make_calls(Budgets& budgets, std::uint64_t seed, int count, Totals& totals) {
  std::mt19937_64 random(seed);
  const auto number = [&random](std::int64_t from, std::int64_t to) {
    return std::uniform_int_distribution<std::int64_t>(from, to)(random);
  };
  std::vector<Reservation> open;
  const auto end_one = [&] {
    Reservation reservation = std::move(open.back());
    open.pop_back();
    if (number(0, 4) == 0) return;  // dropped: nothing was sent
    budgets.top_up(reservation, {{number(0, kCent)}, 50, 0});
    const Amounts held = reservation.amounts();
    const Amounts actual{{number(0, held.money.nanos)}, number(0, held.tokens), 1};
    totals.money += actual.money.nanos;
    totals.requests += 1;
    budgets.settle(std::move(reservation), actual);
  };
  for (int i = 0; i < count; ++i) {
    const std::string team = "team-" + std::to_string(number(0, 1));
    const std::string person = "person-" + std::to_string(number(0, 9));
    const std::string session = person + "-" + std::to_string(number(0, 19));
    Admission admission =
        budgets.admit_now(call_of(team, person, session), cents(1, 100), cents(number(1, 3), number(1, 2'000)));
    if (admission.verdict == Admission::Verdict::kAdmitted) {
      ++totals.admitted;
      open.push_back(std::move(admission.reservation));
    } else {
      ++totals.refused;
    }
    if (open.size() > 4 || (!open.empty() && number(0, 2) == 0)) end_one();
  }
  while (!open.empty()) end_one();
}

void check_limits(const std::vector<CounterView>& views) {
  for (const CounterView& view : views) {
    for (const CounterView::Line& line : view.lines) {
      ASSERT_LE(line.spent + line.reserved, line.limit) << view.budget << " " << view.scope;
    }
  }
}

TEST(BudgetsStress, TenThousandCallsOfEightThreads) {
  const auto set = budgets_of(kNested);
  const auto budgets = Budgets::create({});
  budgets->publish(set, Books(set));
  Totals totals;
  std::vector<std::thread> threads;
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    threads.emplace_back([&, seed] { make_calls(*budgets, seed, 1'250, totals); });
  }
  // Meanwhile sets come in force, and somebody looks.
  for (int i = 0; i < 20; ++i) {
    const auto same = budgets_of(kNested);
    budgets->publish(same, Books(same));
    check_limits(budgets->counters(""));
    std::this_thread::yield();
  }
  for (std::thread& thread : threads) thread.join();
  const auto views = budgets->counters("");
  check_limits(views);
  for (const CounterView& view : views) {
    for (const CounterView::Line& line : view.lines) EXPECT_EQ(line.reserved, 0) << view.budget << " " << view.scope;
    if (view.budget != "everybody") continue;
    EXPECT_EQ(view.lines[0].spent, totals.money.load());
    EXPECT_EQ(view.lines[1].spent, totals.requests.load());
  }
  EXPECT_GT(totals.admitted.load(), 500);
  EXPECT_GT(totals.refused.load(), 500);
  EXPECT_EQ(budgets->overshoot().nanos, 0);
}

/// A cap of 10 cents, 64 calls at once of 1.7 cents: five fit, whoever is first.
TEST(BudgetsStress, ACapHoldsAgainstCallsAtOnce) {
  const auto set = budgets_of("kind: Budget\nname: cap\nwindow: day\nlimit: {money: $0.10}\n");
  for (int round = 0; round < 100; ++round) {
    const auto budgets = Budgets::create({});
    budgets->publish(set, Books(set));
    std::atomic<int> admitted{0};
    std::vector<std::thread> threads;
    std::vector<std::vector<Reservation>> kept(4);
    for (std::size_t t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < 16; ++i) {
          Admission admission =
              budgets->admit_now(call_of("a", "b"), {{17 * kCent / 10}, 1, 1}, {{17 * kCent / 10}, 1, 1});
          if (!admission.reservation) continue;
          ++admitted;
          kept[t].push_back(std::move(admission.reservation));
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    ASSERT_EQ(admitted.load(), 5);
  }
}

}  // namespace
}  // namespace reeve::spend
