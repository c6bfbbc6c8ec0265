// bench/ledger: what a durable, provable append costs.
//
// One run measures, in the same folder: a plain preallocated file with write and fdatasync (the yardstick), the ledger
// with appends as fast as they go, with 1 and with 64 callers that wait, and with appends that come 50,000 times a
// second whether or not earlier ones were answered. Wall-clock figures of a shared machine vary; CPU per record and the
// ratio to the yardstick are steady.

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/json.h"
#include "ledger/entry_json.h"
#include "ledger/ledger.h"
#include "ledger_proofs.h"
#include "ledger_recovery.h"
#include "net/net.h"

namespace reeve::bench {

namespace {

using ledger::Entry;
using ledger::Log;
using Figures = std::vector<std::pair<std::string, double>>;

struct Options {
  std::filesystem::path directory;
  double seconds = 3;
  bool json = false;
  bool proofs_only = false;
  std::uint64_t recovery_entries = 0;  // 0: not measured
};

double seconds_since(Moment begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

/// User and system time of the whole process.
double process_cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

/// CPU time of a ledger's thread, found by its name.
double thread_cpu_seconds(std::string_view wanted) {
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::string name;
    std::ifstream(task.path() / "comm") >> name;
    if (name != wanted) continue;
    double nanoseconds = 0;
    std::ifstream(task.path() / "schedstat") >> nanoseconds;
    return nanoseconds / 1e9;
  }
  return 0;
}
constexpr std::array<std::string_view, 3> kLedgerThreads{"ledger-commit", "ledger-publish", "ledger-prepare"};

/// Close to 600 bytes, in the proportions of an outcome as the gateway records it.
struct Record {
  std::vector<std::string> groups{"engineering", "payments"};
  std::vector<std::string_view> rules{"contractors-use-small-models"};
  Entry entry;
  Record() {
    entry.kind = "tool.decision";
    entry.request_id = "req_01JD7Q3Z5X8K2M4N6P7R9S1T3V";
    entry.attempt = 1;
    entry.principal = {"dev@example.com", "person", "payments", {}, groups};
    entry.client = "claude-code";
    entry.model = {"claude-opus-4-6", {}, "anthropic", {}, {}, {}};
    entry.decision.effect = entry.decision.enforced = "allow";
    entry.decision.mode = "enforce";
    entry.decision.rules = rules;
    entry.usage = TokenUsage{.input = 1200, .output = 350, .input_reported = true, .output_reported = true};
    entry.outcome = Entry::Outcome{"ok", {}, 200, 4096, 37};
  }
};

ledger::LogOptions log_options(const std::filesystem::path& directory) {
  ledger::LogOptions options;
  options.directory = directory;
  options.origin = "reeve.example.com/bench";
  options.node = "bench";
  return options;
}

/// Begins with a disk that has nothing left to write of what was measured before.
std::unique_ptr<Log> open_log(const std::filesystem::path& directory) {
  ::sync();
  auto log = Log::open(log_options(directory));
  if (!log) {
    std::fprintf(stderr, "%s\n", log.error().message.c_str());
    std::exit(3);
  }
  return *std::move(log);
}

struct Percentiles {
  double p50 = 0;
  double p99 = 0;
  double p999 = 0;
};
Percentiles percentiles(std::vector<double>& microseconds) {
  if (microseconds.empty()) return {};
  std::sort(microseconds.begin(), microseconds.end());
  const auto at = [&](double share) {
    return microseconds[static_cast<std::size_t>(share * static_cast<double>(microseconds.size() - 1))];
  };
  return {at(0.5), at(0.99), at(0.999)};
}
void add_percentiles(Figures& figures, const std::string& name, std::vector<double>& microseconds) {
  const Percentiles found = percentiles(microseconds);
  figures.emplace_back(name + "_p50_us", found.p50);
  figures.emplace_back(name + "_p99_us", found.p99);
  figures.emplace_back(name + "_p999_us", found.p999);
}

// ---- The yardstick

/// A preallocated file of zeros, as the ledger's segments are.
class RawFile {
 public:
  explicit RawFile(const std::filesystem::path& path)
      : descriptor_(::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC, 0600)) {
    const std::string zeros(1UL << 20U, '\0');
    for (std::size_t at = 0; at < kBytes; at += zeros.size()) write(zeros, at);
    ::fsync(descriptor_);
  }
  RawFile(const RawFile&) = delete;
  RawFile& operator=(const RawFile&) = delete;
  ~RawFile() { ::close(descriptor_); }

