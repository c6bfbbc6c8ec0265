#pragma once

// A node of the stress test: admits, settles and exchanges slices at random, keeps a journal as a real node keeps its
// ledger, and goes on from it when it was killed.

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <utility>

#include "store/store.h"

namespace reeve::postgres_test {

inline constexpr int kStressCounters = 6;
inline constexpr std::int64_t kStressLimit = 100;
inline constexpr int kOperationsInWindow = 160;

/// The window that operation `number` falls into, from 1.
inline std::int64_t stress_window(int number) { return 1 + number / kOperationsInWindow; }

/// What a journal says, line by line; a torn last line does not count.
struct Journal {
  using Row = std::pair<std::string, std::int64_t>;  // counter, number of the window
  struct Sums {
    std::int64_t spent = 0, reserved = 0;
  };
  std::map<Row, Sums> rows;
  int operations = 0;
  static Journal read(const std::filesystem::path& file);
};

struct StressNodeOptions {
  std::string name;
  store::PostgresOptions database;
  std::filesystem::path journal;
  unsigned seed = 0;
  int operations = 0;  // in all its lives
};

/// Returns the exit code: 0 when all operations are done, everything is settled, told and given back; 1 when something
/// that must hold did not, with a line on standard error.
int run_stress_node(const StressNodeOptions& options);

}  // namespace reeve::postgres_test
