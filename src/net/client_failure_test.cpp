// Upstreams that lie, stall and vanish, and callers that change their minds.

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "net/client_fixture_test.h"

namespace reeve::net {
namespace {

using namespace testing;  // NOLINT
using std::chrono::milliseconds;

const ClientRequest kPost{.path_and_query = "/", .headers = {}, .body = "x"};

TEST_F(ClientTest, RefusesAnswersThatAreAmbiguous) {
  for (const char* answer : {
           "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
           "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
           "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
           "HTTP/1.1 200 OK\nContent-Length: 5\n\nhello",
           "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
           "hello",
           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloworld\r\n0\r\n\r\n",
       }) {
    RawListener upstream;
    auto reply = send_later(kPost, url_text(upstream));
    RawSocket peer = upstream.accept();
    peer.read_until("\r\n\r\nx");
    peer.send(answer);
    const Reply got = reply.get();
    EXPECT_EQ(got.code, ErrorCode::kInvalid) << answer;
    EXPECT_NE(got.error, "") << answer;
    EXPECT_EQ(peer.read_to_end().find("<silence>"), std::string::npos) << "the connection was kept: " << answer;
  }
}

TEST_F(ClientTest, TellsAShortAnswerFromAWholeOne) {
  for (const char* answer : {
           "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello",
           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n",
           "HTTP/1.1 200 OK\r\nContent-Le",
           "",
       }) {
    for (const bool with_reset : {false, true}) {
      RawListener upstream;
      auto reply = send_later(kPost, url_text(upstream));
      RawSocket peer = upstream.accept();
      peer.read_until("\r\n\r\nx");
      peer.send(answer);
      if (with_reset) {
        std::this_thread::sleep_for(milliseconds(20));
        peer.reset();
      } else {
        peer.close();
      }
      const Reply got = reply.get();
      EXPECT_EQ(got.code, ErrorCode::kClosed) << answer << got.error;
      EXPECT_FALSE(got.stale);
    }
  }
}

TEST_F(ClientTest, RefusesHeadsThatAreTooLarge) {
  restart_client([](ClientLimits& limits) { limits.header_bytes_max = 4096; });
  RawListener upstream;
  auto reply = send_later(kPost, url_text(upstream));
  RawSocket peer = upstream.accept();
  peer.send("HTTP/1.1 200 OK\r\nX: " + std::string(8000, 'x'));
  EXPECT_EQ(reply.get().code, ErrorCode::kTooLarge);
}

TEST_F(ClientTest, GivesUpOnAnUpstreamThatIsSilent) {
  restart_client([](ClientLimits& limits) {
    limits.response_timeout = milliseconds(300);
    limits.read_timeout = milliseconds(300);
  });
  RawListener upstream;
  auto reply = send_later(kPost, url_text(upstream));
  RawSocket peer = upstream.accept();
  Reply got = reply.get();
  EXPECT_EQ(got.code, ErrorCode::kTimeout);
  EXPECT_TRUE(got.request_sent);
  EXPECT_TRUE(got.request_complete);

  reply = send_later(kPost, url_text(upstream));
  RawSocket second = upstream.accept();
  second.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
  got = reply.get();
  EXPECT_EQ(got.status, 200);
  EXPECT_EQ(got.code, ErrorCode::kTimeout);
}

TEST_F(ClientTest, GivesUpOnAnUpstreamThatTakesNothing) {
  restart_client([](ClientLimits& limits) { limits.write_timeout = milliseconds(300); });
  RawListener upstream;
  const std::string body(64UL << 20U, 'x');
  auto reply = send_later({.path_and_query = "/", .headers = {}, .body = body}, url_text(upstream));
  RawSocket peer = upstream.accept();
  const Reply got = reply.get();
  EXPECT_EQ(got.code, ErrorCode::kTimeout);
  EXPECT_TRUE(got.request_sent);
  EXPECT_FALSE(got.request_complete);
}

TEST_F(ClientTest, SaysWhenNothingWasSent) {
  std::uint16_t port = 0;
  {
    port = RawListener().port();
  }
  const Reply refused = send(url_to(port), kPost);
  EXPECT_EQ(refused.code, ErrorCode::kUnavailable);
  EXPECT_FALSE(refused.request_sent);
  EXPECT_NE(refused.error.find("refused"), std::string::npos) << refused.error;
}

TEST_F(ClientTest, TakesAnEarlyRefusalOfALargeBody) {
  RawListener upstream;
  const std::string body(64UL << 20U, 'x');
  for (const bool closing : {false, true}) {
    auto reply = send_later({.path_and_query = "/", .headers = {}, .body = body}, url_text(upstream));
    RawSocket peer = upstream.accept();
    peer.read_until("\r\n\r\n");
    peer.send("HTTP/1.1 413 Content Too Large\r\nContent-Length: 4\r\n\r\nmuch");
    if (closing) peer.shutdown_write();
    const Reply got = reply.get();
    EXPECT_EQ(got.status, 413) << got.error;
    EXPECT_EQ(got.body, "much");
    EXPECT_TRUE(peer.read_to_end().find("<silence>") == std::string::npos) << "the connection was kept";
  }
}

TEST_F(ClientTest, GoesOnSendingWhenTheAnswerOnlyBeginsEarly) {
  RawListener upstream;
  const std::string body(16UL << 20U, 'x');
  auto reply = send_later({.path_and_query = "/", .headers = {}, .body = body}, url_text(upstream));
  RawSocket peer = upstream.accept();
  peer.read_until("\r\n\r\n");
  peer.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n");
  EXPECT_EQ(peer.read_exactly(body.size()).size(), body.size());
  peer.send("done");
  EXPECT_EQ(reply.get().body, "done");
}

TEST_F(ClientTest, LimitsWhatReadAllTakes) {
  auto server = serve(*runtime_, [](Exchange& exchange) -> Task<void> {
    const std::string large(100'000, 'x');
    (void)co_await exchange.respond(200, {}, large);
  });
  const auto read_little = [](Client& client, Url url) -> Task<ErrorCode> {
    Client::Sent sent = co_await client.send(url, kPost);
    if (!sent.ok()) co_return ErrorCode::kInternal;
    auto whole = co_await sent.response->read_all(99'999);
    co_return whole ? ErrorCode::kInternal : whole.error().code;
  };
  EXPECT_EQ(run_on<ErrorCode>(runtime_->loop(0), [&] { return read_little(*client_, url_to(server->port())); }),
            ErrorCode::kTooLarge);
}

// ---- Cancelling

struct Cancelled {
  std::function<void()> canceller;
  std::promise<SendFailure> failure;
};

Task<void> send_cancellable(Client& client, Url url, Cancelled* cancelled) {
  Client::Sent sent = co_await client.send(url, kPost, &cancelled->canceller);
  cancelled->failure.set_value(sent.failure);
}

TEST_F(ClientTest, CancelsACallThatWaitsForItsAnswer) {
  RawListener upstream;
  Cancelled cancelled;
  on_loop(runtime_->loop(0), [&] { start_detached(send_cancellable(*client_, url_to(upstream.port()), &cancelled)); });
  RawSocket peer = upstream.accept();
  peer.read_until("\r\n\r\nx");
  on_loop(runtime_->loop(0), [&] { cancelled.canceller(); });
  const SendFailure failure = cancelled.failure.get_future().get();
  EXPECT_EQ(failure.error.code, ErrorCode::kClosed);
  EXPECT_TRUE(failure.request_sent);
  EXPECT_FALSE(failure.stale_connection);
  EXPECT_EQ(peer.read_to_end(), "");
  on_loop(runtime_->loop(0), [&] {
    cancelled.canceller();  // too late, and harmless
    cancelled.canceller = nullptr;
  });
}

TEST_F(ClientTest, CancelsACallThatLooksUpOrConnects) {
  // A name that takes a moment to fail, and an address of a network that exists nowhere.
  for (const char* url : {"http://cancelled.invalid", "http://192.0.2.1:9"}) {
    Cancelled cancelled;
    on_loop(runtime_->loop(0), [&] {
      start_detached(send_cancellable(*client_, *parse_url(url), &cancelled));
      cancelled.canceller();
    });
    const SendFailure failure = cancelled.failure.get_future().get();
    EXPECT_FALSE(failure.request_sent);
    EXPECT_NE(failure.error.message, "") << url;
    on_loop(runtime_->loop(0), [&] { cancelled.canceller = nullptr; });
  }
}

// A response that is read by one coroutine and cancelled or destroyed by another.
struct Shared {
  std::unique_ptr<ClientResponse> response;
  std::promise<ErrorCode> outcome;
};

Task<void> read_shared(Client& client, Url url, Shared* shared) {
  Client::Sent sent = co_await client.send(url, kPost);
  shared->response = std::move(sent.response);
  while (true) {
    Result<std::string_view> piece = co_await shared->response->read();
    if (piece && !piece->empty()) continue;
    shared->outcome.set_value(piece ? ErrorCode::kInternal : piece.error().code);
    co_return;
  }
}

TEST_F(ClientTest, EndsAReadFromOutside) {
  for (const bool destroy : {false, true}) {
    RawListener upstream;
    Shared shared;
    on_loop(runtime_->loop(0), [&] { start_detached(read_shared(*client_, url_to(upstream.port()), &shared)); });
    RawSocket peer = upstream.accept();
    peer.read_until("\r\n\r\nx");
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome");
    std::this_thread::sleep_for(milliseconds(50));
    on_loop(runtime_->loop(0), [&] {
      if (destroy) {
        shared.response.reset();
      } else {
        shared.response->cancel();
      }
    });
    EXPECT_EQ(shared.outcome.get_future().get(), ErrorCode::kClosed);
    EXPECT_EQ(peer.read_to_end(), "");
    on_loop(runtime_->loop(0), [&] { shared.response.reset(); });
  }
}

TEST_F(ClientTest, ClosesTheConnectionOfAnAnswerThatIsNotReadToItsEnd) {
  RawListener upstream;
  Shared shared;
  on_loop(runtime_->loop(0), [&] { start_detached(read_shared(*client_, url_to(upstream.port()), &shared)); });
  RawSocket peer = upstream.accept();
  peer.read_until("\r\n\r\nx");
  peer.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
  EXPECT_EQ(shared.outcome.get_future().get(), ErrorCode::kInternal);  // read to its end
  on_loop(runtime_->loop(0), [&] { shared.response.reset(); });
  auto again = send_later(kPost, url_text(upstream));
  peer.read_until("\r\n\r\nx");
  peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n");
  std::this_thread::sleep_for(milliseconds(50));
  runtime_->stop();  // with the answer half read
  EXPECT_EQ(peer.read_to_end(), "");
}

TEST_F(ClientTest, MayEndBeforeItsResponses) {
  RawListener upstream;
  Shared shared;
  on_loop(runtime_->loop(0), [&] { start_detached(read_shared(*client_, url_to(upstream.port()), &shared)); });
  RawSocket peer = upstream.accept();
  peer.read_until("\r\n\r\nx");
  peer.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe");
  std::this_thread::sleep_for(milliseconds(50));
  on_loop(runtime_->loop(0), [&] { client_.reset(); });
  peer.send("llo");
  EXPECT_EQ(shared.outcome.get_future().get(), ErrorCode::kInternal);
  on_loop(runtime_->loop(0), [&] { shared.response.reset(); });
  EXPECT_EQ(peer.read_to_end(), "");
}

}  // namespace
}  // namespace reeve::net
