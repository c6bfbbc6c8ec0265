#include "identity/issuer_address.h"

#include <algorithm>

#include "core/bytes.h"
#include "core/json.h"
#include "identity/spiffe_id.h"

namespace reeve::identity {

namespace {

constexpr std::size_t kAddressBytesMax = 2000;
constexpr Duration kClockSkewMax = std::chrono::minutes(10);
constexpr Duration kTimeToLiveMin = std::chrono::seconds(1);
constexpr Duration kTimeToLiveMax = std::chrono::hours(24);

Error invalid(std::string message) { return {ErrorCode::kInvalid, std::move(message)}; }

bool is_loopback(std::string_view host) {
  if (equal_ignoring_case(host, "localhost") || host == "::1") return true;
  const auto parts = split(host, '.');
  return parts.size() == 4 && parts[0] == "127" && std::all_of(parts.begin(), parts.end(), [](std::string_view part) {
           const auto number = parse_int(part);
           return number && *number >= 0 && *number <= 255;
         });
}

}  // namespace

Result<DocumentAddress> parse_document_address(std::string_view text) {
  if (text.size() > kAddressBytesMax) return invalid("the address is too long");
  const bool plain = std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7F && c != '#'; });
  if (!plain) return invalid("the address \"" + printable(text) + "\" has characters that an address cannot have");
  const std::size_t scheme = text.find("://");
  if (scheme == std::string_view::npos) return invalid("\"" + printable(text) + "\" is not a web address");
  const std::size_t path = std::min(text.find_first_of("/?", scheme + 3), text.size());
  const auto origin = net::parse_url(text.substr(0, path));
  if (!origin) return origin.error();
  if (!origin->tls && !is_loopback(origin->host)) {
    return invalid("\"" + printable(text) + "\" must begin with https://");
  }
  std::string rest(text.substr(path));
  if (rest.starts_with('?')) rest.insert(rest.begin(), '/');
  return DocumentAddress{*origin, std::move(rest)};
}

std::string discovery_address(std::string_view issuer) {
  if (issuer.ends_with('/')) issuer.remove_suffix(1);
  return std::string(issuer) + "/.well-known/openid-configuration";
}

Result<DocumentAddress> read_discovery(std::string_view document, std::string_view issuer) {
  const auto json = JsonDocument::parse(document, /*depth_max=*/16);
  if (!json) return with_context(json.error(), "the discovery document");
  const auto named = json->root()["issuer"].as_string();
  if (!named) return invalid("the discovery document names no issuer");
  if (*named != issuer) {
    return invalid("the discovery document is that of \"" + printable(*named) +
                   "\"; write the issuer in the configuration exactly so, or correct the provider");
  }
  const auto keys = json->root()["jwks_uri"].as_string();
  if (!keys) return invalid("the discovery document names no jwks_uri");
  auto address = parse_document_address(*keys);
  if (!address) return with_context(std::move(address).error(), "jwks_uri");
  const auto home = parse_document_address(issuer);
  // A provider elsewhere has no business with plain ports of this machine.
  if (!address->origin.tls && home && home->origin.tls) {
    return invalid("jwks_uri must begin with https://, as the issuer does");
  }
  return address;
}

Result<void> check_issuer(const OidcIssuer& issuer) {
  const auto refuse = [&](const std::string& what) {
    return invalid("the identity provider \"" + printable(issuer.issuer) + "\": " + what);
  };
  if (issuer.issuer.starts_with(kSpiffeScheme)) {
    // A trust domain has no discovery document.
    if (!is_trust_domain(issuer.issuer.substr(kSpiffeScheme.size()))) return refuse("it is not a trust domain");
    if (issuer.keys.empty()) return refuse("name where its keys are");
  } else {
    const auto address = parse_document_address(issuer.issuer);
    if (!address) return refuse(address.error().message);
    if (address->path_and_query.find('?') != std::string::npos) return refuse("an issuer has no query");
  }
  if (issuer.keys.find("://") != std::string::npos) {
    if (const auto keys = parse_document_address(issuer.keys); !keys) return refuse(keys.error().message);
  }
  if (issuer.audience.empty()) return refuse("name the audience that its tokens for Reeve carry");
  if (issuer.groups_claim.empty() || issuer.person_claim.empty())
    return refuse("groups_claim and person_claim are needed");
  if (issuer.clock_skew < Duration::zero() || issuer.clock_skew > kClockSkewMax) {
    return refuse("the clock skew must be 0s to 10m");
  }
  if (issuer.jwks_time_to_live < kTimeToLiveMin || issuer.jwks_time_to_live > kTimeToLiveMax) {
    return refuse("the time to live of its keys must be 1s to 24h");
  }
  return {};
}

}  // namespace reeve::identity