  void append(std::string_view bytes) {
    if (offset_ + bytes.size() > kBytes) offset_ = 0;
    write(bytes, offset_);
    if (::fdatasync(descriptor_) != 0) std::abort();
    offset_ += bytes.size();
  }

 private:
  static constexpr std::size_t kBytes = 64UL << 20U;
  void write(std::string_view bytes, std::size_t at) const {
    if (::pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(at)) !=
        static_cast<ssize_t>(bytes.size())) {
      std::abort();
    }
  }
  int descriptor_;
  std::size_t offset_ = 0;
};

void measure_raw(const Options& options, std::size_t record_bytes, Figures& figures) {
  constexpr std::size_t kGroup = 1000;
  RawFile file(options.directory / "raw");
  const std::string group(record_bytes * kGroup, 'r');
  std::uint64_t records = 0;
  const Moment begin = std::chrono::steady_clock::now();
  const double cpu = process_cpu_seconds();
  while (seconds_since(begin) < options.seconds) {
    file.append(group);
    records += kGroup;
  }
  figures.emplace_back("raw_records_per_second", static_cast<double>(records) / seconds_since(begin));
  figures.emplace_back("raw_cpu_us_per_record", (process_cpu_seconds() - cpu) * 1e6 / static_cast<double>(records));
}

// ---- As fast as it goes

constexpr std::uint64_t kOutstandingMax = 20'000;

/// What a caller pays on its own thread.
void measure_serialising(Figures& figures) {
  constexpr int kTimes = 200'000;
  const Record record;
  std::string text;
  const double cpu = process_cpu_seconds();
  for (int i = 0; i < kTimes; ++i) {
    text.clear();
    ledger::append_prepared_entry(text, record.entry, "bench");
  }
  figures.emplace_back("serialise_cpu_us_per_record", (process_cpu_seconds() - cpu) * 1e6 / kTimes);
}

void measure_throughput(const Options& options, Figures& figures) {
  const auto log = open_log(options.directory / "throughput");
  Record record;
  record.entry.producer = &log->producer("worker-1");
  std::atomic<bool> stop = false;
  const Moment begin = std::chrono::steady_clock::now();
  const double cpu = process_cpu_seconds();
  std::thread producer([&] {
    std::uint64_t begun = 0;
    while (!stop) {
      // Enough in the queue to keep the disk busy, not so much that it is refused.
      if (begun - log->size() > kOutstandingMax) {
        std::this_thread::sleep_for(std::chrono::microseconds(200));
        continue;
      }
      for (int i = 0; i < 500; ++i) begun += log->append_later(record.entry) ? 1 : 0;
    }
  });
  while (seconds_since(begin) < options.seconds) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  stop = true;
  producer.join();
  log->close();
  const auto records = static_cast<double>(log->size());
  figures.emplace_back("append_records_per_second", records / seconds_since(begin));
  figures.emplace_back("append_cpu_us_per_record", (process_cpu_seconds() - cpu) * 1e6 / records);
  figures.emplace_back("append_records_per_sync", records / static_cast<double>(log->stats().syncs));

  const Moment verifying = std::chrono::steady_clock::now();
  const auto report = ledger::verify(options.directory / "throughput");
  figures.emplace_back("verify_records_per_second",
                       static_cast<double>(report ? report->entries : 0) / seconds_since(verifying));
  if (!report || !report->ok) {
    std::fprintf(stderr, "the ledger does not verify: %s\n",
                 report ? report->problems[0].c_str() : report.error().message.c_str());
  }
}

// ---- Latency

/// One caller that waits, on a thread, in turn with the yardstick: the same bytes, one fdatasync each.
void measure_one_waiting(const Options& options, std::size_t record_bytes, Figures& figures) {
  RawFile file(options.directory / "raw");
  const auto log = open_log(options.directory / "one");
  const Record record;
  const std::string bytes(record_bytes, 'r');
  std::vector<double> raw;
  std::vector<double> acknowledged;
  const Moment begin = std::chrono::steady_clock::now();
  while (seconds_since(begin) < options.seconds) {
    Moment before = std::chrono::steady_clock::now();
    file.append(bytes);
    raw.push_back(seconds_since(before) * 1e6);
    before = std::chrono::steady_clock::now();
    if (!log->append_and_wait(record.entry)) std::abort();
    acknowledged.push_back(seconds_since(before) * 1e6);
  }
  add_percentiles(figures, "raw_sync", raw);
  add_percentiles(figures, "ack_1_waiting", acknowledged);
}

