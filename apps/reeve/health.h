#pragma once

// What /healthz says besides "ok", where people and their monitors look: no names, because everybody who can reach the
// port reads it.

#include <string>

#include "identity/identity.h"
#include "net/net.h"

namespace reeve::app {

/// A line about what is switched off; empty for nothing. A session that was ended is no news, and a drill's practice
/// neither.
std::string kill_switch_line(const identity::CutoffSet& cutoffs, Instant now);

/// "ok", and the news, which is a line or several.
Task<void> answer_health(net::Exchange& exchange, std::string news);

}  // namespace reeve::app
