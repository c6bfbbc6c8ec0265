#include <cstdio>
#include <iostream>

#include "core/bytes.h"
#include "core/json.h"
#include "reeve/break_glass_banner.h"
#include "reeve/people_commands.h"
#include "reeve/register_access.h"
#include "reeve/terminal.h"

namespace reeve::app {

namespace {

std::string name_or_user(const std::string& by) { return by.empty() ? system_user_name() : by; }

void print_json(JsonWriter& json) { std::printf("%s\n", json.text().c_str()); }

std::string read_code() {
  std::string code;
  std::getline(std::cin, code);
  return std::string(trim(code));
}

}  // namespace

int break_glass_seal_command(const Common& common, const BreakGlassArguments& arguments) {
  auto access = open_registers(common, true);
  if (!access) return fail(common, exit_code_of(access.error()), access.error().message);
  const auto code =
      identity::seal_break_glass(access->registers().break_glass(), name_or_user(arguments.by), system_clock().now());
  if (!code) return fail(common, exit_code_of(code.error()), code.error().message);
  if (common.json) {
    JsonWriter json;
    json.begin_object().member("code", *code).end_object();
    print_json(json);
    return kDone;
  }
  std::printf("%s\n\n", bold(*code).c_str());
  std::printf("This is the only time it is shown. Write it down, seal it, and lock it away; it opens once.\n");
  std::printf("Codes that were sealed before open nothing any more.\n");
  return kDone;
}

int break_glass_open_command(const Common& common, const BreakGlassArguments& arguments) {
  const auto time_to_live = parse_duration(arguments.time_to_live);
  if (!time_to_live) return fail(common, kWrongUse, "--ttl: " + time_to_live.error().message);
  auto access = open_registers(common, false);
  if (!access) return fail(common, exit_code_of(access.error()), access.error().message);
  if (!common.json) std::fprintf(stderr, "The sealed code: ");
  const auto opened =
      identity::open_break_glass(access->registers().break_glass(), access->registers().keys(), read_code(),
                                 name_or_user(arguments.by), arguments.reason, *time_to_live, system_clock().now());
  if (!opened) {
    const bool no = opened.error().code == ErrorCode::kDenied || opened.error().code == ErrorCode::kConflict;
    return fail(common, no ? kAnswerIsNo : exit_code_of(opened.error()), opened.error().message);
  }
  if (common.json) {
    JsonWriter json;
    json.begin_object().member("expires", format_time(opened->expires)).member("id", opened->key_id);
    json.member("secret", opened->secret).end_object();
    print_json(json);
    return kDone;
  }
  std::printf("%s\n\n", bold(opened->secret).c_str());
  std::printf("An administrator's key, good until %s. The ledger has it, and everybody is told.\n",
              format_time(opened->expires).c_str());
  std::printf("End it as soon as you can: reeve key revoke %s. Then: reeve break-glass seal\n", opened->key_id.c_str());
  return kDone;
}

int break_glass_status_command(const Common& common) {
  auto access = open_registers(common, false);
  if (!access) return fail(common, exit_code_of(access.error()), access.error().message);
  const auto seal = access->registers().break_glass().newest();
  if (!seal) return fail(common, kFailed, seal.error().message);
  const bool open = *seal && is_open_at(**seal, system_clock().now());
  const bool usable = *seal && !(*seal)->opened_at && (*seal)->failures < identity::kBreakGlassFailuresMax;
  const char* state = open ? "open" : usable ? "sealed" : "none";
  if (common.json) {
    JsonWriter json;
    json.begin_object().member("state", state);
    if (*seal) json.member("sealed", format_time((*seal)->sealed_at)).member("failures", (*seal)->failures);
    if (*seal && (*seal)->opened_at) {
      json.member("opened", format_time(*(*seal)->opened_at)).member("by", (*seal)->opened_by);
      json.member("reason", (*seal)->reason).member("expires", format_time(*(*seal)->expires));
    }
    json.end_object();
    print_json(json);
  } else if (open) {
    std::printf("%s until %s: opened by %s: %s\n", bold("OPEN").c_str(), format_time(*(*seal)->expires).c_str(),
                printable((*seal)->opened_by).c_str(), printable((*seal)->reason, 1000).c_str());
  } else if (usable) {
    std::printf("A code was sealed on %s by %s.\n", format_time((*seal)->sealed_at).c_str(),
                printable((*seal)->sealed_by).c_str());
  } else {
    std::printf("No sealed code is good. Make one with: reeve break-glass seal\n");
  }
  return open ? kAnswerIsNo : kDone;
}

}  // namespace reeve::app
