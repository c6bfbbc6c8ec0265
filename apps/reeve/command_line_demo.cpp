// The command line of `reeve demo-data`.

#include <CLI/CLI.hpp>

#include "reeve/command_line.h"
#include "reeve/demo_commands.h"

namespace reeve::app {

void add_demo_data(CLI::App& app, Line& line, DemoArguments& arguments) {
  CLI::App& demo = command(app, line, "demo-data", "Make a history of people who do not exist, for trying Reeve out",
                           [&line, &arguments] { return demo_data_command(line.common, arguments); });
  demo.add_option("--days", arguments.days, "Up to now")->capture_default_str();
  demo.add_option("--people", arguments.people, "How many")->capture_default_str();
  demo.add_option("--calls-per-day", arguments.calls_per_day, "Of one person on a working day, about")
      ->capture_default_str();
  demo.add_option("--seed", arguments.seed, "Another number gives other people and calls")->capture_default_str();
  demo.add_flag("-y,--yes", arguments.yes, "Do not ask");
  demo.footer("It goes to the data folder that --data names, which must not be in use. All of it is marked.");
}

}  // namespace reeve::app
