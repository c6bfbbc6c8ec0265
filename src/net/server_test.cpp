// Requests and answers of a well-behaved client, and what the server refuses.

#include <sys/socket.h>

#include <gtest/gtest.h>

#include "net/loopback_test.h"

namespace reeve::net {
namespace {

using namespace testing;  // NOLINT

class ServerTest : public ::testing::Test {
 protected:
  void listen(Handler handler, ServerOptions options = {}) { server_ = serve(*runtime_, std::move(handler), options); }
  RawSocket connect() { return RawSocket::connect(server_->port()); }
  /// One request on a connection of its own; everything until the server closes.
  std::string exchange(std::string_view request) {
    RawSocket client = connect();
    client.send(request);
    client.shutdown_write();
    return client.read_to_end();
  }

  std::unique_ptr<Runtime> runtime_ = started_runtime();
  std::unique_ptr<Server> server_;
};

std::string body_of(const std::string& answer) { return answer.substr(answer.find("\r\n\r\n") + 4); }

TEST_F(ServerTest, AnswersOneRequestAndKeepsTheConnection) {
  listen(echo);
  RawSocket client = connect();
  for (int i = 0; i < 3; ++i) {
    client.send("POST /v1/x?y=1 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
    const std::string answer = client.read_until("[hello]");
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nDate: ")) << answer;
    EXPECT_TRUE(answer.ends_with("\r\nContent-Length: 22\r\n\r\nPOST /v1/x?y=1 [hello]")) << answer;
  }
  EXPECT_EQ(server_->stats().requests.load(), 3U);
  EXPECT_EQ(server_->stats().connections_open.load(), 1U);
}

TEST_F(ServerTest, AnswersPipelinedRequestsInOrder) {
  listen(echo);
  RawSocket client = connect();
  client.send(
      "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n"
      "POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\ntwo"
      "POST /3 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nthr\r\n2\r\nee\r\n0\r\n\r\n"
      "GET /4 HTTP/1.1\r\nHost: a\r\n\r\n"
      "GET /5 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
      "GET /6 HTTP/1.1\r\nHost: a\r\n\r\n");
  const std::string answers = client.read_to_end();
  std::size_t at = 0;
  for (const char* body : {"GET /1 []", "POST /2 [two]", "POST /3 [three]", "GET /4 []", "GET /5 []"}) {
    const std::size_t found = answers.find(body, at);
    ASSERT_NE(found, std::string::npos) << body << " is missing in " << answers;
    at = found;
  }
  EXPECT_EQ(answers.find("/6"), std::string::npos);
}

TEST_F(ServerTest, UrgentDataHidesNothingBehindIt) {
  listen(echo);
  RawSocket client = connect();
  client.send("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 200\r\n\r\n" + std::string(100, 'a'));
  ASSERT_EQ(::send(client.fd(), "!", 1, MSG_OOB), 1);
  client.send(std::string(100, 'b'));
  EXPECT_NE(client.read_until("b]").find(std::string(100, 'a') + std::string(100, 'b')), std::string::npos);
}

TEST_F(ServerTest, TakesRequestsByteByByte) {
  listen(echo);
  RawSocket client = connect();
  for (char c : std::string("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody"
                            "POST /b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                            "2;x\r\nch\r\n4\r\nunks\r\n0\r\nT: 1\r\n\r\n")) {
    client.send({&c, 1});
  }
  EXPECT_NE(client.read_until("[body]").find("POST /a [body]"), std::string::npos);
  EXPECT_NE(client.read_until("[chunks]").find("POST /b [chunks]"), std::string::npos);
}

TEST_F(ServerTest, ReadsLargeBodiesWithRoomBehindThem) {
  Handler handler = [](Exchange& exchange) -> Task<void> {
    Result<std::string_view> body = co_await exchange.read_body();
    if (!body) co_return;
    std::uint64_t sum = 0;
    for (const char c : *body) sum += static_cast<unsigned char>(c);
    // Readable by contract; the sanitizers object if it is not.
    volatile char padding = 0;
    for (std::size_t i = 0; i < 64; ++i) padding = static_cast<char>(padding + body->data()[body->size() + i]);
    (void)co_await exchange.respond(200, {}, std::to_string(body->size()) + " " + std::to_string(sum));
  };
  listen(handler);
  for (const std::size_t size : {0UL, 1UL, 2000UL, 8000UL, 60'000UL, 300'000UL, 5'000'000UL}) {
    RawSocket client = connect();
    const std::string body(size, 'a');
    const std::string expected = std::to_string(size) + " " + std::to_string(size * 'a');
    for (int again = 0; again < 2; ++again) {
      client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n" + body);
      EXPECT_TRUE(client.read_until("\r\n" + expected).ends_with(expected)) << size;
    }
    std::string chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n";
    for (std::size_t at = 0; at < size; at += 3000) {
      const std::size_t piece = std::min<std::size_t>(3000, size - at);
      std::array<char, 20> prefix{};
      std::snprintf(prefix.data(), prefix.size(), "%zx\r\n", piece);
      chunked += prefix.data() + body.substr(at, piece) + "\r\n";
    }
    client.send(chunked + "0\r\n\r\n");
    EXPECT_TRUE(client.read_to_end().ends_with("\r\n" + expected)) << size;
  }
}

TEST_F(ServerTest, SaysContinueOnlyToThoseWhoWait) {
  listen(echo);
  RawSocket client = connect();
  client.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
  EXPECT_EQ(client.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("hello");
  EXPECT_TRUE(client.read_until("[hello]").starts_with("HTTP/1.1 200 OK"));
  client.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello");
  EXPECT_TRUE(client.read_until("[hello]").starts_with("HTTP/1.1 200 OK"));
}

TEST_F(ServerTest, RefusesABodyBeforeItIsSent) {
  ServerOptions options;
  options.limits.body_bytes_max = 1000;
  listen(echo, options);
  RawSocket client = connect();
  client.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1001\r\n\r\n");
  const std::string answer = client.read_until("\n\n");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 413 Content Too Large\r\n")) << answer;
  EXPECT_NE(answer.find("\r\nConnection: close\r\n"), std::string::npos);
}

TEST_F(ServerTest, RefusesLargeBodiesWithoutReadingThem) {
  ServerOptions options;
  options.limits.body_bytes_max = 1000;
  listen(echo, options);
  EXPECT_TRUE(exchange("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n").starts_with("HTTP/1.1 413 "));
  const std::string body(3'000'000, 'x');
  // The client sends it all the same, before it reads: the answer must survive that.
  EXPECT_TRUE(
      exchange("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3000000\r\n\r\n" + body).starts_with("HTTP/1.1 413 "));
  EXPECT_TRUE(
      exchange("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2dc6c0\r\n" + body + "\r\n0\r\n\r\n")
          .starts_with("HTTP/1.1 413 "));
  EXPECT_NE(exchange("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n" + body.substr(0, 1000)).find("[xxx"),
            std::string::npos);
}

TEST_F(ServerTest, RefusesMalformedRequestsAndCloses) {
  listen(echo);
  for (const char* request : {"GARBAGE\r\n\r\n", "GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\nHost: a\n\n",
                              "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
                              "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n"}) {
    RawSocket client = connect();
    client.send(request);
    const std::string answer = client.read_until("\n400");
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 400 Bad Request\r\n")) << request << answer;
    EXPECT_NE(answer.find("\r\nConnection: close\r\n"), std::string::npos) << answer;
  }
  EXPECT_EQ(server_->stats().bad_requests.load(), 4U);
}

TEST_F(ServerTest, RefusesHeadsBeyondTheLimits) {
  ServerOptions options;
  options.limits.header_bytes_max = 2000;
  options.limits.header_count_max = 5;
  listen(echo, options);
  EXPECT_TRUE(exchange("GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(2000, 'x')).starts_with("HTTP/1.1 431 "));
  EXPECT_TRUE(exchange("GET /" + std::string(4000, 'x') + " HTTP/1.1\r\nHost: a\r\n\r\n").starts_with("HTTP/1.1 431 "));
  EXPECT_TRUE(exchange("GET / HTTP/1.1\r\nHost: a\r\nA: 1\r\nB: 1\r\nC: 1\r\nD: 1\r\nE: 1\r\n\r\n")
                  .starts_with("HTTP/1.1 431 "));
  EXPECT_TRUE(
      exchange("GET / HTTP/1.1\r\nHost: a\r\nA: 1\r\nB: 1\r\nC: 1\r\nD: 1\r\n\r\n").starts_with("HTTP/1.1 200 "));
}

TEST_F(ServerTest, RefusesInTheWordsOfItsOwner) {
  ServerOptions options;
  options.refusal_body = [](int status, std::string_view reason, std::string_view path) {
    return std::pair<std::string, std::string>("application/json", "{\"status\":" + std::to_string(status) +
                                                                       ",\"path\":\"" + std::string(path) +
                                                                       "\",\"why\":\"" + std::string(reason) + "\"}");
  };
  listen(echo, options);
  const std::string answer = exchange("GET /v1/x HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n");
  EXPECT_NE(answer.find("\r\nContent-Type: application/json\r\n"), std::string::npos) << answer;
  EXPECT_EQ(body_of(answer), "{\"status\":400,\"path\":\"/v1/x\",\"why\":\"more than one Host\"}");
}

TEST_F(ServerTest, SendsNoBodyWhereNoneMayBe) {
  Handler handler = [](Exchange& exchange) -> Task<void> {
    if (exchange.head().path == "/204") {
      (void)co_await exchange.respond(204, {}, "");
    } else if (exchange.head().path == "/304") {
      (void)co_await exchange.respond(304, Headers{{"ETag", "\"x\""}}, "");
    } else if (exchange.head().path == "/stream") {
      (void)co_await exchange.start(200, {}, std::nullopt);
      (void)co_await exchange.write("streamed");
      (void)co_await exchange.finish("!");
    } else {
      (void)co_await exchange.respond(200, {}, "twelve bytes");
    }
  };
  listen(handler);
  RawSocket client = connect();
  client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
  std::string head = client.read_until("\r\n\r\n");
  EXPECT_NE(head.find("\r\nContent-Length: 12\r\n"), std::string::npos);
  client.send("HEAD /stream HTTP/1.1\r\nHost: a\r\n\r\n");
  head = client.read_until("\r\n\r\n");
  EXPECT_TRUE(head.starts_with("HTTP/1.1 200 OK\r\n")) << head;
  EXPECT_NE(head.find("\r\nTransfer-Encoding: chunked\r\n"), std::string::npos);
  client.send("GET /204 HTTP/1.1\r\nHost: a\r\n\r\n");
  head = client.read_until("\r\n\r\n");
  EXPECT_TRUE(head.starts_with("HTTP/1.1 204 No Content\r\n")) << head;
  EXPECT_EQ(head.find("Content-Length"), std::string::npos);
  client.send("GET /304 HTTP/1.1\r\nHost: a\r\n\r\n");
  head = client.read_until("\r\n\r\n");
  EXPECT_TRUE(head.starts_with("HTTP/1.1 304 Not Modified\r\n")) << head;
  client.send("GET /stream HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(body_of(client.read_to_end()), "8\r\nstreamed\r\n1\r\n!\r\n0\r\n\r\n");
}

TEST_F(ServerTest, StreamsWithAndWithoutALength) {
  Handler handler = [](Exchange& exchange) -> Task<void> {
    const bool sized = exchange.head().path == "/sized";
    (void)co_await exchange.start(200, {}, sized ? std::optional<std::uint64_t>(11) : std::nullopt);
    (void)co_await exchange.write("hello");
    (void)co_await exchange.write("");
    (void)co_await exchange.write(" ");
    (void)co_await exchange.finish("world");
  };
  listen(handler);
  EXPECT_EQ(body_of(exchange("GET /sized HTTP/1.1\r\nHost: a\r\n\r\n")), "hello world");
  EXPECT_EQ(body_of(exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n")), "5\r\nhello\r\n1\r\n \r\n5\r\nworld\r\n0\r\n\r\n");
  // HTTP/1.0 knows no chunks: the end of the connection is the end of the body.
  const std::string old = exchange("GET / HTTP/1.0\r\n\r\n");
  EXPECT_EQ(body_of(old), "hello world");
  EXPECT_EQ(old.find("Transfer-Encoding"), std::string::npos);
}

TEST_F(ServerTest, ShowsAnIncompleteAnswerAsIncomplete) {
  Handler handler = [](Exchange& exchange) -> Task<void> {
    const std::string_view path = exchange.head().path;
    (void)co_await exchange.start(200, {}, path == "/sized" ? std::optional<std::uint64_t>(100) : std::nullopt);
    (void)co_await exchange.write("begun");
    if (path == "/short") (void)co_await exchange.finish();
  };
  listen(handler);
  EXPECT_TRUE(exchange("GET /sized HTTP/1.1\r\nHost: a\r\n\r\n").ends_with("begun"));
  EXPECT_TRUE(exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n").ends_with("5\r\nbegun\r\n"));
  EXPECT_TRUE(exchange("GET / HTTP/1.0\r\n\r\n").ends_with("<reset>"));
}

TEST_F(ServerTest, HoldsHandlersToTheirStatedLength) {
  Handler handler = [](Exchange& exchange) -> Task<void> {
    (void)co_await exchange.start(200, {}, 5);
    if (exchange.head().path == "/long") {
      EXPECT_FALSE((co_await exchange.finish("too long")).ok());
    } else {
      EXPECT_FALSE((co_await exchange.finish("four")).ok());
    }
  };
  listen(handler);
  EXPECT_EQ(body_of(exchange("GET /long HTTP/1.1\r\nHost: a\r\n\r\n")), "");
  EXPECT_EQ(body_of(exchange("GET /short HTTP/1.1\r\nHost: a\r\n\r\n")), "");
}

TEST_F(ServerTest, AnswersForAHandlerThatDoesNot) {
  listen([](Exchange&) -> Task<void> { co_return; });
  EXPECT_TRUE(exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n").starts_with("HTTP/1.1 500 Internal Server Error\r\n"));
}

TEST_F(ServerTest, RefusesHeaderFieldsThatWouldSplitAnAnswer) {
  Handler handler = [](Exchange& exchange) -> Task<void> {
    EXPECT_FALSE((co_await exchange.respond(200, Headers{{"X", "a\r\nSet-Cookie: b"}}, "")).ok());
    EXPECT_FALSE((co_await exchange.respond(200, Headers{{"X y", "a"}}, "")).ok());
    EXPECT_FALSE((co_await exchange.respond(101, {}, "")).ok());
    EXPECT_TRUE(
        (co_await exchange.respond(200, Headers{{"Connection", "close"}, {"content-length", "9"}, {"Y", "z"}}, "ok"))
            .ok());
    EXPECT_FALSE((co_await exchange.respond(200, {}, "")).ok());
    EXPECT_FALSE((co_await exchange.write("x")).ok());
  };
  listen(handler);
  RawSocket client = connect();
  client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  const std::string answer = client.read_until("ok");
  EXPECT_NE(answer.find("\r\nY: z\r\n"), std::string::npos) << answer;
  EXPECT_NE(answer.find("\r\nContent-Length: 2\r\n"), std::string::npos) << answer;
  EXPECT_EQ(answer.find("lose"), std::string::npos) << answer;
  client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(client.read_until("ok").ends_with("ok"));
}

TEST_F(ServerTest, DrainsASmallUnreadBodyAndClosesOnALargeOne) {
  listen([](Exchange& exchange) -> Task<void> { (void)co_await exchange.respond(200, {}, "done"); });
  RawSocket client = connect();
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 20000\r\n\r\n");
  EXPECT_EQ(client.read_until("done").find("Connection: close"), std::string::npos);
  client.send(std::string(20000, 'x') +
              "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
  EXPECT_TRUE(client.read_until("done").ends_with("done"));
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2000000\r\n\r\n" + std::string(2'000'000, 'x'));
  const std::string last = client.read_to_end();
  EXPECT_NE(last.find("\r\nConnection: close\r\n"), std::string::npos);
  EXPECT_TRUE(last.ends_with("done")) << last;
}

TEST_F(ServerTest, OnlyFlagsUpgrades) {
  listen([](Exchange& exchange) -> Task<void> {
    (void)co_await exchange.respond(exchange.head().upgrade_requested ? 426 : 200, {}, "");
  });
  EXPECT_TRUE(exchange("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
                  .starts_with("HTTP/1.1 426 Upgrade Required\r\n"));
  EXPECT_TRUE(exchange("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n").starts_with("HTTP/1.1 200 "));
}

TEST_F(ServerTest, TurnsAwayClientsBeyondTheLimit) {
  ServerOptions options;
  options.limits.connections_max = 2;
  listen(echo, options);
  RawSocket first = connect();
  RawSocket second = connect();
  ASSERT_TRUE(eventually([&] { return server_->stats().connections_open.load() == 2; }));
  EXPECT_TRUE(connect().read_to_end().starts_with("HTTP/1.1 503 Service Unavailable\r\n"));
  EXPECT_EQ(server_->stats().connections_refused.load(), 1U);
  first.close();
  ASSERT_TRUE(eventually([&] { return server_->stats().connections_open.load() == 1; }));
  EXPECT_TRUE(exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n").starts_with("HTTP/1.1 200 "));
}

TEST_F(ServerTest, TellsWhoCalls) {
  Handler handler = [](Exchange& exchange) -> Task<void> {
    EXPECT_TRUE(exchange.loop().is_current_thread());
    EXPECT_FALSE(exchange.over_tls());
    (void)co_await exchange.respond(200, {}, exchange.peer_address());
  };
  listen(handler);
  EXPECT_EQ(body_of(exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n")), "127.0.0.1");
}

TEST_F(ServerTest, SharesAPortAmongItsLoopsAndWithNobodyElse) {
  auto runtime = started_runtime(3);
  auto server = serve(*runtime, echo);
  for (int i = 0; i < 20; ++i) {
    RawSocket client = RawSocket::connect(server->port());
    client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    EXPECT_TRUE(client.read_to_end().ends_with("GET / []"));
  }
  ServerOptions options;
  options.port = server->port();
  auto other = Server::listen(*runtime, options, echo);
  ASSERT_FALSE(other.ok());
  EXPECT_EQ(other.error().code, ErrorCode::kConflict);
  server.reset();
  EXPECT_TRUE(Server::listen(*runtime, options, echo).ok());
}

TEST_F(ServerTest, ListensOnIpv6AndRefusesNames) {
  ServerOptions options;
  options.host = "::1";
  auto server = Server::listen(*runtime_, options, echo);
  EXPECT_TRUE(server.ok()) << server.error().message;
  options.host = "localhost";
  EXPECT_FALSE(Server::listen(*runtime_, options, echo).ok());
}

}  // namespace
}  // namespace reeve::net
