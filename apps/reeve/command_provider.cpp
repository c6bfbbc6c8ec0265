// reeve provider list: the keys of providers, as the running server sees them.

#include <cstdio>

#include "core/bytes.h"
#include "core/json.h"
#include "core/private_file.h"
#include "reeve/provider_report.h"
#include "reeve/secret_commands.h"
#include "reeve/terminal.h"

namespace reeve::app {

namespace {

std::string state_text(JsonValue key) {
  const std::string_view state = key["state"].string_or("");
  if (state == "serves") return green("serves");
  const std::string status = std::to_string(key["status"].int_or(0));
  const std::string until(key["until"].string_or("").substr(0, 19));
  if (state == "rests") return yellow("rests") + " (" + status + ") until " + until + "Z";
  return red("set aside") + " (" + status + ") since " + std::string(key["since"].string_or("").substr(0, 19)) + "Z";
}

void print_report(JsonValue root) {
  std::vector<std::vector<std::string>> rows{{"PROVIDER", "KEY", "PRIORITY", "WEIGHT", "STATE"}};
  for (const JsonValue& provider : root["providers"].items()) {
    const std::string name = printable(provider["name"].string_or(""), 60);
    if (provider["keys"].items().empty()) rows.push_back({name, "-", "", "", "needs no key"});
    for (const JsonValue& key : provider["keys"].items()) {
      rows.push_back({name, printable(key["name"].string_or(""), 60), std::to_string(key["priority"].int_or(1)),
                      std::to_string(key["weight"].int_or(1)), state_text(key)});
    }
  }
  std::printf("%s", table(rows).c_str());
}

}  // namespace

int provider_list_command(const Common& common) {
  const auto data = data_directory(common);
  if (!data) return fail(common, exit_code_of(data.error()), data.error().message);
  const auto report = read_private_file(*data / kProviderReportFile);
  if (!report) return fail(common, kFailed, report.error().message);
  if (!*report) {
    return fail(common, kFailed,
                "no server has told yet how its providers stand; start one with 'reeve serve', or name its data "
                "directory with --data");
  }
  const auto document = JsonDocument::parse(trim(**report));
  if (!document) return fail(common, kFailed, (*data / kProviderReportFile).string() + " cannot be read");
  if (common.json) {
    std::printf("%s\n", std::string(trim(**report)).c_str());
    return kDone;
  }
  print_report(document->root());
  std::printf("%s\n", dim("as the server told at " + std::string(document->root()["at"].string_or(""))).c_str());
  return kDone;
}

}  // namespace reeve::app
