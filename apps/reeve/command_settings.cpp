// `reeve settings show`: which settings of a client a person gets, and from which documents.

#include <algorithm>
#include <cstdio>

#include "core/bytes.h"
#include "core/json.h"
#include "harness/harness.h"
#include "reeve/config.h"
#include "reeve/people_commands.h"
#include "reeve/terminal.h"

namespace reeve::app {

namespace {

void write_origins(JsonWriter& json, const harness::EffectiveSettings& settings) {
  json.key("from").begin_array();
  for (const harness::ClientSettings* document : settings.from) {
    json.begin_object().member("name", document->name).member("priority", document->priority);
    json.member_if("owner", document->owner).member("file", document->file).member("line", document->line);
    json.end_object();
  }
  json.end_array();
}

void print_settings(const harness::EffectiveSettings& settings) {
  std::printf("%s\n%s\n", settings.json.c_str(), dim(settings.checksum).c_str());
  for (const harness::ClientSettings* document : settings.from) {
    std::printf("%s\n",
                dim("from " + printable(document->name, 100) + ", priority " + std::to_string(document->priority) +
                    " (" + document->file + ":" + std::to_string(document->line) + ")")
                    .c_str());
  }
  if (!settings.asks_for_checksum) {
    std::printf("%s\n", dim("nobody is asked which settings a session runs with: see docs/claude-code.md").c_str());
  }
}

}  // namespace

int settings_show_command(const Common& common, const SettingsArguments& arguments) {
  std::vector<Diagnostic> complaints;
  Config config;
  if (const std::string file = config_file(common); !file.empty()) config = read_config(file, complaints);
  complaints.clear();
  const auto set =
      harness::ClientSettingsSet::build(read_yaml_directory(config.governance_dir, complaints), complaints);
  if (!set || has_errors(complaints)) {
    const auto wrong = std::find_if(complaints.begin(), complaints.end(), [](const Diagnostic& complaint) {
      return complaint.severity == Diagnostic::Severity::kError;
    });
    return fail(common, kAnswerIsNo, wrong == complaints.end() ? "the settings cannot be read" : wrong->to_string());
  }
  std::vector<std::string> groups = directory_groups_of(common, config, arguments.person);
  groups.insert(groups.end(), arguments.groups.begin(), arguments.groups.end());
  const auto settings = set->settings_for(arguments.client, arguments.person, groups);
  if (common.json) {
    JsonWriter json;
    json.begin_object().member("client", arguments.client).member("person", arguments.person);
    json.key("groups").begin_array();
    for (const std::string& group : groups) json.value(group);
    json.end_array();
    if (settings) {
      json.member("checksum", settings->checksum).member("uuid", settings->uuid);
      write_origins(json, *settings);
      json.key("settings").raw(settings->json);
    }
    std::printf("%s\n", json.end_object().text().c_str());
  } else if (settings) {
    print_settings(*settings);
  } else {
    std::printf("No ClientSettings document of %s matches %s.\n", printable(arguments.client, 60).c_str(),
                printable(arguments.person, 100).c_str());
  }
  return settings ? kDone : kAnswerIsNo;
}

}  // namespace reeve::app
