// Loops, draining, closing and stopping, with everything in flight.

#include <gtest/gtest.h>

#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <thread>

#include "net/loopback_test.h"

namespace reeve::net {
namespace {

using namespace testing;  // NOLINT
using std::chrono::milliseconds;

TEST(Loop, RunsWhatIsPostedInOrderOnItsThread) {
  auto runtime = Runtime::create(2);
  ASSERT_TRUE(runtime.ok());
  std::vector<int> order;
  for (int i = 0; i < 100; ++i) {
    (*runtime)->loop(1).post([&order, i, &loop = (*runtime)->loop(1)] {
      EXPECT_TRUE(loop.is_current_thread());
      order.push_back(i);
    });
  }
  EXPECT_FALSE((*runtime)->loop(1).is_current_thread());
  EXPECT_EQ((*runtime)->loop(1).index(), 1U);
  (*runtime)->start();
  on_loop((*runtime)->loop(1), [] {});
  ASSERT_EQ(order.size(), 100U);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(order[static_cast<std::size_t>(i)], i);
}

TEST(Loop, RefusesSillyNumbers) {
  EXPECT_FALSE(Runtime::create(0).ok());
  EXPECT_FALSE(Runtime::create(257).ok());
}

TEST(Loop, SleepsInTheOrderOfTheDeadlines) {
  auto runtime = started_runtime();
  std::vector<int> order;
  std::promise<void> done;
  const auto sleeper = [](Loop& loop, int length, std::vector<int>& woken, std::promise<void>& last) -> Task<void> {
    const Moment began = std::chrono::steady_clock::now();
    co_await loop.sleep(milliseconds(length));
    EXPECT_GE(std::chrono::steady_clock::now() - began, milliseconds(length));
    EXPECT_TRUE(loop.is_current_thread());
    EXPECT_LT(std::chrono::steady_clock::now() - loop.now(), milliseconds(100));
    woken.push_back(length);
    if (woken.size() == 3) last.set_value();
  };
  on_loop(runtime->loop(0), [&] {
    for (int length : {60, 20, 40}) start_detached(sleeper(runtime->loop(0), length, order, done));
  });
  done.get_future().wait();
  EXPECT_EQ(order, (std::vector<int>{20, 40, 60}));
}

// What the ledger does: another thread finishes something and resumes the waiters on their loop.
struct Elsewhere {
  explicit Elsewhere(Loop& where) : loop(where) {}
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> waiter) {
    worker = std::jthread([this, waiter] {
      std::this_thread::sleep_for(milliseconds(20));
      loop.resume_later({&waiter, 1});
    });
  }
  void await_resume() const {}
  Loop& loop;
  std::jthread worker;
};

TEST(Loop, ResumesCoroutinesFromOtherThreads) {
  auto runtime = started_runtime();
  auto server = serve(*runtime, [](Exchange& exchange) -> Task<void> {
    co_await Elsewhere(exchange.loop());
    EXPECT_TRUE(exchange.loop().is_current_thread());
    (void)co_await exchange.respond(200, {}, "done");
  });
  std::vector<RawSocket> clients;
  for (int i = 0; i < 20; ++i) {
    clients.push_back(RawSocket::connect(server->port()));
    clients.back().send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  }
  for (RawSocket& client : clients) EXPECT_TRUE(client.read_until("done").ends_with("done"));
}

Task<void> answer_after(Exchange& exchange, std::chrono::milliseconds delay, std::atomic<int>& started) {
  ++started;
  co_await exchange.loop().sleep(delay);
  (void)co_await exchange.respond(200, {}, "answered");
}

TEST(ServerLife, DrainsRunningExchangesAndClosesIdleOnes) {
  auto runtime = started_runtime(2);
  std::atomic<int> started = 0;
  auto server = serve(*runtime, [&](Exchange& exchange) { return answer_after(exchange, milliseconds(300), started); });
  RawSocket idle = RawSocket::connect(server->port());
  RawSocket running = RawSocket::connect(server->port());
  running.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(eventually([&] { return started == 1; }));
  std::promise<void> drained;
  server->drain([&] { drained.set_value(); });
  EXPECT_EQ(idle.read_to_end(), "");
  const std::string answer = running.read_to_end();
  EXPECT_TRUE(answer.ends_with("answered")) << answer;
  EXPECT_NE(answer.find("\r\nConnection: close\r\n"), std::string::npos) << answer;
  EXPECT_EQ(drained.get_future().wait_for(std::chrono::seconds(10)), std::future_status::ready);
  EXPECT_EQ(server->stats().connections_open.load(), 0U);
  // Nobody listens any more.
  ServerOptions options;
  options.port = server->port();
  EXPECT_TRUE(Server::listen(*runtime, options, echo).ok());
}

TEST(ServerLife, DrainsAtOnceWhenNobodyIsThere) {
  auto runtime = started_runtime();
  auto server = serve(*runtime, echo);
  for (int i = 0; i < 2; ++i) {
    std::promise<void> drained;
    server->drain([&] { drained.set_value(); });
    EXPECT_EQ(drained.get_future().wait_for(std::chrono::seconds(10)), std::future_status::ready);
  }
}

TEST(ServerLife, ClosesWithHandlersInFlight) {
  auto runtime = started_runtime(2);
  std::atomic<int> started = 0;
  std::atomic<int> ended = 0;
  const auto handler = [](Exchange& exchange, std::atomic<int>& begun, std::atomic<int>& done) -> Task<void> {
    bool gone = false;
    exchange.on_client_gone([&gone] { gone = true; });
    ++begun;
    while (!gone) co_await exchange.loop().sleep(milliseconds(5));
    EXPECT_FALSE((co_await exchange.respond(200, {}, "")).ok());
    ++done;
  };
  auto server = serve(*runtime, [&](Exchange& exchange) { return handler(exchange, started, ended); });
  std::vector<RawSocket> clients;
  for (int i = 0; i < 8; ++i) {
    clients.push_back(RawSocket::connect(server->port()));
    clients.back().send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  }
  RawSocket half = RawSocket::connect(server->port());
  half.send("GET / HT");
  // A connection that was not taken over yet, or whose bytes were not read, would be reset by the system.
  ASSERT_TRUE(eventually([&] { return started == 8 && server->stats().connections_open.load() == 9U; }));
  std::this_thread::sleep_for(milliseconds(20));
  server->close();
  EXPECT_EQ(ended.load(), 8);
  EXPECT_EQ(server->stats().connections_open.load(), 0U);
  for (RawSocket& client : clients) EXPECT_EQ(client.read_to_end(), "");
  EXPECT_EQ(half.read_to_end(), "");
}

// A handler that never ends by itself, with things on its stack that must not leak.
Task<void> wait_for_ever(Exchange& exchange, std::atomic<int>& started, std::shared_ptr<int> held) {
  const std::string text(1000, 'x');
  ++started;
  while (true) co_await exchange.loop().sleep(std::chrono::hours(1) + Duration(*held) + Duration(text.size()));
}

TEST(ServerLife, StopsWithHandlersThatNeverEnd) {
  auto runtime = started_runtime();
  std::atomic<int> started = 0;
  auto held = std::make_shared<int>(1);
  auto server = serve(*runtime, [&](Exchange& exchange) { return wait_for_ever(exchange, started, held); });
  RawSocket client = RawSocket::connect(server->port());
  client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(eventually([&] { return started == 1; }));
  runtime->stop();
  EXPECT_EQ(held.use_count(), 1);
  EXPECT_EQ(client.read_to_end(), "");
  server->close();
}

TEST(ServerLife, MayOutliveItsRuntime) {
  auto runtime = started_runtime();
  auto server = serve(*runtime, echo);
  auto client = *Client::create(runtime->loop(0), {});
  RawSocket idle = RawSocket::connect(server->port());
  ASSERT_TRUE(eventually([&] { return server->stats().connections_open.load() == 1; }));
  runtime.reset();
  EXPECT_EQ(idle.read_to_end(), "");
  server->drain([] {});
  client.reset();
  server.reset();
}

TEST(ServerLife, MayNeverRun) {
  auto runtime = *Runtime::create(2);
  auto server = serve(*runtime, echo);
  EXPECT_NE(server->port(), 0);
  server.reset();
  runtime->stop();
}

// A proxy in both directions, stopped at a random moment: nothing may leak, crash or hang.
Task<void> relay(Exchange& exchange, Client& client, std::uint16_t port) {
  Result<std::string_view> body = co_await exchange.read_body();
  if (!body) co_return;
  const ClientRequest request{.path_and_query = exchange.head().target, .headers = {}, .body = *body};
  const Url url = *parse_url("http://127.0.0.1:" + std::to_string(port));
  std::function<void()> canceller;
  exchange.on_client_gone([&canceller] { canceller(); });
  Client::Sent sent = co_await client.send(url, request, &canceller);
  exchange.on_client_gone({});
  if (!sent.ok()) {
    (void)co_await exchange.respond(502, {}, sent.failure.error.message);
    co_return;
  }
  exchange.on_client_gone([&sent] { sent.response->cancel(); });
  Result<void> written = co_await exchange.start(200, {}, std::nullopt);
  while (written) {
    Result<std::string_view> piece = co_await sent.response->read();
    if (!piece || piece->empty()) break;
    written = co_await exchange.write(*piece);
  }
  exchange.on_client_gone({});
  if (written) (void)co_await exchange.finish();
}

Task<void> dribble(Exchange& exchange) {
  (void)co_await exchange.start(200, {}, std::nullopt);
  for (int i = 0; i < 20; ++i) {
    if (!co_await exchange.write("data: event\n\n")) co_return;
    co_await exchange.loop().sleep(milliseconds(2));
  }
  (void)co_await exchange.finish();
}

void play_clients(std::uint16_t port, int seed, const std::atomic<bool>& stopping) {
  for (int round = seed; !stopping; ++round) {
    RawSocket client = RawSocket::connect(port);
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody");
    switch (round % 4) {
      case 0: client.read_until("0\r\n\r\n"); break;
      case 1: client.read_until("event"); break;  // leaves in the middle
      case 2: client.reset(); break;
      default:
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        client.read_until("event");
        break;
    }
  }
}

TEST(ServerLife, StopsInTheMiddleOfEverything) {
  for (int round = 0; round < 4; ++round) {
    auto runtime = *Runtime::create(2);
    auto upstream = serve(*runtime, dribble);
    std::vector<std::unique_ptr<Client>> clients;
    for (std::size_t i = 0; i < 2; ++i) clients.push_back(*Client::create(runtime->loop(i), {}));
    auto server = serve(*runtime, [&](Exchange& exchange) {
      return relay(exchange, *clients[exchange.loop().index()], upstream->port());
    });
    runtime->start();
    std::atomic<bool> stopping = false;
    std::vector<std::jthread> players;
    for (int i = 0; i < 4; ++i) players.emplace_back([&, i] { play_clients(server->port(), i, stopping); });
    std::this_thread::sleep_for(milliseconds(150));
    stopping = true;
    if (round % 2 == 0) server->close();
    runtime->stop();
    if (round == 1) server.reset();
  }
}

TEST(ServerLife, GivesOthersTheirTurnBesideABusyConnection) {
  auto runtime = started_runtime();
  auto server = serve(*runtime, echo);
  std::atomic<bool> enough = false;
  RawSocket busy = RawSocket::connect(server->port());
  std::jthread sender([&] {
    std::string requests;
    for (int i = 0; i < 500; ++i) requests += "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    while (!enough) busy.send(requests);
  });
  std::jthread reader([&] {
    std::array<char, 65536> answers;
    while (!enough && ::recv(busy.fd(), answers.data(), answers.size(), 0) > 0) {
    }
  });
  for (int i = 0; i < 50; ++i) {
    RawSocket client = RawSocket::connect(server->port());
    client.send("GET /other HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    EXPECT_TRUE(client.read_to_end().ends_with("GET /other []"));
  }
  enough = true;
  ::shutdown(busy.fd(), SHUT_RDWR);  // wakes both threads
}

// A sanitizer opens a pipe to look at an object, and takes it for a broken one when it cannot: this one runs without.
#if !__has_feature(address_sanitizer)
TEST(ServerLife, SurvivesWithoutFileDescriptors) {
  auto runtime = started_runtime();
  auto server = serve(*runtime, echo);
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  std::vector<RawSocket> clients;
  std::promise<void> release;
  // The loop is held while the clients connect, so that it meets all of them with no descriptor left.
  runtime->loop(0).post([&] { release.get_future().wait(); });
  int highest = 0;
  for (int i = 0; i < 8; ++i) {
    clients.push_back(RawSocket::connect(server->port()));
    clients.back().send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    highest = std::max(highest, clients.back().fd());
  }
  const rlimit none_left{static_cast<rlim_t>(highest) + 1, before.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &none_left);
  release.set_value();
  std::this_thread::sleep_for(milliseconds(150));
  EXPECT_EQ(server->stats().requests.load(), 0U);
  ::setrlimit(RLIMIT_NOFILE, &before);
  for (RawSocket& client : clients) EXPECT_TRUE(client.read_to_end().ends_with("GET / []"));
}
#endif

TEST(Signals, ComeToTheirHandler) {
  // The handler's thread lives as long as the process, so what it touches does too.
  static std::atomic<int> received = 0;
  handle_signals({SIGUSR1}, [](int signal) { received = signal; });
  ::kill(::getpid(), SIGUSR1);
  EXPECT_TRUE(eventually([] { return received == SIGUSR1; }));
}

}  // namespace
}  // namespace reeve::net
