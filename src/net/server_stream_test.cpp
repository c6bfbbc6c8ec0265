// Slow, silent and vanishing clients.

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "net/loopback_test.h"

namespace reeve::net {
namespace {

using namespace testing;  // NOLINT
using std::chrono::milliseconds;

class ServerStreamTest : public ::testing::Test {
 protected:
  void listen(Handler handler) { server_ = serve(*runtime_, std::move(handler), options_); }
  RawSocket connect() { return RawSocket::connect(server_->port()); }
  bool nobody_left() {
    return eventually([&] { return server_->stats().connections_open.load() == 0; });
  }

  ServerOptions options_;
  std::unique_ptr<Runtime> runtime_ = started_runtime();
  std::unique_ptr<Server> server_;
};

TEST_F(ServerStreamTest, EndsHeadsThatTakeTooLong) {
  options_.limits.header_timeout = milliseconds(300);
  listen(echo);
  RawSocket client = connect();
  client.send("GET / HTTP/1.1\r\nHos");
  EXPECT_TRUE(client.read_to_end().starts_with("HTTP/1.1 408 Request Timeout\r\n"));
}

TEST_F(ServerStreamTest, EndsIdleConnectionsWithoutAWord) {
  options_.limits.idle_timeout = milliseconds(300);
  listen(echo);
  EXPECT_EQ(connect().read_to_end(), "");
  RawSocket client = connect();
  client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(client.read_to_end().ends_with("GET / []"));
}

Task<void> count_failures(Exchange& exchange, ErrorCode expected, std::atomic<int>& count) {
  const auto body = co_await exchange.read_body();
  if (!body && body.error().code == expected) ++count;
}

TEST_F(ServerStreamTest, EndsBodiesThatTakeTooLong) {
  options_.limits.body_timeout = milliseconds(300);
  std::atomic<int> timeouts = 0;
  listen([&](Exchange& exchange) { return count_failures(exchange, ErrorCode::kTimeout, timeouts); });
  for (const char* framing : {"Content-Length: 10\r\n\r\nhalf", "Transfer-Encoding: chunked\r\n\r\n5\r\nha"}) {
    RawSocket client = connect();
    client.send(std::string("POST / HTTP/1.1\r\nHost: a\r\n") + framing);
    EXPECT_TRUE(client.read_to_end().starts_with("HTTP/1.1 408 Request Timeout\r\n"));
  }
  EXPECT_EQ(timeouts.load(), 2);
}

TEST_F(ServerStreamTest, TellsTheHandlerOfABodyThatWasCut) {
  std::atomic<int> closed = 0;
  listen([&](Exchange& exchange) { return count_failures(exchange, ErrorCode::kClosed, closed); });
  RawSocket client = connect();
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf");
  client.close();
  RawSocket other = connect();
  other.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nha");
  other.reset();
  EXPECT_TRUE(eventually([&] { return closed.load() == 2; }));
  EXPECT_TRUE(nobody_left());
}

// How far a stream of `total` bytes in pieces got, and how it ended.
struct Progress {
  std::atomic<std::size_t> written{0};
  std::atomic<int> outcome{-1};  // an ErrorCode, or 100 for success
};

Task<void> stream(Exchange& exchange, std::size_t total, Progress& progress) {
  const std::string piece(32 * 1024, 'x');
  (void)co_await exchange.start(200, {}, std::nullopt);
  while (progress.written < total) {
    const Result<void> written = co_await exchange.write(piece);
    if (!written) {
      progress.outcome = static_cast<int>(written.error().code);
      co_return;
    }
    progress.written += piece.size();
  }
  (void)co_await exchange.finish();
  progress.outcome = 100;
}

TEST_F(ServerStreamTest, MakesAWriterWaitForASlowReader) {
  constexpr std::size_t kTotal = 64UL << 20U;
  Progress progress;
  listen([&](Exchange& exchange) { return stream(exchange, kTotal, progress); });
  RawSocket client = connect();
  client.set_receive_buffer(64 * 1024);
  client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  // The kernel's buffers and ours fill, and then nothing moves, far from the end.
  ASSERT_TRUE(eventually([&] { return progress.written > 0; }));
  std::size_t before = 0;
  ASSERT_TRUE(eventually([&] {
    const std::size_t now = progress.written;
    std::this_thread::sleep_for(milliseconds(200));
    return std::exchange(before, now) == now;
  }));
  EXPECT_LT(progress.written.load(), kTotal / 2);
  EXPECT_EQ(progress.outcome.load(), -1);
  const std::string answer = client.read_to_end();
  EXPECT_GT(answer.size(), kTotal);
  EXPECT_TRUE(answer.ends_with("\r\n0\r\n\r\n"));
  EXPECT_EQ(progress.outcome.load(), 100);
}

TEST_F(ServerStreamTest, GivesUpOnAReaderThatTakesNothing) {
  options_.limits.write_timeout = milliseconds(300);
  Progress progress;
  listen([&](Exchange& exchange) { return stream(exchange, 64UL << 20U, progress); });
  RawSocket client = connect();
  client.set_receive_buffer(64 * 1024);
  client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(eventually([&] { return progress.outcome == static_cast<int>(ErrorCode::kTimeout); }));
  EXPECT_TRUE(nobody_left());
}

// All of it at once, which is kept here until the client takes it.
Task<void> write_and_flush(Exchange& exchange, std::size_t total, bool abandons, Progress& progress) {
  (void)co_await exchange.start(200, {}, std::nullopt);
  (void)co_await exchange.finish(std::string(total, 'x'));
  progress.written = total;
  if (abandons) exchange.loop().post([&exchange] { exchange.abandon(); });
  const Result<void> flushed = co_await exchange.flush();
  progress.outcome = flushed ? 100 : static_cast<int>(flushed.error().code);
}

TEST_F(ServerStreamTest, FlushWaitsUntilTheClientTookAll) {
  constexpr std::size_t kTotal = 64UL << 20U;
  options_.limits.buffered_write_bytes_max = 2 * kTotal;
  Progress progress;
  listen([&](Exchange& exchange) { return write_and_flush(exchange, kTotal, false, progress); });
  RawSocket client = connect();
  client.set_receive_buffer(64 * 1024);
  client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  ASSERT_TRUE(eventually([&] { return progress.written == kTotal; }));
  EXPECT_EQ(progress.outcome.load(), -1);
  EXPECT_GT(client.read_to_end().size(), kTotal);
  EXPECT_EQ(progress.outcome.load(), 100);
}

TEST_F(ServerStreamTest, AClientThatIsAbandonedGetsNothingMore) {
  constexpr std::size_t kTotal = 64UL << 20U;
  options_.limits.buffered_write_bytes_max = 2 * kTotal;
  Progress progress;
  listen([&](Exchange& exchange) { return write_and_flush(exchange, kTotal, true, progress); });
  RawSocket client = connect();
  client.set_receive_buffer(64 * 1024);
  client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(eventually([&] { return progress.outcome == static_cast<int>(ErrorCode::kClosed); }));
  EXPECT_TRUE(nobody_left());
  EXPECT_LT(client.read_to_end().size(), kTotal / 2);
}

Task<void> respond_with(Exchange& exchange, const std::string& body) { (void)co_await exchange.respond(200, {}, body); }

TEST_F(ServerStreamTest, KeepsOneLargeAnswerForASlowReader) {
  const std::string large(20UL << 20U, 'y');
  listen([&](Exchange& exchange) { return respond_with(exchange, large); });
  RawSocket client = connect();
  client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  std::this_thread::sleep_for(milliseconds(50));
  client.read_until("\r\n\r\n");
  EXPECT_EQ(client.read_exactly(large.size()), large);
  client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(client.read_to_end().ends_with("yyyy"));
}

// Waits until the client is gone, or for ever.
struct Watch {
  std::atomic<int> started{0};
  std::atomic<int> gone{0};
  std::atomic<int> ended{0};
};

Task<void> wait_for_leave(Exchange& exchange, Watch& watch) {
  bool left = false;
  exchange.on_client_gone([&left, &watch] {
    left = true;
    ++watch.gone;
  });
  ++watch.started;
  while (!left) co_await exchange.loop().sleep(milliseconds(5));
  (void)co_await exchange.respond(200, {}, "too late");
  ++watch.ended;
}

TEST_F(ServerStreamTest, SeesAClientLeaveWhileTheHandlerWaits) {
  Watch watch;
  listen([&](Exchange& exchange) { return wait_for_leave(exchange, watch); });
  RawSocket closing = connect();
  closing.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(eventually([&] { return watch.started == 1; }));
  EXPECT_EQ(watch.gone.load(), 0);
  closing.close();
  EXPECT_TRUE(eventually([&] { return watch.ended == 1; }));

  RawSocket resetting = connect();
  resetting.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
  ASSERT_TRUE(eventually([&] { return watch.started == 2; }));
  resetting.reset();
  EXPECT_TRUE(eventually([&] { return watch.ended == 2; }));
  EXPECT_EQ(watch.gone.load(), 2);
  EXPECT_TRUE(nobody_left());
}

TEST_F(ServerStreamTest, DoesNotTakeAPipelinedRequestForALeave) {
  Watch watch;
  listen([&](Exchange& exchange) { return wait_for_leave(exchange, watch); });
  RawSocket client = connect();
  client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(eventually([&] { return watch.started == 1; }));
  client.send("GET /next HTTP/1.1\r\nHost: a\r\n\r\n");
  std::this_thread::sleep_for(milliseconds(600));  // the watch looks again meanwhile
  EXPECT_EQ(watch.gone.load(), 0);
  client.close();
  EXPECT_TRUE(eventually([&] { return watch.ended == 1; }));
  EXPECT_TRUE(nobody_left());
}

TEST_F(ServerStreamTest, LeavesAFloodOfPipelinedRequestsInTheKernel) {
  Watch watch;
  listen([&](Exchange& exchange) { return wait_for_leave(exchange, watch); });
  RawSocket client = connect();
  client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(eventually([&] { return watch.started == 1; }));
  std::size_t sent = 0;
  const std::string flood(1UL << 20U, 'x');
  for (int i = 0; i < 64; ++i) sent += client.send_some(flood);
  EXPECT_LT(sent, 32UL << 20U);
  EXPECT_EQ(watch.gone.load(), 0);
  client.reset();
  EXPECT_TRUE(eventually([&] { return watch.ended == 1; }));
  EXPECT_TRUE(nobody_left());
}

TEST_F(ServerStreamTest, ForgetsAWatchThatWasTakenBack) {
  std::atomic<int> gone = 0;
  std::atomic<int> ended = 0;
  const auto handler = [](Exchange& exchange, std::atomic<int>& gone_count,
                          std::atomic<int>& ended_count) -> Task<void> {
    exchange.on_client_gone([&gone_count] { ++gone_count; });
    exchange.on_client_gone({});
    co_await exchange.loop().sleep(milliseconds(400));
    ++ended_count;
    (void)co_await exchange.respond(200, {}, "");
  };
  listen([&](Exchange& exchange) { return handler(exchange, gone, ended); });
  RawSocket client = connect();
  client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  std::this_thread::sleep_for(milliseconds(50));
  client.close();
  EXPECT_TRUE(eventually([&] { return ended == 1; }));
  EXPECT_EQ(gone.load(), 0);
}

TEST_F(ServerStreamTest, SeesALeaveWhileItStreams) {
  std::atomic<int> failed = 0;
  const auto handler = [](Exchange& exchange, std::atomic<int>& count) -> Task<void> {
    (void)co_await exchange.start(200, {}, std::nullopt);
    while ((co_await exchange.write("data: x\n\n")).ok()) co_await exchange.loop().sleep(milliseconds(5));
    ++count;
  };
  listen([&](Exchange& exchange) { return handler(exchange, failed); });
  RawSocket client = connect();
  client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  client.read_until("data: x\n\n");
  client.close();
  EXPECT_TRUE(eventually([&] { return failed == 1; }));
  EXPECT_TRUE(nobody_left());
}

}  // namespace
}  // namespace reeve::net
