#include "reeve/sign_in_control_routes.h"

#include <algorithm>

#include "core/bytes.h"
#include "core/json.h"
#include "reeve/api_route.h"
#include "reeve/list_page.h"
#include "reeve/sign_in_listing.h"

namespace reeve::app {

namespace {

using Sources = ControlApi::Sources;
constexpr std::size_t kPage = 200;

ApiAnswer answer_ended(const std::vector<std::string>& ids) {
  JsonWriter json;
  json.begin_object().key("ended").begin_array();
  for (const std::string& id : ids) json.value(id);
  return {200, json.end_array().end_object().take(), {}};
}

/// With whoever asks as the one who ends it.
Result<identity::SignInEnd> read_end(const std::map<std::string, std::string>& texts, const ApiRequest& request) {
  const auto reason = texts.find("reason");
  identity::SignInEnd end{system_clock().now(), reason == texts.end() ? std::string() : reason->second, request.who};
  if (auto checked = check_end(end); !checked) return std::move(checked).error();
  return end;
}

}  // namespace

ApiAnswer list_sign_ins(const Sources& sources, const ApiRequest& request) {
  const std::string state = value_of(request, "state");
  if (!state.empty() && state != "open" && state != "all") return problem(400, "Bad request", "'state' is open or all");
  const std::string from = value_of(request, "cursor");
  const auto cursor = from.empty() ? std::optional<std::int64_t>(0) : parse_int(from);
  if (!cursor || *cursor < 0) return problem(400, "Bad request", "'cursor' is what an earlier answer gave as 'next'");
  auto list = sources.sign_ins->sessions(value_of(request, "person"));
  if (!list) return problem_of(list.error());
  const Instant now = system_clock().now();
  if (state != "all") {
    std::erase_if(*list, [now](const identity::SignInSession& one) { return state_of(one, now) != "open"; });
  }
  const auto first = std::min(static_cast<std::size_t>(*cursor), list->size());
  const std::size_t end = first + std::min(kPage, list->size() - first);
  JsonWriter json;
  json.begin_object();
  if (end < list->size()) json.member("next", std::to_string(end));
  json.key("sign_ins").begin_array();
  for (std::size_t i = first; i < end; ++i) write_sign_in(json, (*list)[i], now);
  return {200, json.end_array().end_object().take(), {}};
}

ApiAnswer end_sign_in(const Sources& sources, const ApiRequest& request) {
  const auto texts = read_texts(request, {"reason"});
  if (!texts) return problem_of(texts.error());
  const auto end = read_end(*texts, request);
  if (!end) return problem_of(end.error());
  const auto ended = sources.sign_ins->end_session(request.name, *end);
  if (!ended) return problem_of(ended.error());
  if (!*ended) return problem(404, "Not found", "There is no sign-in of that id that has not ended.");
  return answer_ended({request.name});
}

ApiAnswer end_sign_ins(const Sources& sources, const ApiRequest& request) {
  const auto texts = read_texts(request, {"person", "reason"});
  if (!texts) return problem_of(texts.error());
  const auto person = texts->find("person");
  if (person == texts->end() || trim(person->second).empty()) {
    return problem(400, "Bad request", "'person' names whose sign-ins end");
  }
  const auto end = read_end(*texts, request);
  if (!end) return problem_of(end.error());
  const auto ended = sources.sign_ins->end_sessions_of(person->second, *end);
  return ended ? answer_ended(*ended) : problem_of(ended.error());
}

std::vector<ApiRoute> sign_in_api_routes() {
  using enum ApiEffect;
  using identity::Permission;
  return {{.path = "/api/v1/sign-ins",
           .summary = "Who is signed in, the last begun first",
           .permission = Permission::kReadSessions,
           .answer = list_sign_ins,
           .gives = "SignInList",
           .parameters = {{"person", "Only this person's, in whatever case of letters"},
                          {"state", "open, or all; open without it",
                           R"({"type":"string","enum":["open","all"],"default":"open"})"},
                          kCursorParameter}},
          {.method = net::Method::kPost,
           .path = "/api/v1/sign-ins/end",
           .summary = "Ends all sign-ins of a person",
           .permission = Permission::kSwitchKill,
           .answer = end_sign_ins,
           .gives = "SignInsEnded",
           .effect = kWrite,
           .takes = "SignInsEnd",
           .body_bytes_max = kReasonBytesMax,
           .scope = "kill",
           .is_urgent = true},
          {.method = net::Method::kDelete,
           .path = "/api/v1/sign-ins/{id}",
           .summary = "Ends a sign-in",
           .permission = Permission::kSwitchKill,
           .answer = end_sign_in,
           .gives = "SignInsEnded",
           .effect = kWrite,
           .named = "The sign-in's id",
           .takes = "Reason",
           .body_bytes_max = kReasonBytesMax,
           .scope = "kill",
           .is_urgent = true}};
}

}  // namespace reeve::app
