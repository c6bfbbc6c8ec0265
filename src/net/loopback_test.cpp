#include "net/loopback_test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <thread>
#include <utility>

#include "core/check.h"

namespace reeve::net::testing {

namespace {

constexpr int kPatienceSeconds = 10;

void give_patience(int socket) {
  const timeval patience{kPatienceSeconds, 0};
  ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  const int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

}  // namespace

RawSocket RawSocket::connect(std::uint16_t port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(port);
  RawSocket made(socket);
  made.ended_ = ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0;
  give_patience(socket);
  return made;
}

RawSocket::RawSocket(RawSocket&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)), received_(std::move(other.received_)), ended_(other.ended_) {}

RawSocket& RawSocket::operator=(RawSocket&& other) noexcept {
  if (this != &other) {
    close();
    socket_ = std::exchange(other.socket_, -1);
    received_ = std::move(other.received_);
    ended_ = other.ended_;
  }
  return *this;
}

RawSocket::~RawSocket() { close(); }

void RawSocket::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

std::size_t RawSocket::send_some(std::string_view bytes) {
  const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  return sent > 0 ? static_cast<std::size_t>(sent) : 0;
}

void RawSocket::fill() {
  std::array<char, 16384> piece;
  const ssize_t count = ::recv(socket_, piece.data(), piece.size(), 0);
  if (count > 0) {
    received_.append(piece.data(), static_cast<std::size_t>(count));
    return;
  }
  ended_ = true;
  if (count < 0 && errno == ECONNRESET) received_ += "<reset>";
  if (count < 0 && errno == EAGAIN) received_ += "<silence>";
}

std::string RawSocket::read_to_end() {
  while (!ended_) fill();
  return std::exchange(received_, {});
}

std::string RawSocket::read_until(std::string_view mark) {
  std::size_t found = received_.find(mark);
  while (found == std::string::npos && !ended_) {
    fill();
    found = received_.find(mark);
  }
  const std::size_t end = found == std::string::npos ? received_.size() : found + mark.size();
  std::string text = received_.substr(0, end);
  received_.erase(0, end);
  return text;
}

std::string RawSocket::read_exactly(std::size_t count) {
  while (received_.size() < count && !ended_) fill();
  std::string text = received_.substr(0, count);
  received_.erase(0, text.size());
  return text;
}

void RawSocket::shutdown_write() { ::shutdown(socket_, SHUT_WR); }

void RawSocket::set_receive_buffer(int bytes) { ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes)); }

void RawSocket::reset() {
  const linger at_once{1, 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
  close();
}

void RawSocket::close() {
  if (socket_ >= 0) ::close(std::exchange(socket_, -1));
}

RawListener::RawListener() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address = loopback(0);
  EXPECT_EQ(::bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  EXPECT_EQ(::listen(socket_, 16), 0);
  socklen_t size = sizeof(address);
  ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  give_patience(socket_);
}

RawListener::~RawListener() { ::close(socket_); }

RawSocket RawListener::accept() {
  const int socket = ::accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC);
  EXPECT_GE(socket, 0) << "nobody connected";
  give_patience(socket);
  return RawSocket(socket);
}

void on_loop(Loop& loop, const std::function<void()>& work) {
  std::promise<void> done;
  loop.post([&] {
    work();
    done.set_value();
  });
  done.get_future().wait();
}

bool eventually(const std::function<bool()>& condition) {
  for (int i = 0; i < 2000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return condition();
}

std::unique_ptr<Runtime> started_runtime(std::size_t loops) {
  auto runtime = Runtime::create(loops);
  CHECK(runtime.ok());
  (*runtime)->start();
  return *std::move(runtime);
}

std::unique_ptr<Server> serve(Runtime& runtime, Handler handler, ServerOptions options) {
  auto server = Server::listen(runtime, std::move(options), std::move(handler));
  EXPECT_TRUE(server.ok()) << server.error().message;
  return *std::move(server);
}

Task<void> echo(Exchange& exchange) {
  Result<std::string_view> body = co_await exchange.read_body();
  if (!body) co_return;
  const std::string text = std::string(exchange.head().method_text) + " " + std::string(exchange.head().target) + " [" +
                           std::string(*body) + "]";
  (void)co_await exchange.respond(200, Headers{{"Content-Type", "text/plain"}}, text);
}

}  // namespace reeve::net::testing
