#pragma once

// Where a request comes from when others pass it on: a proxy that is trusted says so in a header field. Part of the
// face of identity.

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "net/net.h"

namespace reeve::identity {

/// Immutable; without any networks every peer is who it is.
class TrustedProxies {
 public:
  TrustedProxies() = default;
  /// `header`: the field in which the proxies name whom they pass on: x-forwarded-for, or any other that lists
  /// addresses the same way, or forwarded (RFC 7239). `networks`: "10.0.0.0/8", "::1". kInvalid, with a sentence, when
  /// one of them is none.
  static Result<TrustedProxies> create(std::string_view header, std::span<const std::string> networks);

  /// The right-most address that is not a trusted proxy's: everything to the left of it is what a client made up. Where
  /// a proxy says what is no address, the proxy's own. The peer, when it is not trusted.
  std::string client_address(std::string_view peer, const net::Headers& headers) const;

  bool operator==(const TrustedProxies&) const = default;

 private:
  using Bytes = std::array<std::uint8_t, 16>;  // IPv4 as ::ffff:a.b.c.d
  struct Network {
    Bytes address{};
    unsigned bits = 128;
    bool operator==(const Network&) const = default;
  };
  static bool read_address(std::string_view text, Bytes& into);
  bool trusts(std::string_view address) const;

  std::string header_;
  std::vector<Network> networks_;
};

/// Whom to count together: an IPv4 address by itself, of IPv6 the network of 64 bits, of which a single customer has at
/// least one. What is no address counts as it is.
std::string address_group(std::string_view address);

}  // namespace reeve::identity
