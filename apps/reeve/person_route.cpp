#include "reeve/person_route.h"

#include <algorithm>

#include "core/json.h"
#include "reeve/api_callers.h"
#include "reeve/api_route.h"

namespace reeve::app {

namespace {

/// What the routes would let somebody do, by the names of permissions.
std::vector<std::string_view> permissions_of(const identity::Principal& person, const identity::RoleBindings& roles) {
  std::vector<std::string_view> names;
  for (const ApiRoute& route : api_routes()) {
    if (!route.permission) continue;
    const std::string_view name = identity::permission_name(*route.permission);
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    if (refuse_permission(person, roles, *route.permission, scope_of(route))) continue;
    names.push_back(name);
  }
  return names;
}

}  // namespace

ApiAnswer tell_person(const ControlApi::Sources& sources, const ApiRequest& request) {
  const identity::Principal& person = *request.principal;
  const identity::RoleBindings& roles = *request.roles;
  JsonWriter json;
  json.begin_object().member("decided_by", roles.empty() ? "scopes" : "roles");
  json.member("demonstration", sources.is_demonstration).key("groups").begin_array();
  for (const std::string& group : person.groups) json.value(group);
  json.end_array().member("person", person.id).key("permissions").begin_array();
  for (const std::string_view permission : permissions_of(person, roles)) json.value(permission);
  json.end_array().key("roles").begin_array();
  for (const identity::RoleBindings::Held& held : roles.held_by(person.id, person.groups)) {
    json.value(identity::role_name(held.role));
  }
  json.end_array().key("scopes").begin_array();
  for (const std::string& scope : person.scopes) json.value(scope);
  json.end_array().member_if("team", person.team).member("type", person.type);
  return {200, json.end_object().take(), {}};
}

std::vector<ApiRoute> person_api_routes() {
  return {{.path = "/api/v1/me",
           .summary = "Who asks, and what of the API is theirs; for everybody who is known",
           .answer = tell_person,
           .gives = "Me"}};
}

}  // namespace reeve::app
