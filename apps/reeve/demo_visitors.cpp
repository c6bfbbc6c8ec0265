#include "reeve/demo_visitors.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/bytes.h"
#include "core/private_file.h"
#include "reeve/config.h"
#include "reeve/demo_history.h"

namespace reeve::app {

namespace {

using identity::Role;

/// Nobody real, and nothing that means something in YAML.
bool is_made_up(std::string_view person) {
  const std::string end = "@" + std::string(DemoCompany::kDomain);
  return person.size() > end.size() && person.ends_with(end) &&
         std::all_of(person.begin(), person.end() - static_cast<std::ptrdiff_t>(end.size()),
                     [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.'; });
}

std::vector<std::string> texts_of(JsonValue list) {
  std::vector<std::string> texts;
  for (const JsonValue& one : list.items()) texts.emplace_back(one.string_or(""));
  return texts;
}

/// Where a browser on this machine, and no other, comes from.
bool is_loopback(std::string_view host) {
  return host == "localhost" || host == "::1" || host == "[::1]" || host.starts_with("127.");
}

}  // namespace

std::vector<DemoVisitor> choose_visitors(const DemoCompany& company) {
  // Each where its role has something to see: who asks is of the team that runs out of money.
  static const std::array<std::pair<Role, std::pair<std::string_view, std::size_t>>, identity::kRoles> kPlaces{{
      {Role::kViewer, {"payments", 1}},
      {Role::kDeveloper, {kDemoPoorTeam, 1}},
      {Role::kApprover, {"platform", 0}},
      {Role::kPolicyAuthor, {"security", 1}},
      {Role::kAuditor, {"security", 2}},
      {Role::kIncidentCommander, {"platform", 1}},
      {Role::kAdministrator, {"platform", 2}},
  }};
  std::vector<DemoVisitor> visitors;
  for (const auto& [role, place] : kPlaces) {
    const DemoPerson& person = company.member(place.first, place.second);
    const bool is_taken =
        std::any_of(visitors.begin(), visitors.end(), [&](const DemoVisitor& one) { return one.person == person.id; });
    if (!is_taken) visitors.push_back({role, person.id, person.team, person.groups});
  }
  return visitors;
}

void write_visitors(JsonWriter& json, std::span<const DemoVisitor> visitors) {
  json.key("visitors").begin_array();
  for (const DemoVisitor& one : visitors) {
    json.begin_object().key("groups").begin_array();
    for (const std::string& group : one.groups) json.value(group);
    json.end_array().member("person", one.person).member("role", identity::role_name(one.role));
    json.member("team", one.team).end_object();
  }
  json.end_array();
}

std::vector<DemoVisitor> read_visitors(const std::filesystem::path& data_directory) {
  const auto text = read_private_file(data_directory / kDemoMark);
  if (!text || !*text) return {};
  const auto mark = JsonDocument::parse(**text);
  if (!mark) return {};
  std::vector<DemoVisitor> visitors;
  for (const JsonValue& one : mark->root()["visitors"].items()) {
    const auto role = identity::role_from_name(one["role"].string_or(""));
    const std::string person(one["person"].string_or(""));
    if (!role || !is_made_up(person)) continue;
    visitors.push_back({*role, person, std::string(one["team"].string_or("")), texts_of(one["groups"])});
  }
  return visitors;
}

bool takes_visitors(const Config& config) {
  const bool knows_company = std::any_of(config.issuers.begin(), config.issuers.end(),
                                         [](const identity::OidcIssuer& one) { return !one.client_id.empty(); });
  return is_demonstration(config.data_dir) && !knows_company && config.public_url.empty() && !config.postgres &&
         is_loopback(config.listen_host);
}

identity::RoleBindings roles_of_visitors(std::span<const DemoVisitor> visitors) {
  std::string text;
  for (const DemoVisitor& one : visitors) {
    const std::string role(identity::role_name(one.role));
    text +=
        "---\nkind: RoleBinding\nname: demonstration-" + role + "\nrole: " + role + "\npeople: [" + one.person + "]\n";
  }
  std::vector<Diagnostic> complaints;
  return identity::RoleBindings::build(parse_yaml(text, kDemoMark, complaints), complaints);
}

}  // namespace reeve::app
