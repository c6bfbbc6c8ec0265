#pragma once

#include "reeve/command_line.h"

namespace reeve::app {

/// `reeve secret`.
void add_secrets(CLI::App& app, Line& line);
/// `reeve provider`.
void add_providers(CLI::App& app, Line& line);

}  // namespace reeve::app
