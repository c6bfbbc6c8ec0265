// bench/ledger_index: the query index over a ledger that is like a real one.
//
// Makes a ledger through the real log (calls of 5,000 people in sessions, by hour of the day more or fewer), indexes it
// from nothing, and measures: entries a second, bytes an entry, questions as dashboards ask them, looking up one entry,
// and how long until a new entry is found. Wall-clock figures of a shared machine vary; CPU seconds are printed beside.

#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "core/id.h"
#include "core/json.h"
#include "ledger/ledger.h"

namespace reeve::bench {

namespace {

using ledger::Entry;
using Figures = std::vector<std::pair<std::string, double>>;

struct Options {
  std::filesystem::path directory;
  std::uint64_t entries = 10'000'000;
  int rounds = 9;
  bool json = false;
  bool only_rebuild = false;
};

double seconds_since(Moment begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}
double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}
[[noreturn]] void die(const Error& error) {
  std::fprintf(stderr, "%s\n", error.message.c_str());
  std::exit(3);
}

/// A day of wall-clock time for the whole ledger, whatever it takes to make it.
class DayClock final : public Clock {
 public:
  explicit DayClock(std::uint64_t entries) : step_(86'400'000'000'000 / static_cast<std::int64_t>(entries)) {}
  Instant now() const override { return {1'795'000'000'000'000'000 + at_.load() * step_}; }
  Moment steady() const override { return std::chrono::steady_clock::now(); }
  void advance() { ++at_; }

 private:
  const std::int64_t step_;
  std::atomic<std::int64_t> at_{0};
};

/// Calls of many sessions at once: each belongs to a person with a client and a repository.
class Calls {
 public:
  struct Call {
    std::string id, session, person, team, repo, work_item;
    std::vector<std::string> groups;
    std::string_view client, version, feature, model, provider, effect, rule, status;
    bool finds = false;
  };
  Call next() {
    // Four hundred at a time, a hundred calls each on average.
    const std::size_t session = calls_++ / 100 + random_() % 400;
    std::mt19937 of_session(static_cast<unsigned>(session));
    Call call;
    const unsigned person = of_session() % 5'000;
    call.id = make_id("req");
    std::array<char, 64> text{};
    const auto part = [&] { return static_cast<unsigned>(of_session()); };
    std::snprintf(text.data(), text.size(), "%08x-%04x-4%03x-a%03x-%012x", part(), part() & 0xffffU, part() & 0xfffU,
                  part() & 0xfffU, part());
    call.session = text.data();
    call.person = "developer" + std::to_string(person) + "@example.com";
    call.team = "team-" + std::to_string(person % 60);
    call.groups = {"engineering", call.team};
    call.repo = "example/repository-" + std::to_string(of_session() % 400);
    call.work_item = "WORK-" + std::to_string(of_session() % 20'000);
    call.client = std::array{"claude-code", "codex", "copilot"}[person % 3];
    call.version = std::array{"2.1.3", "0.98.0", "1.0.12"}[person % 3];
    call.feature = std::array{"review", "code", "test", ""}[of_session() % 4];
    const std::size_t model = of_session() % 4;
    call.model = std::array{"claude-opus-4-6", "claude-haiku-4-5", "gpt-5.2", "gemini-3-pro"}[model];
    call.provider = std::array{"anthropic", "anthropic", "openai", "google"}[model];
    const unsigned luck = random_() % 1000;
    call.effect = luck < 20 ? "deny" : luck < 60 ? "degrade" : "allow";
    call.rule = luck < 20   ? "restricted-data-stays-in-the-region"
                : luck < 60 ? "contractors-use-small-models"
                            : std::string_view();
    call.status = luck < 20 ? "refused" : luck > 990 ? "upstream_error" : luck > 980 ? "client_gone" : "ok";
    call.finds = random_() % 30 == 0;
    return call;
  }
  std::int64_t around(double middle, double spread) {
    return static_cast<std::int64_t>(std::exp(std::log(middle) + spread * normal_(random_)));
  }

 private:
  std::mt19937 random_{1};
  std::normal_distribution<double> normal_;
  std::size_t calls_ = 0;
};

void fill(Entry& entry, const Calls::Call& call, std::span<const std::string_view> rules) {
  entry.request_id = call.id;
  entry.attempt = 1;
  entry.session_id = call.session;
  entry.principal = {call.person, "person", call.team, "key_01JD7Q3Z5X8K2M4N6P7R9S1T3V", call.groups};
  entry.client = call.client;
  entry.client_version = call.version;
  entry.repo = call.repo;
  entry.work_item = call.work_item;
  entry.feature = call.feature;
  entry.model = {.asked = call.model,
                 .served = call.model,
                 .provider = call.provider,
                 .region = "eu",
                 .dialect = "anthropic",
                 .operation = "generate",
                 .tier = "frontier",
                 .retention = "zero"};
  entry.decision.effect = entry.decision.enforced = call.effect;
  entry.decision.mode = "enforce";
  entry.decision.rule = call.rule;
  if (!call.rule.empty()) entry.decision.rules = rules;
  entry.decision.bundle = "sha256:6f1ed002ab5595859014ebf0951522d9d6f1ed002ab5595859014ebf0951522d";
}

class Maker {
 public:
  Maker(const std::filesystem::path& directory, std::uint64_t entries) : clock_(entries) {
    ledger::LogOptions options;
    options.directory = directory;
    options.origin = "reeve.example.com/bench";
    options.node = "bench";
    options.clock = &clock_;
    auto log = ledger::Log::open(std::move(options));
    if (!log) die(log.error());
    log_ = *std::move(log);
  }
  /// Intents and outcomes, some hundred calls under way at any moment.
  void make(std::uint64_t entries) {
    std::vector<Calls::Call> under_way;
    for (std::uint64_t made = 0; made < entries;) {
      Calls::Call call = calls_.next();
      if (call.effect != "deny") {
        append(intent_of(call));
        ++made;
        under_way.push_back(std::move(call));
        if (under_way.size() < 300) continue;
        std::swap(under_way[static_cast<std::size_t>(calls_.around(1000, 1)) % 300], under_way.back());
        call = std::move(under_way.back());
        under_way.pop_back();
      }
      append_outcome(call);
      ++made;
    }
  }
  void close() { log_->close(); }
  ledger::Log& log() { return *log_; }

