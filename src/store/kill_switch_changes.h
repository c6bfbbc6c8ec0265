#pragma once

// What every storage of cutoffs does alike: the words for what it refuses, and what is told of a switch.

#include "control/control.h"
#include "core/bytes.h"
#include "identity/identity.h"

namespace reeve::store {

/// Of the ledger's entry, and of the event.
inline constexpr std::string_view kSwitchedKind = "kill.switched";

inline Error switched_meanwhile(const identity::Cutoff& cutoff) {
  return {ErrorCode::kConflict, "the cutoff " + printable(cutoff.id, 63) + " was switched by somebody else meanwhile"};
}

inline Error no_such_cutoff(std::string_view id) {
  return {ErrorCode::kNotFound,
          "there is no cutoff " + printable(id, 63) + "; 'reeve kill list' shows those that are on"};
}

/// Of those in force. For everything there is always room.
inline Result<void> check_room(std::int64_t on, const identity::Cutoff& cutoff) {
  if (cutoff.scope.kind == identity::CutoffKind::kAll) return {};
  if (on < static_cast<std::int64_t>(identity::KillSwitchStore::kCutoffsMax)) return {};
  return Error{ErrorCode::kUnavailable, std::to_string(on) +
                                            " cutoffs are on, and no more are possible; end some, or "
                                            "cut off a group or everything"};
}

inline void set_end(identity::Cutoff& cutoff, Instant when, std::string_view by, std::string_view reason) {
  cutoff.ended = Instant{when.nanoseconds / 1000 * 1000};
  cutoff.ended_by = by;
  cutoff.ended_reason = reason;
}

inline control::Event event_of_switch(const identity::Cutoff& cutoff) {
  return {cutoff.id + (cutoff.ended ? ":off" : ":on"), std::string(kSwitchedKind),
          cutoff.ended ? *cutoff.ended : cutoff.at, identity::cutoff_to_json(cutoff)};
}

}  // namespace reeve::store
