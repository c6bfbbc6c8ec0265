#include "identity/scim/schema.h"

#include <algorithm>
#include <array>

#include "core/bytes.h"

namespace reeve::identity::scim {

namespace {

constexpr std::size_t kTextBytesMax = 1'024;
constexpr std::size_t kValuesMax = 100;
constexpr std::size_t kMembersMax = 100'000;

constexpr Attribute text(std::string_view name, std::string_view description) {
  return {.name = name, .description = description};
}

constexpr std::array kNameParts = {text("formatted", "The whole name as it is shown"),
                                   text("familyName", "The family name"),
                                   text("givenName", "The given name"),
                                   text("middleName", "Names in between"),
                                   text("honorificPrefix", "What stands before the name"),
                                   text("honorificSuffix", "What stands behind the name")};

constexpr std::array kValueParts = {
    text("value", "The value"), text("display", "How it is shown"), text("type", "What it is for, such as work"),
    Attribute{.name = "primary", .description = "Whether it is the preferred one", .type = Type::kBoolean}};

constexpr std::array kAddressParts = {
    text("formatted", "The whole address"),
    text("streetAddress", "Street and house"),
    text("locality", "Town"),
    text("region", "Region"),
    text("postalCode", "Postal code"),
    text("country", "Country code"),
    text("type", "What it is for, such as work"),
    Attribute{.name = "primary", .description = "Whether it is the preferred one", .type = Type::kBoolean}};

constexpr std::array kUserGroupParts = {
    Attribute{
        .name = "value", .description = "The group's id", .case_exact = true, .mutability = Mutability::kReadOnly},
    Attribute{.name = "$ref",
              .description = "The group",
              .type = Type::kReference,
              .case_exact = true,
              .mutability = Mutability::kReadOnly},
    Attribute{.name = "display", .description = "The group's name", .mutability = Mutability::kReadOnly},
    Attribute{.name = "type", .description = "direct", .mutability = Mutability::kReadOnly}};

constexpr std::array kMetaParts = {
    Attribute{.name = "resourceType",
              .description = "User or Group",
              .case_exact = true,
              .mutability = Mutability::kReadOnly},
    Attribute{
        .name = "created", .description = "When it was made", .type = Type::kTime, .mutability = Mutability::kReadOnly},
    Attribute{.name = "lastModified",
              .description = "When it was changed",
              .type = Type::kTime,
              .mutability = Mutability::kReadOnly},
    Attribute{.name = "location",
              .description = "Where it is",
              .type = Type::kReference,
              .case_exact = true,
              .mutability = Mutability::kReadOnly},
    Attribute{.name = "version", .description = "Its ETag", .case_exact = true, .mutability = Mutability::kReadOnly}};

constexpr std::array kManagerParts = {
    Attribute{.name = "value", .description = "The manager's id", .case_exact = true},
    Attribute{.name = "$ref", .description = "The manager", .type = Type::kReference, .case_exact = true},
    text("displayName", "The manager's name")};

constexpr std::array kEnterpriseParts = {
    text("employeeNumber", "The number within the organization"),
    text("costCenter", "The cost centre"),
    text("organization", "The organization"),
    text("division", "The division"),
    text("department", "The department: Reeve's team"),
    Attribute{.name = "manager", .description = "Who leads them", .type = Type::kComplex, .parts = kManagerParts}};

constexpr Attribute kId{.name = "id",
                        .description = "Reeve's own, never used twice",
                        .case_exact = true,
                        .mutability = Mutability::kReadOnly,
                        .unique = true};
constexpr Attribute kExternalId{.name = "externalId", .description = "The identity provider's own", .case_exact = true};
constexpr Attribute kMeta{.name = "meta",
                          .description = "Of the resource itself",
                          .type = Type::kComplex,
                          .mutability = Mutability::kReadOnly,
                          .parts = kMetaParts};

constexpr Attribute many(std::string_view name, std::string_view description, std::span<const Attribute> parts) {
  return {.name = name, .description = description, .type = Type::kComplex, .many = true, .parts = parts};
}

constexpr std::array kUserAttributes = {
    kId,
    kExternalId,
    Attribute{.name = "userName",
              .description = "What the person signs in with; the owner that keys and tokens name",
              .required = true,
              .unique = true},
    Attribute{.name = "name", .description = "The person's name", .type = Type::kComplex, .parts = kNameParts},
    text("displayName", "The name as it is shown"),
    text("nickName", "How they are called"),
    Attribute{.name = "profileUrl", .description = "A page about them", .type = Type::kReference},
    text("title", "Such as Principal Engineer"),
    text("userType", "Such as Contractor"),
    text("preferredLanguage", "As in Accept-Language"),
    text("locale", "For dates and numbers"),
    text("timezone", "In the form Europe/Paris"),
    Attribute{.name = "active", .description = "Whether their credentials are worth anything", .type = Type::kBoolean},
    many("emails", "E-mail addresses; each is a login, too", kValueParts),
    many("phoneNumbers", "Telephone numbers", kValueParts),
    many("addresses", "Postal addresses", kAddressParts),
    many("entitlements", "What they are entitled to, by the provider's word", kValueParts),
    many("roles", "The provider's roles; Reeve's own are given by RoleBinding documents", kValueParts),
    Attribute{.name = "groups",
              .description = "Groups that they are a member of; changed at the groups",
              .type = Type::kComplex,
              .many = true,
              .mutability = Mutability::kReadOnly,
              .parts = kUserGroupParts},
    kMeta,
    Attribute{.name = kEnterpriseSchema,
              .description = "What enterprises know of their people",
              .type = Type::kComplex,
              .parts = kEnterpriseParts}};

constexpr std::array kMemberParts = {
    Attribute{.name = "value",
              .description = "The member's id",
              .required = true,
              .case_exact = true,
              .mutability = Mutability::kImmutable},
    Attribute{.name = "$ref",
              .description = "The member",
              .type = Type::kReference,
              .case_exact = true,
              .mutability = Mutability::kImmutable},
    Attribute{.name = "display", .description = "The member's name", .mutability = Mutability::kReadOnly},
    Attribute{.name = "type", .description = "User or Group", .mutability = Mutability::kImmutable}};

constexpr std::array kGroupAttributes = {
    kId, kExternalId,
    Attribute{
        .name = "displayName", .description = "What rules and budgets name it by", .required = true, .unique = true},
    many("members", "Users and groups", kMemberParts), kMeta};

Problem invalid(const Attribute& attribute, std::string_view what) {
  return {400, "invalidValue", std::string(attribute.name) + ": " + std::string(what)};
}

OrProblem<Value> read_flag(const Attribute& attribute, const Value& given) {
  if (given.flag() != nullptr) return given;
  const std::string* written = given.text();
  if (written != nullptr && equal_ignoring_case(*written, "true")) return Value(true);
  if (written != nullptr && equal_ignoring_case(*written, "false")) return Value(false);
  return invalid(attribute, "true or false is expected");
}

OrProblem<Value> read_text(const Attribute& attribute, const Value& given) {
  const std::string* written = given.text();
  double number = 0;
  if (written == nullptr && given.number(number)) return Value(given.to_json());
  if (written == nullptr) return invalid(attribute, "a text is expected");
  if (written->size() > kTextBytesMax) return invalid(attribute, "it is longer than 1024 bytes");
  const bool control = std::any_of(written->begin(), written->end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7F;
  });
  if (control) return invalid(attribute, "it holds a control character");
  return Value(*written);
}

OrProblem<Value> read_parts(const Attribute& attribute, const Value& given) {
  const Value::Members* members = given.members();
  if (members == nullptr) {
    // A plain value stands for the part of that name: a manager's id, an e-mail address.
    const Attribute* value = find_attribute(attribute.parts, "value");
    if (value == nullptr || given.text() == nullptr) return invalid(attribute, "an object is expected");
    auto read = read_attribute(*value, given);
    if (auto* problem = std::get_if<Problem>(&read)) return std::move(*problem);
    Value whole;
    if (!std::get<Value>(read).empty()) whole.set("value", std::move(std::get<Value>(read)));
    return whole;
  }
  Value whole{Value::Members()};
  for (const auto& [name, value] : *members) {
    const Attribute* part = find_attribute(attribute.parts, name);
    if (part == nullptr || part->mutability == Mutability::kReadOnly) continue;
    if (whole.find(part->name) != nullptr) {
      return Problem{400, "invalidSyntax", std::string(part->name) + " stands twice in " + std::string(attribute.name)};
    }
    auto read = read_attribute(*part, value);
    if (auto* problem = std::get_if<Problem>(&read)) {
      problem->detail = std::string(attribute.name) + "." + problem->detail;
      return std::move(*problem);
    }
    if (!std::get<Value>(read).empty()) whole.set(part->name, std::move(std::get<Value>(read)));
  }
  for (const Attribute& part : attribute.parts) {
    if (part.required && whole.find(part.name) == nullptr)
      return invalid(attribute, std::string(part.name) + " is missing");
  }
  return whole;
}

OrProblem<Value> read_one(const Attribute& attribute, const Value& given) {
  if (attribute.type == Type::kBoolean) return read_flag(attribute, given);
  if (attribute.type == Type::kComplex) return read_parts(attribute, given);
  auto read = read_text(attribute, given);
  return read;
}

std::optional<Problem> refuse_second(const Attribute& attribute, const Value& resource) {
  if (resource.find(attribute.name) == nullptr) return std::nullopt;
  return Problem{400, "invalidSyntax", std::string(attribute.name) + " stands twice; names are the same in any case"};
}

/// The flag `primary` is true once at most (RFC 7643 section 2.4).
std::optional<Problem> check_primary(const Attribute& attribute, const Value& value) {
  const Value::List* list = value.list();
  if (list == nullptr) return std::nullopt;
  const auto primaries = std::count_if(list->begin(), list->end(), [](const Value& item) {
    const Value* primary = item.find("primary");
    return primary != nullptr && primary->flag() != nullptr && *primary->flag();
  });
  if (primaries <= 1) return std::nullopt;
  return invalid(attribute, "only one can be primary");
}

}  // namespace

