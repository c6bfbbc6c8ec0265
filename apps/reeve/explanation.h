#pragma once

// Why a call was decided as it was, as the command and the control API tell it.

#include <string>

#include "policy/policy.h"

namespace reeve::app {

/// What is known of how it was decided when it happened; nothing for facts that were given.
struct RecordedDecision {
  std::string effect, bundle, input;
  /// Entries that are too long are cut, and then what is explained is not what was decided on.
  bool facts_differ(const policy::Explanation& told) const { return !input.empty() && input != told.input; }
};

/// As `reeve policy explain --json` gives it.
std::string explanation_json(const policy::Explanation& told, const RecordedDecision& recorded);

}  // namespace reeve::app
