#include "net/listening.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace reeve::net {

namespace {

constexpr int kBacklog = 4096;
// A peer whose machine vanished is found by probes after about two minutes of silence.
constexpr int kKeepAliveIdleSeconds = 60;
constexpr int kKeepAliveIntervalSeconds = 15;
constexpr int kKeepAliveProbes = 4;

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

Result<Address> parse_address(const std::string& host, std::uint16_t port) {
  Address address;
  auto* v4 = reinterpret_cast<sockaddr_in*>(&address.storage);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&address.storage);
  if (::inet_pton(AF_INET, host.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    address.size = sizeof(sockaddr_in);
  } else if (::inet_pton(AF_INET6, host.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    address.size = sizeof(sockaddr_in6);
  } else {
    return Error{ErrorCode::kInvalid, "\"" + host + "\" is no IP address to listen on"};
  }
  return address;
}

Error failed(const std::string& host, std::uint16_t port) {
  const int reason = errno;
  return {reason == EADDRINUSE ? ErrorCode::kConflict : ErrorCode::kUnavailable,
          "cannot listen on " + host + " port " + std::to_string(port) + ": " + std::strerror(reason)};
}

// Options that accepted sockets inherit are set here once. -1 and errno on failure.
int bound_socket(const Address& address, bool share) {
  const int socket = ::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (socket < 0) return -1;
  const int on = 1;
  ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (share) ::setsockopt(socket, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
  set_tcp_options(socket);
  if (::bind(socket, reinterpret_cast<const sockaddr*>(&address.storage), address.size) != 0) {
    const int reason = errno;
    ::close(socket);
    errno = reason;
    return -1;
  }
  return socket;
}

std::uint16_t port_of(int socket) {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6*>(&address)->sin6_port
                                             : reinterpret_cast<sockaddr_in*>(&address)->sin_port);
}

}  // namespace

Result<std::vector<int>> listen_on(const std::string& host, std::uint16_t& port, std::size_t count) {
  // A socket that does not share finds out whether the port is taken: two servers of one user could otherwise listen
  // on the same port and each get half of the clients.
  auto address = parse_address(host, port);
  if (!address) return std::move(address).error();
  const int probe = bound_socket(*address, false);
  if (probe < 0) return failed(host, port);
  port = port_of(probe);
  if (count == 1) {
    if (::listen(probe, kBacklog) == 0) return std::vector<int>{probe};
    const Error error = failed(host, port);
    ::close(probe);
    return error;
  }
  if (::listen(probe, 1) != 0) {
    const Error error = failed(host, port);
    ::close(probe);
    return error;
  }
  ::close(probe);

  address = parse_address(host, port);
  std::vector<int> sockets;
  while (sockets.size() < count) {
    const int socket = bound_socket(*address, true);
    if (socket < 0 || ::listen(socket, kBacklog) != 0) {
      const Error error = failed(host, port);
      if (socket >= 0) ::close(socket);
      for (int other : sockets) ::close(other);
      return error;
    }
    sockets.push_back(socket);
  }
  return sockets;
}

void set_tcp_options(int socket) {
  const int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  ::setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
  ::setsockopt(socket, IPPROTO_TCP, TCP_KEEPIDLE, &kKeepAliveIdleSeconds, sizeof(int));
  ::setsockopt(socket, IPPROTO_TCP, TCP_KEEPINTVL, &kKeepAliveIntervalSeconds, sizeof(int));
  ::setsockopt(socket, IPPROTO_TCP, TCP_KEEPCNT, &kKeepAliveProbes, sizeof(int));
}

std::string address_text(const sockaddr_storage& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
      ::inet_ntop(AF_INET, &v6.sin6_addr.s6_addr[12], text.data(), text.size());
    } else {
      ::inet_ntop(AF_INET6, &v6.sin6_addr, text.data(), text.size());
    }
  } else if (address.ss_family == AF_INET) {
    ::inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(address).sin_addr, text.data(), text.size());
  }
  return text.data();
}

}  // namespace reeve::net
