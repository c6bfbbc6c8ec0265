// Three nodes, each a process, share the counters of one PostgreSQL, through a proxy that loses answers. Nodes are
// killed and come back under their names; the database is stopped, crashed, and its sessions are ended under it. At
// every look no limit is exceeded, and in the end the database, the journals and each other agree.
//
//   postgres_stress [--operations 2000] [--disturbances 18] [--seed N]

#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <random>
#include <thread>

#include "core/check.h"
#include "core/log.h"
#include "cutting_proxy.h"
#include "postgres_server.h"
#include "store/postgres/connection.h"
#include "stress_node.h"

extern char** environ;

namespace reeve::postgres_test {
namespace {

constexpr int kNodes = 3;
constexpr unsigned kLostOfThousand = 15;
constexpr std::string_view kBeyond =
    "SELECT count(*), coalesce(sum(granted), 0)::bigint FROM (SELECT sum(slice.granted) AS granted, "
    "slice_counter.limit_amount FROM slice JOIN slice_counter ON slice_counter.id = slice.counter "
    "GROUP BY slice_counter.id) AS sums WHERE granted > limit_amount";

/// One node over its lives.
struct NodeProcess {
  std::string name;
  pid_t process = -1;
  int lives = 0;
  bool done = false;
};

class Stress {
 public:
  Stress(int operations, int disturbances, unsigned seed)
      : operations_(operations), disturbances_(disturbances), seed_(seed), random_(seed) {}
  int run();

 private:
  void spawn(NodeProcess& node);
  void look_after(NodeProcess& node);
  void disturb();
  void watch();
  void compare();
  void fail(const std::string& what) {
    static_cast<void>(std::fprintf(stderr, "FAILED: %s\n", what.c_str()));
    failed_ = true;
  }
  std::filesystem::path journal_of(const NodeProcess& node) const {
    return server_.folder() / (node.name + ".journal");
  }
  bool finished() const {
    return std::all_of(nodes_.begin(), nodes_.end(), [](const NodeProcess& node) { return node.done; });
  }

