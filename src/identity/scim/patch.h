#pragma once

// PATCH (RFC 7644 section 3.5.2), with the ways of Entra ID and Okta: operations in any case, flags as texts, a replace
// without a path whose members are paths, members that are removed by a list.

#include <optional>
#include <string>
#include <vector>

#include "identity/scim/schema.h"
#include "identity/scim/work.h"

namespace reeve::identity::scim {

inline constexpr std::string_view kPatchMessage = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
inline constexpr std::size_t kOperationsMax = 1'000;

struct Operation {
  enum class Kind : std::uint8_t { kAdd, kRemove, kReplace } kind = Kind::kAdd;
  std::optional<std::string> path;
  Value value;
};

OrProblem<std::vector<Operation>> read_operations(const Value& body);
/// Changes the resource; a problem leaves it half changed, so it works on a copy of the caller's. `work`: of the whole
/// request.
std::optional<Problem> apply(const ResourceType& type, const Operation& operation, Value& resource, Work& work);

}  // namespace reeve::identity::scim
