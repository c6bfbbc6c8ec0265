#include "core/bytes.h"
#include "net/http_characters.h"
#include "net/net.h"

namespace reeve::net {

namespace {

Error invalid(std::string_view text, std::string_view why) {
  return {ErrorCode::kInvalid, "\"" + printable(text) + "\" is no base URL: " + std::string(why)};
}

// A name (letters, digits, '-', '.', '_') or, in brackets, an IPv6 address.
bool is_host_name(std::string_view host) {
  if (host.empty() || host.size() > 253) return false;
  for (char c : host) {
    if (!in(kToken, c) || std::string_view("!#$%&'*+^`|~").find(c) != std::string_view::npos) return false;
  }
  return true;
}

bool is_ipv6(std::string_view host) {
  if (host.size() < 2 || host.size() > 45) return false;
  return host.find_first_not_of("0123456789abcdefABCDEF:.") == std::string_view::npos &&
         host.find(':') != std::string_view::npos;
}

}  // namespace

std::string Url::authority() const {
  std::string text = host.find(':') == std::string::npos ? host : "[" + host + "]";
  if (port != (tls ? 443 : 80)) text += ":" + std::to_string(port);
  return text;
}

Result<Url> parse_url(std::string_view text) {
  Url url;
  std::string_view rest = text;
  const std::size_t scheme = rest.find("://");
  if (scheme == std::string_view::npos) return invalid(text, "it must begin with http:// or https://");
  if (same_name(rest.substr(0, scheme), "https")) {
    url.tls = true;
  } else if (!same_name(rest.substr(0, scheme), "http")) {
    return invalid(text, "it must begin with http:// or https://");
  }
  rest.remove_prefix(scheme + 3);
  if (rest.find('?') != std::string_view::npos) return invalid(text, "it must have no query");
  if (rest.find('#') != std::string_view::npos) return invalid(text, "it must have no fragment");
  const std::size_t slash = rest.find('/');
  std::string_view authority = rest.substr(0, slash);
  if (authority.find('@') != std::string_view::npos) {
    // Not quoted back: what stands before the @ may be a password.
    return Error{ErrorCode::kInvalid, "a base URL must hold no user name or password"};
  }
  std::string_view path = slash == std::string_view::npos ? std::string_view() : rest.substr(slash);
  while (path.ends_with('/')) path.remove_suffix(1);
  for (char c : path) {
    if (!in(kTarget, c)) return invalid(text, "its path holds a character that must be percent-encoded");
  }
  url.path = path;

  if (authority.starts_with('[')) {
    const std::size_t bracket = authority.find(']');
    if (bracket == std::string_view::npos || !is_ipv6(authority.substr(1, bracket - 1))) {
      return invalid(text, "the address in brackets is not IPv6");
    }
    url.host = authority.substr(1, bracket - 1);
    authority.remove_prefix(bracket + 1);
    if (!authority.empty() && authority.front() != ':') return invalid(text, "its host is malformed");
  } else {
    const std::size_t colon = authority.find(':');
    if (!is_host_name(authority.substr(0, colon))) return invalid(text, "its host is missing or malformed");
    url.host = to_lower(authority.substr(0, colon));
    authority = colon == std::string_view::npos ? std::string_view() : authority.substr(colon);
  }
  url.port = url.tls ? 443 : 80;
  if (!authority.empty()) {
    const auto port = parse_int(authority.substr(1));
    if (!port || *port < 1 || *port > 65535) return invalid(text, "its port is not a number from 1 to 65535");
    url.port = static_cast<std::uint16_t>(*port);
  }
  return url;
}

}  // namespace reeve::net
