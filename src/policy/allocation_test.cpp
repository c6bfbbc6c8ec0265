// A decision allocates nothing once its memory is warm. Counts every allocation of this program.

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <new>

#include "policy/bundle_for_tests.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define REEVE_SANITIZED 1
#endif
#endif

#ifdef REEVE_SANITIZED
#include <sanitizer/allocator_interface.h>
#endif

namespace {

std::atomic<std::size_t> allocations{0};

}  // namespace

#ifdef REEVE_SANITIZED

// A sanitizer brings its own operator new, which tells of every allocation.
namespace {

void count_allocation(const volatile void*, std::size_t) { allocations.fetch_add(1, std::memory_order_relaxed); }
void ignore_release(const volatile void*) {}
const int kHooks = __sanitizer_install_malloc_and_free_hooks(count_allocation, ignore_release);

}  // namespace

#else

// The other forms of operator new come down to these.
void* operator new(std::size_t bytes) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* memory = std::malloc(bytes == 0 ? 1 : bytes)) return memory;
  throw std::bad_alloc();
}
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  const auto align = static_cast<std::size_t>(alignment);
  if (void* memory = std::aligned_alloc(align, (bytes + align - 1) / align * align)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

#endif

namespace reeve::policy {
namespace {

/// As a surface has them: fields of a structure.
struct Call final : Facts {
  std::string person, team, repo, model, tier;
  std::vector<std::string> groups;
  std::map<std::string, bool> checks;
  std::int64_t bytes = 0;
  Instant now;

  void read(Fact fact, FactSink& sink) const override {
    switch (fact) {
      case Fact::kNow: return sink.time(now);
      case Fact::kPrincipalId: return sink.text(person);
      case Fact::kPrincipalTeam: return sink.text(team);
      case Fact::kPrincipalGroups: return sink.texts(std::span<const std::string>(groups));
      case Fact::kRepo: return sink.text(repo);
      case Fact::kModelName: return sink.text(model);
      case Fact::kModelTier: return sink.text(tier);
      case Fact::kRequestBytes: return sink.integer(bytes);
      case Fact::kChecks: return sink.flags(checks);
      default: return;
    }
  }
};

/// Every kind of condition and effect, most of which match nothing, as in life.
std::string five_hundred_rules() {
  std::string yaml = "{kind: Policy, name: all, on: model.call, effect: allow}\n";
  for (int i = 0; i < 499; ++i) {
    const std::string n = std::to_string(i);
    yaml += "---\n{kind: Policy, name: r" + n + ", on: model.call, message: 'No " + n + ".', ";
    switch (i % 8) {
      case 0: yaml += "effect: deny, match: {groups: [g" + n + "]}, not: {tiers: small}}\n"; break;
      case 1: yaml += "effect: ask, when: repo.startsWith(\"acme/" + n + "\") && request.bytes > " + n + "}\n"; break;
      case 2: yaml += "effect: deny, when: 'model.name.matches(\"^model-" + n + "[a-z]+$\")'}\n"; break;
      case 3: yaml += "effect: redact, with: mask, classes: x, match: {people: '*-" + n + "@example.com'}}\n"; break;
      case 4: yaml += "effect: require, check: c" + n + ", match: {teams: [team-" + n + "]}}\n"; break;
      case 5:
        yaml += "effect: warn, when: 'principal.groups.exists(g, g == \"g" + n + "\" || size(g) > 100)'}\n";
        break;
      case 6:
        yaml += "effect: deny, mode: shadow, match: {models: 'gpt-*'}, when: model.tier == \"t" + n + "\"}\n";
        break;
      default: yaml += "effect: deny, layer: {team: team-" + n + "}, since: 2026-01-01}\n"; break;
    }
  }
  return yaml +
         "---\n{kind: Exception, name: e, rules: [r0, r8], reason: r, requested_by: x, approved_by: y, "
         "ends: 2027-01-01, uses: 1000000, compensating_check: audited}\n";
}

TEST(Allocation, ADecisionMakesNoneOnceItsMemoryIsWarm) {
  const auto bundle = must_build(five_hundred_rules());
  ASSERT_EQ(bundle->rules().size(), 500U);
  std::array<Call, 4> calls;
  for (Call& call : calls) {
    call.now = *parse_time("2026-11-22T10:00:00Z");
    call.person = "dev@example.com";
    call.team = "payments";
    call.groups = {"employees", "europe"};
    call.repo = "acme/payments";
    call.model = "claude-opus-4-6";
    call.tier = "frontier";
    call.checks = {{"audited", true}, {"c4", false}};
    call.bytes = 20'000;
  }
  calls[1].groups = {"g0", "g8"};  // two denies, both lifted by the exception
  calls[2].team = "team-7";        // a deny with its message
  calls[3].person = "dev-3@example.com";
  calls[3].model = "gpt-" + std::string(600, 'x');  // longer than what is remembered
  Scratch scratch;
  Decision decision;
  UseCounter counter;
  TakeUses take(counter);
  const std::array<Effect, 4> expected{Effect::kAllow, Effect::kAllow, Effect::kDeny, Effect::kRedact};
  const auto decide_all = [&](int rounds) {
    for (int i = 0; i < rounds; ++i) {
      for (std::size_t c = 0; c < calls.size(); ++c) {
        bundle->decide(Point::kModelCall, calls[c], &take, scratch, decision);
        if (decision.effect != expected[c]) return false;
      }
    }
    return true;
  };
  ASSERT_TRUE(decide_all(50));
  const std::size_t before = allocations.load();
  const bool as_expected = decide_all(2500);
  const std::size_t made = allocations.load() - before;
  EXPECT_TRUE(as_expected);
  EXPECT_EQ(made, 0U) << "in 10,000 decisions";
  EXPECT_GT(before, 0U) << "the counter counts";
}

}  // namespace
}  // namespace reeve::policy
