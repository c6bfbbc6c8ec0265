#pragma once

// The parts of the SCIM service: each takes what was read of a request and answers.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "identity/scim/entries.h"

namespace reeve::identity::scim {

using Parameters = std::map<std::string, std::string, std::less<>>;  // by names in lower case

ScimAnswer answer_of(const Problem& problem);

/// /ServiceProviderConfig, /ResourceTypes, /Schemas and below. 404 for what is not there.
ScimAnswer describe(std::string_view path, const std::string& base);

/// A list of one type's resources or of both, as `parameters` want it.
ScimAnswer search(DirectoryStore& store, const std::vector<const ResourceType*>& types, const Parameters& parameters,
                  const std::string& base);

/// POST, PUT, PATCH or DELETE of a resource; `id` is empty for POST. `body`: of POST, PUT and PATCH.
ScimAnswer write_resource(const Writer& writer, const ScimRequest& request, const ResourceType& type,
                          const std::string& id, const Value& body);

ScimAnswer bulk(const Writer& writer, const ScimRequest& request, const Value& body);

/// The body as a tree: strict JSON, no name twice in one object.
OrProblem<Value> read_body(std::string_view body);

/// "/Users/usr_1" as its type and what stands behind; null for another path.
const ResourceType* type_at(std::string_view path, std::string_view& rest);

}  // namespace reeve::identity::scim