/// Latencies of one loop; written on its thread only.
struct Latencies {
  std::vector<double> microseconds;
};

Task<void> keep_appending(Log& log, Executor& executor, const Entry& entry, const std::atomic<bool>& stop,
                          Latencies& latencies, std::atomic<int>& running) {
  while (!stop) {
    const Moment before = std::chrono::steady_clock::now();
    const auto placed = co_await log.append(entry, executor);
    if (placed) latencies.microseconds.push_back(seconds_since(before) * 1e6);
  }
  --running;
}

void measure_many_waiting(const Options& options, int callers, Figures& figures) {
  const auto log = open_log(options.directory / ("waiting-" + std::to_string(callers)));
  auto runtime = net::Runtime::create(1);
  if (!runtime) std::abort();
  (*runtime)->start();
  net::Loop& loop = (*runtime)->loop(0);
  const Record record;
  Latencies latencies;
  std::atomic<bool> stop = false;
  std::atomic<int> running = callers;
  const Moment begin = std::chrono::steady_clock::now();
  for (int i = 0; i < callers; ++i) {
    loop.post([&] { start_detached(keep_appending(*log, loop, record.entry, stop, latencies, running)); });
  }
  std::this_thread::sleep_for(std::chrono::duration<double>(options.seconds));
  stop = true;
  while (running > 0) std::this_thread::yield();
  const std::string name = "ack_" + std::to_string(callers) + "_waiting";
  figures.emplace_back(name + "_records_per_second", static_cast<double>(log->size()) / seconds_since(begin));
  (*runtime)->stop();
  add_percentiles(figures, name, latencies.microseconds);
}

Task<void> append_once(Log& log, Executor& executor, const Entry& entry, Moment due, Latencies& latencies,
                       std::atomic<std::uint64_t>& answered) {
  const auto placed = co_await log.append(entry, executor);
  if (placed) latencies.microseconds.push_back(seconds_since(due) * 1e6);
  answered.fetch_add(1, std::memory_order_relaxed);
}

/// Appends begin when they are due, whatever became of earlier ones; latency counts from then.
void measure_open_loop(const Options& options, double per_second, Figures& figures) {
  const auto log = open_log(options.directory / "open");
  auto runtime = net::Runtime::create(1);
  if (!runtime) std::abort();
  (*runtime)->start();
  net::Loop& loop = (*runtime)->loop(0);
  const Record record;
  Latencies latencies;
  latencies.microseconds.reserve(static_cast<std::size_t>(per_second * options.seconds * 1.1));
  std::atomic<std::uint64_t> answered = 0;
  std::uint64_t begun = 0;
  const double cpu = process_cpu_seconds();
  std::array<double, kLedgerThreads.size()> threads_before{};
  std::transform(kLedgerThreads.begin(), kLedgerThreads.end(), threads_before.begin(), thread_cpu_seconds);
  const Moment begin = std::chrono::steady_clock::now();
  while (seconds_since(begin) < options.seconds) {
    const auto due = static_cast<std::uint64_t>(seconds_since(begin) * per_second);
    for (; begun < due; ++begun) {
      const auto offset =
          std::chrono::nanoseconds(static_cast<std::int64_t>(static_cast<double>(begun) * 1e9 / per_second));
      start_detached(append_once(*log, loop, record.entry, begin + offset, latencies, answered));
    }
    std::this_thread::sleep_for(std::chrono::microseconds(50));
  }
  while (answered < begun) std::this_thread::yield();
  const double elapsed = seconds_since(begin);
  figures.emplace_back("open_50k_records_per_second", static_cast<double>(log->size()) / elapsed);
  figures.emplace_back("open_50k_process_cpus", (process_cpu_seconds() - cpu) / elapsed);
  double all = 0;
  for (std::size_t i = 0; i < kLedgerThreads.size(); ++i) {
    const double cpus = (thread_cpu_seconds(kLedgerThreads[i]) - threads_before[i]) / elapsed;
    figures.emplace_back("open_50k_" + std::string(kLedgerThreads[i].substr(7)) + "_thread_cpus", cpus);
    all += cpus;
  }
  figures.emplace_back("open_50k_ledger_threads_cpus", all);
  figures.emplace_back("open_50k_syncs_per_second", static_cast<double>(log->stats().syncs) / elapsed);
  (*runtime)->stop();
  add_percentiles(figures, "open_50k", latencies.microseconds);
}

