#pragma once

// Months of a company that does not exist, in a data directory of its own: for looking at Reeve with something in it.
// What stands there went through the same code as everything else; only people, providers and the clock are made up.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "core/result.h"
#include "core/time.h"

namespace reeve::app {

struct DemoWish {
  std::filesystem::path data;  // has no ledger yet
  std::filesystem::path governance;
  std::string origin, node;
  std::int64_t days = 90, people = 200, calls_per_day = 40;  // the latter of one person on a working day, about
  std::uint64_t seed = 1;
  Instant end;  // of the history
  /// Told now and then.
  std::function<void(std::int64_t days_done, std::uint64_t entries)> progress;
};
struct DemoMade {
  std::uint64_t entries = 0, calls = 0, refused = 0, anomalies = 0;
};
/// kInvalid when the rules cannot be read.
Result<DemoMade> make_demo_history(const DemoWish& wish);

/// The file of a data directory that says so.
inline constexpr const char* kDemoMark = "demonstration.json";
bool is_demonstration(const std::filesystem::path& data_directory);

}  // namespace reeve::app
