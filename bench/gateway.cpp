// bench/gateway: what governing a call costs, as a ratio to nginx.
//
// One run starts an upstream, nginx as a plain reverse proxy and Reeve (identity, policy, metering and the durable
// ledger on), and loads each in turn with wrk: JSON answers to 2 KB and 60 KB requests, and streams of 200 paced
// events. What is compared is CPU per request of the proxy's processes (user and system time from the scheduler), which
// is steady where wall-clock figures of a small shared machine are not. The proxies run alone on the last core; wrk and
// the upstream share the first. With --content, detectors and rules on content are on too.

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "process.h"
#include "stream_upstream.h"

namespace reeve::bench {

namespace {

constexpr int kEventGapMicroseconds = 2'000;

struct Options {
  std::string reeve;
  int rounds = 3;
  int seconds = 4;
  int soak_minutes = 0;
  bool json = false;
  std::string content;  // a governance directory whose detectors and rules on content are on; empty: content is off
  std::string only;     // one scenario, or "latency"; empty for all
};

struct Scenario {
  std::string name;  // "2kb", "60kb", "stream"
  std::string body_file;
  int connections;
};

void write_file(const std::string& path, const std::string& content) {
  std::ofstream(path, std::ios::binary) << content;
}

/// All of them apply to every call, and none is ever near its limit.
std::string ten_budgets() {
  std::string budgets;
  for (const char* each : {"org", "team", "person", "model", "provider"}) {
    for (const char* window : {"day", "month"}) {
      budgets += std::string(budgets.empty() ? "" : "---\n") + "kind: Budget\nname: each-" + each + "-a-" + window;
      budgets += std::string("\ntitle: Bench\nwindow: ") + window + "\nlimit: {money: $1000000, tokens: 1000000M}\n";
      if (std::string_view(each) != "org") budgets += std::string("each: [") + each + "]\n";
    }
  }
  return budgets;
}

/// Which texts of a body are new in each request.
enum class New { kNone, kLast, kAll };

std::string message_body(std::size_t bytes, bool stream, New news = New::kNone) {
  std::string body = std::string("{\"stream\":") + (stream ? "true" : "false") +
                     ",\"model\":\"claude-haiku-4-5\",\"max_tokens\":32000,\"system\":[{\"type\":\"text\",\"text\":"
                     "\"You write code.\"}],\"messages\":[";
  const std::string mark = news == New::kAll ? std::string(kChangingMark) : "";
  const std::size_t last = news == New::kNone ? 400 : 2'048;
  for (int turn = 0; body.size() + last < bytes; ++turn) {
    body +=
        std::string(turn == 0 ? "" : ",") + "{\"role\":\"" + (turn % 2 == 0 ? "user" : "assistant") +
        "\",\"content\":[{\"type\":\"text\",\"text\":\"Line " + std::to_string(turn) + mark +
        R"(: if (value == \"limit\") { return next(value); } // and so the story goes on for a while, with words and \t tabs\n)" +
        "\"}]}";
  }
  body += std::string(body.ends_with('[') ? "" : ",") + "{\"role\":\"user\",\"content\":\"";
  if (news == New::kNone) {
    body.append(bytes > body.size() + 4 ? bytes - body.size() - 4 : 1, 'z');
  } else {
    body += kChangingMark;
    for (int line = 1; body.size() + 100 < bytes; ++line) {
      body += "const total" + std::to_string(line) + " = await sum(rows, \\\"net\\\"); // of the last quarter\\n";
    }
  }
  return body + "\"}]}";
}

/// Beside the program, on a disk: the folder for temporary files may be memory, which makes every sync free. Its
/// folders are marked as having nothing to do with each other, so that ext4 spreads them: without a journal it passes
/// over the files that an earlier run deleted, for minutes, one by one for each new file.
std::string scratch_parent() {
  const std::string path = (std::filesystem::read_symlink("/proc/self/exe").parent_path() / "scratch").string();
  std::filesystem::create_directories(path);
  const int folder = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  int flags = 0;
  if (folder >= 0 && ::ioctl(folder, FS_IOC_GETFLAGS, &flags) == 0) {
    flags |= FS_TOPDIR_FL;
    ::ioctl(folder, FS_IOC_SETFLAGS, &flags);  // a hint; other file systems know nothing of it
  }
  if (folder >= 0) ::close(folder);
  return path;
}

class Bench {
 public:
  explicit Bench(Options options) : options_(std::move(options)) {
    scratch_ = scratch_parent() + "/run-XXXXXX";
    if (::mkdtemp(scratch_.data()) == nullptr) std::abort();
    proxy_core_ = static_cast<int>(std::max(1U, std::thread::hardware_concurrency())) - 1;
  }
  ~Bench() {
    // First the processes, which write there.
    reeve_.reset();
    nginx_.reset();
    upstream_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(scratch_, ignored);
  }

