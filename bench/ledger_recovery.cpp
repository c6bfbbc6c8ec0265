#include "ledger_recovery.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "ledger/ledger.h"

namespace reeve::bench {

namespace {

using Figures = std::vector<std::pair<std::string, double>>;
using ledger::Entry;
using ledger::Log;

constexpr std::uint64_t kOutstandingMax = 20'000;
constexpr auto kHintIsWritten = std::chrono::milliseconds(2'500);
constexpr std::string_view kLongCall = "req_long";

ledger::LogOptions options_in(const std::filesystem::path& directory) {
  ledger::LogOptions options;
  options.directory = directory;
  options.origin = "reeve.example.com/bench";
  options.node = "bench";
  return options;
}

Entry entry_of(std::string_view kind, std::string_view request_id) {
  Entry entry;
  entry.kind = kind;
  entry.request_id = request_id;
  entry.attempt = 1;
  entry.principal = {"dev@example.com", "person", "payments", {}, {}};
  entry.client = "claude-code";
  entry.model = {"claude-opus-4-6", {}, "anthropic", {}, {}, {}};
  entry.decision.effect = entry.decision.enforced = "allow";
  entry.decision.mode = "enforce";
  entry.usage = TokenUsage{.input = 1200, .output = 350, .input_reported = true, .output_reported = true};
  return entry;
}

/// Appends calls at full speed until it is killed; tells when the log has `entries`, and its hints are up to date.
[[noreturn]] void append_until_killed(const std::filesystem::path& directory, std::uint64_t entries,
                                      std::string_view first_kind, int told) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  auto log = Log::open(options_in(directory));
  if (!log || !(*log)->append_and_wait(entry_of(first_kind, kLongCall))) ::_exit(1);
  std::uint64_t begun = (*log)->size();
  std::optional<Moment> full;
  bool done = false;
  for (std::uint64_t call = 0;; ++call) {
    while (begun > (*log)->size() + kOutstandingMax) std::this_thread::sleep_for(std::chrono::microseconds(200));
    const std::string request = "req_" + std::to_string(begun) + "_" + std::to_string(call);
    begun += (*log)->append_later(entry_of("model.intent", request)) ? 1 : 0;
    begun += (*log)->append_later(entry_of("model.outcome", request)) ? 1 : 0;
    if (done || (*log)->size() < entries) continue;
    if (!full) full = std::chrono::steady_clock::now();
    if (std::chrono::steady_clock::now() - *full < kHintIsWritten) continue;
    done = ::write(told, "x", 1) == 1;
  }
}

void make_and_kill(const std::filesystem::path& directory, std::uint64_t entries, std::string_view first_kind) {
  int ends[2];
  if (::pipe(ends) != 0) std::abort();
  const pid_t child = ::fork();
  if (child == 0) append_until_killed(directory, entries, first_kind, ends[1]);
  ::close(ends[1]);
  char told = 0;
  if (::read(ends[0], &told, 1) != 1) std::abort();
  ::close(ends[0]);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
}

double process_cpu_ms() {
  timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
}

void measure_open(const std::filesystem::path& directory, const std::string& name, Figures& figures) {
  const double cpu = process_cpu_ms();
  const Moment begin = std::chrono::steady_clock::now();
  const auto log = Log::open(options_in(directory));
  const double took = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
  const double used = process_cpu_ms() - cpu;
  if (!log) {
    std::fprintf(stderr, "%s\n", log.error().message.c_str());
    std::exit(3);
  }
  figures.emplace_back(name + "_entries", static_cast<double>((*log)->size()));
  figures.emplace_back(name + "_open_intents", static_cast<double>((*log)->open_intents().size()));
  figures.emplace_back(name + "_open_ms", took);
  figures.emplace_back(name + "_open_cpu_ms", used);
}

}  // namespace

Figures measure_recovery(const std::filesystem::path& directory, std::uint64_t entries) {
  Figures figures;
  make_and_kill(directory, entries, "model.intent");
  measure_open(directory, "recovery_long_call", figures);
  // The long call ends; what was appended since then is the usual case.
  make_and_kill(directory, entries, "model.outcome");
  measure_open(directory, "recovery", figures);
  return figures;
}

}  // namespace reeve::bench
