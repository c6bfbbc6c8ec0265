#include "net/listening.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include "net/loopback_test.h"

namespace reeve::net {
namespace {

int option(int socket, int level, int name) {
  int value = -1;
  socklen_t size = sizeof(value);
  ::getsockopt(socket, level, name, &value, &size);
  return value;
}

TEST(Listening, HandsItsOptionsToTheSocketsItAccepts) {
  std::uint16_t port = 0;
  auto sockets = listen_on("127.0.0.1", port, 1);
  ASSERT_TRUE(sockets.ok());
  const testing::RawSocket client = testing::RawSocket::connect(port);
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  const int accepted = ::accept4(sockets->front(), reinterpret_cast<sockaddr*>(&address), &size, 0);
  ASSERT_GE(accepted, 0);
  EXPECT_EQ(option(accepted, IPPROTO_TCP, TCP_NODELAY), 1);
  EXPECT_EQ(option(accepted, SOL_SOCKET, SO_KEEPALIVE), 1);
  EXPECT_EQ(option(accepted, IPPROTO_TCP, TCP_KEEPIDLE), 60);
  EXPECT_EQ(address_text(address), "127.0.0.1");
  ::close(accepted);
  ::close(sockets->front());
}

TEST(Listening, ShowsIpv4ClientsOfIpv6SocketsAsIpv4) {
  sockaddr_storage address{};
  auto& v6 = reinterpret_cast<sockaddr_in6&>(address);
  v6.sin6_family = AF_INET6;
  v6.sin6_addr.s6_addr[10] = 0xff;
  v6.sin6_addr.s6_addr[11] = 0xff;
  v6.sin6_addr.s6_addr[12] = 192;
  v6.sin6_addr.s6_addr[14] = 2;
  v6.sin6_addr.s6_addr[15] = 7;
  EXPECT_EQ(address_text(address), "192.0.2.7");
  v6.sin6_addr = in6addr_loopback;
  EXPECT_EQ(address_text(address), "::1");
}

TEST(Listening, SaysWhatIsWrong) {
  std::uint16_t port = 0;
  auto first = listen_on("127.0.0.1", port, 2);
  ASSERT_TRUE(first.ok());
  std::uint16_t taken = port;
  const auto second = listen_on("127.0.0.1", taken, 2);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, ErrorCode::kConflict);
  EXPECT_NE(second.error().message.find(std::to_string(port)), std::string::npos);
  for (int socket : *first) ::close(socket);
  EXPECT_EQ(listen_on("not-an-address", port, 1).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(listen_on("192.0.2.1", port, 1).error().code, ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace reeve::net
