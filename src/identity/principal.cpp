#include <algorithm>

#include "core/bytes.h"
#include "identity/identity.h"

namespace reeve::identity {

namespace {

bool covers(const std::vector<std::string>& scopes, std::string_view kind, std::string_view value) {
  bool restricted = false;
  for (const std::string_view scope : scopes) {
    const std::size_t colon = scope.find(':');
    if (colon == std::string_view::npos || scope.substr(0, colon) != kind) continue;
    if (glob_match(scope.substr(colon + 1), value)) return true;
    restricted = true;
  }
  return !restricted;
}

}  // namespace

bool Principal::in_scope(std::string_view kind, std::string_view value) const {
  const auto all_cover = [&](const std::vector<std::vector<std::string>>& lists) {
    return std::all_of(lists.begin(), lists.end(), [&](const auto& list) { return covers(list, kind, value); });
  };
  return covers(scopes, kind, value) && all_cover(held_to) && all_cover(permitted);
}

std::string_view auth_failure_name(AuthFailure failure) {
  switch (failure) {
    case AuthFailure::kUnknown: return "unknown";
    case AuthFailure::kExpired: return "expired";
    case AuthFailure::kRevoked: return "revoked";
    case AuthFailure::kForeignIssuer: return "foreign_issuer";
    case AuthFailure::kBadSignature: return "bad_signature";
    case AuthFailure::kWrongAudience: return "wrong_audience";
    case AuthFailure::kNotYetValid: return "not_yet_valid";
    case AuthFailure::kMalformed: return "malformed";
    case AuthFailure::kUnavailable: return "unavailable";
  }
  return "unknown";
}

}  // namespace reeve::identity
