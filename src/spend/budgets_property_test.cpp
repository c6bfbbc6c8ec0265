// Random budgets, calls, aborts, top-ups, settlements, clock steps and sets coming in force, against a plain model that
// keeps every call it ever saw and adds them up anew.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "core/bytes.h"
#include "spend/budget_set.h"
#include "spend/budgets_for_tests.h"

namespace reeve::spend {
namespace {

using Random = std::mt19937_64;

std::int64_t number(Random& random, std::int64_t from, std::int64_t to) {
  return std::uniform_int_distribution<std::int64_t>(from, to)(random);
}
template <typename T>
const T& one_of(Random& random, const std::vector<T>& list) {
  return list[static_cast<std::size_t>(number(random, 0, static_cast<std::int64_t>(list.size()) - 1))];
}

const std::vector<std::string> kTeams{"payments", "search", ""};
const std::vector<std::string> kPeople{"mara", "jon", "kim", "lea"};
const std::vector<std::string> kSessions{"s-1", "s-2", "s-3", "s-4"};
const std::vector<std::string> kWindows{"hour", "day", "week", "month", "quarter", "{rolling: 6h}", "session"};

std::string random_budget(Random& random, int index) {
  std::string yaml = "kind: Budget\nname: b-" + std::to_string(index) + "\nreserve: maximum\n";
  yaml += "window: " + one_of(random, kWindows) + "\ntime_zone: Europe/Berlin\n";
  if (number(random, 0, 1) == 0) yaml += "for: {team: [" + one_of(random, kTeams) + "x, payments, search]}\n";
  const std::vector<std::string> each{"[]", "[team]", "[person]", "[team, person]", "[session]"};
  yaml += "each: " + one_of(random, each) + "\nlimit: {money: " + std::to_string(number(random, 1, 40)) + "";
  if (number(random, 0, 2) == 0) yaml += ", tokens: " + std::to_string(number(random, 1, 40) * 1000);
  if (number(random, 0, 2) == 0) yaml += ", requests: " + std::to_string(number(random, 1, 60));
  if (number(random, 0, 3) == 0) yaml += ", concurrent: " + std::to_string(number(random, 1, 6));
  return yaml + "}\n---\n";
}

struct ModelCall {
  std::string team, person, session;
  Instant time;
  Amounts amounts;  // held, or settled
  bool open = true;
  Reservation reservation;

  CallScope scope() const { return call_of(team, person, session); }
};

/// Adds up what falls under one counter of a budget in the window that holds `at`.
struct Sum {
  Amounts total;
  std::int64_t open = 0;
};

class Model {
 public:
  explicit Model(std::shared_ptr<const BudgetSet> set) : set_(std::move(set)) {}

  static std::string key_of(const Budget& budget, const CallScope& call) {
    std::string key;
    append_key(key, budget, call);
    return key;
  }
  bool falls_under(const Budget& budget, const CallScope& call) const {
    std::vector<std::uint32_t> found;
    LoadedBudgets::of(*set_).matching(call, found);
    const auto index = static_cast<std::uint32_t>(&budget - set_->list().data());
    return std::find(found.begin(), found.end(), index) != found.end();
  }
  Sum sum(const Budget& budget, const std::string& key, Instant begin, Instant end,
          const std::vector<ModelCall>& calls) const {
    Sum sum;
    for (const ModelCall& call : calls) {
      if (!falls_under(budget, call.scope()) || key_of(budget, call.scope()) != key) continue;
      if (call.open) ++sum.open;
      if (call.time < begin || call.time >= end) continue;
      sum.total.money += call.amounts.money;
      sum.total.tokens += call.amounts.tokens;
      sum.total.requests += call.amounts.requests;
    }
    return sum;
  }

