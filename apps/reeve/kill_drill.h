#pragma once

// The kill switch played on every node, and how long that took: for the command and for the control API.

#include <cstdint>
#include <string>
#include <vector>

#include "identity/identity.h"

namespace reeve::app {

struct DrillAsked {
  identity::CutoffScope scope;
  std::string reason, by;
  bool for_real = false;  // no practice streams: what the scope names is cut off, until the drill is over
  std::int64_t streams = 50;
  Duration patience = std::chrono::seconds(10);  // for the nodes' reports
};

/// What one node reported; times in milliseconds from the switch.
struct DrillTimes {
  std::string node;
  bool done = false;
  std::int64_t calls = 0, learned = 0, p50 = 0, p99 = 0, max = 0, unended = 0;

  /// Everything ended within a second.
  bool good() const;
};

struct DrillOutcome {
  identity::Drill drill;
  identity::Cutoff cutoff;
  std::vector<DrillTimes> nodes;

  bool good() const;
  /// Canonical JSON: what the ledger and notifications tell of it.
  std::string to_json() const;
};

/// Announces the drill, switches, waits for what the nodes tell, and lets everything on again whatever came of it.
/// Blocks for some seconds. kUnavailable where no server answers; kInvalid for a reason that a cutoff cannot have.
Result<DrillOutcome> play_drill(identity::KillSwitchStore& store, const DrillAsked& asked);

}  // namespace reeve::app
