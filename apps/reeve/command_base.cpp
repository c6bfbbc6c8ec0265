#include <pwd.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>

#include "core/json.h"
#include "reeve/commands.h"
#include "reeve/config.h"
#include "reeve/terminal.h"

namespace reeve::app {

std::string config_file(const Common& common) {
  return common.config.empty() ? default_config_file("", "/etc/reeve/reeve.yaml") : common.config;
}

std::string default_config_file(const std::filesystem::path& here, const std::filesystem::path& package_file) {
  std::error_code ignored;
  if (std::filesystem::exists(here / "reeve.yaml", ignored)) return here / "reeve.yaml";
  for (const char* own : {"data", "governance"}) {
    if (std::filesystem::exists(here / own, ignored)) return {};
  }
  return std::filesystem::exists(package_file, ignored) ? package_file : std::filesystem::path();
}

Result<std::optional<Config>> shared_config(const Common& common) {
  const std::string file = config_file(common);
  if (file.empty()) return std::optional<Config>();
  if (const auto readable = read_data_dir(file); !readable) return readable.error();
  std::vector<Diagnostic> complaints;
  Config config = read_config(file, complaints);
  return config.postgres ? std::optional(std::move(config)) : std::nullopt;
}

Result<std::filesystem::path> data_directory(const Common& common) {
  if (common.data_dir) return std::filesystem::path(*common.data_dir);
  const std::string file = config_file(common);
  if (file.empty()) return std::filesystem::path("data");
  return read_data_dir(file);
}

Result<std::unique_ptr<store::Store>> open_store(const Common& common, bool make) {
  const auto directory = data_directory(common);
  if (!directory) return directory.error();
  std::error_code ignored;
  if (!make && !std::filesystem::exists(*directory, ignored)) {
    return Error{ErrorCode::kUnavailable, "there is no data directory " + directory->string() +
                                              "; name one with --data, or the configuration with --config"};
  }
  return store::Store::open_embedded(*directory);
}

Result<void> leave_note(const Common& common, std::string_view kind, const std::string& detail) {
  auto store = open_store(common, false);
  if (!store) return std::move(store).error();
  return (*store)->note(kind, detail);
}

Result<std::unique_ptr<ledger::LogReader>> open_ledger(const Common& common) {
  const auto directory = data_directory(common);
  if (!directory) return directory.error();
  return ledger::LogReader::open(*directory / "ledger");
}

std::string system_user_name() {
  const uid_t id = ::getuid();
  std::array<char, 4096> buffer{};
  struct passwd entry{};
  struct passwd* found = nullptr;
  if (::getpwuid_r(id, &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr) return found->pw_name;
  return "uid " + std::to_string(id);
}

int exit_code_of(const Error& error) { return error.code == ErrorCode::kInvalid ? kWrongUse : kFailed; }

int fail(const Common& common, int code, const std::string& message) {
  if (common.json) {
    JsonWriter json;
    json.begin_object()
        .key("error")
        .begin_object()
        .member("exit_code", code)
        .member("message", message)
        .end_object()
        .end_object();
    std::printf("%s\n", json.text().c_str());
  } else {
    std::fprintf(stderr, "reeve: %s\n", message.c_str());
  }
  return code;
}

}  // namespace reeve::app
