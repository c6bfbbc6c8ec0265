#include <algorithm>

#include "core/bytes.h"
#include "gateway/gateway.h"

namespace reeve::gateway {

InventoryStatuses::InventoryStatuses(std::vector<Known> known) {
  for (Known& one : known) {
    if (one.seen_only) {
      seen_.try_emplace(std::move(one.pattern), std::move(one.status));
    } else if (one.pattern.find('*') == std::string::npos) {
      exact_.try_emplace(std::move(one.pattern), std::move(one.status));
    } else {
      patterns_.push_back(std::move(one));
    }
  }
  std::stable_sort(patterns_.begin(), patterns_.end(),
                   [](const Known& left, const Known& right) { return left.pattern.size() > right.pattern.size(); });
}

std::string_view InventoryStatuses::status_of(std::string_view kind, std::string_view name) const {
  if (name.empty()) return {};
  const std::string what = to_lower(std::string(kind) + ":" + std::string(name));
  if (const auto found = exact_.find(what); found != exact_.end()) return found->second;
  for (const Known& one : patterns_) {
    if (glob_match(one.pattern, what)) return one.status;
  }
  const auto found = seen_.find(what);
  return found == seen_.end() ? std::string_view() : std::string_view(found->second);
}

}  // namespace reeve::gateway
