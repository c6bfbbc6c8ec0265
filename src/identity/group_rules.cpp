#include <algorithm>

#include "identity/identity.h"
#include "identity/names.h"

namespace reeve::identity {

void GroupRules::apply(std::vector<std::string>& groups) const {
  std::vector<std::string> ours;
  for (std::string& group : groups) {
    const auto named = names.find(group);
    if (named != names.end()) {
      ours.insert(ours.end(), named->second.begin(), named->second.end());
    } else if (keep_unnamed) {
      ours.push_back(std::move(group));
    }
  }
  sort_unique(ours);
  // Each group is looked up once, so circles end.
  std::vector<std::string> to_climb = ours;
  while (!to_climb.empty()) {
    const auto above = parents.find(to_climb.back());
    to_climb.pop_back();
    if (above == parents.end()) continue;
    for (const std::string& parent : above->second) {
      const auto place = std::lower_bound(ours.begin(), ours.end(), parent);
      if (place != ours.end() && *place == parent) continue;
      ours.insert(place, parent);
      to_climb.push_back(parent);
    }
  }
  groups = std::move(ours);
}

}  // namespace reeve::identity
