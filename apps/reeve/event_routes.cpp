#include "reeve/event_routes.h"

#include <algorithm>

#include "core/bytes.h"
#include "reeve/ledger_routes.h"
#include "reeve/list_page.h"

namespace reeve::app {

namespace {

using identity::Permission;

/// As the dispatcher decides: roles are people's, and the scopes of keys were looked at.
bool may(const ApiRequest& request, Permission permission) {
  const identity::Principal& who = *request.principal;
  if (!request.roles || request.roles->empty() || who.type != "person" || who.is_delegated()) return true;
  return request.roles->decide(who, permission).allowed;
}

std::optional<EventTopic> topic_of(std::string_view name) {
  for (std::size_t i = 0; i < kEventTopics; ++i) {
    if (topic_name(static_cast<EventTopic>(i)) == name) return static_cast<EventTopic>(i);
  }
  return std::nullopt;
}

/// What opening a stream answers when there is none: whoever reads what others do is recorded, as in the lists.
ApiAnswer open_events(const ControlApi::Sources& sources, const ApiRequest& request) {
  const auto view = event_view_of(request);
  if (!view) return problem_of(view.error());
  return recorded(sources.ledger, {request.who, asked_of(request), "GET /api/v1/events", 0, {}, {}}, "{}");
}

}  // namespace

Result<EventView> event_view_of(const ApiRequest& request) {
  EventView view;
  view.who = request.who;
  view.of_everybody = may(request, Permission::kReadSessions);
  const std::string wanted = value_of(request, "topics");
  for (const std::string_view name : split(wanted, ',')) {
    if (wanted.empty()) break;
    const auto topic = topic_of(name);
    if (!topic) {
      return Error{ErrorCode::kInvalid, "'topics' are sessions, calls, approvals, kill_switch and ledger"};
    }
    view.topics[static_cast<std::size_t>(*topic)] = true;
  }
  if (wanted.empty()) view.topics.fill(true);
  const auto only_with = [&](EventTopic topic, Permission permission) {
    bool& shown = view.topics[static_cast<std::size_t>(topic)];
    shown = shown && may(request, permission);
  };
  only_with(EventTopic::kApprovals, Permission::kReadIntake);
  only_with(EventTopic::kKillSwitch, Permission::kReadKillSwitch);
  only_with(EventTopic::kLedger, Permission::kReadLedger);
  return view;
}

std::vector<ApiRoute> event_api_routes() {
  return {
      {.path = "/api/v1/events",
       .summary = "What happens, as it happens: sessions, calls, what waits, what is cut off, the ledger's length",
       .permission = Permission::kReadApi,
       .answer = open_events,
       .gives = "LiveEvent",
       .effect = ApiEffect::kRecordedRead,
       .parameters = {{"topics", "Only these, separated by commas: sessions, calls, approvals, kill_switch, ledger"}},
       .media_type = kEventStream}};
}

}  // namespace reeve::app
