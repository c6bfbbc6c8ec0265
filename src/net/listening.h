#pragma once

// Listening sockets and addresses as text. Private to the room.

#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <vector>

#include "core/result.h"

namespace reeve::net {

/// `count` listening sockets on one address, among which the kernel spreads the clients. A `port` of 0 becomes the one
/// that was found. Fails when another program listens there, even one that would share.
Result<std::vector<int>> listen_on(const std::string& host, std::uint16_t& port, std::size_t count);

/// No delay for small packets, and probes that find a peer whose machine vanished. Accepted sockets inherit both from
/// their listener.
void set_tcp_options(int socket);

/// "127.0.0.1" or "::1"; an IPv4 client of an IPv6 socket is shown as IPv4.
std::string address_text(const sockaddr_storage& address);

}  // namespace reeve::net
