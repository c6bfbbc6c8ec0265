#pragma once

// Virtual keys as lists show them, without their secrets: for the command and for the control API.

#include <string_view>

#include "core/json.h"
#include "identity/identity.h"

namespace reeve::app {

/// "active", "expired" or "revoked".
std::string_view state_of(const identity::VirtualKey& key, Instant now);
/// The key's members, into an object that is open.
void write_key(JsonWriter& json, const identity::VirtualKey& key);

}  // namespace reeve::app
