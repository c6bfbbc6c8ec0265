#pragma once

// The commands about people: roles and break-glass.

#include "reeve/command_line.h"

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

struct ConsoleArguments {
  std::string by, address;  // empty: the user that runs the command; as the configuration says
};
/// Prints a link that signs a person in to the console, once.
int console_command(const Common& common, const ConsoleArguments& arguments);

/// `reeve role`, `reeve break-glass`, `reeve console`.
void add_people(CLI::App& app, Line& line);

}  // namespace reeve::app
