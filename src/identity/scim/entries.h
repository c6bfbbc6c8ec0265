#pragma once

// Between what the store keeps and what SCIM shows, and the writing of changes.

#include <optional>
#include <string>
#include <vector>

#include "core/time.h"
#include "identity/scim.h"
#include "identity/scim/filter.h"
#include "identity/scim/work.h"

namespace reeve::identity::scim {

/// Which attributes an answer has: those that were asked for, or all but some.
struct Projection {
  std::vector<Path> only, without;
  bool wants(std::string_view attribute) const;
  /// Leaves what is wanted, with id and schemas.
  Value applied(Value resource) const;
};
/// Unknown names are passed over.
Projection read_projection(const ResourceType& type, std::string_view attributes, std::string_view excluded);

std::string etag_of(const DirectoryEntry& entry);
std::string location_of(const ResourceType& type, const DirectoryEntry& entry, const std::string& base);

/// The resource as a client sees it; members and groups are read only where `projection` wants them.
Result<Value> resource_of(DirectoryStore& store, const ResourceType& type, const DirectoryEntry& entry,
                          const std::string& base, const Projection& projection);

/// What is written: the attributes alone, with members.
Result<Value> attributes_of(DirectoryStore& store, const ResourceType& type, const DirectoryEntry& entry);

struct Writer {
  DirectoryStore& store;
  std::string by;
  const Clock& clock;  // each change has a time of its own: whoever is cut off by it is cut off then
  Work& work;          // of the whole request

  /// The entry as it is now. `before`: null for a new one. Problem 412 when somebody changed it meanwhile.
  OrProblem<DirectoryEntry> write(const ResourceType& type, const DirectoryEntry* before, Value attributes) const;
  std::optional<Problem> remove(const ResourceType& type, const DirectoryEntry& before) const;
};

/// A store that cannot be asked.
Problem unavailable(const Error& error);
/// What write() and remove() say when the entry was changed since it was read.
bool is_changed_meanwhile(const Problem& problem);

}  // namespace reeve::identity::scim
