#pragma once

// Assignments of secrets: what a key's name says, what an assigned value is. Private to the room.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace reeve::content {

/// A value that stands elsewhere, in the words of some language or tool: ${NAME}, $(command), {{ template }}, %s,
/// process.env.NAME, vault:path, arn:…, <name>.
bool is_reference(std::string_view value);

/// What documentation, forms and templates put where a password would stand: "password", "changeme", "Enter password".
bool is_password_stand_in(std::string_view value);

}  // namespace reeve::content
