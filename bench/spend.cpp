// bench/spend: what admission under budgets costs.
//
// Calls fall under ten budgets each, among 100,000 counters and more. CPU of an admission with its settlement, on one
// thread and on two; bytes that a counter takes, with all that belongs to it; and, for budgets that nodes share,
// admissions for each exchange with the store.

#include <malloc.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <new>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "core/json.h"
#include "spend/budgets.h"
#include "spend/slices.h"

namespace {
std::atomic<std::int64_t> allocated{0};
}

// NOLINTBEGIN: every byte of the program is counted here, with what the allocator adds
void* operator new(std::size_t size) {
  void* memory = std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) std::abort();
  allocated.fetch_add(static_cast<std::int64_t>(malloc_usable_size(memory)) + 8, std::memory_order_relaxed);
  return memory;
}
void operator delete(void* memory) noexcept {
  if (memory == nullptr) return;
  allocated.fetch_sub(static_cast<std::int64_t>(malloc_usable_size(memory)) + 8, std::memory_order_relaxed);
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept { operator delete(memory); }
// NOLINTEND

namespace reeve::bench {

namespace {

using Figures = std::vector<std::pair<std::string, double>>;
using spend::Amounts;
using spend::Budgets;
using spend::CallScope;
using spend::Dimension;

constexpr const char* kTen = R"(
{kind: Budget, name: all, window: month, time_zone: Europe/Berlin, limit: {money: $1000000, tokens: 900G}}
---
{kind: Budget, name: provider, each: [provider], window: day, limit: {money: $1000000}}
---
{kind: Budget, name: model, each: [model], window: hour, limit: {money: $1000000}}
---
{kind: Budget, name: team, each: [team], window: month, limit: {money: $1000000}, thresholds: [{at: 80%, do: notify}]}
---
{kind: Budget, name: team-model, each: [team, model], window: week, limit: {money: $1000000}}
---
{kind: Budget, name: person, each: [team, person], window: month, limit: {money: $1000000, requests: 900M}}
---
{kind: Budget, name: person-day, each: [person], window: day, time_zone: Europe/Berlin, limit: {money: $1000000}}
---
{kind: Budget, name: repo, each: [repo], window: quarter, limit: {money: $1000000}}
---
{kind: Budget, name: person-repo, each: [person, repo], window: month, limit: {tokens: 900G}}
---
{kind: Budget, name: session, window: session, limit: {money: $1000000}}
)";

struct Caller {
  std::string team, person, session, repo, model;
  CallScope scope() const {
    CallScope call;
    call[Dimension::kOrganisation] = spend::kWholeOrganisation;
    call[Dimension::kTeam] = team;
    call[Dimension::kPerson] = person;
    call[Dimension::kAgent] = "coder";
    call[Dimension::kClient] = "claude-code";
    call[Dimension::kSession] = session;
    call[Dimension::kRepo] = repo;
    call[Dimension::kProvider] = "anthropic";
    call[Dimension::kModel] = model;
    return call;
  }
};

std::vector<Caller> callers(std::size_t count) {
  std::mt19937_64 random(11);
  std::vector<Caller> list;
  for (std::size_t i = 0; i < count; ++i) {
    const auto person = random() % 10'000;
    char session[40];
    std::snprintf(session, sizeof session, "%08x-7c1e-4c09-9f1a-%012llx", static_cast<unsigned>(random()),
                  static_cast<unsigned long long>(random() & 0xFFFFFFFFFFFF));
    list.push_back({"team-" + std::to_string(person % 200), "person-" + std::to_string(person) + "@example.com",
                    session, "example/repository-" + std::to_string(random() % 2'000),
                    random() % 2 == 0 ? "model-l" : "model-s"});
  }
  return list;
}

std::shared_ptr<const spend::BudgetSet> budgets_of(const std::string& yaml) {
  std::vector<Diagnostic> complaints;
  auto set = spend::BudgetSet::build(parse_yaml(yaml, "budgets.yaml", complaints), complaints);
  if (set != nullptr) return set;
  std::fprintf(stderr, "%s\n", complaints.front().to_string().c_str());
  std::exit(3);
}

double cpu_seconds(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

constexpr Amounts kHold{{20'000'000}, 4'000, 1};
constexpr Amounts kActual{{11'000'000}, 2'500, 1};

void call_once(Budgets& budgets, const CallScope& scope) {
  spend::Admission admission = budgets.admit_now(scope, kHold, kHold);
  if (!admission.reservation) {
    std::fprintf(stderr, "a call was not admitted\n");
    std::exit(3);
  }
  budgets.settle(std::move(admission.reservation), kActual);
}

/// Microseconds of CPU for an admission with its settlement, over calls in an order that caches do not know.
double measure(Budgets& budgets, const std::vector<Caller>& list, std::size_t threads, std::size_t calls) {
  std::vector<double> seconds(threads);
  std::vector<std::thread> running;
  for (std::size_t t = 0; t < threads; ++t) {
    running.emplace_back([&, t] {
      const double begin = cpu_seconds(CLOCK_THREAD_CPUTIME_ID);
      for (std::size_t i = 0; i < calls; ++i) call_once(budgets, list[(i * 7'919 + t * 31) % list.size()].scope());
      seconds[t] = cpu_seconds(CLOCK_THREAD_CPUTIME_ID) - begin;
    });
  }
  for (std::thread& thread : running) thread.join();
  double sum = 0;
  for (const double one : seconds) sum += one;
  return sum * 1e6 / static_cast<double>(calls * threads);
}

/// Gives every node what it asks for while there is some.
class CountingStore final : public spend::SliceStore {
 public:
  Result<std::vector<spend::Slice>> exchange(std::string_view, std::span<const spend::SliceRequest> requests) override {
    ++exchanges;
    std::vector<spend::Slice> slices;
    for (const auto& request : requests) {
      const std::int64_t granted = std::min(request.wanted, request.limit);
      slices.push_back({granted, request.spent, granted});
    }
    return slices;
  }
  Result<std::vector<spend::SliceRequest>> held_by(std::string_view) override {
    return std::vector<spend::SliceRequest>{};
  }
  std::atomic<std::uint64_t> exchanges{0};
};

/// Runs tasks that wait for an exchange on the thread that waits for them.
class OneExecutor final : public Executor {
 public:
  void resume_later(std::span<const std::coroutine_handle<>> handles) override { handle_ = handles[0].address(); }
  void run(const bool& done) {
    while (!done) {
      if (void* address = handle_.exchange(nullptr)) std::coroutine_handle<>::from_address(address).resume();
      std::this_thread::yield();
    }
  }

 private:
  std::atomic<void*> handle_{nullptr};
};

Task<void> admit(Budgets& budgets, CallScope scope, Executor& executor, bool& done) {
  spend::Admission admission = co_await budgets.admit(scope, kHold, kHold, executor);
  budgets.settle(std::move(admission.reservation), kActual);
  done = true;
}

void measure_slices(const std::vector<Caller>& list, Figures& figures) {
  CountingStore store;
  const auto set = budgets_of(kTen);
  const auto budgets = Budgets::create({.slices = &store, .node = "bench"});
  budgets->publish(set, spend::Books(set));
  constexpr std::size_t kCallers = 2'000;
  OneExecutor executor;
  const auto call = [&](std::size_t i) {
    const CallScope scope = list[i % kCallers].scope();
    spend::Admission admission = budgets->admit_now(scope, kHold, kHold);
    if (admission.reservation) {
      budgets->settle(std::move(admission.reservation), kActual);
      return;
    }
    bool done = false;
    start_detached(admit(*budgets, scope, executor, done));
    executor.run(done);
  };
  for (std::size_t i = 0; i < kCallers * 5; ++i) call(i);
  const std::uint64_t before = store.exchanges;
  constexpr std::size_t kCalls = 400'000;
  const double begin = cpu_seconds(CLOCK_PROCESS_CPUTIME_ID);
  for (std::size_t i = 0; i < kCalls; ++i) call(i);
  const double seconds = cpu_seconds(CLOCK_PROCESS_CPUTIME_ID) - begin;
  const double exchanges = static_cast<double>(store.exchanges - before);
  figures.emplace_back("slices_admit_and_settle_us", seconds * 1e6 / kCalls);
  figures.emplace_back("slices_exchanges", exchanges);
  figures.emplace_back("slices_admissions_per_exchange", kCalls / std::max(1.0, exchanges));
}

int run(bool json) {
  const std::vector<Caller> list = callers(40'000);
  Figures figures;
  {
    const auto set = budgets_of(kTen);
    const auto budgets = Budgets::create({});
    budgets->publish(set, spend::Books(set));
    call_once(*budgets, list[0].scope());
    const std::int64_t before = allocated;
    const auto counters = static_cast<double>(budgets->live_counters());
    for (const Caller& caller : list) call_once(*budgets, caller.scope());
    const double live = static_cast<double>(budgets->live_counters());
    figures.emplace_back("live_counters", live);
    figures.emplace_back("bytes_per_counter", static_cast<double>(allocated - before) / (live - counters));
    measure(*budgets, list, 1, 200'000);
    figures.emplace_back("admit_and_settle_us", measure(*budgets, list, 1, 1'000'000));
    figures.emplace_back("admit_and_settle_2_threads_us", measure(*budgets, list, 2, 500'000));
  }
  measure_slices(list, figures);
  JsonWriter writer;
  writer.begin_object();
  for (const auto& [name, value] : figures) {
    writer.member(name, value);
    if (!json) std::printf("%-36s %12.3f\n", name.c_str(), value);
  }
  if (json) std::printf("%s\n", writer.end_object().text().c_str());
  return 0;
}

}  // namespace

}  // namespace reeve::bench

int main(int argc, char** argv) { return reeve::bench::run(argc > 1 && std::strcmp(argv[1], "--json") == 0); }
