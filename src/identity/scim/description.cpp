// What the service says of itself (RFC 7644 section 4).

#include "core/bytes.h"
#include "identity/scim/service.h"

namespace reeve::identity::scim {

namespace {

std::string_view type_name(Type type) {
  switch (type) {
    case Type::kText: return "string";
    case Type::kBoolean: return "boolean";
    case Type::kTime: return "dateTime";
    case Type::kReference: return "reference";
    case Type::kComplex: return "complex";
  }
  return "string";
}

std::string_view mutability_name(Mutability mutability) {
  switch (mutability) {
    case Mutability::kReadWrite: return "readWrite";
    case Mutability::kReadOnly: return "readOnly";
    case Mutability::kImmutable: return "immutable";
  }
  return "readWrite";
}

void write_attribute(JsonWriter& json, const Attribute& attribute) {
  json.begin_object().member("name", attribute.name).member("type", type_name(attribute.type));
  json.member("multiValued", attribute.many).member("description", attribute.description);
  json.member("required", attribute.required).member("caseExact", attribute.case_exact);
  json.member("mutability", mutability_name(attribute.mutability));
  json.member("returned", attribute.name == "id" ? "always" : "default");
  json.member("uniqueness", attribute.unique ? "server" : "none");
  if (attribute.type == Type::kReference) json.key("referenceTypes").begin_array().value("uri").end_array();
  if (!attribute.parts.empty()) {
    json.key("subAttributes").begin_array();
    for (const Attribute& part : attribute.parts) write_attribute(json, part);
    json.end_array();
  }
  json.end_object();
}

struct Schema {
  std::string_view id, name, description;
  std::span<const Attribute> attributes;
};

std::vector<Schema> schemas() {
  const Attribute* enterprise = find_attribute(user_type().attributes, kEnterpriseSchema);
  return {{kUserSchema, "User", user_type().description, user_type().attributes},
          {kGroupSchema, "Group", group_type().description, group_type().attributes},
          {kEnterpriseSchema, "EnterpriseUser", enterprise->description, enterprise->parts}};
}

std::string schema_text(const Schema& schema, const std::string& base) {
  JsonWriter json;
  json.begin_object().key("schemas").begin_array().value("urn:ietf:params:scim:schemas:core:2.0:Schema").end_array();
  json.member("id", schema.id).member("name", schema.name).member("description", schema.description);
  json.key("attributes").begin_array();
  for (const Attribute& attribute : schema.attributes) {
    // Those that every resource has, and extensions, are not a schema's own.
    const bool common = attribute.name == "id" || attribute.name == "externalId" || attribute.name == "meta";
    if (!common && attribute.name != kEnterpriseSchema) write_attribute(json, attribute);
  }
  json.end_array().key("meta").begin_object().member("resourceType", "Schema");
  json.member("location", base + "/Schemas/" + std::string(schema.id));
  return json.end_object().end_object().take();
}

std::string type_text(const ResourceType& type, const std::string& base) {
  JsonWriter json;
  json.begin_object().key("schemas").begin_array();
  json.value("urn:ietf:params:scim:schemas:core:2.0:ResourceType").end_array();
  json.member("id", type.name).member("name", type.name).member("endpoint", type.endpoint);
  json.member("description", type.description).member("schema", type.schema).key("schemaExtensions").begin_array();
  if (type.kind == EntryKind::kPerson) {
    json.begin_object().member("schema", kEnterpriseSchema).member("required", false).end_object();
  }
  json.end_array().key("meta").begin_object().member("resourceType", "ResourceType");
  json.member("location", base + "/ResourceTypes/" + std::string(type.name));
  return json.end_object().end_object().take();
}

std::string config_text(const std::string& base) {
  JsonWriter json;
  json.begin_object().key("schemas").begin_array();
  json.value("urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig").end_array();
  json.key("patch").begin_object().member("supported", true).end_object();
  json.key("bulk").begin_object().member("supported", true).member("maxOperations", kScimBulkOperationsMax);
  json.member("maxPayloadSize", kScimBulkBytesMax).end_object();
  json.key("filter").begin_object().member("supported", true).member("maxResults", kScimPageMax).end_object();
  json.key("changePassword").begin_object().member("supported", false).end_object();
  json.key("sort").begin_object().member("supported", true).end_object();
  json.key("etag").begin_object().member("supported", true).end_object();
  json.key("authenticationSchemes").begin_array().begin_object().member("type", "oauthbearertoken");
  json.member("name", "Reeve key");
  json.member("description", "A Reeve key with the scopes scim:read and scim:write, as a bearer token");
  json.end_object().end_array().key("meta").begin_object().member("resourceType", "ServiceProviderConfig");
  return json.member("location", base + "/ServiceProviderConfig").end_object().end_object().take();
}

ScimAnswer list_of(const std::vector<std::string>& resources) {
  JsonWriter json;
  json.begin_object().key("schemas").begin_array().value(kListMessage).end_array();
  json.member("totalResults", resources.size()).member("startIndex", 1).member("itemsPerPage", resources.size());
  json.key("Resources").begin_array();
  for (const std::string& resource : resources) json.raw(resource);
  return {200, json.end_array().end_object().take(), {}, {}};
}

}  // namespace

ScimAnswer describe(std::string_view path, const std::string& base) {
  if (path == "/ServiceProviderConfig") return {200, config_text(base), {}, {}};
  std::vector<std::string> all;
  if (path.starts_with("/ResourceTypes")) {
    for (const ResourceType* type : {&user_type(), &group_type()}) {
      all.push_back(type_text(*type, base));
      if (path == "/ResourceTypes/" + std::string(type->name)) return {200, all.back(), {}, {}};
    }
    if (path == "/ResourceTypes") return list_of(all);
  } else if (path.starts_with("/Schemas")) {
    for (const Schema& schema : schemas()) {
      all.push_back(schema_text(schema, base));
      if (equal_ignoring_case(path, "/Schemas/" + std::string(schema.id))) return {200, all.back(), {}, {}};
    }
    if (path == "/Schemas") return list_of(all);
  }
  return answer_of({404, "", "There is nothing at this path."});
}

}  // namespace reeve::identity::scim