  const int operations_;    // of each node
  const int disturbances_;  // of all kinds together
  const unsigned seed_;
  std::mt19937 random_;
  PostgresServer server_;
  CuttingProxy proxy_{server_.port()};
  std::array<NodeProcess, kNodes> nodes_{{{"node-1"}, {"node-2"}, {"node-3"}}};
  std::atomic<bool> stopping_{false}, failed_{false};
  std::atomic<int> looks_{0};
  int kills_ = 0, stops_ = 0, crashes_ = 0, ended_sessions_ = 0, turn_ = 0;
};

void Stress::spawn(NodeProcess& node) {
  std::array<std::string, 7> texts = {"postgres_stress",
                                      "--node",
                                      node.name,
                                      std::to_string(proxy_.port()),
                                      journal_of(node).string(),
                                      std::to_string(seed_ * 100 + static_cast<unsigned>(&node - nodes_.data())),
                                      std::to_string(operations_)};
  std::array<char*, 8> arguments{};
  for (std::size_t i = 0; i < texts.size(); ++i) arguments[i] = texts[i].data();
  CHECK(::posix_spawn(&node.process, "/proc/self/exe", nullptr, nullptr, arguments.data(), environ) == 0);
  ++node.lives;
}

void Stress::look_after(NodeProcess& node) {
  int status = 0;
  if (node.done || ::waitpid(node.process, &status, WNOHANG) != node.process) return;
  node.done = true;
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) fail(node.name + " ended by itself");
}

void Stress::disturb() {
  const int what = turn_++ % 6;
  if (what == 1) {
    server_.kill();
    std::this_thread::sleep_for(std::chrono::milliseconds(random_() % 200));
    server_.start();
    ++crashes_;
  } else if (what == 3) {
    server_.stop();
    server_.start();
    ++stops_;
  } else if (what == 4) {
    auto connection = store::PostgresConnection::open(server_.superuser_options("reeve"));
    CHECK(connection.ok());
    CHECK(connection->run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'reeve'").ok());
    ++ended_sessions_;
  } else {
    NodeProcess& node = nodes_[random_() % nodes_.size()];
    if (node.done) return;
    ::kill(node.process, SIGKILL);
    int status = 0;
    ::waitpid(node.process, &status, 0);
    node.done = WIFEXITED(status);
    if (node.done && WEXITSTATUS(status) != 0) fail(node.name + " ended by itself");
    if (!node.done) spawn(node);
    ++kills_;
  }
}

/// Looks without the nodes' knowledge, as often as it can.
void Stress::watch() {
  while (!stopping_) {
    auto connection = store::PostgresConnection::open(server_.superuser_options("reeve"));
    while (connection.ok() && !connection->broken() && !stopping_) {
      const auto beyond = connection->run(kBeyond);
      if (!beyond) break;  // not there yet, or away again
      if (beyond->integer(0, 0) != 0) fail(std::to_string(beyond->integer(0, 0)) + " counters beyond their limit");
      ++looks_;
      std::this_thread::sleep_for(std::chrono::milliseconds(3));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(3));
  }
}

/// The database's rows are the journals' sums, and these keep every limit.
void Stress::compare() {
  std::map<Journal::Row, std::int64_t> spent;
  std::int64_t rows = 0, total = 0;
  for (const NodeProcess& node : nodes_) {
    const Journal journal = Journal::read(journal_of(node));
    if (journal.operations < operations_) fail(node.name + " ended early");
    for (const auto& [row, sums] : journal.rows) {
      spent[row] += sums.spent;
      total += sums.spent;
      rows += sums.spent > 0 ? 1 : 0;
      if (sums.reserved != 0) fail(node.name + " left a call open");
    }
  }
  std::int64_t full = 0;
  for (const auto& [row, sum] : spent) {
    if (sum > kStressLimit) fail(row.first + ": " + std::to_string(sum) + " was spent");
    full += sum > kStressLimit - 20 ? 1 : 0;
  }
  auto connection = store::PostgresConnection::open(server_.options()).value();
  const auto sums = connection.run(
      "SELECT sum(spent)::bigint, sum(granted)::bigint, sum(reserved)::bigint, count(*) FILTER (WHERE spent > 0) "
      "FROM slice");
  CHECK(sums.ok());
  if (sums->integer(0, 0) != total || sums->integer(0, 1) != total || sums->integer(0, 2) != 0 ||
      sums->integer(0, 3) != rows) {
    fail("the database has " + std::to_string(sums->integer(0, 0)) + " spent and " +
         std::to_string(sums->integer(0, 1)) + " granted, the journals have " + std::to_string(total));
  }
  std::ifstream log(server_.folder() / "server.log");
  const std::string text(std::istreambuf_iterator<char>(log), {});
  if (text.find("deadlock detected") != std::string::npos) fail("a deadlock");
  // The test itself must have tested something.
  if (full < 3 || kills_ < 3 || crashes_ < 2 || stops_ < 1 || ended_sessions_ < 1 || proxy_.lost_answers() < 5 ||
      looks_ < 50) {
    fail("too little happened; give it more operations");
  }
  static_cast<void>(std::printf(
      "seed %u: %d operations, %zu counters (%lld full), %lld spent; killed: %d nodes, %d times the database; it was "
      "stopped %d times, its sessions ended %d times; %llu answers lost, %d looks\n",
      seed_, operations_ * kNodes, spent.size(), static_cast<long long>(full), static_cast<long long>(total), kills_,
      crashes_, stops_, ended_sessions_, static_cast<unsigned long long>(proxy_.lost_answers()), looks_.load()));
}

int Stress::run() {
  proxy_.cut_at_random(kLostOfThousand);
  for (NodeProcess& node : nodes_) spawn(node);
  std::thread watcher([this] { watch(); });
  while (!finished() && !failed_) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50 + random_() % 250));
    for (NodeProcess& node : nodes_) look_after(node);
    if (!finished() && turn_ < disturbances_) disturb();
  }
  for (NodeProcess& node : nodes_) {
    if (!node.done) ::kill(node.process, SIGKILL);
    if (!node.done) ::waitpid(node.process, nullptr, 0);
  }
  stopping_ = true;
  watcher.join();
  if (!failed_) compare();
  return failed_ ? 1 : 0;
}

int run_node(char** arguments) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  StressNodeOptions options;
  options.name = arguments[0];
  options.database.url = std::string("postgresql://reeve:reeve-secret@127.0.0.1:") + arguments[1] + "/reeve";
  options.journal = arguments[2];
  options.seed = static_cast<unsigned>(std::strtoul(arguments[3], nullptr, 10));
  options.operations = std::atoi(arguments[4]);
  configure_log(LogLevel::kError, LogFormat::kText);
  return run_stress_node(options);
}

}  // namespace
}  // namespace reeve::postgres_test

int main(int count, char** arguments) {
  if (count == 7 && std::string_view(arguments[1]) == "--node") return reeve::postgres_test::run_node(arguments + 2);
  int operations = 2000;
  int disturbances = 18;
  unsigned seed = std::random_device{}() % 1'000'000;
  for (int i = 1; i + 1 < count; i += 2) {
    const std::string_view option = arguments[i];
    if (option == "--operations") operations = std::atoi(arguments[i + 1]);
    if (option == "--disturbances") disturbances = std::atoi(arguments[i + 1]);
    if (option == "--seed") seed = static_cast<unsigned>(std::strtoul(arguments[i + 1], nullptr, 10));
  }
  return reeve::postgres_test::Stress(operations, disturbances, seed).run();
}