const ResourceType& user_type() {
  static constexpr ResourceType kType{EntryKind::kPerson, "User", "/Users", "People", kUserSchema, kUserAttributes};
  return kType;
}

const ResourceType& group_type() {
  static constexpr ResourceType kType{EntryKind::kGroup, "Group", "/Groups", "Groups", kGroupSchema, kGroupAttributes};
  return kType;
}

const Attribute* find_attribute(std::span<const Attribute> attributes, std::string_view name) {
  const auto found = std::find_if(attributes.begin(), attributes.end(), [&](const Attribute& attribute) {
    return equal_ignoring_case(attribute.name, name);
  });
  return found == attributes.end() ? nullptr : &*found;
}

OrProblem<Value> read_attribute(const Attribute& attribute, const Value& given) {
  if (given.absent()) return Value();
  if (!attribute.many) {
    const Value::List* list = given.list();
    if (list == nullptr) return read_one(attribute, given);
    if (list->size() == 1) return read_one(attribute, list->front());
    if (list->empty()) return Value();
    return invalid(attribute, "it has one value");
  }
  const Value::List alone{given};
  const Value::List& items = given.list() != nullptr ? *given.list() : alone;
  const bool members = attribute.parts.data() == kMemberParts.data();
  if (items.size() > (members ? kMembersMax : kValuesMax)) return invalid(attribute, "it has too many values");
  Value::List read_items;
  for (const Value& item : items) {
    auto read = read_one(attribute, item);
    if (auto* problem = std::get_if<Problem>(&read)) return std::move(*problem);
    if (!std::get<Value>(read).empty()) read_items.push_back(std::move(std::get<Value>(read)));
  }
  Value value{std::move(read_items)};
  if (auto problem = check_primary(attribute, value)) return *std::move(problem);
  return value;
}

