#pragma once

// What the documents of grants hold, private to this room.

#include <optional>
#include <string>

#include "identity/identity.h"

namespace reeve::identity {

enum class GrantState { kWaiting, kApproved, kDenied, kUsed };

/// One form for all kinds; each uses a part of it.
struct GrantDocument {
  GrantState state = GrantState::kWaiting;
  Purpose purpose;
  std::string browser;  // hash of its cookie, hexadecimal
  std::string issuer;
  std::optional<Principal> person;
  std::string session;    // begun with it, or that it belongs to
  std::string user_code;  // hash, hexadecimal
  std::string mark;       // of the last change, so that no two are alike
};

std::string to_json(const GrantDocument& document);
Result<GrantDocument> grant_document_from_json(std::string_view json);

/// A code of eight letters without vowels, so that it spells nothing: "BCDF-GHJK".
std::string make_user_code();
/// As a person typed it: case, blanks and dashes do not matter. Empty when it cannot be one.
std::string normal_user_code(std::string_view text);

}  // namespace reeve::identity
