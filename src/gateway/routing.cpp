#include "gateway/routing.h"

#include <algorithm>

namespace reeve::gateway {

namespace {

bool fits(const std::vector<std::string>& wanted, const std::string& is) {
  return wanted.empty() || std::find(wanted.begin(), wanted.end(), is) != wanted.end();
}

}  // namespace

bool meets_routes(const policy::Decision& decision, const Provider& provider) {
  return std::all_of(decision.matched.begin(), decision.matched.end(), [&](const policy::RuleInfo* rule) {
    return rule->effect != policy::Effect::kRoute ||
           (fits(rule->to_providers, provider.name) && fits(rule->to_regions, provider.region) &&
            fits(rule->to_retentions, provider.retention));
  });
}

const Provider* route_call(const Settings& settings, const Model& model, wire::Dialect dialect, const Provider& chosen,
                           const policy::Decision& decision, const std::function<void(const Provider&)>& decide_for) {
  if (meets_routes(decision, chosen)) return &chosen;
  for (const std::size_t index : model.providers) {
    const Provider& other = settings.providers[index];
    if (&other == &chosen || !other.speaks(dialect) || !meets_routes(decision, other)) continue;
    decide_for(other);
    if (decision.refused() || meets_routes(decision, other)) return &other;
  }
  return nullptr;
}

}  // namespace reeve::gateway
