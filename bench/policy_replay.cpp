// bench/policy_replay: how long it takes to make recorded decisions once more.
//
// Makes a data directory with the ledger of a company's month: calls decided by a set of 500 rules, recorded through
// the real log as the gateway records them, an intent and an outcome each, or one outcome for a refused call. Then
// `reeve policy replay --recorded` runs over it as a process of its own, and must agree with every decision.

#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "core/crypto.h"
#include "core/id.h"
#include "core/json.h"
#include "ledger/ledger.h"
#include "policy_set.h"
#include "process.h"
#include "reeve/policy_source.h"

namespace reeve::bench {

namespace {

using Figures = std::vector<std::pair<std::string, double>>;

struct Options {
  std::uint64_t decisions = 1'000'000;
  std::filesystem::path directory;
  std::string reeve;
  bool json = false;
};

/// The log's clock: a month passes while entries are written as fast as they go.
class MonthClock final : public Clock {
 public:
  explicit MonthClock(Instant begin) : now_(begin.nanoseconds) {}
  Instant now() const override { return {now_.load(std::memory_order_relaxed)}; }
  Moment steady() const override { return std::chrono::steady_clock::now(); }
  void advance(Duration by) { now_.fetch_add(by.count(), std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> now_;
};

/// The facts of a call as far as an entry keeps them.
class KeptFacts final : public policy::Facts {
 public:
  KeptFacts(const Call& call, Instant now) : facts_(call), now_(now) {}
  void read(policy::Fact fact, policy::FactSink& sink) const override {
    using policy::Fact;
    switch (fact) {
      case Fact::kNow: return sink.time(now_);
      case Fact::kModelDialect: return sink.text("anthropic");
      case Fact::kModelOperation: return sink.text("chat");
      case Fact::kContentFindings:
      case Fact::kContentClasses:
      case Fact::kContentLabels: return;
      default: return facts_.read(fact, sink);
    }
  }

 private:
  CallFacts facts_;
  Instant now_;
};

/// A decision's names, as entries take them.
struct Names {
  std::vector<std::string_view> rules, shadow, exceptions;
  std::vector<std::string> errors;
  explicit Names(const policy::Decision& decision) {
    for (const auto* rule : decision.matched) rules.emplace_back(rule->name);
    for (const auto* rule : decision.shadow) shadow.emplace_back(rule->name);
    for (const auto* exception : decision.exceptions) exceptions.emplace_back(exception->name);
    for (const auto& error : decision.errors) errors.push_back(error.rule->name + ": " + error.message);
  }
};

class Company {
 public:
  Company(ledger::Log& log, MonthClock& clock, const policy::Bundle& bundle)
      : log_(log), clock_(clock), bundle_(bundle) {}

  void decide(const Call& call) {
    const Instant now{clock_.now().nanoseconds / 1000 * 1000};
    const KeptFacts facts(call, now);
    bundle_.decide(policy::Point::kModelCall, facts, nullptr, scratch_, decision_);
    const Names names(decision_);
    const std::string id = make_id("req");
    const std::string time = format_time(now);
    const std::string input = policy::input_digest(policy::Point::kModelCall, facts);
    ledger::Entry entry = entry_of(call, names);
    entry.request_id = id;
    entry.decision.input = input;
    entry.decision.time = time;
    entry.decision.errors = names.errors;
    entry.decision.evaluation_ns = 4'200;
    entry.request_bytes = call.bytes;
    if (decision_.refused()) {
      entry.kind = "model.outcome";
      entry.decision.enforced = "deny";
      entry.decision.reason = "policy";
      entry.timing = ledger::Entry::Timing{0, 410, 390};
      entry.outcome = ledger::Entry::Outcome{"refused", "policy", 403, 0, 0};
      return append(entry);
    }
    entry.kind = "model.intent";
    entry.attempt = 1;
    entry.decision.enforced = "allow";
    entry.request_digest = "hmac-sha256:5d41402abc4b2a76b9719d911017c592ae3b0c1d5d41402abc4b2a76b9719d91";
    append(entry);
    append_outcome(entry, call);
  }

 private:
  ledger::Entry entry_of(const Call& call, const Names& names) const {
    ledger::Entry entry;
    entry.session_id = call.session;
    entry.principal = {call.person, call.type, call.team, "key_01JD7Q3Z5X8K2M4N6P7R9S1T3V", call.groups};
    entry.client = call.client;
    entry.client_version = call.version;
    entry.work_item = call.work_item;
    entry.repo = call.repo;
    entry.model = {call.model, call.model, call.provider, call.region, "anthropic", "chat", call.tier, call.retention};
    entry.request_tokens = call.tokens;
    entry.request_stream = call.stream;
    entry.decision.effect = policy::effect_name(decision_.effect);
    entry.decision.mode = "enforce";
    if (decision_.rule != nullptr) entry.decision.rule = decision_.rule->name;
    entry.decision.rules = names.rules;
    entry.decision.shadow = names.shadow;
    entry.decision.exceptions = names.exceptions;
    if (decision_.shadow_effect != decision_.effect) {
      entry.decision.shadow_effect = policy::effect_name(decision_.shadow_effect);
    }
    entry.decision.bundle = bundle_.digest();
    return entry;
  }

  void append_outcome(ledger::Entry entry, const Call& call) {
    entry.kind = "model.outcome";
    entry.decision.input = entry.decision.time = {};
    entry.decision.errors = {};
    entry.decision.evaluation_ns.reset();
    entry.request_bytes.reset();
    entry.request_digest = {};
    entry.usage =
        TokenUsage{.input = call.tokens, .output = call.tokens / 7, .input_reported = true, .output_reported = true};
    entry.cost = ledger::Entry::Cost{Money{call.tokens * 3'000}, "2026-11-01", false, true};
    entry.timing = ledger::Entry::Timing{410'000, 2'900'000, 390};
    entry.outcome = ledger::Entry::Outcome{"ok", {}, 200, call.tokens, 61};
    append(entry);
  }

  /// Enough in the queue to keep the disk busy, not so much that it is refused.
  void append(const ledger::Entry& entry) {
    constexpr std::uint64_t kOutstandingMax = 20'000;
    while (begun_ - log_.size() > kOutstandingMax) std::this_thread::sleep_for(std::chrono::microseconds(200));
    if (!log_.append_later(entry)) std::abort();
    ++begun_;
  }

  ledger::Log& log_;
  MonthClock& clock_;
  const policy::Bundle& bundle_;
  policy::Scratch scratch_;
  policy::Decision decision_;
  std::uint64_t begun_ = 0;
};

void make_data(const Options& options) {
  std::vector<Diagnostic> complaints;
  const auto bundle = policy::Bundle::build(parse_yaml(policy_set(500, 7), "rules.yaml", complaints), complaints);
  if (!bundle) std::abort();
  constexpr Duration kMonth = std::chrono::hours(24 * 29);
  MonthClock clock(system_clock().now() - kMonth);
  if (!app::BundleArchive(options.directory).keep(*bundle, clock.now())) std::abort();
  ledger::LogOptions log_options;
  log_options.directory = options.directory / "ledger";
  log_options.origin = "reeve.example.com/bench";
  log_options.node = "bench";
  log_options.clock = &clock;
  auto log = ledger::Log::open(log_options);
  if (!log) {
    std::fprintf(stderr, "%s\n", log.error().message.c_str());
    std::exit(3);
  }
  const std::vector<Call> traffic = calls(100'000, 11);
  Company company(**log, clock, *bundle);
  for (std::uint64_t i = 0; i < options.decisions; ++i) {
    company.decide(traffic[i % traffic.size()]);
    clock.advance(kMonth / static_cast<std::int64_t>(options.decisions));
  }
  (*log)->close();
}

double children_cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_CHILDREN, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

std::uint64_t ledger_bytes(const std::filesystem::path& directory) {
  std::uint64_t bytes = 0;
  for (const auto& file : std::filesystem::directory_iterator(directory / "ledger" / "segments")) {
    bytes += file.file_size();
  }
  return bytes;
}

int measure(const Options& options) {
  if (!std::filesystem::exists(options.directory / "ledger")) make_data(options);
  const double cpu = children_cpu_seconds();
  const Moment begin = std::chrono::steady_clock::now();
  const auto output = bench::run({options.reeve, "policy", "replay", "--recorded", "--since", "3650d", "--json",
                                  "--data", options.directory.string()});
  const double wall = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  if (!output) {
    std::fprintf(stderr, "the replay failed, or does not agree; --keep keeps what it was run over\n");
    return 1;
  }
  const auto document = JsonDocument::parse(*output);
  if (!document) return 1;
  const auto number = [&](const char* member) { return static_cast<double>(document->root().at(member).int_or(0)); };
  const Figures figures{{"decisions", number("decisions")},
                        {"agreed", number("agreed")},
                        {"differing", number("differing")},
                        {"inputs_checked", number("inputs_checked")},
                        {"inputs_differing", number("inputs_differing")},
                        {"ledger_mib", static_cast<double>(ledger_bytes(options.directory)) / 1048576},
                        {"replay_wall_seconds", wall},
                        {"replay_cpu_seconds", children_cpu_seconds() - cpu},
                        {"replay_decisions_per_second", number("decisions") / wall}};
  JsonWriter json;
  json.begin_object();
  for (const auto& [name, value] : figures) {
    json.member(name, value);
    if (!options.json) std::printf("%-32s %14.2f\n", name.c_str(), value);
  }
  if (options.json) std::printf("%s\n", json.end_object().text().c_str());
  return number("decisions") > 0 && number("agreed") == number("decisions") ? 0 : 1;
}

}  // namespace

}  // namespace reeve::bench

int main(int argc, char** argv) {
  reeve::bench::Options options;
  options.reeve = (std::filesystem::read_symlink("/proc/self/exe").parent_path().parent_path() / "reeve").string();
  options.directory = std::filesystem::current_path() / ("policy-replay-" + std::to_string(::getpid()));
  bool keep = false;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--json") == 0) {
      options.json = true;
    } else if (std::strcmp(argv[i], "--decisions") == 0 && i + 1 < argc) {
      options.decisions = std::strtoull(argv[++i], nullptr, 10);
    } else if (std::strcmp(argv[i], "--keep") == 0 && i + 1 < argc) {
      options.directory = argv[++i];
      keep = true;
    } else {
      const bool help = std::strcmp(argv[i], "--help") == 0;
      std::fprintf(
          help ? stdout : stderr,
          "policy_replay [--json] [--decisions N] [--keep DIR]\n"
          "Replays N recorded decisions (default 1,000,000; about 2 GB, made here and removed at the end). With\n"
          "--keep they are made in DIR and stay; where DIR has a ledger already, that one is replayed.\n");
      return help ? 0 : 2;
    }
  }
  const int code = reeve::bench::measure(options);
  if (!keep) std::filesystem::remove_all(options.directory);
  return code;
}
