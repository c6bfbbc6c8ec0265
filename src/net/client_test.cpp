// Calls that go well, and the pool.

#include <gtest/gtest.h>

#include <thread>

#include "net/client_fixture_test.h"

namespace reeve::net {
namespace {

using namespace testing;  // NOLINT

TEST_F(ClientTest, SendsAndReceivesOverOneKeptConnection) {
  auto server = serve(*runtime_, echo);
  for (int i = 0; i < 3; ++i) {
    const Reply reply = send(url_to(server->port()), {.path_and_query = "/v1/x?y", .headers = {}, .body = "hello"});
    EXPECT_EQ(reply.error, "");
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.body, "POST /v1/x?y [hello]");
  }
  EXPECT_EQ(server->stats().connections_accepted.load(), 1U);
}

TEST_F(ClientTest, WritesTheFramingItself) {
  RawListener upstream;
  auto reply = send_later({.method = "POST",
                           .path_and_query = "/messages?x",
                           .headers = {{"X-A", "1"},
                                       {"Host", "evil"},
                                       {"Content-Length", "99"},
                                       {"TE", "trailers"},
                                       {"connection", "close"},
                                       {"Transfer-Encoding", "chunked"},
                                       {"x-b", "2"}},
                           .body = "body"},
                          "http://127.0.0.1:" + std::to_string(upstream.port()) + "/v1");
  RawSocket peer = upstream.accept();
  EXPECT_EQ(peer.read_until("body"),
            "POST /v1/messages?x HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(upstream.port()) +
                "\r\nX-A: 1\r\nx-b: 2\r\nContent-Length: 4\r\n\r\nbody");
  peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  EXPECT_EQ(reply.get().body, "ok");
}

TEST_F(ClientTest, AsksForTheRootWhenThereIsNoPath) {
  RawListener upstream;
  auto reply = send_later({.method = "GET", .path_and_query = "?a", .headers = {}, .body = ""}, url_text(upstream));
  RawSocket peer = upstream.accept();
  EXPECT_TRUE(peer.read_until("\r\n\r\n").starts_with("GET /?a HTTP/1.1\r\nHost: "));
  peer.send("HTTP/1.1 204 No Content\r\n\r\n");
  EXPECT_EQ(reply.get().status, 204);
}

TEST_F(ClientTest, ReadsEveryKindOfFraming) {
  struct Case {
    const char* answer;
    const char* body;
    bool kept;
  };
  for (const Case& c : {
           Case{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "hello", true},
           Case{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\nT: 1\r\n\r\n",
                "hello", true},
           Case{"HTTP/1.1 200 OK\r\n\r\nhello", "hello", false},
           Case{"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", "hello", false},
           Case{"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello", "hello", false},
           Case{"HTTP/1.1 204 No Content\r\n\r\n", "", true},
           Case{"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", "", true},
           Case{"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "", true},
           Case{"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 "
                "OK\r\nContent-Length: "
                "2\r\n\r\nok",
                "ok", true},
           Case{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello and more", "hello", false},
       }) {
    for (const bool bytewise : {false, true}) {
      RawListener upstream;
      auto reply = send_later({.path_and_query = "/", .headers = {}, .body = "x"}, url_text(upstream));
      RawSocket peer = upstream.accept();
      peer.read_until("\r\n\r\nx");
      const std::string answer = c.answer;
      if (bytewise) {
        for (const char& byte : answer) peer.send({&byte, 1});
      } else {
        peer.send(answer);
      }
      if (!c.kept) peer.shutdown_write();
      const Reply got = reply.get();
      EXPECT_EQ(got.error, "") << c.answer;
      EXPECT_EQ(got.body, c.body) << c.answer;
      if (c.kept) {
        auto again = send_later({.path_and_query = "/again", .headers = {}, .body = "y"}, url_text(upstream));
        EXPECT_TRUE(peer.read_until("\r\n\r\ny").starts_with("POST /again "));
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\ntwo");
        EXPECT_EQ(again.get().body, "two");
      } else {
        EXPECT_EQ(peer.read_to_end().find("<silence>"), std::string::npos) << "the connection was kept: " << c.answer;
      }
    }
  }
}

TEST_F(ClientTest, KnowsThatAnswersToHeadHaveNoBody) {
  RawListener upstream;
  auto reply = send_later({.method = "HEAD", .path_and_query = "/", .headers = {}, .body = ""}, url_text(upstream));
  RawSocket peer = upstream.accept();
  peer.read_until("\r\n\r\n");
  peer.send("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n");
  EXPECT_EQ(reply.get().body, "");
}

TEST_F(ClientTest, CarriesLargeBodiesBothWays) {
  const auto handler = [](Exchange& exchange) -> Task<void> {
    Result<std::string_view> body = co_await exchange.read_body();
    if (!body) co_return;
    if (exchange.head().path == "/sized") {
      (void)co_await exchange.respond(200, {}, *body);
      co_return;
    }
    (void)co_await exchange.start(200, {}, std::nullopt);
    for (std::size_t at = 0; at < body->size(); at += 70'000) (void)co_await exchange.write(body->substr(at, 70'000));
    (void)co_await exchange.finish();
  };
  auto server = serve(*runtime_, handler);
  std::string body(10UL << 20U, '\0');
  for (std::size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>(i * 31 + i / 1000);
  for (const char* path : {"/sized", "/chunked"}) {
    const Reply reply = send(url_to(server->port()), {.path_and_query = path, .headers = {}, .body = body});
    EXPECT_EQ(reply.error, "");
    EXPECT_TRUE(reply.body == body) << path;
  }
}

TEST_F(ClientTest, AnswersManyCallsAtOnceWithinItsLimits) {
  restart_client([](ClientLimits& limits) {
    limits.connections_max = 4;
    limits.pool_idle_max = 2;
  });
  auto server = serve(*runtime_, [](Exchange& exchange) -> Task<void> {
    co_await exchange.loop().sleep(std::chrono::milliseconds(100));
    (void)co_await exchange.respond(200, {}, "ok");
  });
  std::vector<std::future<Reply>> replies;
  for (int i = 0; i < 5; ++i) {
    replies.push_back(send_later({.path_and_query = "/", .headers = {}, .body = ""}, url_text(server->port())));
  }
  int ok = 0;
  int refused = 0;
  for (auto& reply : replies) {
    const Reply got = reply.get();
    ok += got.status == 200 ? 1 : 0;
    refused += got.code == ErrorCode::kUnavailable ? 1 : 0;
    if (got.status == 0) EXPECT_FALSE(got.request_sent);
  }
  EXPECT_EQ(ok, 4);
  EXPECT_EQ(refused, 1);
  EXPECT_TRUE(eventually([&] { return server->stats().connections_open.load() == 2; }));
}

TEST_F(ClientTest, ClosesConnectionsThatRestTooLong) {
  restart_client([](ClientLimits& limits) { limits.pool_idle_timeout = std::chrono::milliseconds(300); });
  auto server = serve(*runtime_, echo);
  EXPECT_EQ(send(url_to(server->port()), {.path_and_query = "/", .headers = {}, .body = ""}).status, 200);
  EXPECT_EQ(server->stats().connections_open.load(), 1U);
  EXPECT_TRUE(eventually([&] { return server->stats().connections_open.load() == 0; }));
}

TEST_F(ClientTest, ReplacesAPooledConnectionThatTheUpstreamClosed) {
  RawListener upstream;
  for (int i = 0; i < 3; ++i) {
    auto reply = send_later({.path_and_query = "/", .headers = {}, .body = "x"}, url_text(upstream));
    RawSocket peer = upstream.accept();
    peer.read_until("\r\n\r\nx");
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    EXPECT_EQ(reply.get().body, "ok");
    if (i == 1) peer.send("HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n");  // out of turn
    peer.close();
  }
}

TEST_F(ClientTest, SaysWhenAPooledConnectionEndedUnderARequest) {
  RawListener upstream;
  auto first = send_later({.path_and_query = "/", .headers = {}, .body = "x"}, url_text(upstream));
  RawSocket peer = upstream.accept();
  peer.read_until("\r\n\r\nx");
  peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  EXPECT_EQ(first.get().body, "ok");
  auto second = send_later({.path_and_query = "/", .headers = {}, .body = "y"}, url_text(upstream));
  peer.read_until("\r\n\r\ny");
  peer.close();
  const Reply reply = second.get();
  EXPECT_EQ(reply.code, ErrorCode::kClosed);
  EXPECT_TRUE(reply.stale);
  EXPECT_TRUE(reply.request_sent);
}

TEST_F(ClientTest, APeerThatLeavesAfterAWhileHasWorkedOnTheRequest) {
  RawListener upstream;
  auto first = send_later({.path_and_query = "/", .headers = {}, .body = "x"}, url_text(upstream));
  RawSocket peer = upstream.accept();
  peer.read_until("\r\n\r\nx");
  peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  EXPECT_EQ(first.get().body, "ok");
  auto second = send_later({.path_and_query = "/", .headers = {}, .body = "y"}, url_text(upstream));
  peer.read_until("\r\n\r\ny");
  std::this_thread::sleep_for(std::chrono::milliseconds(1'300));
  peer.close();
  const Reply reply = second.get();
  EXPECT_EQ(reply.code, ErrorCode::kClosed);
  EXPECT_FALSE(reply.stale);
  EXPECT_TRUE(reply.request_complete);
}

TEST_F(ClientTest, FindsAddressesByName) {
  auto server = serve(*runtime_, echo);
  for (int i = 0; i < 2; ++i) {
    // localhost may be ::1 first, where nobody listens: every address is tried.
    const Reply reply = send(*parse_url("http://localhost:" + std::to_string(server->port())),
                             {.path_and_query = "/", .headers = {}, .body = ""});
    EXPECT_EQ(reply.error, "");
    EXPECT_EQ(reply.status, 200);
  }
  const Reply reply =
      send(*parse_url("http://no-such-host.invalid"), {.path_and_query = "/", .headers = {}, .body = ""});
  EXPECT_EQ(reply.code, ErrorCode::kUnavailable);
  EXPECT_NE(reply.error.find("no-such-host.invalid"), std::string::npos) << reply.error;
  EXPECT_FALSE(reply.request_sent);
}

TEST_F(ClientTest, RefusesToSendWhatWouldSplitARequest) {
  auto server = serve(*runtime_, echo);
  const Url url = url_to(server->port());
  EXPECT_EQ(send(url, {.path_and_query = "/a b", .headers = {}, .body = ""}).code, ErrorCode::kInvalid);
  EXPECT_EQ(send(url, {.path_and_query = "/\r\nX: y", .headers = {}, .body = ""}).code, ErrorCode::kInvalid);
  EXPECT_EQ(send(url, {.method = "GE T", .path_and_query = "/", .headers = {}, .body = ""}).code, ErrorCode::kInvalid);
  EXPECT_EQ(send(url, {.path_and_query = "/", .headers = {{"A", "b\nc"}}, .body = ""}).code, ErrorCode::kInvalid);
  EXPECT_EQ(send(url, {.path_and_query = "/", .headers = {{"A:", "b"}}, .body = ""}).code, ErrorCode::kInvalid);
  EXPECT_EQ(server->stats().requests.load(), 0U);
}

Task<int> drained_pieces(Client& client, Url url, std::vector<std::string>* pieces) {
  const ClientRequest request{.path_and_query = "/", .headers = {}, .body = ""};
  Client::Sent sent = co_await client.send(url, request);
  if (!sent.ok()) co_return -1;
  int drained = 0;
  while (true) {
    Result<std::string_view> piece = co_await sent.response->read();
    if (!piece) co_return -2;
    if (piece->empty()) co_return drained;
    pieces->emplace_back(*piece);
    drained += sent.response->drained() ? 1 : 0;
  }
}

TEST_F(ClientTest, GivesChunksThatCameTogetherAsOnePiece) {
  RawListener upstream;
  std::vector<std::string> pieces;
  std::promise<int> promise;
  runtime_->loop(0).post([&] {
    start_detached(deliver<int>([&] { return drained_pieces(*client_, url_to(upstream.port()), &pieces); }, &promise));
  });
  RawSocket peer = upstream.accept();
  peer.read_until("\r\n\r\n");
  peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  peer.send("5\r\nhello\r\n1\r\n \r\n5\r\nworld\r\n");
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  peer.send("1\r\n!\r\n0\r\n\r\n");
  EXPECT_EQ(promise.get_future().get(), 2);
  EXPECT_EQ(pieces, (std::vector<std::string>{"hello world", "!"}));
}

}  // namespace
}  // namespace reeve::net
