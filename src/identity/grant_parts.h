#pragma once

// What deciding about grants and about browsers has in common, private to this room.

#include <string>
#include <string_view>

#include "identity/grant_documents.h"
#include "identity/identity.h"

namespace reeve::identity {

/// A session with its first tokens, not stored yet.
struct Grants::Begun {
  SignInSession session;
  Principal person;
  TokenAnswer answer;
};

std::string make_grant_secret();
TokenAnswer refused(std::string error, std::string description);
TokenAnswer refused_by(const Error& error);
/// The next version of a grant, with what its document says now.
Grant next(Grant grant, GrantDocument& document);
Grant make_grant(GrantKind kind, std::string_view secret, const GrantDocument& document, Instant expires);

}  // namespace reeve::identity
