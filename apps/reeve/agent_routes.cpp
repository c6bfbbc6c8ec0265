#include "reeve/agent_routes.h"

#include <algorithm>

#include "core/bytes.h"
#include "core/json.h"
#include "reeve/api_route.h"
#include "reeve/list_page.h"

namespace reeve::app {

namespace {

using identity::Agent;
using Sources = ControlApi::Sources;
constexpr std::size_t kPageMax = 200;

/// A version is what an ETag stands for.
ApiAnswer answer_with(int status, const Agent& agent) {
  ApiAnswer answer{status, identity::agent_to_json(agent), "\"" + std::to_string(agent.version) + "\""};
  if (status == 201) answer.location = "/api/v1/agents/" + agent.id;
  return answer;
}

/// What the body asks for. A member `card` is a signed card.
Result<identity::AgentRequest> read_request(const ApiRequest& request) {
  const auto document = JsonDocument::parse(request.body, /*depth_max=*/8);
  if (!document) return Error{ErrorCode::kInvalid, "the body is a JSON object"};
  auto asked = identity::agent_request_from_json(document->root());
  if (!asked) return asked;
  if (asked->owner.empty()) asked->owner = request.who;
  asked->by = request.who;
  if (const auto card = document->root()["card"].as_string()) {
    auto identity = identity::read_agent_card(*card, asked->id, system_clock().now());
    if (!identity) return std::move(identity).error();
    asked->identities.push_back(*std::move(identity));
  }
  return asked;
}

ApiAnswer put(const Sources& sources, const identity::AgentRequest& asked, const std::optional<Agent>& before) {
  const auto agent = identity::request_agent(asked, before, system_clock().now());
  if (!agent) return problem_of(agent.error());
  if (auto stored = sources.agents->put(*agent); !stored) return problem_of(stored.error());
  return answer_with(before ? 200 : 201, *agent);
}

}  // namespace

ApiAnswer list_agents(const Sources& sources, const ApiRequest& request) {
  const std::string state = value_of(request, "state");
  const auto wanted = identity::agent_state_from_name(state);
  if (!state.empty() && !wanted) {
    return problem(400, "Bad request", "'state' is requested, approved, denied, suspended or retired");
  }
  const auto list = sources.agents->list();
  if (!list) return problem_of(list.error());
  const std::string cursor = value_of(request, "cursor");
  JsonWriter json;
  json.begin_object().key("agents").begin_array();
  std::size_t written = 0;
  std::string last, next;
  for (const Agent& agent : *list) {
    if ((wanted && agent.state != *wanted) || agent.id <= cursor) continue;
    if (written++ == kPageMax) {
      next = last;
      break;
    }
    json.raw(identity::agent_to_json(agent));
    last = agent.id;
  }
  return {200, json.end_array().member_if("next", next).end_object().take(), {}};
}

ApiAnswer show_agent(const Sources& sources, const ApiRequest& request) {
  const auto found = sources.agents->find(request.name);
  if (!found) return problem_of(found.error());
  if (!*found) return problem(404, "Not found", "There is no agent of that id.");
  return answer_with(200, **found);
}

ApiAnswer register_agent(const Sources& sources, const ApiRequest& request) {
  const auto asked = read_request(request);
  return asked ? put(sources, *asked, std::nullopt) : problem_of(asked.error());
}

ApiAnswer replace_agent(const Sources& sources, const ApiRequest& request) {
  auto asked = read_request(request);
  if (!asked) return problem_of(asked.error());
  const auto found = sources.agents->find(request.name);
  if (!found) return problem_of(found.error());
  if (!*found) return problem(404, "Not found", "There is no agent of that id; POST /api/v1/agents registers one.");
  if (asked->id != request.name) return problem(400, "Bad request", "The body is that of another agent.");
  // To ask anew stops what acts, so that is for those who answer for it.
  const std::string who = identity::fold_name(request.who);
  const bool is_theirs =
      who == identity::fold_name((*found)->owner) || who == identity::fold_name((*found)->requested_by);
  if ((*found)->state == identity::AgentState::kApproved && !is_theirs) {
    return problem(403, "Forbidden",
                   "The agent acts, and would stop until it is approved anew. That is for its owner and for whoever "
                   "asked for it; anybody may once somebody who decides about agents has suspended it.");
  }
  if (request.if_match && *request.if_match != "\"" + std::to_string((*found)->version) + "\"") {
    return problem(412, "Precondition failed", "The agent was changed meanwhile; read it again.");
  }
  return put(sources, *asked, *found);
}

ApiAnswer decide_about_agent(const Sources& sources, const ApiRequest& request) {
  const auto document = JsonDocument::parse(request.body, /*depth_max=*/4);
  const auto decision =
      document ? identity::agent_decision_from_name(document->root()["decision"].string_or("")) : std::nullopt;
  if (!decision) {
    return problem(400, "Bad request",
                   "The body is {\"decision\": \"approve\", \"reason\": \"…\"}; a decision is "
                   "approve, deny, suspend or retire.");
  }
  const auto found = sources.agents->find(request.name);
  if (!found) return problem_of(found.error());
  if (!*found) return problem(404, "Not found", "There is no agent of that id.");
  const auto decided = identity::decide_agent(**found, *decision, request.who, document->root()["reason"].string_or(""),
                                              system_clock().now());
  if (!decided && decided.error().code == ErrorCode::kDenied) return problem(403, "Forbidden", decided.error().message);
  if (!decided) return problem_of(decided.error());
  if (auto stored = sources.agents->put(*decided); !stored) return problem_of(stored.error());
  return answer_with(200, *decided);
}

std::vector<ApiRoute> agent_api_routes() {
  using enum ApiEffect;
  using identity::Permission;
  constexpr std::string_view kPath = "/api/v1/agents";
  constexpr std::string_view kOne = "/api/v1/agents/{id}";
  constexpr std::string_view kNamed = "The agent's id";
  constexpr std::size_t kBytesMax = 64UL << 10U;
  return {{.path = kPath,
           .summary = "Agents of the register, 200 at a time",
           .permission = Permission::kReadAgents,
           .answer = list_agents,
           .gives = "AgentList",
           .parameters = {{"state", "All without it",
                           R"({"type":"string","enum":["requested","approved","denied","suspended","retired"]})"},
                          kCursorParameter}},
          {.method = net::Method::kPost,
           .path = kPath,
           .summary = "Asks for an agent",
           .permission = Permission::kRegisterAgents,
           .answer = register_agent,
           .gives = "Agent",
           .effect = kWrite,
           .fine = {201},
           .refuses = {409},
           .takes = "AgentRequest",
           .body_bytes_max = kBytesMax,
           .tells_etag = true},
          {.path = kOne,
           .summary = "One agent, with its ETag",
           .permission = Permission::kReadAgents,
           .answer = show_agent,
           .gives = "Agent",
           .named = kNamed,
           .tells_etag = true},
          {.method = net::Method::kPut,
           .path = kOne,
           .summary = "Asks for it anew, with other permissions; it does not act until it is approved again",
           .permission = Permission::kRegisterAgents,
           .answer = replace_agent,
           .gives = "Agent",
           .effect = kWrite,
           .refuses = {409},
           .named = kNamed,
           .takes = "AgentRequest",
           .body_bytes_max = kBytesMax,
           .tells_etag = true,
           .takes_if_match = true},
          {.method = net::Method::kPost,
           .path = kOne,
           .summary = "Decides: approve, deny, suspend or retire; nobody approves what they own or asked for",
           .permission = Permission::kDecideAgents,
           .answer = decide_about_agent,
           .gives = "Agent",
           .effect = kWrite,
           .refuses = {409},
           .named = kNamed,
           .takes = "AgentDecision",
           .body_bytes_max = kReasonBytesMax,
           .scope = "agents",
           .tells_etag = true}};
}

}  // namespace reeve::app
