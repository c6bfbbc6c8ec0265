#include "identity/trusted_proxies.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>

#include "core/bytes.h"

namespace reeve::identity {

namespace {

constexpr std::size_t kHopsMax = 32;
constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

/// "for=192.0.2.43;proto=https" as what stands behind for=.
std::string_view behind_for(std::string_view element) {
  for (const std::string_view part : split(element, ';')) {
    const std::string_view pair = trim(part);
    const std::size_t equals = pair.find('=');
    if (equals != std::string_view::npos && equal_ignoring_case(trim(pair.substr(0, equals)), "for")) {
      return trim(pair.substr(equals + 1));
    }
  }
  return {};
}

/// Without quotes, brackets and a port.
std::string_view bare_address(std::string_view text) {
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') text = text.substr(1, text.size() - 2);
  if (text.starts_with('[')) return text.substr(1, text.find(']') - 1);
  const std::size_t colon = text.find(':');
  const bool has_port = colon != std::string_view::npos && text.find(':', colon + 1) == std::string_view::npos;
  return has_port ? text.substr(0, colon) : text;
}

}  // namespace

bool TrustedProxies::read_address(std::string_view text, Bytes& into) {
  const std::string terminated(text.substr(0, INET6_ADDRSTRLEN));
  if (terminated.size() != text.size()) return false;
  in_addr four{};
  if (::inet_pton(AF_INET, terminated.c_str(), &four) == 1) {
    std::copy(kMapped.begin(), kMapped.end(), into.begin());
    std::memcpy(into.data() + kMapped.size(), &four, sizeof four);
    return true;
  }
  return ::inet_pton(AF_INET6, terminated.c_str(), into.data()) == 1;
}

Result<TrustedProxies> TrustedProxies::create(std::string_view header, std::span<const std::string> networks) {
  TrustedProxies proxies;
  proxies.header_ = to_lower(header);
  const bool is_field = !header.empty() && header.size() <= 64 && std::all_of(header.begin(), header.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
  });
  if (!is_field)
    return Error{ErrorCode::kInvalid, "\"" + printable(header, 80) + "\" is not the name of a header field"};
  for (const std::string& text : networks) {
    const std::size_t slash = text.find('/');
    const std::string_view address = std::string_view(text).substr(0, slash);
    Network network;
    const bool is_four = address.find(':') == std::string_view::npos;
    const auto bits = slash == std::string::npos ? std::optional<std::int64_t>(is_four ? 32 : 128)
                                                 : parse_int(std::string_view(text).substr(slash + 1));
    if (!read_address(address, network.address) || !bits || *bits < 0 || *bits > (is_four ? 32 : 128)) {
      return Error{ErrorCode::kInvalid,
                   "\"" + printable(text, 80) + "\" is neither an address nor a network such as 10.0.0.0/8"};
    }
    network.bits = static_cast<unsigned>(*bits) + (is_four ? 96 : 0);
    proxies.networks_.push_back(network);
  }
  return proxies;
}

bool TrustedProxies::trusts(std::string_view address) const {
  Bytes bytes{};
  if (!read_address(address, bytes)) return false;
  return std::any_of(networks_.begin(), networks_.end(), [&](const Network& network) {
    const unsigned whole = network.bits / 8;
    const unsigned rest = network.bits % 8;
    if (!std::equal(bytes.begin(), bytes.begin() + whole, network.address.begin())) return false;
    return rest == 0 || (bytes[whole] >> (8 - rest)) == (network.address[whole] >> (8 - rest));
  });
}

std::string TrustedProxies::client_address(std::string_view peer, const net::Headers& headers) const {
  if (networks_.empty() || !trusts(peer)) return std::string(peer);
  // In the order in which they were added, over all fields of the name.
  std::vector<std::string_view> hops;
  for (const auto& [name, value] : headers) {
    if (!equal_ignoring_case(name, header_)) continue;
    for (const std::string_view part : split(value, ',')) hops.push_back(trim(part));
  }
  std::string_view nearest = peer;
  const std::size_t looked_at = std::min(hops.size(), kHopsMax);
  for (std::size_t i = 0; i < looked_at; ++i) {
    const std::string_view hop = hops[hops.size() - 1 - i];
    const std::string_view address = bare_address(header_ == "forwarded" ? behind_for(hop) : hop);
    Bytes ignored{};
    if (!read_address(address, ignored)) break;
    nearest = address;
    if (!trusts(address)) break;
  }
  return std::string(nearest);
}

std::string address_group(std::string_view address) {
  std::string text(address.substr(0, INET6_ADDRSTRLEN));
  std::array<std::uint8_t, 16> bytes{};
  if (::inet_pton(AF_INET6, text.c_str(), bytes.data()) != 1) return text;
  std::array<char, INET6_ADDRSTRLEN> out{};
  if (std::equal(kMapped.begin(), kMapped.end(), bytes.begin())) {
    ::inet_ntop(AF_INET, bytes.data() + kMapped.size(), out.data(), out.size());
    return out.data();
  }
  std::fill(bytes.begin() + 8, bytes.end(), std::uint8_t{0});
  ::inet_ntop(AF_INET6, bytes.data(), out.data(), out.size());
  return std::string(out.data()) + "/64";
}

}  // namespace reeve::identity
