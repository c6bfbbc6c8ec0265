#pragma once

// What SCIM resources look like here (RFC 7643): users with the enterprise extension, and groups. From these tables
// requests are read, paths and filters are understood, and /Schemas is made. Attributes that are not in them are not
// kept: this directory holds what decisions are made by, not everything that is known of a person.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "identity/directory.h"
#include "identity/scim/value.h"

namespace reeve::identity::scim {

inline constexpr std::string_view kUserSchema = "urn:ietf:params:scim:schemas:core:2.0:User";
inline constexpr std::string_view kGroupSchema = "urn:ietf:params:scim:schemas:core:2.0:Group";
inline constexpr std::string_view kEnterpriseSchema = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
inline constexpr std::string_view kListMessage = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
inline constexpr std::string_view kErrorMessage = "urn:ietf:params:scim:api:messages:2.0:Error";

enum class Type : std::uint8_t { kText, kBoolean, kTime, kReference, kComplex };
enum class Mutability : std::uint8_t { kReadWrite, kReadOnly, kImmutable };

struct Attribute {
  std::string_view name;
  std::string_view description;
  Type type = Type::kText;
  bool many = false;
  bool required = false;
  bool case_exact = false;
  Mutability mutability = Mutability::kReadWrite;
  bool unique = false;
  std::span<const Attribute> parts = {};
};

struct ResourceType {
  EntryKind kind;
  std::string_view name;      // "User"
  std::string_view endpoint;  // "/Users"
  std::string_view description;
  std::string_view schema;
  std::span<const Attribute> attributes;  // with id, externalId, meta, and an extension as one under its schema's name
};
const ResourceType& user_type();
const ResourceType& group_type();

/// By name, in any case; null when there is none.
const Attribute* find_attribute(std::span<const Attribute> attributes, std::string_view name);

/// A problem as RFC 7644 section 3.12 has it.
struct Problem {
  int status = 400;
  std::string type;    // scimType, or empty
  std::string detail;  // what is wrong and what to do
};
template <typename T>
using OrProblem = std::variant<T, Problem>;

/// A value for that attribute as the schema writes it: names in its case, the flags that some providers send as texts
/// as flags, one value of several as a list. Absent when it says nothing.
OrProblem<Value> read_attribute(const Attribute& attribute, const Value& given);
/// A whole resource as a client sent it, without what only the server writes.
OrProblem<Value> read_resource(const ResourceType& type, const Value& given);
/// What a resource must have, whichever way it came to be.
std::optional<Problem> check_resource(const ResourceType& type, const Value& resource);

}  // namespace reeve::identity::scim
