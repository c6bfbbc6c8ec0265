#include "reeve/kill_routes.h"

#include <algorithm>

#include "core/bytes.h"
#include "core/json.h"
#include "reeve/api_route.h"
#include "reeve/kill_drill.h"
#include "reeve/ledger_routes.h"
#include "reeve/list_page.h"

namespace reeve::app {

namespace {

using Sources = ControlApi::Sources;
constexpr std::size_t kKeyBytesMax = 255;
constexpr std::size_t kHistoryMax = 1'000;
constexpr std::size_t kSessionsPage = 50;

/// Kept, but this node still decides by what it knew before.
ApiAnswer not_in_force_yet() {
  return problem(503, "Unavailable",
                 "It is switched, and every node that reads the storage holds to it; this one does not yet. Its log "
                 "says why.");
}

ApiAnswer answer_with(int status, const identity::Cutoff& cutoff) {
  return {status, identity::cutoff_to_json(cutoff), {}};
}

Result<void> check_key(const ApiRequest& request) {
  if (!request.idempotency_key) return {};
  const std::string& key = *request.idempotency_key;
  const bool visible = std::all_of(key.begin(), key.end(), [](char c) { return c > ' ' && c < 0x7F; });
  if (!key.empty() && key.size() <= kKeyBytesMax && visible) return {};
  return Error{ErrorCode::kInvalid, "Idempotency-Key is 1 to 255 visible characters, such as a UUID"};
}

/// What the request did the first time, where it is repeated under its key; also when that was ended meanwhile, or its
/// time is over.
std::optional<ApiAnswer> answer_of_before(const Sources& sources, const identity::CutoffRequest& wanted,
                                          bool until_counts) {
  if (wanted.repeat_key.empty()) return std::nullopt;
  const auto before = sources.kill_switch->find(identity::cutoff_id_of(wanted.by, wanted.repeat_key));
  if (!before) return problem_of(before.error());
  if (!*before) return std::nullopt;
  if (identity::is_same_request(**before, wanted, until_counts)) return answer_with(201, **before);
  return problem(422, "Unprocessable content",
                 "This Idempotency-Key was used for another request; take a new one for each");
}

/// `until_counts`: whether the request says until when, and not this server.
ApiAnswer cut_off(const Sources& sources, const ApiRequest& request, identity::CutoffRequest wanted,
                  bool until_counts) {
  if (auto checked = check_key(request); !checked) return problem_of(checked.error());
  wanted.by = request.who;
  wanted.repeat_key = request.idempotency_key.value_or("");
  if (auto before = answer_of_before(sources, wanted, until_counts)) return *std::move(before);
  const auto cutoff = identity::make_cutoff(wanted, system_clock().now());
  if (!cutoff) return problem_of(cutoff.error());
  const auto put = sources.kill_switch->put(*cutoff);
  if (!put && put.error().code == ErrorCode::kConflict) {
    // The same request, at the same moment.
    if (auto before = answer_of_before(sources, wanted, until_counts)) return *std::move(before);
  }
  if (!put) return problem_of(put.error());
  const bool known = sources.wait_until_switched(cutoff->id, true);
  if (!known && cutoff->in_force(system_clock().now())) return not_in_force_yet();
  return answer_with(201, *cutoff);
}

}  // namespace

ApiAnswer list_cutoffs(const Sources& sources, const ApiRequest& request) {
  const std::string state = value_of(request, "state");
  if (!state.empty() && state != "on" && state != "all") return problem(400, "Bad request", "'state' is on or all");
  const auto list =
      state == "all" ? sources.kill_switch->history(kHistoryMax) : sources.kill_switch->list(system_clock().now());
  if (!list) return problem_of(list.error());
  JsonWriter json;
  json.begin_object().key("cutoffs").begin_array();
  for (const identity::Cutoff& cutoff : *list) json.raw(identity::cutoff_to_json(cutoff));
  return {200, json.end_array().end_object().take(), {}};
}

ApiAnswer show_cutoff(const Sources& sources, const ApiRequest& request) {
  const auto found = sources.kill_switch->find(request.name);
  if (!found) return problem_of(found.error());
  if (!*found) return problem(404, "Not found", "There is no cutoff of that id.");
  return answer_with(200, **found);
}

ApiAnswer switch_on(const Sources& sources, const ApiRequest& request) {
  auto texts = read_texts(request, {"scope", "reason", "until"});
  if (!texts) return problem_of(texts.error());
  auto scope = identity::parse_cutoff_scope((*texts)["scope"]);
  if (!scope) return problem_of(with_context(scope.error(), "scope"));
  identity::CutoffRequest wanted{*std::move(scope), (*texts)["reason"], {}, {}, {}};
  if (const std::string& until = (*texts)["until"]; !until.empty()) {
    const auto time = parse_time(until);
    if (!time) return problem_of(with_context(time.error(), "until"));
    wanted.until = *time;
  }
  return cut_off(sources, request, std::move(wanted), true);
}

ApiAnswer switch_off(const Sources& sources, const ApiRequest& request) {
  auto texts = read_texts(request, {"reason"});
  if (!texts) return problem_of(texts.error());
  const auto reason = identity::reason_to_let_on((*texts)["reason"]);
  if (!reason) return problem_of(with_context(reason.error(), "reason"));
  const auto ended = sources.kill_switch->end(request.name, system_clock().now(), request.who, *reason);
  if (!ended) return problem_of(ended.error());
  if (!sources.wait_until_switched(request.name, false)) return not_in_force_yet();
  return show_cutoff(sources, request);
}

ApiAnswer drill_switch(const Sources& sources, const ApiRequest& request) {
  auto texts = read_texts(request, {"scope", "reason"});
  if (!texts) return problem_of(texts.error());
  DrillAsked asked;
  auto scope = identity::parse_cutoff_scope((*texts)["scope"].empty() ? "all" : (*texts)["scope"]);
  if (!scope) return problem_of(with_context(scope.error(), "scope"));
  asked.scope = *std::move(scope);
  asked.reason = (*texts)["reason"].empty() ? "a drill" : (*texts)["reason"];
  asked.by = request.who;
  const auto outcome = play_drill(*sources.kill_switch, asked);
  if (!outcome) return problem_of(outcome.error());
  const std::string report = outcome->to_json();
  if (!sources.ledger.record("kill.drilled", report)) {
    return problem(503, "Unavailable", "The drill was played, but it cannot be recorded now; its cutoff is off again.");
  }
  const control::Event event{outcome->drill.id, "kill.drilled", outcome->cutoff.at, report};
  if (auto told = sources.registers->notifications().announce(event); !told) return problem_of(told.error());
  return {201, report, {}};
}

ApiAnswer list_sessions_by_state(const Sources& sources, const ApiRequest& request) {
  const std::string state = value_of(request, "state");
  if (state.empty()) return list_sessions(sources, request);
  if (state != "live") return problem(400, "Bad request", "'state' is live, or not there");
  const auto cursor =
      value_of(request, "cursor").empty() ? std::optional<std::int64_t>(0) : parse_int(value_of(request, "cursor"));
  if (!cursor || *cursor < 0) return problem(400, "Bad request", "'cursor' is what an earlier answer gave as 'next'");
  auto sessions = sources.sessions->list(sources.gateway->calls_under_way(), system_clock().now());
  if (!sessions) return problem_of(sessions.error());
  mark_ended(*sessions, sources.cutoffs->current()->all());
  const auto first = std::min(static_cast<std::size_t>(*cursor), sessions->size());
  const std::size_t end = first + std::min(kSessionsPage, sessions->size() - first);
  JsonWriter json;
  json.begin_object();
  if (end < sessions->size()) json.member("next", std::to_string(end));
  json.key("sessions").begin_array();
  for (std::size_t i = first; i < end; ++i) write_session(json, (*sessions)[i]);
  json.end_array().end_object();
  return recorded(sources.ledger,
                  {request.who, "", "GET /api/v1/sessions?state=live", end - first, value_of(request, "cursor"), {}},
                  json.take());
}

ApiAnswer end_session(const Sources& sources, const ApiRequest& request) {
  auto texts = read_texts(request, {"reason"});
  if (!texts) return problem_of(texts.error());
  if (auto checked = check_can_be_ended(request.name); !checked) return problem_of(checked.error());
  auto scope = identity::parse_cutoff_scope("session:" + request.name);
  if (!scope) return problem_of(scope.error());
  const Instant until = system_clock().now() + kSessionsEndedFor;
  return cut_off(sources, request, {*std::move(scope), (*texts)["reason"], {}, until, {}}, false);
}

namespace {
ApiRoute session_end_route() {
  return {.method = net::Method::kDelete,
          .path = "/api/v1/sessions/{session}",
          .summary = "Ends a session: its calls under way, and all that follow",
          .permission = identity::Permission::kSwitchKill,
          .answer = end_session,
          .gives = "Cutoff",
          .effect = ApiEffect::kWrite,
          .fine = {201},
          .refuses = {409},
          .named = "The session's id",
          .takes = "Reason",
          .body_bytes_max = kReasonBytesMax,
          .scope = "kill",
          .takes_idempotency_key = true,
          .is_urgent = true};
}
}  // namespace

std::vector<ApiRoute> kill_api_routes() {
  using enum ApiEffect;
  using identity::Permission;
  constexpr std::string_view kPath = "/api/v1/kill-switch";
  constexpr std::string_view kOne = "/api/v1/kill-switch/{id}";
  constexpr std::string_view kNamed = "The cutoff's id";
  return {session_end_route(),
          {.path = kPath,
           .summary = "What is cut off",
           .permission = Permission::kReadKillSwitch,
           .answer = list_cutoffs,
           .gives = "CutoffList",
           .parameters = {{"state", "on, or all; on without it",
                           R"({"type":"string","enum":["on","all"],"default":"on"})"}}},
          {.method = net::Method::kPost,
           .path = kPath,
           .summary = "Cuts off: new calls are refused, those under way end",
           .permission = Permission::kSwitchKill,
           .answer = switch_on,
           .gives = "Cutoff",
           .effect = kWrite,
           .fine = {201},
           .refuses = {409},
           .takes = "CutoffRequest",
           .body_bytes_max = kReasonBytesMax,
           .scope = "kill",
           .takes_idempotency_key = true,
           .is_urgent = true},
          {.path = kOne,
           .summary = "One cutoff",
           .permission = Permission::kReadKillSwitch,
           .answer = show_cutoff,
           .gives = "Cutoff",
           .named = kNamed},
          {.method = net::Method::kDelete,
           .path = kOne,
           .summary = "Lets on again",
           .permission = Permission::kSwitchKill,
           .answer = switch_off,
           .gives = "Cutoff",
           .effect = kWrite,
           .refuses = {409},
           .named = kNamed,
           .takes = "Reason",
           .body_bytes_max = kReasonBytesMax,
           .scope = "kill",
           .is_urgent = true},
          {.method = net::Method::kPost,
           .path = "/api/v1/kill-switch/drills",
           .summary = "Plays the switch on every node with practice streams",
           .permission = Permission::kSwitchKill,
           .answer = drill_switch,
           .gives = "Drill",
           .effect = kWrite,
           .fine = {201},
           .takes = "DrillRequest",
           .body_bytes_max = kReasonBytesMax,
           .body_may_lack = true,
           .scope = "kill",
           .is_slow = true}};
}

}  // namespace reeve::app
