#include "identity/spiffe_id.h"

#include <algorithm>

#include "core/bytes.h"

namespace reeve::identity {

namespace {

constexpr std::size_t kTrustDomainBytesMax = 255;

bool is_of_domain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
}
bool is_of_path(char c) { return is_of_domain(c) || (c >= 'A' && c <= 'Z'); }

bool is_segment(std::string_view segment) {
  return !segment.empty() && segment != "." && segment != ".." &&
         std::all_of(segment.begin(), segment.end(), is_of_path);
}

}  // namespace

bool is_trust_domain(std::string_view text) {
  return !text.empty() && text.size() <= kTrustDomainBytesMax && std::all_of(text.begin(), text.end(), is_of_domain);
}

Result<SpiffeId> parse_spiffe_id(std::string_view text) {
  const Error none{
      ErrorCode::kInvalid,
      "\"" + printable(text, 120) + "\" is not a SPIFFE ID; it looks like spiffe://corp.example.com/agent/name"};
  if (text.size() > kSpiffeIdBytesMax || !text.starts_with(kSpiffeScheme)) return none;
  const std::string_view rest = text.substr(kSpiffeScheme.size());
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  SpiffeId id{std::string(rest.substr(0, slash)), std::string(rest.substr(slash))};
  if (!is_trust_domain(id.trust_domain)) return none;
  if (id.path.empty()) return id;
  const auto segments = split(std::string_view(id.path).substr(1), '/');
  if (!std::all_of(segments.begin(), segments.end(), is_segment)) return none;
  return id;
}

}  // namespace reeve::identity
