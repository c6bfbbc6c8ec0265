// bench/policy: what a decision costs.
//
// Sets of 500 and of 5,000 rules on model.call decide calls of 3,000 people. Every decision is timed by itself, with
// its extraction of facts; allocations are counted over all of them. Then bundles are swapped under load, and every
// decision is compared with the one that its bundle gives in peace. The yardstick of the run is SHA-256 over 256 bytes.

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <mutex>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include "core/crypto.h"
#include "core/json.h"
#include "policy_set.h"

namespace {
thread_local std::uint64_t allocations = 0;
}

// NOLINTBEGIN: every allocation of the program is counted here
void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  std::abort();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
// NOLINTEND

namespace reeve::bench {

namespace {

using Figures = std::vector<std::pair<std::string, double>>;

double microseconds_since(Moment begin) {
  return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begin).count();
}

double percentile(std::vector<float>& samples, double share) {
  const auto at = samples.begin() + static_cast<std::ptrdiff_t>(static_cast<double>(samples.size() - 1) * share);
  std::nth_element(samples.begin(), at, samples.end());
  return *at;
}

double middle(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

struct Built {
  std::shared_ptr<const policy::Bundle> bundle;
  double read_milliseconds = 0;
  double compile_milliseconds = 0;
};

Built build(std::size_t rules, std::uint32_t seed) {
  const std::string yaml = policy_set(rules, seed);
  std::vector<Diagnostic> complaints;
  const Moment begin = std::chrono::steady_clock::now();
  const auto documents = parse_yaml(yaml, "rules.yaml", complaints);
  const double read = microseconds_since(begin) / 1000;
  Built built{policy::Bundle::build(documents, complaints), read, 0};
  built.compile_milliseconds = microseconds_since(begin) / 1000 - read;
  if (!built.bundle || has_errors(complaints)) {
    std::fprintf(stderr, "%s\n", complaints.front().to_string().c_str());
    std::exit(3);
  }
  return built;
}

double yardstick_nanoseconds() {
  const std::string text(256, 'x');
  constexpr int kTimes = 100'000;
  unsigned sum = 0;
  const Moment begin = std::chrono::steady_clock::now();
  for (int i = 0; i < kTimes; ++i) sum += sha256(text)[0];
  if (sum == 1) std::puts("");
  return microseconds_since(begin) * 1000 / kTimes;
}

/// Rounds of one pass over all calls; the middle of the rounds' percentiles, as a shared machine has bad moments.
void measure(std::size_t rules, const std::vector<Call>& calls, Figures& figures) {
  const Built built = build(rules, 7);
  policy::Scratch scratch;
  policy::Decision decision;
  std::size_t denied = 0;
  std::size_t matched = 0;
  const auto decide = [&](const Call& call) {
    built.bundle->decide(policy::Point::kModelCall, CallFacts(call), nullptr, scratch, decision);
  };
  for (const Call& call : calls) decide(call);
  constexpr int kRounds = 9;
  std::vector<double> p50s;
  std::vector<double> p99s;
  std::vector<double> means;
  std::vector<float> samples(calls.size());
  for (auto* list : {&p50s, &p99s, &means}) list->reserve(kRounds);
  const std::uint64_t before = allocations;
  for (int round = 0; round < kRounds; ++round) {
    const Moment begin = std::chrono::steady_clock::now();
    for (std::size_t i = 0; i < calls.size(); ++i) {
      const Moment start = std::chrono::steady_clock::now();
      decide(calls[i]);
      samples[i] = static_cast<float>(microseconds_since(start));
      denied += decision.refused() ? 1U : 0U;
      matched += decision.matched.size();
    }
    means.push_back(microseconds_since(begin) / static_cast<double>(calls.size()));
    p50s.push_back(percentile(samples, 0.5));
    p99s.push_back(percentile(samples, 0.99));
  }
  const std::uint64_t counted = allocations - before;
  const std::string prefix = "rules_" + std::to_string(rules) + "_";
  const double decisions = static_cast<double>(calls.size()) * kRounds;
  figures.emplace_back(prefix + "p50_us", middle(p50s));
  figures.emplace_back(prefix + "p99_us", middle(p99s));
  figures.emplace_back(prefix + "mean_us", middle(means));
  figures.emplace_back(prefix + "allocations", static_cast<double>(counted));
  figures.emplace_back(prefix + "decisions", decisions);
  figures.emplace_back(prefix + "denied_percent", 100.0 * static_cast<double>(denied) / decisions);
  figures.emplace_back(prefix + "matched_rules_per_decision", static_cast<double>(matched) / decisions);
  figures.emplace_back(prefix + "read_yaml_ms", built.read_milliseconds);
  figures.emplace_back(prefix + "compile_ms", built.compile_milliseconds);
}

struct Verdict {
  policy::Effect effect = policy::Effect::kDeny;
  std::string rule;
  bool operator==(const Verdict&) const = default;
};

Verdict verdict_of(const policy::Decision& decision) {
  return {decision.effect, decision.rule == nullptr ? "" : decision.rule->name};
}

/// Two threads decide while the bundle is swapped every millisecond for one of the others.
void measure_swaps(const std::vector<Call>& calls, double seconds, Figures& figures) {
  std::vector<std::shared_ptr<const policy::Bundle>> bundles;
  std::vector<std::vector<Verdict>> expected;
  policy::Scratch scratch;
  policy::Decision decision;
  for (std::uint32_t seed = 1; seed <= 4; ++seed) {
    bundles.push_back(build(500, seed).bundle);
    expected.emplace_back();
    for (const Call& call : calls) {
      bundles.back()->decide(policy::Point::kModelCall, CallFacts(call), nullptr, scratch, decision);
      expected.back().push_back(verdict_of(decision));
    }
  }
  std::mutex swapping;
  std::shared_ptr<const policy::Bundle> current = bundles[0];
  std::atomic<bool> stop{false};
  std::atomic<std::uint64_t> made{0};
  std::atomic<std::uint64_t> wrong{0};
  std::vector<std::thread> deciders;
  for (int thread = 0; thread < 2; ++thread) {
    deciders.emplace_back([&, thread] {
      policy::Scratch own;
      policy::Decision mine;
      for (std::size_t i = static_cast<std::size_t>(thread); !stop.load(std::memory_order_relaxed); ++i) {
        const auto bundle = [&] {
          const std::lock_guard lock(swapping);
          return current;
        }();
        const std::size_t which =
            static_cast<std::size_t>(std::find(bundles.begin(), bundles.end(), bundle) - bundles.begin());
        bundle->decide(policy::Point::kModelCall, CallFacts(calls[i % calls.size()]), nullptr, own, mine);
        ++made;
        if (verdict_of(mine) != expected[which][i % calls.size()]) ++wrong;
      }
    });
  }
  std::uint64_t swaps = 0;
  const Moment begin = std::chrono::steady_clock::now();
  while (microseconds_since(begin) < seconds * 1e6) {
    {
      const std::lock_guard lock(swapping);
      current = bundles[++swaps % bundles.size()];
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  stop.store(true);
  for (std::thread& thread : deciders) thread.join();
  figures.emplace_back("swap_swaps", static_cast<double>(swaps));
  figures.emplace_back("swap_decisions", static_cast<double>(made.load()));
  figures.emplace_back("swap_wrong_decisions", static_cast<double>(wrong.load()));
}

int run(bool json, double seconds) {
  const std::vector<Call> traffic = calls(20'000, 11);
  Figures figures;
  figures.emplace_back("sha256_of_256_bytes_ns", yardstick_nanoseconds());
  measure(500, traffic, figures);
  measure(5'000, traffic, figures);
  measure_swaps(traffic, seconds, figures);
  if (json) {
    JsonWriter out;
    out.begin_object();
    for (const auto& [name, value] : figures) out.member(name, value);
    std::printf("%s\n", out.end_object().text().c_str());
  } else {
    for (const auto& [name, value] : figures) std::printf("%-40s %12.3f\n", name.c_str(), value);
  }
  for (const auto& [name, value] : figures) {
    if (name == "swap_wrong_decisions" && value > 0) return 1;
  }
  return 0;
}

}  // namespace

}  // namespace reeve::bench

int main(int argc, char** argv) {
  bool json = false;
  double seconds = 5;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--json") == 0) {
      json = true;
    } else if (std::strcmp(argv[i], "--seconds") == 0 && i + 1 < argc) {
      seconds = std::atof(argv[++i]);
    } else {
      const bool help = std::strcmp(argv[i], "--help") == 0;
      std::fprintf(help ? stdout : stderr,
                   "policy [--json] [--seconds N]: what a decision costs; N is for the swaps\n");
      return help ? 0 : 2;
    }
  }
  return reeve::bench::run(json, seconds);
}
