#pragma once

// Refusals of callers that nobody knows are recorded like any other, but strangers do not get to fill the disk: above a
// rate they are counted, and the count becomes one entry (`refusals.summarised`) instead of one each.

#include <array>
#include <cstdint>
#include <string>

#include "core/time.h"
#include "wire/wire.h"

namespace reeve::gateway {

/// One per worker; not thread-safe.
class StrangerRefusals {
 public:
  /// True when this refusal may have an entry of its own; otherwise it was counted.
  bool admit(wire::RefusalReason reason, Moment now);
  /// The `detail` of the entry that accounts for what was only counted, and starts counting anew. Empty when there is
  /// nothing.
  std::string take_summary();

  static constexpr double kBurst = 200;     // entries
  static constexpr double kPerSecond = 10;  // entries

 private:
  static constexpr std::size_t kReasons = 13;
  double tokens_ = kBurst;
  Moment refilled_{};
  std::array<std::uint64_t, kReasons> counted_{};
  std::uint64_t total_ = 0;
};

}  // namespace reeve::gateway
