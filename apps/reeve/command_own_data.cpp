// `reeve fingerprint` and `reeve edm`: what people of this house register as their own.

#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "content/content.h"
#include "core/bytes.h"
#include "core/json.h"
#include "reeve/commands.h"
#include "reeve/terminal.h"

namespace reeve::app {

namespace {

using content::Registration;

constexpr const char* kTakesEffect = "It is looked for from the next start or reload on (SIGHUP).";

Result<std::filesystem::path> content_directory(const Common& common) {
  const auto directory = data_directory(common);
  if (!directory) return directory.error();
  return *directory / "content";
}

void write_registration(JsonWriter& json, const Registration& registration) {
  json.begin_object().member("kind", registration.kind).member("name", registration.name);
  json.member("label", registration.label).member("added", registration.added);
  json.member("files", registration.files).member("entries", registration.entries);
  json.member("bytes", registration.bytes).end_object();
}

/// One line that is written again and again, only where somebody sees it.
content::Progress progress_of(const Common& common, const char* what) {
  if (common.json || ::isatty(STDERR_FILENO) != 1) return nullptr;
  return [what, next = std::uint64_t{0}](std::uint64_t count, std::uint64_t bytes) mutable {
    if (count < next) return;
    next = count + count / 50 + 1;
    std::fprintf(stderr, "\r%llu %s, %llu MB\033[K", static_cast<unsigned long long>(count), what,
                 static_cast<unsigned long long>(bytes >> 20U));
  };
}

void end_progress(const content::Progress& progress) {
  if (progress) std::fprintf(stderr, "\r\033[K");
}

int remove_own(const Common& common, const char* kind, const std::string& name) {
  const auto directory = content_directory(common);
  if (!directory) return fail(common, exit_code_of(directory.error()), directory.error().message);
  const auto removed = content::remove_registration(*directory, kind, name);
  if (!removed) {
    return fail(common, removed.error().code == ErrorCode::kNotFound ? kAnswerIsNo : kFailed, removed.error().message);
  }
  if (common.json) {
    JsonWriter json;
    json.begin_object().member("name", name).member("removed", true).end_object();
    std::printf("%s\n", json.text().c_str());
  } else {
    std::printf("Removed %s. A running server looks for it until it reloads (SIGHUP).\n", printable(name).c_str());
  }
  return kDone;
}

int list_own(const Common& common, std::string_view kind, const char* nothing) {
  const auto directory = content_directory(common);
  if (!directory) return fail(common, exit_code_of(directory.error()), directory.error().message);
  const auto own = content::OwnData::open(*directory);
  if (!own) return fail(common, kFailed, own.error().message);
  std::vector<std::vector<std::string>> rows{{"NAME", "LABEL", kind == "code" ? "FILES" : "VALUES", "SIZE", "ADDED"}};
  JsonWriter json;
  json.begin_array();
  for (const Registration& registration : (*own)->list()) {
    if (registration.kind != kind) continue;
    write_registration(json, registration);
    rows.push_back({printable(registration.name), printable(registration.label),
                    std::to_string(kind == "code" ? registration.files : registration.entries),
                    std::to_string(registration.bytes >> 10U) + " KB", registration.added.substr(0, 16) + "Z"});
  }
  json.end_array();
  if (common.json) {
    std::printf("%s\n", json.text().c_str());
  } else {
    std::printf("%s", rows.size() == 1 ? nothing : table(rows).c_str());
  }
  return kDone;
}

}  // namespace

int fingerprint_add_command(const Common& common, const FingerprintAddArguments& arguments) {
  const auto directory = content_directory(common);
  if (!directory) return fail(common, exit_code_of(directory.error()), directory.error().message);
  content::AddCode add;
  add.path = arguments.path;
  add.label = arguments.label;
  add.subtract.assign(arguments.subtract.begin(), arguments.subtract.end());
  const content::Progress progress = progress_of(common, "files");
  const auto added = content::add_code(*directory, add, progress);
  end_progress(progress);
  if (!added) {
    const bool wrong_use = added.error().code == ErrorCode::kInvalid || added.error().code == ErrorCode::kNotFound;
    return fail(common, wrong_use ? kWrongUse : kFailed, added.error().message);
  }
  if (common.json) {
    JsonWriter json;
    write_registration(json, *added);
    std::printf("%s\n", json.text().c_str());
    return kDone;
  }
  std::printf("Registered %s: %llu files, %llu KB, %llu fingerprints.\n", bold(printable(added->label)).c_str(),
              static_cast<unsigned long long>(added->files), static_cast<unsigned long long>(added->bytes >> 10U),
              static_cast<unsigned long long>(added->entries));
  std::printf("%s\n", kTakesEffect);
  return kDone;
}

int fingerprint_list_command(const Common& common) {
  return list_own(common, "code", "No code is registered. Register some with: reeve fingerprint add PATH --label L\n");
}

int fingerprint_remove_command(const Common& common, const std::string& label) {
  return remove_own(common, "code", label);
}

int edm_add_command(const Common& common, const EdmAddArguments& arguments) {
  const auto directory = content_directory(common);
  if (!directory) return fail(common, exit_code_of(directory.error()), directory.error().message);
  content::AddTable add;
  add.csv = arguments.csv;
  add.name = arguments.name;
  add.label = arguments.label;
  add.primary = arguments.primary;
  add.confirm = arguments.confirm;
  add.window = arguments.window;
  const content::Progress progress = progress_of(common, "rows");
  const auto added = content::add_table(*directory, add, progress);
  end_progress(progress);
  if (!added) {
    const bool failed = added.error().code == ErrorCode::kUnavailable || added.error().code == ErrorCode::kInternal;
    return fail(common, failed ? kFailed : kWrongUse, added.error().message);
  }
  if (common.json) {
    JsonWriter json;
    write_registration(json, *added);
    std::printf("%s\n", json.text().c_str());
    return kDone;
  }
  std::printf("Registered table %s: %llu values that find a row, label %s. Only keyed hashes are kept.\n",
              bold(printable(added->name)).c_str(), static_cast<unsigned long long>(added->entries),
              printable(added->label).c_str());
  std::printf("%s Keep %s as safe as the table: who has it can test guesses.\n", kTakesEffect, directory->c_str());
  return kDone;
}

int edm_list_command(const Common& common) {
  return list_own(common, "table", "No table is registered. Register one with: reeve edm add FILE.csv\n");
}

int edm_remove_command(const Common& common, const std::string& name) { return remove_own(common, "table", name); }

}  // namespace reeve::app