  int run_all() {
    if (!start_upstream() || !start_nginx() || !start_reeve()) return 1;
    // Idle memory is read before any load has warmed the buffers.
    std::this_thread::sleep_for(std::chrono::seconds(2));
    figures_["reeve_idle_rss_mib"] = static_cast<double>(reeve_->resident_kib()) / 1024;
    if (options_.soak_minutes > 0) return soak();
    for (const Scenario& scenario : scenarios()) {
      if (wanted(scenario.name)) compare(scenario);
    }
    if (wanted("latency")) latency();
    figures_["reeve_loaded_rss_mib"] = static_cast<double>(reeve_->resident_kib()) / 1024;
    print();
    return failed_ ? 1 : 0;
  }

 private:
  bool wanted(const std::string& part) const { return options_.only.empty() || options_.only == part; }

  std::vector<Scenario> scenarios() {
    write_file(scratch_ + "/2kb.json", message_body(2'048, false));
    write_file(scratch_ + "/60kb.json", message_body(61'440, false));
    write_file(scratch_ + "/stream.json", message_body(2'048, true));
    if (!options_.content.empty()) {
      write_file(scratch_ + "/2kb.json", message_body(2'048, false, New::kAll));
      write_file(scratch_ + "/60kb.json", message_body(61'440, false, New::kLast));
      write_file(scratch_ + "/60kb_all_new.json", message_body(61'440, false, New::kAll));
      write_file(scratch_ + "/200kb.json", message_body(204'800, false, New::kLast));
      return {{"2kb", scratch_ + "/2kb.json", 64},
              {"60kb", scratch_ + "/60kb.json", 64},
              {"60kb_all_new", scratch_ + "/60kb_all_new.json", 64},
              {"200kb", scratch_ + "/200kb.json", 64},
              {"stream", scratch_ + "/stream.json", 64}};
    }
    return {{"2kb", scratch_ + "/2kb.json", 64},
            {"60kb", scratch_ + "/60kb.json", 64},
            {"stream", scratch_ + "/stream.json", 64}};
  }

  bool start_upstream() {
    upstream_port_ = free_port();
    upstream_.emplace(Process::start({"/proc/self/exe", "--upstream", std::to_string(upstream_port_)}, 0,
                                     scratch_ + "/upstream.log"));
    return started("upstream", upstream_port_);
  }

  bool start_nginx() {
    nginx_port_ = free_port();
    const std::string config = scratch_ + "/nginx.conf";
    write_file(config, "worker_processes 1;\ndaemon off;\npid " + scratch_ + "/nginx.pid;\nerror_log " + scratch_ +
                           "/nginx-error.log;\nevents { worker_connections 4096; }\nhttp {\n  access_log off;\n  "
                           "client_max_body_size 32m;\n"
                           "  client_body_buffer_size 256k;\n  client_body_temp_path " +
                           scratch_ + "/body;\n  proxy_temp_path " + scratch_ + "/proxy;\n  fastcgi_temp_path " +
                           scratch_ + "/fastcgi;\n  uwsgi_temp_path " + scratch_ + "/uwsgi;\n  scgi_temp_path " +
                           scratch_ + "/scgi;\n  keepalive_requests 100000000;\n  upstream model { server 127.0.0.1:" +
                           std::to_string(upstream_port_) +
                           "; keepalive 128; keepalive_requests 100000000; }\n  server {\n    listen 127.0.0.1:" +
                           std::to_string(nginx_port_) +
                           ";\n    location / {\n      proxy_pass http://model;\n      proxy_http_version 1.1;\n      "
                           "proxy_set_header Connection \"\";\n"
                           "      proxy_buffering off;\n    }\n  }\n}\n");
    nginx_.emplace(Process::start({"nginx", "-c", config, "-p", scratch_}, proxy_core_, scratch_ + "/nginx.log"));
    return started("nginx", nginx_port_);
  }

  bool start_reeve() {
    reeve_port_ = free_port();
    std::filesystem::create_directories(scratch_ + "/governance");
    write_file(scratch_ + "/governance/policy.yaml",
               "kind: Policy\nname: everyone\non: model.call\nmatch: {models: [\"claude-*\"]}\neffect: "
               "allow\n---\nkind: Policy\n"
               "name: contractors-use-small-models\non: model.call\nmatch: {groups: [contractors], tiers: "
               "[frontier]}\neffect: deny\nmessage: Small models only.\n");
    write_file(scratch_ + "/governance/budgets.yaml", ten_budgets());
    if (!options_.content.empty()) {
      std::filesystem::copy(options_.content + "/detectors", scratch_ + "/governance/detectors",
                            std::filesystem::copy_options::recursive);
      std::filesystem::copy(options_.content + "/policies/content.yaml", scratch_ + "/governance/content.yaml");
    }
    write_file(scratch_ + "/reeve.yaml",
               "listen: 127.0.0.1:" + std::to_string(reeve_port_) +
                   "\ndata_dir: ./data\ngovernance_dir: ./governance\nworkers: 1\nproviders:\n"
                   "  - {name: upstream, dialect: anthropic, base_url: \"http://127.0.0.1:" +
                   std::to_string(upstream_port_) +
                   "\", api_key: sk-bench, region: us}\nmodels:\n  - {name: \"claude-*\", provider: upstream, tier: "
                   "small}\nlog: {level: warning}\n");
    const auto key = run({options_.reeve, "key", "create", "--config", scratch_ + "/reeve.yaml", "--owner",
                          "bench@example.com", "--group", "developers", "--team", "bench", "--json"});
    const std::size_t at = key ? key->find("rv_") : std::string::npos;
    if (at == std::string::npos) {
      std::fprintf(stderr, "no key from %s\n", options_.reeve.c_str());
      return false;
    }
    key_ = key->substr(at, key->find('"', at) - at);
    reeve_.emplace(Process::start({options_.reeve, "serve", "--config", scratch_ + "/reeve.yaml"}, proxy_core_,
                                  scratch_ + "/reeve.log"));
    return started("reeve", reeve_port_);
  }

  bool started(const char* what, int port) {
    if (wait_for_port(port, 20)) return true;
    std::fprintf(stderr, "%s did not start; see %s\n", what, scratch_.c_str());
    return false;
  }

  Load load_on(const std::string& target, const Scenario& scenario, int connections, int seconds) {
    LoadRequest request;
    const int port = target == "direct" ? upstream_port_ : target == "nginx" ? nginx_port_ : reeve_port_;
    request.url = "http://127.0.0.1:" + std::to_string(port) + "/v1/messages?beta=true";
    request.body_file = scenario.body_file;
    request.headers = {"content-type: application/json", "anthropic-version: 2023-06-01",
                       "user-agent: claude-cli/2.1.329 (external, cli)",
                       "x-claude-code-session-id: 0d3f7e2a-7c1b-4b7e-9a57-4a2f0c1d2e3f", "x-api-key: " + key_};
    request.connections = connections;
    request.seconds = seconds;
    const auto seen = load(request, scratch_);
    if (!seen || seen->requests == 0 || seen->errors > 0) {
      std::fprintf(stderr, "load on %s failed: %lld requests, %lld errors; see %s\n", target.c_str(),
                   seen ? static_cast<long long>(seen->requests) : 0LL,
                   seen ? static_cast<long long>(seen->errors) : 0LL, scratch_.c_str());
      failed_ = true;
      return {};
    }
    return *seen;
  }

  /// CPU per request of one proxy under load, in microseconds.
  double cpu_per_request(const std::string& target, const Scenario& scenario) {
    const Process& process = target == "nginx" ? *nginx_ : *reeve_;
    load_on(target, scenario, scenario.connections, 1);
    const std::int64_t before = process.cpu_microseconds();
    const Load seen = load_on(target, scenario, scenario.connections, options_.seconds);
    const std::int64_t used = process.cpu_microseconds() - before;
    rates_[target + "_" + scenario.name].push_back(static_cast<double>(seen.requests) / std::max(seen.seconds, 0.001));
    return seen.requests == 0 ? 0 : static_cast<double>(used) / static_cast<double>(seen.requests);
  }

  static double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values.empty() ? 0 : values[values.size() / 2];
  }

  void compare(const Scenario& scenario) {
    std::vector<double> nginx;
    std::vector<double> reeve;
    std::vector<double> ratios;
    for (int round = 0; round < options_.rounds && !failed_; ++round) {
      // The order changes from round to round, so that neither always runs on the warmer machine.
      for (const bool first : {true, false}) {
        if (first == (round % 2 == 0)) {
          nginx.push_back(cpu_per_request("nginx", scenario));
        } else {
          reeve.push_back(cpu_per_request("reeve", scenario));
        }
      }
      ratios.push_back(reeve.back() / std::max(nginx.back(), 0.001));
    }
    figures_["nginx_" + scenario.name + "_cpu_us_per_request"] = median(nginx);
    figures_["reeve_" + scenario.name + "_cpu_us_per_request"] = median(reeve);
    figures_["ratio_" + scenario.name] = median(ratios);
    figures_["nginx_" + scenario.name + "_requests_per_s"] = median(rates_["nginx_" + scenario.name]);
    figures_["reeve_" + scenario.name + "_requests_per_s"] = median(rates_["reeve_" + scenario.name]);
    if (scenario.name == "stream") {
      figures_["nginx_cpu_us_per_event"] = median(nginx) / kStreamEvents;
      figures_["reeve_cpu_us_per_event"] = median(reeve) / kStreamEvents;
      figures_["added_cpu_us_per_event"] = (median(reeve) - median(nginx)) / kStreamEvents;
    }
  }

  void latency() {
    const Scenario scenario{"60kb", scratch_ + "/60kb.json", 1};
    std::map<std::string, std::vector<double>> p50;
    for (int round = 0; round < options_.rounds && !failed_; ++round) {
      for (const std::string target : {"direct", "nginx", "reeve"})
        p50[target].push_back(load_on(target, scenario, 1, 2).p50_microseconds);
    }
    for (const auto& [target, values] : p50) figures_["p50_us_one_connection_60kb_" + target] = median(values);
    figures_["added_p50_us_one_connection_60kb"] = median(p50["reeve"]) - median(p50["direct"]);
  }

  /// Streams with clients that leave early, for a long time: memory must stay where it was after the first minute.
  int soak() {
    const auto all = scenarios();
    const Scenario& stream = all.back();
    double first = 0;
    for (int minute = 1; minute <= options_.soak_minutes; ++minute) {
      // wrk leaves at the end of each run with its streams unfinished: 64 aborts, twelve times a minute.
      for (int run_number = 0; run_number < 12; ++run_number) load_on("reeve", stream, 64, 5);
      const double mib = static_cast<double>(reeve_->resident_kib()) / 1024;
      if (minute == 1) first = mib;
      std::fprintf(stderr, "minute %d: %.1f MiB\n", minute, mib);
      figures_["soak_last_rss_mib"] = mib;
    }
    figures_["soak_minutes"] = options_.soak_minutes;
    figures_["soak_first_minute_rss_mib"] = first;
    print();
    return failed_ ? 1 : 0;
  }

  void print() const {
    if (options_.json) {
      std::string line = "{";
      for (const auto& [name, value] : figures_) {
        char number[64];
        std::snprintf(number, sizeof number, "%.3f", value);
        line += (line.size() > 1 ? "," : "") + ("\"" + name + "\":" + number);
      }
      std::printf("%s}\n", line.c_str());
      return;
    }
    for (const auto& [name, value] : figures_) std::printf("%-45s %12.2f\n", name.c_str(), value);
  }

  Options options_;
  std::string scratch_;
  std::string key_;
  int proxy_core_ = 0;
  int upstream_port_ = 0;
  int nginx_port_ = 0;
  int reeve_port_ = 0;
  bool failed_ = false;
  std::optional<Process> upstream_;
  std::optional<Process> nginx_;
  std::optional<Process> reeve_;
  std::map<std::string, double> figures_;
  std::map<std::string, std::vector<double>> rates_;
};

}  // namespace

}  // namespace reeve::bench

int main(int argc, char** argv) {
  using namespace reeve::bench;
  Options options;
  options.reeve = (std::filesystem::read_symlink("/proc/self/exe").parent_path().parent_path() / "reeve").string();
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    const bool has_value = i + 1 < argc;
    if (argument == "--upstream" && has_value) serve_upstream(std::atoi(argv[++i]), kEventGapMicroseconds);
    if (argument == "--json") {
      options.json = true;
    } else if (argument == "--rounds" && has_value) {
      options.rounds = std::atoi(argv[++i]);
    } else if (argument == "--seconds" && has_value) {
      options.seconds = std::atoi(argv[++i]);
    } else if (argument == "--soak" && has_value) {
      options.soak_minutes = std::atoi(argv[++i]);
    } else if (argument == "--content" && has_value) {
      options.content = argv[++i];
    } else if (argument == "--only" && has_value) {
      options.only = argv[++i];
    } else if (argument == "--reeve" && has_value) {
      options.reeve = argv[++i];
    } else {
      std::printf(
          "usage: gateway [--json] [--rounds N] [--seconds N] [--soak MINUTES]\n"
          "               [--only 2kb|60kb|stream|latency] [--reeve PROGRAM] [--content GOVERNANCE]\n\n"
          "--content: with detectors and rules on content. Then every text of the 2 KB body is new in each request,\n"
          "and the last 2 KB of the 60 KB and 200 KB conversations; 60kb_all_new is what its name says.\n");
      return argument == "--help" ? 0 : 2;
    }
  }
  return Bench(std::move(options)).run_all();
}
