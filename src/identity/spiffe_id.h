#pragma once

// SPIFFE IDs (SPIFFE-ID standard, sections 2.1 to 2.3), strictly: what two programs could read in two ways is none.

#include <string>
#include <string_view>

#include "core/result.h"

namespace reeve::identity {

inline constexpr std::string_view kSpiffeScheme = "spiffe://";
inline constexpr std::size_t kSpiffeIdBytesMax = 2048;

struct SpiffeId {
  std::string trust_domain;  // a-z, 0-9, '.', '-', '_'; at most 255 bytes
  std::string path;          // empty, or "/" and segments of letters, digits, '.', '-', '_'
};
/// kInvalid for anything but that: another case of the scheme or the domain, user info, a port, a query, a fragment,
/// percent-encoding, empty segments, "." and "..", a slash at the end.
Result<SpiffeId> parse_spiffe_id(std::string_view text);
bool is_trust_domain(std::string_view text);

}  // namespace reeve::identity
