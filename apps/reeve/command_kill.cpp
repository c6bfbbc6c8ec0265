// reeve kill on, off, list: what is cut off from models, at once and on every node.

#include <cstdio>
#include <thread>

#include "core/bytes.h"
#include "core/json.h"
#include "reeve/budget_desk.h"
#include "reeve/config.h"
#include "reeve/kill_commands.h"
#include "reeve/register_access.h"
#include "reeve/terminal.h"

namespace reeve::app {

namespace {

using identity::Cutoff;

constexpr std::size_t kHistoryMax = 1'000;
/// A server on this machine looks every 20 ms; others hear of it from the database.
constexpr auto kUntilKnown = std::chrono::milliseconds(100);

/// In both: what holds on this node alone, and what holds on all.
Result<std::vector<Cutoff>> cutoffs_of(const KillSwitchAccess& access, bool all, std::vector<bool>* of_this_node) {
  std::vector<Cutoff> list;
  for (const bool here : {true, false}) {
    if (!here && !access.shared) continue;
    identity::KillSwitchStore& store = access.register_of(here);
    auto part = all ? store.history(kHistoryMax) : store.list(system_clock().now());
    if (!part) return part.error();
    for (Cutoff& cutoff : *part) {
      list.push_back(std::move(cutoff));
      if (of_this_node != nullptr) of_this_node->push_back(here);
    }
  }
  return list;
}

std::string state_of(const Cutoff& cutoff) {
  if (cutoff.ended) return "ended by " + printable(cutoff.ended_by, 60);
  return cutoff.in_force(system_clock().now()) ? "on" : "over";
}

void print_cutoff(const Common& common, const Cutoff& cutoff) {
  if (common.json) {
    std::printf("%s\n", identity::cutoff_to_json(cutoff).c_str());
    return;
  }
  std::printf("%s is cut off%s (%s): new calls are refused, and those under way end.\n",
              bold(printable(cutoff.scope.text(), 200)).c_str(),
              cutoff.until ? (" until " + format_time(*cutoff.until)).c_str() : "", cutoff.id.c_str());
  std::printf("Let it on again with: reeve kill off --id %s --reason …\n", cutoff.id.c_str());
}

}  // namespace

Result<KillSwitchAccess> open_kill_switch(const Common& common, bool here) {
  KillSwitchAccess access;
  auto store = open_store(common, false);
  if (!store) return std::move(store).error();
  access.own = *std::move(store);
  const auto config = here ? std::optional<Config>() : shared_config(common);
  if (!config) return config.error();
  if (!*config) return access;
  auto shared = store::open_shared_kill_switch(*(*config)->postgres, node_name_of(**config));
  if (!shared) {
    return with_context(std::move(shared).error(), "--here switches this node alone, without the shared database");
  }
  access.shared = *std::move(shared);
  return access;
}

int kill_on_command(const Common& common, const KillArguments& arguments) {
  const auto scope = identity::parse_cutoff_scope(arguments.scope);
  if (!scope) return fail(common, kWrongUse, "--scope: " + scope.error().message);
  const Instant now = system_clock().now();
  identity::CutoffRequest request{*scope, arguments.reason, arguments.by, {}, {}};
  if (request.by.empty()) request.by = system_user_name();
  if (!arguments.until.empty()) {
    const auto duration = parse_duration(arguments.until);
    const auto time = duration ? Result<Instant>(now + *duration) : parse_time(arguments.until);
    if (!time) return fail(common, kWrongUse, "--until: write a duration from now (2h) or a time");
    request.until = *time;
  }
  const auto cutoff = identity::make_cutoff(request, now);
  if (!cutoff) return fail(common, kWrongUse, cutoff.error().message);
  const auto access = open_kill_switch(common, arguments.here);
  if (!access) return fail(common, exit_code_of(access.error()), access.error().message);
  if (const auto put = access->register_of(arguments.here).put(*cutoff); !put) {
    return fail(common, kFailed, put.error().message);
  }
  std::this_thread::sleep_for(kUntilKnown);
  print_cutoff(common, *cutoff);
  return kDone;
}

int kill_off_command(const Common& common, const KillArguments& arguments) {
  if (arguments.scope.empty() == arguments.id.empty()) {
    return fail(common, kWrongUse, "name what is let on again with --scope or with --id");
  }
  std::optional<identity::CutoffScope> scope;
  if (!arguments.scope.empty()) {
    auto parsed = identity::parse_cutoff_scope(arguments.scope);
    if (!parsed) return fail(common, kWrongUse, "--scope: " + parsed.error().message);
    scope = *std::move(parsed);
  }
  const auto reason = identity::reason_to_let_on(arguments.reason);
  if (!reason) return fail(common, kWrongUse, "--reason: " + reason.error().message);
  const auto access = open_kill_switch(common, arguments.here);
  if (!access) return fail(common, exit_code_of(access.error()), access.error().message);
  std::vector<bool> here;
  const auto list = cutoffs_of(*access, false, &here);
  if (!list) return fail(common, kFailed, list.error().message);
  const std::string by = arguments.by.empty() ? system_user_name() : arguments.by;
  std::vector<std::string> ended;
  for (std::size_t i = 0; i < list->size(); ++i) {
    const Cutoff& cutoff = (*list)[i];
    if (scope ? cutoff.scope != *scope : cutoff.id != arguments.id) continue;
    const auto done = access->register_of(here[i]).end(cutoff.id, system_clock().now(), by, *reason);
    if (!done) return fail(common, kFailed, done.error().message);
    ended.push_back(cutoff.id);
  }
  std::this_thread::sleep_for(kUntilKnown);
  if (ended.empty())
    return fail(common, kAnswerIsNo, "nothing of that name is cut off; 'reeve kill list' shows what is");
  if (common.json) {
    JsonWriter json;
    json.begin_object().key("ended").begin_array();
    for (const std::string& id : ended) json.value(id);
    std::printf("%s\n", json.end_array().end_object().text().c_str());
  } else {
    for (const std::string& id : ended) std::printf("Ended %s. Calls are let through again.\n", id.c_str());
  }
  return kDone;
}

int kill_list_command(const Common& common, const KillArguments& arguments) {
  const auto access = open_kill_switch(common, arguments.here);
  if (!access) return fail(common, exit_code_of(access.error()), access.error().message);
  const auto list = cutoffs_of(*access, arguments.all, nullptr);
  if (!list) return fail(common, kFailed, list.error().message);
  if (common.json) {
    JsonWriter json;
    json.begin_array();
    for (const Cutoff& cutoff : *list) json.raw(identity::cutoff_to_json(cutoff));
    std::printf("%s\n", json.end_array().text().c_str());
    return kDone;
  }
  if (list->empty()) {
    std::printf("Nothing is cut off.\n");
    return kDone;
  }
  std::vector<std::vector<std::string>> rows{{"ID", "SCOPE", "SINCE", "UNTIL", "BY", "STATE", "REASON"}};
  for (const Cutoff& cutoff : *list) {
    rows.push_back({cutoff.id, printable(cutoff.scope.text(), 80) + (cutoff.practice ? " (practice)" : ""),
                    format_time(cutoff.at).substr(0, 19),
                    cutoff.until ? format_time(*cutoff.until).substr(0, 19) : "ended by hand", printable(cutoff.by, 60),
                    state_of(cutoff), printable(cutoff.reason, 100)});
  }
  std::printf("%s", table(rows).c_str());
  return kDone;
}

}  // namespace reeve::app
