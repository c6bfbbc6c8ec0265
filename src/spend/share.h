#pragma once

// What a counter holds of limits that several nodes share. Private to the spend room.

#include <chrono>
#include <cstdint>
#include <vector>

#include "spend/budgets.h"

namespace reeve::spend {

/// One row of the shared store: a counter in one window, one line for each quantity that is limited.
struct Share {
  struct Line {
    Quantity quantity = Quantity::kMoney;
    bool queued = false;           // the next exchange takes it
    bool closing = false;          // ask for no more than what is used
    std::int64_t granted = 0;      // what this node may use in all
    std::int64_t spent_all = 0;    // of all nodes, as last heard
    std::int64_t granted_all = 0;  // to all nodes, as last heard
    std::int64_t told = 0;         // what of spent_all is this node's
    std::int64_t needed = 0;       // what a call that waits would bring the use to; 0: none waits
    std::int64_t low_water = 0;    // below so much of room the next slice is asked for ahead
    std::int64_t used_at_look = 0;
    std::chrono::steady_clock::time_point refused_until{};  // the store had no more: not asked again before
  };
  Instant begin;  // of the window; {0} where use is freed again (rolling, concurrency, rates) and for sessions
  std::vector<Line> lines;

  Line* find(Quantity quantity) {
    for (Line& line : lines) {
      if (line.quantity == quantity) return &line;
    }
    return nullptr;
  }
  Line& at(Quantity quantity) {
    if (Line* line = find(quantity)) return *line;
    Line& line = lines.emplace_back();
    line.quantity = quantity;
    return line;
  }
};

}  // namespace reeve::spend
