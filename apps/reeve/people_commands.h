#pragma once

// The commands about people: roles and break-glass.

#include <string>
#include <vector>

#include "reeve/command_line.h"
#include "reeve/config.h"

namespace reeve::app {

/// The roles, what each may do and who has it.
int role_list_command(const Common& common);
/// The roles of a person or a group, or who has a role; groups are those of the directory.
int role_who_command(const Common& common, const std::string& name);

struct BreakGlassArguments {
  std::string reason, by, code, time_to_live = "1h";
};
/// Makes a sealed code and prints it, once.
int break_glass_seal_command(const Common& common, const BreakGlassArguments& arguments);
/// Breaks the seal: prints an administrator's key. The code is asked for, or read from standard input.
int break_glass_open_command(const Common& common, const BreakGlassArguments& arguments);
/// 1 while it is open.
int break_glass_status_command(const Common& common);

/// The groups of whoever has that name in the directory; none where no directory is in force.
std::vector<std::string> directory_groups_of(const Common& common, const Config& config, const std::string& name);

struct SettingsArguments {
  std::string person, client = "claude-code";
  std::vector<std::string> groups;  // besides those of the directory
};
/// Which settings of a client a person gets. 1 when there are none.
int settings_show_command(const Common& common, const SettingsArguments& arguments);

struct ConsoleArguments {
  std::string by, address;  // empty: the user that runs the command; as the configuration says
};
/// Prints a link that signs a person in to the console, once.
int console_command(const Common& common, const ConsoleArguments& arguments);

/// `reeve role`, `reeve break-glass`, `reeve settings`, `reeve console`.
void add_people(CLI::App& app, Line& line);

}  // namespace reeve::app
