#include <cstdio>
#include <filesystem>

#include "core/json.h"
#include "core/sealing.h"
#include "reeve/commands.h"
#include "reeve/serve.h"
#include "reeve/starter.h"
#include "reeve/tour.h"

namespace reeve::app {

namespace {

int serve_until_stopped(const Common& common, const ServeOptions& options) {
  const auto served = serve(options);
  return served ? kDone : fail(common, exit_code_of(served.error()), served.error().message);
}

void write_paths(JsonWriter& json, std::string_view name, const std::vector<std::filesystem::path>& paths) {
  json.key(name).begin_array();
  for (const auto& path : paths) json.value(path.string());
  json.end_array();
}

}  // namespace

int serve_command(const Common& common, const std::optional<std::string>& listen) {
  ServeOptions options;
  options.config_file = config_file(common);
  if (options.config_file.empty()) {
    return fail(common, kWrongUse,
                "there is no reeve.yaml here; write one with 'reeve init .', name one with --config, or try 'reeve "
                "run', which needs none");
  }
  options.data_dir = common.data_dir;
  options.listen = listen;
  return serve_until_stopped(common, options);
}

int run_command(const Common& common, const std::optional<std::string>& listen, bool tour) {
  ServeOptions options;
  // Never the package's: what is tried out here must not touch the service's data.
  options.config_file = common.config.empty() ? default_config_file("", "") : common.config;
  options.data_dir = common.data_dir;
  options.listen = listen;
  if (options.config_file.empty()) {
    use_sealing({});  // the package's configuration is not this one's
    options.config_text = starter_config();
    std::error_code ignored;
    if (!std::filesystem::exists("governance", ignored)) {
      const auto written = write_starter(".", false);
      if (!written) return fail(common, kFailed, written.error().message);
    }
  }
  options.when_up = [tour](Service& service) { tour ? play_tour(service) : print_welcome(service); };
  return serve_until_stopped(common, options);
}

int init_command(const Common& common, const std::string& directory) {
  const auto report = write_starter(directory, true);
  if (!report) return fail(common, kFailed, report.error().message);
  if (common.json) {
    JsonWriter json;
    json.begin_object();
    write_paths(json, "written", report->written);
    write_paths(json, "kept", report->kept);
    json.end_object();
    std::printf("%s\n", json.text().c_str());
    return kDone;
  }
  for (const auto& path : report->written) std::printf("wrote %s\n", path.c_str());
  for (const auto& path : report->kept) std::printf("kept  %s (it was there already)\n", path.c_str());
  std::printf("\nNext: look at %s, then 'reeve serve --config %s'.\n",
              (std::filesystem::path(directory) / "reeve.yaml").c_str(),
              (std::filesystem::path(directory) / "reeve.yaml").c_str());
  return kDone;
}

}  // namespace reeve::app
