#include "reeve/person_route.h"

#include "core/json.h"

namespace reeve::app {

ApiAnswer tell_person(const identity::Principal& person, const identity::RoleBindings& roles,
                      std::span<const std::string_view> permissions) {
  JsonWriter json;
  json.begin_object().member("decided_by", roles.empty() ? "scopes" : "roles").key("groups").begin_array();
  for (const std::string& group : person.groups) json.value(group);
  json.end_array().member("person", person.id).key("permissions").begin_array();
  for (const std::string_view permission : permissions) json.value(permission);
  json.end_array().key("roles").begin_array();
  for (const identity::RoleBindings::Held& held : roles.held_by(person.id, person.groups)) {
    json.value(identity::role_name(held.role));
  }
  json.end_array().key("scopes").begin_array();
  for (const std::string& scope : person.scopes) json.value(scope);
  json.end_array().member_if("team", person.team).member("type", person.type);
  return {200, json.end_object().take(), {}};
}

}  // namespace reeve::app
