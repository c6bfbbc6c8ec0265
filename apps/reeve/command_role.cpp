#include <algorithm>
#include <cstdio>

#include "core/bytes.h"
#include "core/json.h"
#include "reeve/config.h"
#include "reeve/people_commands.h"
#include "reeve/terminal.h"

namespace reeve::app {

namespace {

using identity::Role;
using identity::RoleBinding;
using identity::RoleBindings;

/// What role commands work with. Complaints about other things do not matter here.
struct RoleDesk {
  Config config;
  RoleBindings bindings;
};

Result<RoleDesk> open_desk(const Common& common) {
  RoleDesk desk;
  std::vector<Diagnostic> complaints;
  if (const std::string file = config_file(common); !file.empty()) desk.config = read_config(file, complaints);
  complaints.clear();
  desk.bindings = RoleBindings::build(read_yaml_directory(desk.config.governance_dir, complaints), complaints);
  if (!has_errors(complaints)) return desk;
  return Error{ErrorCode::kInvalid, complaints.front().to_string()};
}

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : ", ") + printable(part, 80);
  return text;
}

void write_list(JsonWriter& json, std::string_view name, const std::vector<std::string>& values) {
  json.key(name).begin_array();
  for (const std::string& value : values) json.value(value);
  json.end_array();
}

void write_binding(JsonWriter& json, const RoleBinding& binding) {
  json.begin_object().member("name", binding.name).member("role", identity::role_name(binding.role));
  write_list(json, "groups", binding.groups);
  write_list(json, "people", binding.people);
  json.member("file", binding.file).member("line", binding.line).end_object();
}

void write_role(JsonWriter& json, Role role, const RoleBindings& bindings) {
  json.begin_object().member("role", identity::role_name(role));
  json.member("description", identity::role_description(role)).key("permissions").begin_array();
  for (const identity::Permission permission : identity::permissions_of(role)) {
    json.value(identity::permission_name(permission));
  }
  json.end_array().key("bindings").begin_array();
  for (const RoleBinding& binding : bindings.list()) {
    if (binding.role == role) write_binding(json, binding);
  }
  json.end_array().end_object();
}

void print_binding(const RoleBinding& binding) {
  if (!binding.groups.empty()) std::printf("  groups: %s (%s)\n", joined(binding.groups).c_str(), binding.name.c_str());
  if (!binding.people.empty()) std::printf("  people: %s (%s)\n", joined(binding.people).c_str(), binding.name.c_str());
}

}  // namespace

std::vector<std::string> directory_groups_of(const Common& common, const Config& config, const std::string& name) {
  std::vector<std::string> groups;
  if (!config.directory) return groups;
  auto store = open_store(common, false);
  if (!store) return groups;
  std::unique_ptr<store::SharedDirectory> shared;
  if (config.postgres) {
    auto opened = store::open_shared_directory(*config.postgres, "command");
    if (!opened) return groups;
    shared = *std::move(opened);
  }
  identity::Directory directory(shared ? *shared : (*store)->directory(), *config.directory, system_clock());
  if (!directory.look()) return groups;
  return directory.groups_of(name).value_or(std::vector<std::string>());
}

namespace {

int show_held(const Common& common, const std::string& name, const std::vector<RoleBindings::Held>& held) {
  if (common.json) {
    JsonWriter json;
    json.begin_object().member("name", name).key("roles").begin_array();
    for (const auto& one : held) write_binding(json, *one.by);
    json.end_array().end_object();
    std::printf("%s\n", json.text().c_str());
  } else {
    for (const auto& one : held) {
      std::printf("%s, by %s (%s:%zu)\n", bold(std::string(identity::role_name(one.role))).c_str(),
                  one.by->name.c_str(), one.by->file.c_str(), one.by->line);
    }
    if (held.empty()) std::printf("%s has no role.\n", printable(name, 100).c_str());
  }
  return held.empty() ? kAnswerIsNo : kDone;
}

}  // namespace

int role_list_command(const Common& common) {
  const auto desk = open_desk(common);
  if (!desk) return fail(common, exit_code_of(desk.error()), desk.error().message);
  JsonWriter json;
  json.begin_array();
  for (std::size_t i = 0; i < identity::kRoles; ++i) {
    const auto role = static_cast<Role>(i);
    write_role(json, role, desk->bindings);
    if (common.json) continue;
    std::printf("%s: %s\n ", bold(std::string(identity::role_name(role))).c_str(),
                std::string(identity::role_description(role)).c_str());
    for (const identity::Permission permission : identity::permissions_of(role)) {
      std::printf(" %s", std::string(identity::permission_name(permission)).c_str());
    }
    std::printf("\n");
    for (const RoleBinding& binding : desk->bindings.list()) {
      if (binding.role == role) print_binding(binding);
    }
  }
  if (common.json) {
    std::printf("%s\n", json.end_array().text().c_str());
  } else if (desk->bindings.empty()) {
    std::printf("There are no RoleBinding documents: what keys may do is said by their scopes alone.\n");
  }
  return kDone;
}

int role_who_command(const Common& common, const std::string& name) {
  const auto desk = open_desk(common);
  if (!desk) return fail(common, exit_code_of(desk.error()), desk.error().message);
  if (const auto role = identity::role_from_name(name)) {
    std::vector<RoleBindings::Held> held;
    for (const RoleBinding& binding : desk->bindings.list()) {
      if (binding.role != *role) continue;
      held.push_back({binding.role, &binding});
      if (!common.json) print_binding(binding);
    }
    if (!common.json && !held.empty()) return kDone;
    return show_held(common, name, held);
  }
  // The name itself may be a group's.
  auto groups = directory_groups_of(common, desk->config, name);
  groups.push_back(name);
  return show_held(common, name, desk->bindings.held_by(name, groups));
}

}  // namespace reeve::app
