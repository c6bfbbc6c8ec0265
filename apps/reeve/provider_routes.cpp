// GET /api/v1/providers: how the keys of providers stand on this node, as `reeve provider list --json` tells it.

#include "core/json.h"
#include "reeve/api_route.h"

namespace reeve::app {

namespace {

ApiAnswer list_providers(const ControlApi::Sources& sources, const ApiRequest&) {
  const Instant now = system_clock().now();
  const std::string report = gateway::key_report(sources.settings->current()->providers, now, system_clock().steady());
  return {200, "{\"at\":\"" + format_time(now) + "\"," + report.substr(1), {}};
}

}  // namespace

std::vector<ApiRoute> provider_api_routes() {
  return {{.path = "/api/v1/providers",
           .summary = "How providers and their keys stand on this node; never a key itself",
           .permission = identity::Permission::kReadSettings,
           .answer = list_providers,
           .gives = "ProviderList"}};
}

}  // namespace reeve::app
