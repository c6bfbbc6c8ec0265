#include "cutting_proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

#include "core/check.h"

namespace reeve::postgres_test {

namespace {

constexpr int kLookMilliseconds = 20;  // how soon a thread sees that it should end

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

bool send_all(int socket, const char* data, ssize_t left) {
  while (left > 0) {
    const ssize_t sent = ::send(socket, data, static_cast<std::size_t>(left), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    data += sent;
    left -= sent;
  }
  return true;
}

}  // namespace

CuttingProxy::CuttingProxy(std::uint16_t target_port) : target_port_(target_port) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  CHECK(::bind(listener_, reinterpret_cast<const sockaddr*>(&address), size) == 0);
  CHECK(::listen(listener_, 16) == 0);
  CHECK(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_all(); });
}

CuttingProxy::~CuttingProxy() {
  stopping_ = true;
  acceptor_.join();
  for (std::thread& carrier : carriers_) carrier.join();
  ::close(listener_);
}

void CuttingProxy::accept_all() {
  while (!stopping_) {
    pollfd watched{listener_, POLLIN, 0};
    if (::poll(&watched, 1, kLookMilliseconds) <= 0) continue;
    const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) continue;
    const std::lock_guard lock(mutex_);
    carriers_.emplace_back([this, client] { carry(client); });
  }
}

bool CuttingProxy::cuts_now() {
  if (cuts_.load() > 0 && cuts_.fetch_sub(1) > 0) return true;
  const std::uint64_t next = random_ = random_ * 6'364'136'223'846'793'005U + 1'442'695'040'888'963'407U;
  return (next >> 33U) % 1000 < chance_;
}

void CuttingProxy::carry(int client) {
  const int server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(target_port_);
  const int on = 1;
  for (const int end : {client, server}) ::setsockopt(end, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  bool open = ::connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  bool server_spoke = true;
  std::array<char, 65'536> buffer{};
  while (open && !stopping_) {
    std::array<pollfd, 2> ends{{{client, POLLIN, 0}, {server, POLLIN, 0}}};
    if (silent_ || ::poll(ends.data(), ends.size(), kLookMilliseconds) <= 0) {
      if (silent_) ::usleep(1000);
      continue;
    }
    for (std::size_t from = 0; from < 2 && open; ++from) {
      if (ends[from].revents == 0) continue;
      const ssize_t got = ::recv(ends[from].fd, buffer.data(), buffer.size(), 0);
      const bool from_server = from == 1;
      if (got > 0 && !from_server && server_spoke) ++round_trips_;
      if (got > 0) server_spoke = from_server;
      const bool cut = got > 0 && from_server && cuts_now();
      if (cut) ++lost_;
      open = got > 0 && !cut && send_all(ends[1 - from].fd, buffer.data(), got);
    }
  }
  ::close(client);
  ::close(server);
}

}  // namespace reeve::postgres_test
