// What an exchange costs: time of one of COUNTERS counters, CPU of the node in it, round trips, and what the database
// would do alone. Starts its own PostgreSQL.
//
//   postgres_exchange_speed [COUNTERS] [EXCHANGES]

#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "cutting_proxy.h"
#include "postgres_server.h"
#include "store/postgres/connection.h"

namespace reeve::postgres_test {
namespace {

double cpu_microseconds() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto of = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_usec);
  };
  return of(used.ru_utime) + of(used.ru_stime);
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

/// Microseconds of each of `count` runs of `work`.
template <typename Work>
std::vector<double> times(int count, const Work& work) {
  std::vector<double> result;
  for (int i = 0; i < count; ++i) {
    const Moment begin = system_clock().steady();
    work(i);
    result.push_back(std::chrono::duration<double, std::micro>(system_clock().steady() - begin).count());
  }
  return result;
}

void measure(int counters, int exchanges) {
  PostgresServer server;
  const auto store = store::open_slices(server.options()).value();
  std::vector<spend::SliceRequest> requests;
  for (int i = 0; i < counters; ++i) {
    requests.push_back({.counter = "budget-" + std::to_string(i) + "\x1fperson\x1f" + "mara@example.com\x1fmoney",
                        .window_begin = from_unix_seconds(4'000'000'000),
                        .window_end = from_unix_seconds(4'002'592'000),
                        .limit = 1'000'000'000,
                        .wanted = 1000});
  }
  const auto exchange = [&](int round) {
    for (auto& request : requests) request.spent = request.wanted = round + 1;
    CHECK(store->exchange("node", requests).ok());
  };
  exchange(0);
  const double cpu_before = cpu_microseconds();
  const auto taken = times(exchanges, exchange);
  const double cpu = (cpu_microseconds() - cpu_before) / exchanges;

  auto connection = store::PostgresConnection::open(server.options()).value();
  CHECK(connection.execute("CREATE TABLE one (x bigint); INSERT INTO one VALUES (1)").ok());
  const auto smallest = times(exchanges, [&](int) { CHECK(connection.run("UPDATE one SET x = x + 1").ok()); });
  const auto nothing = times(exchanges, [&](int) { CHECK(connection.run("SELECT 1").ok()); });

  CuttingProxy proxy(server.port());
  const auto through_proxy = store::open_slices(server.options("reeve", proxy.port())).value();
  CHECK(through_proxy->exchange("node", requests).ok());
  const auto before = proxy.round_trips();
  for (int i = 0; i < exchanges; ++i) CHECK(through_proxy->exchange("node", requests).ok());

  static_cast<void>(std::printf(
      "%d counters, %d exchanges: median %.0f us, CPU of the node %.0f us, round trips %.2f; a durable update of one "
      "row %.0f us, a SELECT 1 %.0f us\n",
      counters, exchanges, median(taken), cpu, static_cast<double>(proxy.round_trips() - before) / exchanges,
      median(smallest), median(nothing)));
}

}  // namespace
}  // namespace reeve::postgres_test

int main(int count, char** arguments) {
  const int counters = count > 1 ? std::atoi(arguments[1]) : 100;
  const int exchanges = count > 2 ? std::atoi(arguments[2]) : 300;
  reeve::postgres_test::measure(std::max(counters, 1), std::max(exchanges, 1));
  return 0;
}
