// `reeve demo-data`: months of a company that does not exist, for looking at Reeve with something in it.

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <iostream>

#include "core/bytes.h"
#include "core/json.h"
#include "reeve/complaints.h"
#include "reeve/config.h"
#include "reeve/demo_commands.h"
#include "reeve/demo_history.h"
#include "reeve/kept_value.h"
#include "reeve/starter.h"
#include "reeve/terminal.h"

namespace reeve::app {

namespace {

/// A folder of rules that is removed again.
class StarterRules {
 public:
  Result<std::filesystem::path> write() {
    std::string name = (std::filesystem::temp_directory_path() / "reeve-demo-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) return Error{ErrorCode::kUnavailable, "no folder can be made in /tmp"};
    path_ = name;
    if (auto written = write_starter(path_, false); !written) return written.error();
    return path_ / "governance";
  }
  ~StarterRules() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }

 private:
  std::filesystem::path path_;
};

/// Nobody's real ledger gets made-up entries.
Result<void> check_empty(const std::filesystem::path& data) {
  std::error_code ignored;
  const std::string way_out =
      " Name a folder that does not exist yet, such as 'reeve demo-data --data demonstration', and then 'reeve serve "
      "--data demonstration'.";
  if (is_demonstration(data)) {
    return Error{ErrorCode::kInvalid, data.string() +
                                          " has demonstration data already. Remove it to make it anew, or "
                                          "name another folder with --data."};
  }
  for (const char* const own : {"ledger", "reeve.db", "ledger.origin"}) {
    if (std::filesystem::exists(data / own, ignored)) {
      return Error{ErrorCode::kInvalid, data.string() +
                                            " is a data folder in use: demonstration data must never mix "
                                            "with what really happened." +
                                            way_out};
    }
  }
  return {};
}

Result<void> check_sizes(const DemoArguments& arguments) {
  const auto check = [](const char* name, std::int64_t value, std::int64_t most) -> Result<void> {
    if (value >= 1 && value <= most) return {};
    return Error{ErrorCode::kInvalid, std::string(name) + " is a number from 1 to " + std::to_string(most)};
  };
  if (auto days = check("--days", arguments.days, 400); !days) return days;
  if (auto people = check("--people", arguments.people, 5'000); !people) return people;
  return check("--calls-per-day", arguments.calls_per_day, 10'000);
}

bool confirms(const std::filesystem::path& data, const DemoArguments& arguments) {
  if (arguments.yes || ::isatty(STDIN_FILENO) == 0) return true;
  std::printf("%lld days of %lld people who do not exist go to %s. Go on? [y/N] ",
              static_cast<long long>(arguments.days), static_cast<long long>(arguments.people), data.c_str());
  std::string answer;
  return std::getline(std::cin, answer) && (answer == "y" || answer == "yes");
}

void print(const Common& common, const std::filesystem::path& data, const DemoMade& made, double seconds) {
  if (common.json) {
    JsonWriter json;
    json.begin_object().member("anomalies", made.anomalies).member("calls", made.calls);
    json.member("data", data.string()).member("demonstration", true).member("entries", made.entries);
    json.member("refused", made.refused);
    json.member("seconds_thousandths", static_cast<std::int64_t>(seconds * 1000)).end_object();
    std::printf("%s\n", json.text().c_str());
    return;
  }
  std::printf("%llu calls, of which %llu were refused, and %llu entries of the ledger, in %.0f s.\n",
              static_cast<unsigned long long>(made.calls), static_cast<unsigned long long>(made.refused),
              static_cast<unsigned long long>(made.entries), seconds);
  // Without a configuration only `reeve run` serves.
  const char* const serve = config_file(common).empty() ? "run --no-tour" : "serve";
  std::printf(
      "All of it is demonstration data: nobody in it exists.\n\nNext: reeve %s --data %s, then open /console/\n", serve,
      data.c_str());
}

}  // namespace

int demo_data_command(const Common& common, const DemoArguments& arguments) {
  if (auto sizes = check_sizes(arguments); !sizes) return fail(common, kWrongUse, sizes.error().message);
  const auto data = data_directory(common);
  if (!data) return fail(common, exit_code_of(data.error()), data.error().message);
  if (auto empty = check_empty(*data); !empty) return fail(common, kWrongUse, empty.error().message);
  if (!confirms(*data, arguments)) return kAnswerIsNo;

  DemoWish wish;
  wish.data = *data;
  StarterRules starter;
  const auto governance = governance_directory(common, "");
  if (!governance) return fail(common, exit_code_of(governance.error()), governance.error().message);
  wish.governance = *governance;
  std::error_code ignored;
  if (!std::filesystem::is_directory(*governance, ignored)) {
    const auto written = starter.write();
    if (!written) return fail(common, kFailed, written.error().message);
    wish.governance = *written;
  }
  const std::filesystem::path& fresh = *data;
  std::filesystem::create_directories(fresh, ignored);
  std::filesystem::permissions(fresh, std::filesystem::perms::owner_all, ignored);
  wish.node = "demonstration";
  const auto origin = kept_value(fresh / "ledger.origin", [] { return std::string("reeve.local/demonstration"); });
  if (!origin) return fail(common, kFailed, origin.error().message);
  wish.origin = *origin;
  wish.days = arguments.days;
  wish.people = arguments.people;
  wish.calls_per_day = arguments.calls_per_day;
  wish.seed = static_cast<std::uint64_t>(arguments.seed);
  wish.end = system_clock().now();
  const bool shows = !common.json && ::isatty(STDERR_FILENO) == 1;
  if (shows) {
    wish.progress = [&](std::int64_t day, std::uint64_t entries) {
      std::fprintf(stderr, "\r\033[K%lld of %lld days, %llu entries", static_cast<long long>(day),
                   static_cast<long long>(arguments.days), static_cast<unsigned long long>(entries));
    };
  }
  const auto began = std::chrono::steady_clock::now();
  const auto made = make_demo_history(wish);
  // Once, at the end, instead of at every step.
  ::sync();
  if (shows) std::fprintf(stderr, "\r\033[K");
  if (!made) return fail(common, exit_code_of(made.error()), made.error().message);
  print(common, *data, *made, std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count());
  return kDone;
}

}  // namespace reeve::app
