// spend_ledger DATA_DIR GOVERNANCE_DIR CALLS DAYS [SEED]: a ledger of made-up calls that ended in the last DAYS, priced
// as the gateway would. The same arguments at the same time of day make the same calls.

#include <atomic>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "ledger/ledger.h"
#include "spend/spend.h"

namespace reeve {
namespace {

class SteppedClock final : public Clock {
 public:
  explicit SteppedClock(Instant start) : now_(start.nanoseconds) {}
  Instant now() const override { return {now_.load()}; }
  Moment steady() const override { return std::chrono::steady_clock::now(); }
  void set(Instant now) { now_.store(now.nanoseconds); }

 private:
  std::atomic<std::int64_t> now_;
};

class Chance {
 public:
  explicit Chance(std::uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15ULL + 1) {}
  std::uint64_t next() {
    state_ ^= state_ >> 12U;
    state_ ^= state_ << 25U;
    state_ ^= state_ >> 27U;
    return state_ * 0x2545F4914F6CDD1DULL;
  }
  std::int64_t below(std::int64_t limit) {
    return static_cast<std::int64_t>(next() % static_cast<std::uint64_t>(limit));
  }
  /// Mostly small, now and then large.
  std::int64_t about(std::int64_t typical) {
    const double unit = static_cast<double>(below(1000) + below(1000) + below(1000) - 1500) / 500;
    return static_cast<std::int64_t>(static_cast<double>(typical) * std::exp(unit));
  }

 private:
  std::uint64_t state_;
};

struct Named {
  const char* provider;
  const char* model;
};
constexpr Named kModels[] = {{"anthropic", "claude-opus-4-5"},
                             {"anthropic", "claude-sonnet-4-5"},
                             {"anthropic", "claude-haiku-4-5"},
                             {"openai", "gpt-5"},
                             {"local", "house-model-nobody-lists"}};
constexpr const char* kTeams[] = {"payments", "platform", "mobile"};
constexpr const char* kRepos[] = {"git.example.com/pay/core", "git.example.com/plat/infra", "git.example.com/mob/app",
                                  ""};

class Writer {
 public:
  Writer(ledger::Log& log, const spend::Catalogue& prices, std::uint64_t seed)
      : log_(log), prices_(prices), chance_(seed) {}

