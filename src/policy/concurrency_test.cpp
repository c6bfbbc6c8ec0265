// Many threads decide while the bundles they decide by are swapped.

#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <thread>

#include "policy/bundle_for_tests.h"

namespace reeve::policy {
namespace {

/// Rules whose deny names the generation, with patterns enough for a set.
std::string rules_of(int generation) {
  const std::string name = std::to_string(generation);
  std::string yaml = "{kind: Policy, name: a" + name + ", on: model.call, effect: allow}\n";
  for (const char* pattern : {"^a", "b+$", "c.d", "[0-9]{2}", "^$", "x|y"}) {
    yaml += "---\n{kind: Policy, name: d" + name + "-" + std::to_string(yaml.size()) +
            ", on: model.call, effect: deny, message: m, when: 'model.name.matches(\"" + pattern + "\")'}\n";
  }
  yaml += "---\n{kind: Policy, name: q" + name + ", on: tool.call, effect: ask, message: m, match: {tools: 'sh*'}}\n";
  return yaml + "---\n{kind: Exception, name: e" + name + ", rules: [q" + name +
         "], reason: r, requested_by: x, approved_by: y, ends: 2027-01-01, uses: 1000, match: {groups: [x]}}\n";
}

TEST(Concurrency, ThreadsDecideByWholeBundlesWhileTheseAreSwapped) {
  constexpr int kBundles = 4;
  std::vector<std::shared_ptr<const Bundle>> bundles;
  for (int i = 0; i < kBundles; ++i) bundles.push_back(must_build(rules_of(i)));
  std::mutex swapping;
  std::shared_ptr<const Bundle> current = bundles[0];
  const auto look = [&] {
    const std::lock_guard lock(swapping);
    return current;
  };
  std::atomic<bool> stop = false;
  std::atomic<int> wrong = 0;
  UseCounter counter;
  const auto work = [&](int seed) {
    Scratch scratch;  // moves between the bundles
    Decision decision;
    TakeUses take(counter);
    const GivenFacts open(Point::kModelCall, R"({"model":{"name":"open"}})");
    const GivenFacts closed(Point::kModelCall, R"({"model":{"name":"alpha"}})");
    const GivenFacts tool(Point::kToolCall, R"({"now":"2026-12-01","tool.name":"shell","principal.groups":["x"]})");
    for (int i = seed; i < seed + 2000; ++i) {
      const auto bundle = look();
      bundle->decide(Point::kModelCall, open, &take, scratch, decision);
      if (decision.effect != Effect::kAllow || bundle->find_rule(decision.rule->name) != decision.rule) ++wrong;
      bundle->decide(Point::kModelCall, closed, &take, scratch, decision);
      if (decision.effect != Effect::kDeny || decision.matched.size() != 2) ++wrong;
      bundle->decide(Point::kToolCall, tool, &take, scratch, decision);
      if (decision.exceptions.size() + decision.ended.size() != 1) ++wrong;
      if (i % 50 == 0) {
        Scratch moved = std::move(scratch);
        scratch = std::move(moved);
      }
    }
  };
  std::thread swapper([&] {
    for (std::size_t i = 0; !stop; ++i) {
      auto next = i % 3 == 0 ? must_build(rules_of(7)) : bundles[i % kBundles];
      const std::lock_guard lock(swapping);
      current.swap(next);
    }
  });
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) threads.emplace_back(work, t * 10'000);
  for (std::thread& thread : threads) thread.join();
  stop = true;
  swapper.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace reeve::policy
