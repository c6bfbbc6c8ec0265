#include <cstdio>

#include "core/bytes.h"
#include "core/json.h"
#include "identity/identity.h"
#include "reeve/commands.h"
#include "reeve/key_listing.h"
#include "reeve/register_access.h"
#include "reeve/terminal.h"

namespace reeve::app {

namespace {

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : ",") + part;
  return text;
}

}  // namespace

int key_create_command(const Common& common, const KeyCreateArguments& arguments) {
  identity::KeyRequest request;
  request.owner = arguments.owner;
  request.team = arguments.team;
  request.type = arguments.type;
  request.note = arguments.note;
  request.groups = arguments.groups;
  request.scopes = arguments.scopes;
  if (!arguments.time_to_live.empty()) {
    const auto duration = parse_duration(arguments.time_to_live);
    if (!duration) return fail(common, kWrongUse, "--ttl: " + duration.error().message);
    request.time_to_live = *duration;
  }
  auto access = open_registers(common, true);
  if (!access) return fail(common, exit_code_of(access.error()), access.error().message);
  const auto made = identity::create_key(access->registers().keys(), request, system_clock().now());
  if (!made) return fail(common, exit_code_of(made.error()), made.error().message);
  wait_until_known(*access);

  if (common.json) {
    JsonWriter json;
    json.begin_object().member("secret", made->secret);
    write_key(json, made->key);
    json.end_object();
    std::printf("%s\n", json.text().c_str());
    return kDone;
  }
  std::printf("%s\n\n", bold(made->secret).c_str());
  std::printf("This is the only time it is shown. Key %s of %s, %s.\n", made->key.id.c_str(),
              printable(made->key.owner).c_str(),
              made->key.expires ? ("valid until " + format_time(*made->key.expires)).c_str() : "without an end");
  std::printf("It works at once, also with a running server. End it with: reeve key revoke %s\n", made->key.id.c_str());
  return kDone;
}

int key_list_command(const Common& common, bool all) {
  auto access = open_registers(common, false);
  if (!access) return fail(common, exit_code_of(access.error()), access.error().message);
  const auto keys = access->registers().keys().list();
  if (!keys) return fail(common, kFailed, keys.error().message);
  const Instant now = system_clock().now();
  if (common.json) {
    JsonWriter json;
    json.begin_array();
    for (const identity::VirtualKey& key : *keys) {
      json.begin_object();
      write_key(json, key);
      json.member("state", state_of(key, now)).end_object();
    }
    json.end_array();
    std::printf("%s\n", json.text().c_str());
    return kDone;
  }
  std::vector<std::vector<std::string>> rows{{"ID", "OWNER", "GROUPS", "KEY", "STATE", "EXPIRES", "NOTE"}};
  std::size_t hidden = 0;
  for (const identity::VirtualKey& key : *keys) {
    const std::string state(state_of(key, now));
    if (!all && state != "active") {
      ++hidden;
      continue;
    }
    rows.push_back({key.id, printable(key.owner), printable(joined(key.groups)), key.hint, state,
                    key.expires ? format_time(*key.expires).substr(0, 16) + "Z" : "never", printable(key.note)});
  }
  if (rows.size() == 1) {
    std::printf("No keys. Make one with: reeve key create --owner you@example.com\n");
  } else {
    std::printf("%s", table(rows).c_str());
  }
  if (hidden > 0)
    std::printf("%s\n",
                dim(std::to_string(hidden) + " revoked or expired keys are not shown; --all shows them").c_str());
  return kDone;
}

int key_revoke_command(const Common& common, const std::string& id) {
  auto access = open_registers(common, false);
  if (!access) return fail(common, exit_code_of(access.error()), access.error().message);
  const auto revoked = access->registers().keys().revoke(id, system_clock().now());
  if (!revoked)
    return fail(common, revoked.error().code == ErrorCode::kNotFound ? kAnswerIsNo : kFailed, revoked.error().message);
  wait_until_known(*access);
  if (common.json) {
    JsonWriter json;
    json.begin_object().member("id", id).member("revoked", true).end_object();
    std::printf("%s\n", json.text().c_str());
  } else {
    std::printf("Revoked %s. Calls with it are refused from now on.\n", printable(id).c_str());
  }
  return kDone;
}

}  // namespace reeve::app
