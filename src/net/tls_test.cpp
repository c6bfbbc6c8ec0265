#include "net/tls.h"

#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <fstream>
#include <thread>

#include "net/certificates_test.h"
#include "net/client_fixture_test.h"

namespace reeve::net {
namespace {

using namespace testing;  // NOLINT

// A blocking TLS peer of the test's own, on a raw socket.
class RawTls {
 public:
  RawTls(SSL_CTX* context, RawSocket socket) : socket_(std::move(socket)), session_(SSL_new(context)) {
    SSL_set_fd(session_, socket_.fd());
  }
  RawTls(const RawTls&) = delete;
  RawTls& operator=(const RawTls&) = delete;
  ~RawTls() { SSL_free(session_); }

  SSL* session() { return session_; }
  RawSocket& socket() { return socket_; }
  void send(std::string_view bytes) { SSL_write(session_, bytes.data(), static_cast<int>(bytes.size())); }
  std::string read_until(std::string_view mark) {
    std::string text;
    char byte = 0;
    while (!text.ends_with(mark) && SSL_read(session_, &byte, 1) == 1) text += byte;
    return text;
  }

 private:
  RawSocket socket_;
  SSL* session_;
};

class TlsTest : public ClientTest {
 protected:
  static Certificates& certificates() {
    static Certificates made;
    return made;
  }
  static ServerOptions options(const std::string& names = "DNS:localhost,IP:127.0.0.1", int days = 30) {
    const Certificates::Files files = certificates().issue(names, days);
    ServerOptions made;
    made.tls = ServerTls{files.certificate, files.key};
    return made;
  }
  void trust_root() {
    restart_client([](ClientLimits&) {}, {.extra_root_files = {certificates().root_file()}});
  }
  static Url secure(std::uint16_t port, const std::string& host = "127.0.0.1") {
    return *parse_url("https://" + host + ":" + std::to_string(port));
  }
  static ClientRequest post(std::string_view body) { return {.path_and_query = "/", .headers = {}, .body = body}; }
};

TEST_F(TlsTest, ServesAndCallsOverOneKeptConnection) {
  auto server = serve(
      *runtime_,
      [](Exchange& exchange) {
        EXPECT_TRUE(exchange.over_tls());
        return echo(exchange);
      },
      options());
  trust_root();
  for (const char* host : {"127.0.0.1", "localhost"}) {
    for (int i = 0; i < 3; ++i) {
      const Reply reply = send(secure(server->port(), host), post("hello"));
      EXPECT_EQ(reply.error, "");
      EXPECT_EQ(reply.body, "POST / [hello]");
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }
  EXPECT_EQ(server->stats().connections_accepted.load(), 2U);
}

TEST_F(TlsTest, CarriesLargeBodiesBothWays) {
  auto server = serve(
      *runtime_,
      [](Exchange& exchange) -> Task<void> {
        Result<std::string_view> body = co_await exchange.read_body();
        if (body) (void)co_await exchange.respond(200, {}, *body);
      },
      options());
  trust_root();
  std::string body(5UL << 20U, '\0');
  for (std::size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>(i * 7 + i / 999);
  const Reply reply = send(secure(server->port()), post(body));
  EXPECT_EQ(reply.error, "");
  EXPECT_TRUE(reply.body == body);
}

TEST_F(TlsTest, TrustsOnlyWhatItCanVerify) {
  struct Case {
    ServerOptions options;
    bool trusted;
    const char* host;
    const char* reason;
  };
  for (const Case& c : {
           Case{options(), false, "127.0.0.1",
                "self-signed certificate in certificate chain|unable to get local issuer"},
           Case{options("DNS:other.example.com"), true, "localhost", "hostname mismatch"},
           Case{options("DNS:localhost"), true, "127.0.0.1", "IP address mismatch"},
           Case{options("DNS:localhost,IP:127.0.0.1", -1), true, "127.0.0.1", "certificate has expired"},
       }) {
    auto server = serve(*runtime_, echo, c.options);
    if (c.trusted) trust_root();
    const Reply reply = send(secure(server->port(), c.host), post(""));
    EXPECT_EQ(reply.status, 0);
    EXPECT_EQ(reply.code, ErrorCode::kUnavailable);
    EXPECT_FALSE(reply.request_sent);
    const std::string reasons = c.reason;
    const bool named = reply.error.find(reasons.substr(0, reasons.find('|'))) != std::string::npos ||
                       reply.error.find(reasons.substr(reasons.find('|') + 1)) != std::string::npos;
    EXPECT_TRUE(named) << reply.error << " should name " << c.reason;
    EXPECT_EQ(server->stats().requests.load(), 0U);
  }
}

TEST_F(TlsTest, SpeaksHttp11AndModernTlsOnly) {
  auto server = serve(*runtime_, echo, options());
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  const auto connects = [&](const std::function<void(SSL*)>& prepare) {
    RawTls client(context, RawSocket::connect(server->port()));
    prepare(client.session());
    if (SSL_connect(client.session()) != 1) return std::string();
    const unsigned char* protocol = nullptr;
    unsigned int size = 0;
    SSL_get0_alpn_selected(client.session(), &protocol, &size);
    return std::string(SSL_get_version(client.session())) + " " +
           std::string(reinterpret_cast<const char*>(protocol), size);
  };
  const unsigned char both[] = "\x02h2\x08http/1.1";
  const unsigned char only_2[] = "\x02h2";
  EXPECT_EQ(connects([](SSL*) {}), "TLSv1.3 ");
  EXPECT_EQ(connects([&](SSL* ssl) { SSL_set_alpn_protos(ssl, both, sizeof(both) - 1); }), "TLSv1.3 http/1.1");
  EXPECT_EQ(connects([&](SSL* ssl) { SSL_set_alpn_protos(ssl, only_2, sizeof(only_2) - 1); }), "");
  EXPECT_EQ(connects([](SSL* ssl) { SSL_set_max_proto_version(ssl, TLS1_2_VERSION); }), "TLSv1.2 ");
  EXPECT_EQ(connects([](SSL* ssl) {
              SSL_set_security_level(ssl, 0);
              SSL_set_min_proto_version(ssl, TLS1_VERSION);
              SSL_set_max_proto_version(ssl, TLS1_1_VERSION);
            }),
            "");
  SSL_CTX_free(context);
}

TEST_F(TlsTest, ResumesSessionsOnBothSides) {
  // Our server, another client.
  auto server = serve(*runtime_, echo, options());
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  SSL_SESSION* ticket = nullptr;
  for (int i = 0; i < 2; ++i) {
    RawTls client(context, RawSocket::connect(server->port()));
    if (ticket != nullptr) SSL_set_session(client.session(), ticket);
    ASSERT_EQ(SSL_connect(client.session()), 1);
    EXPECT_EQ(SSL_session_reused(client.session()), i);
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_TRUE(client.read_until("[]").ends_with("GET / []"));
    if (i == 0) ticket = SSL_get1_session(client.session());
    SSL_shutdown(client.session());
  }
  SSL_SESSION_free(ticket);
  SSL_CTX_free(context);

  // Our client, another server, which closes after each answer.
  trust_root();
  const Certificates::Files files = certificates().issue("IP:127.0.0.1");
  SSL_CTX* server_context = SSL_CTX_new(TLS_server_method());
  SSL_CTX_use_certificate_chain_file(server_context, files.certificate.c_str());
  SSL_CTX_use_PrivateKey_file(server_context, files.key.c_str(), SSL_FILETYPE_PEM);
  RawListener upstream;
  for (int i = 0; i < 2; ++i) {
    auto reply = send_later(post("x"), "https://127.0.0.1:" + std::to_string(upstream.port()));
    RawTls peer(server_context, upstream.accept());
    ASSERT_EQ(SSL_accept(peer.session()), 1);
    EXPECT_EQ(SSL_session_reused(peer.session()), i);
    EXPECT_EQ(SSL_get_servername(peer.session(), TLSEXT_NAMETYPE_host_name), nullptr);  // an address is no name
    peer.read_until("\r\n\r\nx");
    peer.send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok");
    EXPECT_EQ(reply.get().body, "ok");
    SSL_shutdown(peer.session());
  }
  SSL_CTX_free(server_context);
}

TEST_F(TlsTest, TakesACutStreamForWhatItIs) {
  trust_root();
  const Certificates::Files files = certificates().issue("DNS:localhost");
  SSL_CTX* context = SSL_CTX_new(TLS_server_method());
  SSL_CTX_use_certificate_chain_file(context, files.certificate.c_str());
  SSL_CTX_use_PrivateKey_file(context, files.key.c_str(), SSL_FILETYPE_PEM);
  RawListener upstream;
  for (const bool goodbye : {false, true}) {
    auto reply = send_later(post("x"), "https://localhost:" + std::to_string(upstream.port()));
    RawTls peer(context, upstream.accept());
    ASSERT_EQ(SSL_accept(peer.session()), 1);
    EXPECT_STREQ(SSL_get_servername(peer.session(), TLSEXT_NAMETYPE_host_name), "localhost");
    peer.read_until("\r\n\r\nx");
    peer.send("HTTP/1.1 200 OK\r\n\r\nuntil the end");
    if (goodbye) SSL_shutdown(peer.session());
    peer.socket().close();
    const Reply got = reply.get();
    EXPECT_EQ(got.body, goodbye ? "until the end" : "");
    EXPECT_EQ(got.error.empty(), goodbye) << got.error;
  }
  SSL_CTX_free(context);
}

TEST_F(TlsTest, SurvivesPlainTextWhereTlsIsSpokenAndTheReverse) {
  auto server = serve(*runtime_, echo, options());
  RawSocket plain = RawSocket::connect(server->port());
  plain.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(plain.read_to_end().find("HTTP/1.1"), std::string::npos);

  auto plain_server = serve(*runtime_, echo);
  trust_root();
  const Reply reply = send(secure(plain_server->port()), post(""));
  EXPECT_EQ(reply.code, ErrorCode::kUnavailable);
  EXPECT_NE(reply.error.find("TLS"), std::string::npos) << reply.error;
}

TEST_F(TlsTest, EndsHandshakesThatTakeTooLong) {
  ServerOptions slow = options();
  slow.limits.header_timeout = std::chrono::milliseconds(300);
  auto server = serve(*runtime_, echo, slow);
  EXPECT_EQ(RawSocket::connect(server->port()).read_to_end(), "");

  RawListener upstream;
  restart_client([](ClientLimits& limits) { limits.connect_timeout = std::chrono::milliseconds(300); },
                 {.extra_root_files = {certificates().root_file()}});
  EXPECT_EQ(send(secure(upstream.port()), post("")).code, ErrorCode::kTimeout);
}

TEST_F(TlsTest, SeesAClientLeaveAndStopsASlowOne) {
  std::atomic<int> gone = 0;
  const auto handler = [](Exchange& exchange, std::atomic<int>& count) -> Task<void> {
    bool left = false;
    exchange.on_client_gone([&left] { left = true; });
    const std::string piece(100'000, 'x');
    (void)co_await exchange.start(200, {}, std::nullopt);
    if (exchange.head().path == "/flood") {
      while ((co_await exchange.write(piece)).ok()) {
      }
    } else {
      while (!left) co_await exchange.loop().sleep(std::chrono::milliseconds(5));
    }
    ++count;
  };
  ServerOptions with_limit = options();
  with_limit.limits.write_timeout = std::chrono::milliseconds(300);
  auto server = serve(*runtime_, [&](Exchange& exchange) { return handler(exchange, gone); }, with_limit);
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  {
    RawTls client(context, RawSocket::connect(server->port()));
    ASSERT_EQ(SSL_connect(client.session()), 1);
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    EXPECT_EQ(gone.load(), 0);
  }
  EXPECT_TRUE(eventually([&] { return gone == 1; }));
  RawTls slow(context, RawSocket::connect(server->port()));
  ASSERT_EQ(SSL_connect(slow.session()), 1);
  slow.send("GET /flood HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(eventually([&] { return gone == 2; }));
  SSL_CTX_free(context);
}

TEST_F(TlsTest, SaysWhatIsWrongWithItsFiles) {
  ServerOptions wrong;
  wrong.tls = ServerTls{"/nowhere/certificate.pem", "/nowhere/key.pem"};
  auto server = Server::listen(*runtime_, wrong, echo);
  ASSERT_FALSE(server.ok());
  EXPECT_NE(server.error().message.find("/nowhere/certificate.pem"), std::string::npos);

  const Certificates::Files one = certificates().issue("DNS:a");
  const Certificates::Files two = certificates().issue("DNS:b");
  wrong.tls = ServerTls{one.certificate, two.key};
  server = Server::listen(*runtime_, wrong, echo);
  ASSERT_FALSE(server.ok());
  EXPECT_NE(server.error().message.find(two.key), std::string::npos);

  auto client = Client::create(runtime_->loop(0), {}, {.extra_root_files = {"/nowhere/root.pem"}});
  ASSERT_FALSE(client.ok());
  EXPECT_NE(client.error().message.find("/nowhere/root.pem"), std::string::npos);
}

}  // namespace
}  // namespace reeve::net
