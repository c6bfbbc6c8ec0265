#pragma once

// Counts entries, and tells of every few thousandth only: telling costs more than reading one.

#include <algorithm>

#include "evidence/evidence.h"

namespace reeve::evidence {

class ProgressCount {
 public:
  ProgressCount(const Progress& progress, std::uint64_t total) : progress_(progress), total_(total) {}

  /// False: nobody wants the rest any more.
  bool one_more() {
    constexpr std::uint64_t kStep = 4096;
    if (!progress_ || ++done_ % kStep != 0) return true;
    return progress_(std::min(done_, total_), total_);
  }
  static Error given_up() { return {ErrorCode::kClosed, "the evidence pack was given up before it was complete"}; }

 private:
  const Progress& progress_;
  const std::uint64_t total_;
  std::uint64_t done_ = 0;
};

}  // namespace reeve::evidence
