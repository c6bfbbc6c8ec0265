#pragma once

// People of demonstration data as whom somebody may look at it: one for each role, without a password. Only where it
// can be nobody else's data and nobody else's machine; everywhere else there are none.

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "core/json.h"
#include "identity/identity.h"
#include "reeve/demo_company.h"

namespace reeve::app {

struct Config;

struct DemoVisitor {
  identity::Role role = identity::Role::kViewer;
  std::string person, team;
  std::vector<std::string> groups;
};

/// Different people; fewer than there are roles in a company of a few.
std::vector<DemoVisitor> choose_visitors(const DemoCompany& company);
/// A member "visitors" of the file that marks demonstration data (demo_history.h).
void write_visitors(JsonWriter& json, std::span<const DemoVisitor> visitors);
/// What that file says. None where the data is no demonstration, and where the file cannot be read.
std::vector<DemoVisitor> read_visitors(const std::filesystem::path& data_directory);

/// Who may be let in without more: nobody, unless the server is for its own machine only and knows no company.
bool takes_visitors(const Config& config);
/// What the visitors may do, as roles that the governance directory would give.
identity::RoleBindings roles_of_visitors(std::span<const DemoVisitor> visitors);

}  // namespace reeve::app
