// `reeve ledger key rotate`: a new key signs the ledger from now on. A running server is asked to do it, because only
// who writes a log may sign it; without one the command does.

#include <unistd.h>

#include <cstdio>

#include "core/bytes.h"
#include "core/json.h"
#include "reeve/commands.h"
#include "reeve/config.h"
#include "reeve/key_rotation.h"
#include "reeve/terminal.h"

namespace reeve::app {

namespace {

constexpr auto kWaitForServer = std::chrono::seconds(20);
constexpr auto kLookEvery = std::chrono::milliseconds(100);

struct Taken {
  std::string old_key, new_key;
};

Result<std::string> current_key(const std::filesystem::path& directory) {
  auto reader = ledger::LogReader::open(directory);
  if (!reader) return reader.error();
  return (*reader)->verifier_key();
}

/// The node that wrote last: entries are to go on under its name.
std::string last_node(const std::filesystem::path& directory) {
  auto reader = ledger::LogReader::open(directory);
  if (!reader || (*reader)->size() == 0) return "reeve";
  std::string node;
  const auto read = (*reader)->read((*reader)->size() - 1, [&](const ledger::StoredEntry& stored) {
    const auto entry = JsonDocument::parse(stored.bytes);
    if (entry) node = entry->root()["node"].string_or("");
    return false;
  });
  return read && !node.empty() ? node : "reeve";
}

Result<Taken> rotate_here(const Common& common, const std::filesystem::path& directory,
                          const ledger::KeyRotation& request) {
  ledger::LogOptions options;
  options.directory = directory;
  options.origin = request.old_key.substr(0, request.old_key.find('+'));
  options.node = last_node(directory);
  if (const std::string file = config_file(common); !file.empty()) {
    std::vector<Diagnostic> ignored;  // what else is wrong there is the server's concern
    const Config config = read_config(file, ignored);
    options.anchor = config.ledger_anchor;
    options.segment_bytes = config.segment_bytes;
  }
  auto log = ledger::Log::open(std::move(options));
  if (!log) return log.error();
  auto rotated = (*log)->rotate_key(request);
  (*log)->close();
  if (!rotated) return rotated.error();
  return Taken{rotated->old_key, rotated->new_key};
}

Result<Taken> ask_server(const Common& common, const std::filesystem::path& directory,
                         const ledger::KeyRotation& request) {
  if (auto asked = leave_note(common, kRotationRequestedKind, rotation_request(request, system_clock().now()));
      !asked) {
    return asked.error();
  }
  for (Duration waited{}; waited < kWaitForServer; waited += kLookEvery) {
    ::usleep(static_cast<useconds_t>(std::chrono::duration_cast<std::chrono::microseconds>(kLookEvery).count()));
    const auto key = current_key(directory);
    if (key && *key != request.old_key) return Taken{request.old_key, *key};
  }
  return Error{ErrorCode::kUnavailable,
               "the server was asked to rotate the key and has not done so yet; its log says why"};
}

}  // namespace

int ledger_key_rotate_command(const Common& common, const KeyRotateArguments& arguments) {
  const auto both_for = parse_duration(arguments.both_for);
  if (!both_for) return fail(common, kWrongUse, "--both-for: " + both_for.error().message);
  const auto data = data_directory(common);
  if (!data) return fail(common, exit_code_of(data.error()), data.error().message);
  const std::filesystem::path directory = *data / "ledger";
  const auto old_key = current_key(directory);
  if (!old_key) return fail(common, kFailed, old_key.error().message);
  const ledger::KeyRotation request{.reason = arguments.reason,
                                    .by = arguments.by.empty() ? system_user_name() : arguments.by,
                                    .both_for = *both_for,
                                    .old_key = *old_key};
  const auto taken =
      ledger::has_writer(directory) ? ask_server(common, directory, request) : rotate_here(common, directory, request);
  if (!taken) return fail(common, kFailed, taken.error().message);
  if (common.json) {
    JsonWriter json;
    json.begin_object().member("old_key", taken->old_key).member("new_key", taken->new_key).end_object();
    std::printf("%s\n", json.text().c_str());
    return kDone;
  }
  std::printf("%s\n\n", bold(taken->new_key).c_str());
  std::printf(
      "This key signs the ledger now; for %s the one before signs, too. Give it to those who hold the old one:\n"
      "auditors can follow from theirs (reeve ledger verify --key), witnesses must be told within that time.\n",
      format_duration(*both_for).c_str());
  return kDone;
}

}  // namespace reeve::app
