#include "reeve/api_route.h"

#include "core/check.h"
#include "reeve/control_api_description.h"
#include "reeve/event_routes.h"

namespace reeve::app {

namespace {

ApiAnswer describe_api(const ControlApi::Sources&, const ApiRequest&) { return {200, control_api_description(), {}}; }

std::vector<ApiRoute> description_api_routes() {
  return {{.path = "/api/v1/openapi.json",
           .summary = "This description",
           .permission = identity::Permission::kReadApi,
           .answer = describe_api,
           .gives = "Description"}};
}

void check_route(const ApiRoute& route) {
  CHECK(route.answer != nullptr && !route.gives.empty() && !route.summary.empty());
  CHECK(route.path.starts_with("/api/v1/"));
  CHECK((route.path.find('{') != std::string_view::npos) == !route.named.empty());
  CHECK(route.takes.empty() == (route.body_bytes_max == 0));
}

std::vector<ApiRoute> put_together() {
  std::vector<ApiRoute> all;
  for (const auto list :
       {budget_api_routes,    spend_api_routes,    insight_api_routes,    exception_api_routes, ledger_api_routes,
        kill_api_routes,      sign_in_api_routes,  agent_api_routes,      inventory_api_routes, intake_api_routes,
        approvals_api_routes, evidence_api_routes, change_api_routes,     person_api_routes,    decision_api_routes,
        policy_api_routes,    content_api_routes,  people_api_routes,     server_api_routes,    own_api_routes,
        provider_api_routes,  event_api_routes,    description_api_routes}) {
    for (ApiRoute& route : list()) {
      check_route(route);
      all.push_back(std::move(route));
    }
  }
  return all;
}

}  // namespace

std::string_view effect_name(ApiEffect effect) {
  switch (effect) {
    case ApiEffect::kRead: return "read";
    case ApiEffect::kRecordedRead: return "recorded-read";
    case ApiEffect::kWrite: return "write";
  }
  return "write";
}

std::span<const ApiRoute> api_routes() {
  static const std::vector<ApiRoute> all = put_together();
  return all;
}

std::string_view scope_of(const ApiRoute& route) {
  if (!route.scope.empty()) return route.scope;
  return route.method == net::Method::kGet ? "read" : "write";
}

std::string_view method_name(net::Method method) {
  switch (method) {
    case net::Method::kPut: return "PUT";
    case net::Method::kPost: return "POST";
    case net::Method::kDelete: return "DELETE";
    default: return "GET";
  }
}

std::optional<std::string_view> name_in(const ApiRoute& route, std::string_view path) {
  const std::size_t open = route.path.find('{');
  if (open == std::string_view::npos) return path == route.path ? std::optional(std::string_view()) : std::nullopt;
  const std::string_view before = route.path.substr(0, open);
  const std::string_view after = route.path.substr(route.path.find('}') + 1);
  if (path.size() <= before.size() + after.size() || !path.starts_with(before) || !path.ends_with(after)) {
    return std::nullopt;
  }
  const std::string_view name = path.substr(before.size(), path.size() - before.size() - after.size());
  return name.find('/') == std::string_view::npos ? std::optional(name) : std::nullopt;
}

const ApiRoute* find_route(net::Method method, std::string_view path) {
  const ApiRoute* named = nullptr;
  for (const ApiRoute& route : api_routes()) {
    if (route.method != method || !name_in(route, path)) continue;
    if (route.named.empty()) return &route;
    named = &route;
  }
  return named;
}

std::string methods_at(std::string_view path) {
  std::string methods;
  for (const ApiRoute& route : api_routes()) {
    if (!name_in(route, path)) continue;
    methods += methods.empty() ? "" : ", ";
    methods += method_name(route.method);
  }
  return methods;
}

}  // namespace reeve::app
