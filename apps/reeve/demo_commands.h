#pragma once

// `reeve demo-data`.

#include <cstdint>

#include "reeve/commands.h"

namespace CLI {
class App;
}

namespace reeve::app {

struct Line;

struct DemoArguments {
  std::int64_t days = 90, people = 200, calls_per_day = 40, seed = 1;
  bool yes = false;
};
int demo_data_command(const Common& common, const DemoArguments& arguments);
/// `arguments` outlives the line.
void add_demo_data(CLI::App& app, Line& line, DemoArguments& arguments);

}  // namespace reeve::app