// ---- Report

double figure(const Figures& figures, std::string_view name) {
  const auto found = std::find_if(figures.begin(), figures.end(), [&](const auto& f) { return f.first == name; });
  return found == figures.end() ? 0 : found->second;
}

void print(const Options& options, const Figures& figures) {
  if (!options.json) {
    for (const auto& [name, value] : figures) std::printf("%-36s %14.2f\n", name.c_str(), value);
    return;
  }
  JsonWriter json;
  json.begin_object();
  for (const auto& [name, value] : figures) json.member(name, std::round(value * 1000) / 1000);
  std::printf("%s\n", json.end_object().text().c_str());
}

std::size_t record_bytes(const Options& options) {
  const auto log = open_log(options.directory / "size");
  if (!log->append_and_wait(Record().entry)) std::abort();
  return log->stats().bytes;
}

int run_proofs(const Options& options) {
  print(options, measure_proofs(options.directory / "proofs"));
  return 0;
}

int run_recovery(const Options& options) {
  print(options, measure_recovery(options.directory / "recovery", options.recovery_entries));
  return 0;
}

int run(const Options& options) {
  Figures figures;
  const std::size_t bytes = record_bytes(options);
  figures.emplace_back("record_bytes", static_cast<double>(bytes));
  measure_raw(options, bytes, figures);
  measure_serialising(figures);
  measure_throughput(options, figures);
  figures.emplace_back("append_to_raw_ratio",
                       figure(figures, "append_records_per_second") / figure(figures, "raw_records_per_second"));
  measure_one_waiting(options, bytes, figures);
  figures.emplace_back("ack_1_waiting_over_raw_p50_us",
                       figure(figures, "ack_1_waiting_p50_us") - figure(figures, "raw_sync_p50_us"));
  measure_many_waiting(options, 64, figures);
  measure_open_loop(options, 50'000, figures);
  figures.emplace_back("open_50k_with_serialising_cpus", figure(figures, "open_50k_ledger_threads_cpus") +
                                                             0.05 * figure(figures, "serialise_cpu_us_per_record"));
  print(options, figures);
  return 0;
}

}  // namespace

}  // namespace reeve::bench

int main(int count, char** arguments) {
  reeve::bench::Options options;
  std::filesystem::path base = std::filesystem::current_path();
  for (int i = 1; i < count; ++i) {
    const std::string argument = arguments[i];
    if (argument == "--json") {
      options.json = true;
    } else if (argument == "--proofs") {
      options.proofs_only = true;
    } else if (argument == "--recovery") {
      options.recovery_entries = 10'000'000;
    } else if (argument == "--entries" && i + 1 < count) {
      options.recovery_entries = static_cast<std::uint64_t>(std::atoll(arguments[++i]));
    } else if (argument == "--seconds" && i + 1 < count) {
      options.seconds = std::atof(arguments[++i]);
    } else if (argument == "--dir" && i + 1 < count) {
      base = arguments[++i];
    } else {
      std::printf(
          "ledger [--json] [--seconds N] [--dir FOLDER] [--proofs | --recovery [--entries N]]\n"
          "Measures durable appends in FOLDER (default: here), which should be on the disk that matters. Each of five\n"
          "parts takes N seconds (default 3) and up to some GB, which are removed at the end. With\n"
          "--proofs only what proofs from a log of ten million entries cost; with --recovery only what opening one\n"
          "costs after its writer was killed.\n");
      return argument == "--help" ? 0 : 2;
    }
  }
  options.directory = base / ("ledger-bench-" + std::to_string(::getpid()));
  std::filesystem::create_directories(options.directory);
  const int code = options.proofs_only            ? reeve::bench::run_proofs(options)
                   : options.recovery_entries > 0 ? reeve::bench::run_recovery(options)
                                                  : reeve::bench::run(options);
  std::filesystem::remove_all(options.directory);
  return code;
}