 private:
  Entry intent_of(const Calls::Call& call) {
    rules_ = {call.rule};
    Entry entry;
    fill(entry, call, rules_);
    entry.kind = "model.intent";
    entry.request_bytes = calls_.around(90'000, 0.9);
    entry.request_tokens = *entry.request_bytes / 4;
    entry.request_stream = true;
    entry.request_shape = Entry::Shape{true, false, calls_.around(30, 0.8)};
    entry.decision.input = "sha256:0f1ed002ab5595859014ebf0951522d9d6f1ed002ab5595859014ebf0951522d";
    entry.decision.evaluation_ns = calls_.around(4000, 0.3);
    entry.decision.time = "2026-11-21T10:55:03Z";
    static const std::array<Entry::Content::Finding, 1> kFinding{
        {{.type = "email", .class_name = "pii", .origin = "user", .confidence_percent = 95, .count = 2}}};
    static const std::array<std::string_view, 1> kLabel{"personal"};
    if (call.finds) {
      entry.content.findings = kFinding;
      entry.content.labels = kLabel;
    }
    entry.budget.held_nanos = calls_.around(90e6, 0.8);
    return entry;
  }
  void append_outcome(const Calls::Call& call) {
    rules_ = {call.rule};
    Entry entry;
    fill(entry, call, rules_);
    entry.kind = "model.outcome";
    const bool refused = call.status == "refused";
    if (!refused) {
      entry.usage = TokenUsage{.input = calls_.around(900, 1.0),
                               .cache_read = calls_.around(40'000, 0.9),
                               .cache_write_5m = calls_.around(1500, 0.9),
                               .output = calls_.around(350, 0.9),
                               .input_reported = true,
                               .output_reported = true};
      entry.cost = Entry::Cost{.total = {(entry.usage->input * 5 + entry.usage->cache_read / 2 +
                                          entry.usage->cache_write_5m * 6 + entry.usage->output * 25) *
                                         1000},
                               .price_version = "0.1.8",
                               .provider = call.provider,
                               .model = call.model,
                               .service_tier = "standard"};
    }
    const std::int64_t decided = calls_.around(180, 0.3);
    const std::int64_t first = refused ? decided : calls_.around(900'000, 0.4);
    entry.timing = Entry::Timing{first, refused ? decided + 20 : first + calls_.around(4e6, 0.8), decided};
    entry.outcome = Entry::Outcome{call.status, refused ? "policy" : "", refused ? 403 : 200,
                                   refused ? 0 : calls_.around(9000, 0.9), refused ? 0 : 60U};
    append(entry);
  }
  void append(Entry entry) {
    // Each worker numbers its own.
    entry.producer = &log_->producer(entry.request_id.back() % 2 == 0 ? "worker-1" : "worker-2");
    // Not faster than it is written: nothing may be lost.
    while (appended_ > log_->stats().entries.load() + 20'000) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    if (!log_->append_later(entry)) std::abort();
    ++appended_;
    clock_.advance();
  }

  DayClock clock_;
  std::unique_ptr<ledger::Log> log_;
  Calls calls_;
  std::vector<std::string_view> rules_;
  std::uint64_t appended_ = 0;
};

struct Question {
  const char* name;
  const char* sql;
  bool asked_often = true;  // by a dashboard; counts into the quantiles of all
};
constexpr std::array kQuestions = {
    Question{"calls_by_team_and_decision", "SELECT team, effect, count(*), sum(cost_nanos) FROM calls GROUP BY ALL"},
    Question{"cost_by_model", "SELECT model_served, count(*), sum(cost_nanos) FROM calls GROUP BY ALL"},
    Question{"top_people_by_tokens",
             "SELECT person, sum(input_tokens + output_tokens) AS tokens FROM calls GROUP BY ALL ORDER BY tokens DESC "
             "LIMIT 20"},
    Question{"cost_by_hour",
             "SELECT date_trunc('hour', time) AS hour, count(*), sum(cost_nanos) FROM calls GROUP BY ALL"},
    Question{"denials", "SELECT count(*) FROM calls WHERE enforced = 'deny'"},
    Question{"rules", "SELECT rule, count(*) FROM calls WHERE rule IS NOT NULL GROUP BY ALL"},
    Question{
        "last_100_denials",
        "SELECT * FROM calls WHERE seq IN (SELECT seq FROM calls WHERE enforced = 'deny' ORDER BY seq DESC LIMIT 100) "
        "ORDER BY seq DESC"},
    Question{
        "last_100_of_a_person",
        "SELECT * FROM calls WHERE seq IN (SELECT seq FROM calls WHERE person = 'developer77@example.com' ORDER BY "
        "seq DESC LIMIT 100) ORDER BY seq DESC"},
    Question{
        "last_hour_by_model",
        "SELECT model_served, count(*), quantile_cont(total_us, 0.95) FROM calls WHERE time > (SELECT max(time) FROM "
        "calls) - INTERVAL 1 HOUR GROUP BY ALL"},
    Question{"status_by_provider", "SELECT provider, status, count(*) FROM calls GROUP BY ALL"},
    Question{"latency_by_model",
             "SELECT model_served, reservoir_quantile(total_us, 0.95, 8192) FROM calls GROUP BY ALL"},
    Question{"exact_latency_by_model", "SELECT model_served, quantile_disc(total_us, 0.95) FROM calls GROUP BY ALL",
             false},
    Question{"findings", "SELECT findings, count(*) FROM calls WHERE findings IS NOT NULL GROUP BY ALL"},
    Question{"cost_by_feature", "SELECT feature, sum(cost_nanos) FROM calls GROUP BY ALL"},
    Question{"cost_of_a_repository",
             "SELECT work_item, sum(cost_nanos) FROM calls WHERE repo = 'example/repository-7' GROUP BY ALL"},
    Question{"under_way", "SELECT count(*) FROM calls WHERE status IS NULL"},
};

double quantile(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
}

void measure_questions(ledger::Index& index, const Options& options, Figures& figures) {
  std::vector<double> all;
  for (const Question& question : kQuestions) {
    std::vector<double> times;
    const double cpu = cpu_seconds();
    for (int i = 0; i < options.rounds; ++i) {
      const Moment begin = std::chrono::steady_clock::now();
      const auto rows = index.select(question.sql, {}, 10'000, std::chrono::minutes(2));
      if (!rows) die(rows.error());
      times.push_back(seconds_since(begin) * 1e3);
    }
    if (question.asked_often) all.insert(all.end(), times.begin(), times.end());
    figures.emplace_back(std::string(question.name) + "_p50_ms", quantile(times, 0.5));
    figures.emplace_back(std::string(question.name) + "_cpu_ms", (cpu_seconds() - cpu) * 1e3 / options.rounds);
  }
  figures.emplace_back("questions_p50_ms", quantile(all, 0.5));
  figures.emplace_back("questions_p95_ms", quantile(all, 0.95));
}

void measure_look_ups(ledger::Index& index, Figures& figures) {
  std::mt19937_64 random(5);
  std::vector<double> by_seq;
  std::vector<double> by_request;
  const std::uint64_t entries = index.progress().indexed;
  for (int i = 0; i < 200; ++i) {
    const std::uint64_t seq = random() % entries;
    std::string request;
    Moment begin = std::chrono::steady_clock::now();
    auto found = index.find({.from = seq, .to = seq + 1}, [&](const ledger::StoredEntry& entry) {
      const auto document = JsonDocument::parse(entry.bytes);
      request = document->root()["request_id"].string_or("");
      return true;
    });
    if (!found) die(found.error());
    by_seq.push_back(seconds_since(begin) * 1e3);
    const auto filter = ledger::EntryFilter::compile("request_id == \"" + request + "\"");
    begin = std::chrono::steady_clock::now();
    std::size_t count = 0;
    found = index.find({.filter = &*filter}, [&](const ledger::StoredEntry&) { return ++count > 0; });
    if (!found) die(found.error());
    if (count == 0) std::abort();
    by_request.push_back(seconds_since(begin) * 1e3);
  }
  figures.emplace_back("by_seq_p50_ms", quantile(by_seq, 0.5));
  figures.emplace_back("by_seq_p95_ms", quantile(by_seq, 0.95));
  figures.emplace_back("by_request_p50_ms", quantile(by_request, 0.5));
  figures.emplace_back("by_request_p95_ms", quantile(by_request, 0.95));
}

/// From the append to the moment when the index finds the entry, looking five times a second as the server does.
void measure_freshness(Maker& maker, ledger::Index& index, Figures& figures) {
  std::vector<double> times;
  for (int i = 0; i < 20; ++i) {
    Entry entry;
    entry.kind = "policy.changed";
    const Moment begin = std::chrono::steady_clock::now();
    const auto placed = maker.log().append_and_wait(entry);
    if (!placed) die(placed.error());
    while (index.progress().indexed <= placed->index) {
      std::this_thread::sleep_for(std::chrono::milliseconds(200));
      if (const auto more = index.refresh(); !more) die(more.error());
    }
    times.push_back(seconds_since(begin) * 1e3);
  }
  figures.emplace_back("fresh_p50_ms", quantile(times, 0.5));
  figures.emplace_back("fresh_max_ms", quantile(times, 1));
}

Figures measure(const Options& options) {
  Figures figures;
  const std::filesystem::path ledger = options.directory / "ledger";
  const std::filesystem::path directory = options.directory / "index";
  const bool is_there = std::filesystem::exists(ledger);
  if (!is_there) {
    // Closed, so that nothing is published while the index is made.
    Maker maker(ledger, options.entries);
    maker.make(options.entries);
    maker.close();
  }

  std::filesystem::remove_all(directory);
  const Moment begin = std::chrono::steady_clock::now();
  const double cpu = cpu_seconds();
  auto index = ledger::Index::open({.ledger = ledger, .directory = directory, .library = ledger::index_library()});
  if (!index) die(index.error());
  while (true) {
    const auto more = (*index)->refresh();
    if (!more) die(more.error());
    if (!*more) break;
  }
  const auto entries = static_cast<double>((*index)->progress().indexed);
  figures.emplace_back("entries", entries);
  figures.emplace_back("rebuild_entries_per_s", entries / seconds_since(begin));
  figures.emplace_back("rebuild_entries_per_cpu_s", entries / (cpu_seconds() - cpu));
  figures.emplace_back("bytes_per_entry", static_cast<double>(std::filesystem::file_size(directory / "ledger.duckdb")) /
                                              static_cast<double>((*index)->progress().in_file));
  if (options.only_rebuild) return figures;
  measure_questions(**index, options, figures);
  measure_look_ups(**index, figures);
  Maker maker(ledger, options.entries);
  measure_freshness(maker, **index, figures);
  maker.close();
  return figures;
}

Options read_options(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--json") {
      options.json = true;
    } else if (argument == "--rebuild") {
      options.only_rebuild = true;
    } else if (argument == "--entries" && i + 1 < argc) {
      options.entries = std::strtoull(argv[++i], nullptr, 10);
    } else if (argument == "--dir" && i + 1 < argc) {
      options.directory = argv[++i];
    } else {
      std::fprintf(stderr, "%s",
                   "ledger_index [--json] [--rebuild] [--entries N] [--dir FOLDER]\n"
                   "  --rebuild     only how quickly the index is made from nothing\n"
                   "  --entries N   how many the ledger has (default 10,000,000: 10 GB)\n"
                   "  --dir FOLDER  where to work; a ledger that is there is used (default: a folder here, removed)\n");
      std::exit(2);
    }
  }
  return options;
}

}  // namespace

}  // namespace reeve::bench

int main(int argc, char** argv) {
  using namespace reeve::bench;  // NOLINT: a main file
  Options options = read_options(argc, argv);
  const bool keep = !options.directory.empty();
  if (!keep) options.directory = std::filesystem::current_path() / "ledger_index.tmp";
  const Figures figures = measure(options);
  if (!keep) std::filesystem::remove_all(options.directory);
  reeve::JsonWriter json;
  json.begin_object();
  for (const auto& [name, value] : figures) {
    if (options.json) {
      json.member(name, value);
    } else {
      std::printf("%-36s %14.1f\n", name.c_str(), value);
    }
  }
  if (options.json) std::printf("%s\n", json.end_object().text().c_str());
}