OrProblem<Value> read_resource(const ResourceType& type, const Value& given) {
  if (given.members() == nullptr) return Problem{400, "invalidSyntax", "the body is no JSON object"};
  Value resource{Value::Members()};
  bool names_schema = false;
  for (const auto& [name, value] : *given.members()) {
    if (equal_ignoring_case(name, "schemas")) {
      const Value::List* schemas = value.list();
      names_schema = schemas != nullptr && std::any_of(schemas->begin(), schemas->end(), [&](const Value& schema) {
                       return schema.text() != nullptr && equal_ignoring_case(*schema.text(), type.schema);
                     });
      continue;
    }
    const Attribute* attribute = find_attribute(type.attributes, name);
    if (attribute == nullptr || attribute->mutability == Mutability::kReadOnly) continue;
    if (auto twice = refuse_second(*attribute, resource)) return *std::move(twice);
    auto read = read_attribute(*attribute, value);
    if (auto* problem = std::get_if<Problem>(&read)) return std::move(*problem);
    if (!std::get<Value>(read).empty()) resource.set(attribute->name, std::move(std::get<Value>(read)));
  }
  if (!names_schema) {
    return Problem{400, "invalidSyntax", "schemas must name " + std::string(type.schema)};
  }
  if (auto problem = check_resource(type, resource)) return *std::move(problem);
  return resource;
}

std::optional<Problem> check_resource(const ResourceType& type, const Value& resource) {
  for (const Attribute& attribute : type.attributes) {
    const Value* value = resource.find(attribute.name);
    if (attribute.required && (value == nullptr || value->empty())) return invalid(attribute, "it must be there");
    if (value == nullptr || !attribute.many) continue;
    if (auto problem = check_primary(attribute, *value)) return problem;
  }
  return std::nullopt;
}

}  // namespace reeve::identity::scim