  /// One call that ends at `now`; waits until it is in the ledger when told to.
  bool write(Instant now, std::int64_t progress_percent, bool wait) {
    const std::int64_t person = chance_.below(25);
    const std::string id = "call-" + std::to_string(++calls_);
    const std::string owner = "person" + std::to_string(person) + "@example.com";
    const std::string session = "session-" + std::to_string(unix_seconds(now) / 7200) + "-" + std::to_string(person);
    const std::string work_item = person % 3 == 0 ? "" : "PAY-" + std::to_string(unix_seconds(now) / 86'400 % 40);
    const Named& model = pick_model(progress_percent);
    ledger::Entry entry;
    entry.kind = "model.intent";
    entry.request_id = id;
    entry.attempt = 1;
    entry.session_id = session;
    entry.principal.id = owner;
    entry.principal.type = "person";
    entry.principal.team = kTeams[person % 3];
    entry.client = "claude-code";
    entry.repo = kRepos[person % 4];
    entry.work_item = work_item;
    entry.model = {model.model, model.model, model.provider, "us", "anthropic", "generate", "frontier", "zero"};
    entry.decision.effect = entry.decision.enforced = "allow";
    entry.request_shape = {chance_.below(10) < 6, chance_.below(10) < 2, 1 + chance_.below(60)};
    if (!log_.append_later(entry)) return false;

    TokenUsage usage;
    usage.input = chance_.about(3000);
    usage.cache_read = chance_.below(10) < 6 ? chance_.about(40'000) : 0;
    usage.cache_write_5m = usage.cache_read > 0 ? chance_.about(2000) : 0;
    usage.output = chance_.about(400);
    usage.input_reported = usage.output_reported = true;
    const ServiceTier tier = chance_.below(20) == 0 ? ServiceTier::kBatch : ServiceTier::kStandard;
    const Instant at{now.nanoseconds / 1000 * 1000};
    const spend::Cost cost = cost_of(prices_.find(model.provider, model.model, at, "us"), usage, tier);
    entry.kind = "model.outcome";
    entry.usage = usage;
    entry.cost = ledger::Entry::Cost{.total = cost.total,
                                     .price_version = cost.price_version,
                                     .estimated = cost.estimated,
                                     .price_known = cost.price_known,
                                     .provider = model.provider,
                                     .model = model.model,
                                     .service_tier = spend::service_tier_name(tier),
                                     .time = at,
                                     .list = cost.list};
    entry.outcome = ledger::Entry::Outcome{"ok", "", 200, usage.output * 4, 0};
    return wait ? log_.append_and_wait(entry).ok() : log_.append_later(entry);
  }

 private:
  /// More and more of the dearest.
  const Named& pick_model(std::int64_t progress_percent) {
    const std::int64_t at = chance_.below(100);
    if (at < 5 + progress_percent / 4) return kModels[0];
    if (at < 60) return kModels[1];
    if (at < 80) return kModels[2];
    return at < 99 ? kModels[3] : kModels[4];
  }

  ledger::Log& log_;
  const spend::Catalogue& prices_;
  Chance chance_;
  std::uint64_t calls_ = 0;
};

/// Calls of an hour, by how people work: little at night and at the end of the week.
double weight_of(Instant hour) {
  const std::int64_t of_day = unix_seconds(hour) / 3600 % 24;
  const std::int64_t weekday = (unix_seconds(hour) / 86'400 + 3) % 7;
  return (of_day >= 7 && of_day < 18 ? 1.0 : 0.08) * (weekday >= 5 ? 0.12 : 1.0);
}

int run(const std::string& data, const std::string& governance, std::int64_t calls, std::int64_t days,
        std::uint64_t seed) {
  std::vector<Diagnostic> complaints;
  const auto prices = spend::Catalogue::with_overrides(read_yaml_directory(governance, complaints), complaints);
  for (const Diagnostic& complaint : complaints) std::fprintf(stderr, "%s\n", complaint.to_string().c_str());
  if (prices == nullptr) return 2;
  const Instant end = system_clock().now();
  const Instant begin = end - std::chrono::days(days);
  SteppedClock clock(begin);
  auto log = ledger::Log::open(
      {.directory = data + "/ledger", .origin = "spend.example.com/test", .node = "test", .clock = &clock});
  if (!log) {
    std::fprintf(stderr, "%s\n", log.error().message.c_str());
    return 3;
  }
  Writer writer(**log, *prices, seed);
  double whole = 0;
  for (Instant hour = begin; hour < end; hour = hour + std::chrono::hours(1)) whole += weight_of(hour);
  double due = 0;
  std::int64_t written = 0;
  for (Instant hour = begin; hour < end; hour = hour + std::chrono::hours(1)) {
    due += weight_of(hour) / whole * static_cast<double>(calls);
    clock.set(hour);
    const std::int64_t progress = (hour - begin) / Duration(std::chrono::hours(1)) * 100 / (days * 24);
    for (const auto until = static_cast<std::int64_t>(std::llround(due)); written < until; ++written) {
      // Waiting now and then keeps the log's queue short, and an hour's calls in their hour.
      if (!writer.write(hour, progress, written + 1 == until || written % 5000 == 0)) return 3;
    }
  }
  (*log)->close();
  std::printf("%lld calls\n", static_cast<long long>(written));
  return 0;
}

}  // namespace
}  // namespace reeve

int main(int argc, char** argv) {
  if (argc < 5) {
    std::fprintf(stderr, "usage: spend_ledger DATA_DIR GOVERNANCE_DIR CALLS DAYS [SEED]\n");
    return 2;
  }
  const std::uint64_t seed = argc > 5 ? std::strtoull(argv[5], nullptr, 10) : 1;
  return reeve::run(argv[1], argv[2], std::atoll(argv[3]), std::atoll(argv[4]), seed);
}