  /// No window of any budget is past its limit: checked around every call that was made.
  void check(const std::vector<ModelCall>& calls, const ModelCall& of) const {
    for (const Budget& budget : set_->list()) {
      if (!falls_under(budget, of.scope())) continue;
      auto [begin, end] = set_->window_at(budget, of.time);
      if (budget.period == Period::kRolling) end = of.time + Duration(1);
      const Sum all = sum(budget, key_of(budget, of.scope()), begin, end, calls);
      const auto within = [&](Quantity quantity, std::int64_t value) {
        const auto& limit = budget.limits[static_cast<std::size_t>(quantity)];
        if (limit) {
          ASSERT_LE(value, *limit) << budget.name << " " << quantity_name(quantity) << " " << format_time(of.time);
        }
      };
      within(Quantity::kMoney, all.total.money.nanos);
      within(Quantity::kTokens, all.total.tokens);
      within(Quantity::kRequests, all.total.requests);
      within(Quantity::kConcurrent, all.open);
    }
  }

 private:
  std::shared_ptr<const BudgetSet> set_;
};

struct World {
  explicit World(std::uint64_t seed) : random(seed), clock(*parse_time("2026-03-28T20:00:00Z")) {
    budgets = Budgets::create({.clock = &clock});
    for (int i = 0; i < 6; ++i) texts.push_back(random_budget(random, i));
    put();
  }
  void put() {
    std::string yaml;
    for (const std::string& text : texts) yaml += text;
    set = budgets_of(yaml);
    budgets->publish(set, books());
  }
  Books books() const {
    Books result(set);
    for (std::size_t i = 0; i < calls.size(); ++i) {
      const ModelCall& call = calls[i];
      if (!call.open) result.add({std::to_string(i), 1, call.time, call.scope(), call.amounts});
    }
    return result;
  }
  void admit() {
    ModelCall call;
    call.team = one_of(random, kTeams);
    call.person = one_of(random, kPeople);
    call.session = one_of(random, kSessions);
    const Amounts hold{{number(random, 0, 3'000'000'000)}, number(random, 0, 3'000), 1};
    Admission admission = budgets->admit_now(call.scope(), Amounts{{1}, 1, 1}, hold);
    if (admission.verdict != Admission::Verdict::kAdmitted) {
      ++refused;
      return;
    }
    ++admitted;
    call.time = admission.reservation.time();
    call.amounts = admission.reservation.amounts();
    call.reservation = std::move(admission.reservation);
    calls.push_back(std::move(call));
    Model(set).check(calls, calls.back());
  }
  ModelCall* open_call() {
    std::vector<ModelCall*> open;
    for (ModelCall& call : calls) {
      if (call.open) open.push_back(&call);
    }
    return open.empty() ? nullptr : one_of(random, open);
  }
  void top_up() {
    ModelCall* call = open_call();
    if (call == nullptr) return;
    budgets->top_up(call->reservation, {{number(random, 0, 1'000'000'000)}, number(random, 0, 500), 0});
    call->amounts = call->reservation.amounts();
    Model(set).check(calls, *call);
  }
  void end() {
    ModelCall* call = open_call();
    if (call == nullptr) return;
    call->open = false;
    if (number(random, 0, 3) == 0) {
      call->amounts = {};
      call->reservation = Reservation();
      return;
    }
    const Amounts& held = call->amounts;
    call->amounts = {{number(random, 0, held.money.nanos)}, number(random, 0, held.tokens), held.requests};
    budgets->settle(std::move(call->reservation), call->amounts);
  }
  void step_clock() {
    const std::int64_t kind = number(random, 0, 9);
    // Not further back than windows are kept.
    newest = std::max(newest, clock.now());
    const Duration back = std::chrono::minutes(number(random, 1, 60 * 20));
    if (kind == 0 && clock.now() - back > newest - std::chrono::hours(20)) clock.step_wall_clock(-back);
    if (kind == 1) clock.step_wall_clock(std::chrono::minutes(number(random, 1, 60 * 30)));
    if (kind >= 2) clock.advance(std::chrono::minutes(number(random, 1, 90)));
  }
  /// Only limits grow and budgets go: then whatever was under the old set's limits is under the new one's.
  void change_set() {
    const auto index = static_cast<std::size_t>(number(random, 0, 5));
    if (texts[index].empty()) return;
    if (number(random, 0, 3) == 0) {
      texts[index].clear();
    } else {
      const std::size_t at = texts[index].find("money: ") + 7;
      texts[index].insert(at, "1");
    }
    put();
  }
  /// What is settled and open by the counters, in current windows, against the calls.
  void compare() {
    const Model model(set);
    for (const CounterView& view : budgets->counters("")) {
      const Budget& budget = *set->find(view.budget);
      if (budget.period == Period::kRolling) continue;  // its steps make it count a little more
      CallScope scope;
      for (const auto& [dimension, value] : view.values) scope[dimension] = value;
      const Sum sum = model.sum(budget, Model::key_of(budget, scope), view.window_begin, view.window_end, calls);
      for (const CounterView::Line& line : view.lines) {
        if (line.quantity == Quantity::kMoney) {
          ASSERT_EQ(line.spent + line.reserved, sum.total.money.nanos) << view.budget << " " << view.scope;
        }
        if (line.quantity == Quantity::kTokens) {
          ASSERT_EQ(line.spent + line.reserved, sum.total.tokens) << view.budget;
        }
        if (line.quantity == Quantity::kConcurrent) {
          ASSERT_EQ(line.reserved, sum.open) << view.budget;
        }
      }
    }
  }

  Random random;
  ManualClock clock;
  std::unique_ptr<Budgets> budgets;
  std::vector<std::string> texts;
  std::shared_ptr<const BudgetSet> set;
  std::vector<ModelCall> calls;
  Instant newest;
  int admitted = 0, refused = 0;
};

/// What counters say, to compare those of one process with those of another that began from the books.
std::map<std::string, std::int64_t> spent_by_counter(Budgets& budgets) {
  std::map<std::string, std::int64_t> spent;
  for (const CounterView& view : budgets.counters("")) {
    for (const CounterView::Line& line : view.lines) {
      if (line.spent > 0 && line.quantity != Quantity::kConcurrent) {
        spent[view.budget + "/" + view.scope + "/" + std::string(quantity_name(line.quantity))] = line.spent;
      }
    }
  }
  return spent;
}

class BudgetsProperty : public ::testing::TestWithParam<int> {};

TEST_P(BudgetsProperty, NoWindowIsEverPastItsLimit) {
  World world(static_cast<std::uint64_t>(GetParam()));
  for (int step = 0; step < 700 && !::testing::Test::HasFatalFailure(); ++step) {
    const std::int64_t what = number(world.random, 0, 99);
    if (what < 45) {
      world.admit();
    } else if (what < 55) {
      world.top_up();
    } else if (what < 80) {
      world.end();
    } else if (what < 98) {
      world.step_clock();
    } else {
      world.change_set();
    }
    if (step % 50 == 0) world.compare();
  }
  world.compare();
  EXPECT_GT(world.admitted, 20);
  // Drained, nothing is held, and a new process that reads the books counts the same.
  for (ModelCall& call : world.calls) {
    if (!call.open) continue;
    call.open = false;
    world.budgets->settle(std::move(call.reservation), call.amounts);
  }
  for (const CounterView& view : world.budgets->counters("")) {
    for (const CounterView::Line& line : view.lines) ASSERT_EQ(line.reserved, 0) << view.budget;
  }
  EXPECT_EQ(world.budgets->overshoot().nanos, 0);
  const auto fresh = Budgets::create({.clock = &world.clock});
  const Books books = world.books();
  fresh->publish(world.set, books);
  EXPECT_EQ(spent_by_counter(*fresh), spent_by_counter(*world.budgets));
  Books restored(world.set);
  ASSERT_TRUE(restored.restore(books.snapshot(7)).ok());
  const auto again = Budgets::create({.clock = &world.clock});
  again->publish(world.set, restored);
  EXPECT_EQ(spent_by_counter(*again), spent_by_counter(*world.budgets));
}

INSTANTIATE_TEST_SUITE_P(Seeds, BudgetsProperty, ::testing::Range(1, 13));

}  // namespace
}  // namespace reeve::spend
