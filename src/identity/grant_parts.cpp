#include "identity/grant_parts.h"

#include "core/bytes.h"
#include "core/id.h"

namespace reeve::identity {

std::string make_grant_secret() { return to_base64url(random_bytes(32)); }

TokenAnswer refused(std::string error, std::string description) {
  TokenAnswer answer;
  answer.error = std::move(error);
  answer.description = std::move(description);
  return answer;
}

TokenAnswer refused_by(const Error& error) {
  if (error.code == ErrorCode::kConflict) {
    return refused("invalid_grant", "Somebody else used this first. Sign in again.");
  }
  if (error.code == ErrorCode::kTooLarge) return refused("access_denied", error.message);
  return refused("temporarily_unavailable", "Reeve cannot do this at the moment: " + error.message);
}

Grant next(Grant grant, GrantDocument& document) {
  document.mark = make_id("chg");
  grant.document = to_json(document);
  ++grant.version;
  return grant;
}

Grant make_grant(GrantKind kind, std::string_view secret, const GrantDocument& document, Instant expires) {
  return {kind, sha256(secret), to_json(document), 1, expires};
}

}  // namespace reeve::identity
