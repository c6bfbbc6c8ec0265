#include "reeve/approvals_routes.h"

#include <algorithm>

#include "reeve/api_callers.h"
#include "reeve/api_route.h"
#include "reeve/approvals.h"
#include "reeve/register_requests.h"

namespace reeve::app {

ApiAnswer list_approvals(const ControlApi::Sources& sources, const ApiRequest& request) {
  using identity::Permission;
  const Instant now = system_clock().now();
  const auto limit = limit_of(request);
  if (!limit) return problem_of(limit.error());
  const auto cursor = cursor_of(request);
  if (!cursor) return problem_of(cursor.error());
  const auto desk = register_desk_of(sources);
  if (!desk) return problem_of(desk.error());
  const auto person = actor_of(sources, request, now);
  if (!person) return problem_of(person.error());
  auto list = waiting_for(*desk, *person,
                          is_permitted(request, Permission::kDecideExceptions, "write") ? &desk->policies : nullptr,
                          is_permitted(request, Permission::kDecideAgents, "agents") ? sources.agents : nullptr, now);
  if (!list) return problem_of(list.error());
  if (!is_permitted(request, Permission::kDecideIntake, "write")) {
    std::erase_if(*list,
                  [](const Waiting& one) { return one.kind == "intake_review" || one.kind == "intake_decision"; });
  }
  const std::size_t first = std::min(static_cast<std::size_t>(*cursor), list->size());
  const std::size_t end = first + std::min(*limit, list->size() - first);
  JsonWriter json;
  json.begin_object().key("approvals").begin_array();
  for (std::size_t i = first; i < end; ++i) write_waiting(json, (*list)[i]);
  json.end_array();
  if (end < list->size()) json.member("next", std::to_string(end));
  return {200, json.end_object().take(), {}};
}

std::vector<ApiRoute> approvals_api_routes() {
  return {{.path = "/api/v1/approvals",
           .summary = "What waits for the caller: answers, checklists, decisions; the earliest due first",
           .permission = identity::Permission::kReadIntake,
           .answer = list_approvals,
           .gives = "ApprovalList",
           .parameters = {{"limit", "100 without it", R"({"type":"integer","minimum":1,"maximum":200})"},
                          kCursorParameter}}};
}

}  // namespace reeve::app
