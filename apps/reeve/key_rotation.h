#pragma once

// How a command asks the running server for another signing key: by a note, which the ledger gets to see first.

#include <string>
#include <string_view>

#include "ledger/ledger.h"

namespace reeve::app {

inline constexpr std::string_view kRotationRequestedKind = "ledger.key_rotation_requested";

/// The note's detail.
std::string rotation_request(const ledger::KeyRotation& request, Instant at);
/// What it asks for; it holds for one key, so that it is not done twice.
Result<ledger::KeyRotation> read_rotation_request(std::string_view detail);
/// Does what a recorded request asks for, and logs what came of it.
void rotate_as_requested(ledger::Log& log, std::string_view detail);

}  // namespace reeve::app
