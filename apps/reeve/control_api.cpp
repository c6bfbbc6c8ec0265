#include "reeve/control_api.h"

#include <algorithm>
#include <array>

#include "core/bytes.h"
#include "core/json.h"
#include "reeve/agent_routes.h"
#include "reeve/api_callers.h"
#include "reeve/api_thread.h"
#include "reeve/budget_routes.h"
#include "reeve/budget_state.h"
#include "reeve/control_api_description.h"
#include "reeve/evidence_routes.h"
#include "reeve/exception_routes.h"
#include "reeve/insight_routes.h"
#include "reeve/kill_routes.h"
#include "reeve/ledger_routes.h"
#include "reeve/merged_changes.h"
#include "reeve/person_route.h"
#include "reeve/sent_file.h"
#include "reeve/sign_in_control_routes.h"
#include "reeve/spend_rows.h"

namespace reeve::app {

namespace {

using Parameters = decltype(ApiRequest::parameters);

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const Result<std::string> byte = text[i] == '%' ? from_hex(to_lower(text.substr(i + 1, 2))) : std::string();
    const bool escape = byte && byte->size() == 1;
    out += escape ? byte->front() : text[i];
    i += escape ? 2 : 0;
  }
  return out;
}

/// Each name once, and only names that the route knows.
Result<Parameters> read_parameters(std::string_view query, std::span<const std::string_view> known) {
  Parameters parameters;
  for (const std::string_view part : split(query, '&')) {
    if (part.empty()) continue;
    const std::size_t equals = std::min(part.find('='), part.size());
    std::string name = percent_decoded(part.substr(0, equals));
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      return Error{ErrorCode::kInvalid, "there is no parameter '" + printable(name, 40) + "' here"};
    }
    std::string value = percent_decoded(part.substr(std::min(equals + 1, part.size())));
    if (!parameters.emplace(std::move(name), std::move(value)).second) {
      return Error{ErrorCode::kInvalid, "the parameter '" + std::string(part.substr(0, equals)) + "' stands twice"};
    }
  }
  return parameters;
}

std::string value_or(const Parameters& parameters, std::string_view name, std::string_view fallback) {
  const auto found = parameters.find(name);
  return found == parameters.end() ? std::string(fallback) : found->second;
}

// ---- The routes: each runs on the API's thread ----

using identity::Permission;
using Sources = ControlApi::Sources;

Common common_of(const Sources& sources) {
  Common common;
  common.config = sources.config_file;
  common.data_dir = sources.data_directory.string();
  common.json = true;
  return common;
}

ApiAnswer report_spend(const Sources& sources, const ApiRequest& request) {
  const Parameters& parameters = request.parameters;
  const auto dimensions = spend::parse_dimensions(value_or(parameters, "by", "person,model"));
  if (!dimensions) return problem_of(dimensions.error());
  const auto window = CallWindow::parse(value_or(parameters, "since", "30d"), value_or(parameters, "until", ""));
  if (!window) return problem(400, "Bad request", window.error().message);
  const auto report =
      sum_spend_rows(common_of(sources), *window, [&] { return spend::SpendReport(*dimensions, false); });
  if (!report) return problem_of(report.error());
  std::string filter;
  for (const auto& [name, value] : parameters) filter += (filter.empty() ? "" : "&") + name + "=" + value;
  return recorded(sources.ledger, {request.who, filter, "GET /api/v1/spend", report->total().calls, {}, {}},
                  report->to_json());
}

ApiAnswer list_reservations(const Sources& sources, const ApiRequest& request) {
  auto reader = ledger::LogReader::open(sources.data_directory / "ledger");
  if (!reader) return problem_of(reader.error());
  const auto open = open_reservations(**reader, system_clock().now());
  if (!open) return problem_of(open.error());
  JsonWriter json;
  json.begin_object().key("reservations").begin_array();
  for (const OpenReservation& held : *open) write_reservation(json, held);
  return recorded(sources.ledger, {request.who, "", "GET /api/v1/reservations", open->size(), {}, {}},
                  json.end_array().end_object().take());
}

ApiAnswer describe_api(const Sources&, const ApiRequest&) { return {200, control_api_description(), {}}; }

struct Route {
  net::Method method;
  std::string_view path;  // one that ends with '/' takes a name after it
  std::array<std::string_view, 7> parameters;
  ApiAnswer (*answer)(const Sources& sources, const ApiRequest& request);
  identity::Permission permission;  // of people; of machines the scope
  std::size_t body_bytes_max = 0;   // 0: takes none
  std::string_view scope = {};      // of the kind `control`; empty: read for GET, else write
};
constexpr std::size_t kBudgetBytesMax = 64UL << 10U, kChangesBytesMax = 1UL << 20U, kReasonBytesMax = 4UL << 10U,
                      kExceptionBytesMax = 16UL << 10U, kAgentBytesMax = 64UL << 10U;
constexpr std::array kRoutes = {
    Route{net::Method::kGet, "/api/v1/budgets", {}, list_budgets, Permission::kReadBudgets},
    Route{net::Method::kGet, "/api/v1/budgets/", {}, show_budget, Permission::kReadBudgets},
    Route{net::Method::kPut, "/api/v1/budgets/", {}, put_budget, Permission::kWriteBudgets, kBudgetBytesMax},
    Route{net::Method::kDelete, "/api/v1/budgets/", {}, delete_budget, Permission::kWriteBudgets},
    Route{net::Method::kGet, "/api/v1/spend", {"by", "since", "until"}, report_spend, Permission::kReadSpend},
    Route{net::Method::kGet, "/api/v1/reservations", {}, list_reservations, Permission::kReadSpend},
    Route{net::Method::kGet, "/api/v1/spend/changes", {"month", "by"}, explain_spend, Permission::kReadSpend},
    Route{net::Method::kGet, "/api/v1/spend/forecast", {}, forecast_spend, Permission::kReadSpend},
    Route{net::Method::kGet, "/api/v1/spend/advice", {"since", "until"}, advise_on_spend, Permission::kReadSpend},
    Route{net::Method::kGet, "/api/v1/content/flows", {"since"}, list_content_flows, Permission::kReadLedger},
    Route{net::Method::kGet, "/api/v1/exceptions", {"cursor"}, list_exceptions, Permission::kReadExceptions},
    Route{net::Method::kPost,
          "/api/v1/exceptions",
          {},
          ask_for_exception,
          Permission::kAskExceptions,
          kExceptionBytesMax},
    Route{net::Method::kGet, "/api/v1/exceptions/", {}, show_exception, Permission::kReadExceptions},
    Route{net::Method::kPost,
          "/api/v1/exceptions/",
          {},
          decide_exception,
          Permission::kDecideExceptions,
          kExceptionBytesMax},
    Route{net::Method::kGet,
          "/api/v1/ledger/entries",
          {"filter", "since", "until", "cursor", "limit", "order", "proof"},
          list_ledger_entries,
          Permission::kReadLedger},
    Route{net::Method::kGet, "/api/v1/ledger/entries/", {"proof"}, show_ledger_entry, Permission::kReadLedger},
    Route{net::Method::kGet,
          "/api/v1/sessions",
          {"since", "cursor", "limit", "state"},
          list_sessions_by_state,
          Permission::kReadSessions},
    Route{net::Method::kGet, "/api/v1/sessions/", {}, show_session, Permission::kReadSessions},
    Route{net::Method::kDelete, "/api/v1/sessions/", {}, end_session, Permission::kSwitchKill, kReasonBytesMax, "kill"},
    Route{
        net::Method::kGet, "/api/v1/sign-ins", {"person", "state", "cursor"}, list_sign_ins, Permission::kReadSessions},
    Route{
        net::Method::kPost, "/api/v1/sign-ins/end", {}, end_sign_ins, Permission::kSwitchKill, kReasonBytesMax, "kill"},
    Route{net::Method::kDelete, "/api/v1/sign-ins/", {}, end_sign_in, Permission::kSwitchKill, kReasonBytesMax, "kill"},
    Route{net::Method::kGet, "/api/v1/kill-switch", {"state"}, list_cutoffs, Permission::kReadKillSwitch},
    Route{net::Method::kPost, "/api/v1/kill-switch", {}, switch_on, Permission::kSwitchKill, kReasonBytesMax, "kill"},
    Route{net::Method::kGet, "/api/v1/kill-switch/", {}, show_cutoff, Permission::kReadKillSwitch},
    Route{
        net::Method::kDelete, "/api/v1/kill-switch/", {}, switch_off, Permission::kSwitchKill, kReasonBytesMax, "kill"},
    Route{net::Method::kGet, "/api/v1/agents", {"state", "cursor"}, list_agents, Permission::kReadAgents},
    Route{net::Method::kPost, "/api/v1/agents", {}, register_agent, Permission::kRegisterAgents, kAgentBytesMax},
    Route{net::Method::kGet, "/api/v1/agents/", {}, show_agent, Permission::kReadAgents},
    Route{net::Method::kPut, "/api/v1/agents/", {}, replace_agent, Permission::kRegisterAgents, kAgentBytesMax},
    Route{net::Method::kPost,
          "/api/v1/agents/",
          {},
          decide_about_agent,
          Permission::kDecideAgents,
          kReasonBytesMax,
          "agents"},
    Route{net::Method::kPost, "/api/v1/changes", {}, answer_told_changes, Permission::kWriteChanges, kChangesBytesMax},
    Route{net::Method::kGet, "/api/v1/evidence", {}, list_evidence, Permission::kReadLedger},
    // Whoever may read the ledger may have it put together: what is written is a copy, and gone after a day.
    Route{net::Method::kPost, "/api/v1/evidence", {}, begin_evidence, Permission::kReadLedger, kReasonBytesMax, "read"},
    Route{net::Method::kGet, "/api/v1/evidence/", {}, show_evidence, Permission::kReadLedger},
    Route{net::Method::kGet, "/api/v1/evidence/files/", {}, send_evidence, Permission::kReadLedger},
    Route{net::Method::kGet, "/api/v1/openapi.json", {}, describe_api, Permission::kReadApi},
};

constexpr std::string_view kPersonPath = "/api/v1/me";

std::string_view scope_of(const Route& route) {
  if (!route.scope.empty()) return route.scope;
  return route.method == net::Method::kGet ? "read" : "write";
}

/// What the routes would let somebody do, by the names of permissions.
std::vector<std::string_view> permissions_of(const identity::Principal& person, const identity::RoleBindings& roles) {
  const bool by_role = !roles.empty() && person.type == "person";
  std::vector<std::string_view> names;
  for (const Route& route : kRoutes) {
    const std::string_view name = identity::permission_name(route.permission);
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    if ((!by_role || has_scope_of(person, "control")) && refuse_scope(person, "control", scope_of(route))) continue;
    if (by_role && !roles.decide(person, route.permission).allowed) continue;
    names.push_back(name);
  }
  return names;
}

bool is_at(const Route& route, std::string_view path) {
  if (!route.path.ends_with('/')) return path == route.path;
  return path.size() > route.path.size() && path.starts_with(route.path) &&
         path.find('/', route.path.size()) == std::string_view::npos;
}

std::string_view name_of(net::Method method) {
  switch (method) {
    case net::Method::kPut: return "PUT";
    case net::Method::kPost: return "POST";
    case net::Method::kDelete: return "DELETE";
    default: return "GET";
  }
}

std::string methods_at(std::string_view path) {
  std::string methods;
  for (const Route& route : kRoutes) {
    if (!is_at(route, path)) continue;
    methods += methods.empty() ? "" : ", ";
    methods += name_of(route.method);
  }
  return methods;
}

/// Why a header makes no sense; nothing when all do.
std::optional<ApiAnswer> read_headers(const net::Headers& headers, ApiRequest& request) {
  const std::array<std::pair<std::string_view, std::optional<std::string>*>, 3> known{
      {{"if-match", &request.if_match},
       {"if-none-match", &request.if_none_match},
       {"idempotency-key", &request.idempotency_key}}};
  for (const auto& [name, value] : known) {
    if (headers.count(name) > 1) {
      return problem(400, "Bad request", "The header " + std::string(name) + " came twice; send it once.");
    }
    if (const auto found = headers.find(name)) *value = std::string(*found);
  }
  return std::nullopt;
}

// ---- The way there ----

class ApiOverLoops final : public ControlApi {
 public:
  explicit ApiOverLoops(Sources sources) : sources_(std::move(sources)) {}

  Task<void> handle(net::Exchange& exchange) override {
    std::shared_ptr<const identity::Principal> caller;
    ApiAnswer answer = co_await decide(exchange, caller);
    if (answer.status == 401 || answer.status == 403) {
      co_await sources_.callers->tell_refusal(exchange, "control API", caller, answer);
    }
    if (!answer.file.empty()) co_return co_await send(exchange, std::move(answer));
    if (answer.body.empty()) answer = problem(503, "Unavailable", "Too many requests of this API wait; try again.");
    co_await respond(exchange, answer, methods_at(exchange.head().path));
  }

  void stop() override { thread_.stop(); }

 private:
  Task<void> send(net::Exchange& exchange, ApiAnswer answer) {
    net::Headers headers{
        {"content-type", "application/zip"}, {"cache-control", "no-store"}, {"x-content-type-options", "nosniff"}};
    const std::string disposition = "attachment; filename=\"" + answer.file_name + "\"";
    headers.add("content-disposition", disposition);
    co_await send_file(exchange, thread_, std::move(answer.file), std::move(headers),
                       problem(404, "Not found", "It is not kept any more."),
                       "Too many requests of this API wait; try again.");
  }

  /// Who asks is known before anything of the request is looked at.
  Task<ApiAnswer> decide(net::Exchange& exchange, std::shared_ptr<const identity::Principal>& who) {
    const net::RequestHead& head = exchange.head();
    const ApiCallers::Caller caller = co_await sources_.callers->identify_also_browser(exchange);
    who = caller.principal;
    if (!caller.principal) co_return caller.refusal;
    const auto roles = sources_.roles->current();
    if (head.path == kPersonPath && head.method == net::Method::kGet) {
      co_return tell_person(*caller.principal, *roles, permissions_of(*caller.principal, *roles));
    }
    // Whoever acts for a person has none of their roles.
    const bool by_role = !roles->empty() && caller.principal->type == "person" && !caller.principal->is_delegated();
    // Whoever made a key for a tool said what it is for; that its owner is an administrator is no part of that.
    const bool by_scope = !by_role || !caller.principal->key_id.empty();
    if (by_scope && !has_scope_of(*caller.principal, "control"))
      co_return *refuse_scope(*caller.principal, "control", "read");
    const std::string methods = methods_at(head.path);
    if (head.path == kPersonPath) co_return problem(405, "Method not allowed", "This path takes GET only.");
    if (methods.empty()) co_return problem(404, "Not found", "/api/v1/openapi.json lists what is served here.");
    const auto* const route = std::find_if(kRoutes.begin(), kRoutes.end(), [&](const Route& candidate) {
      return candidate.method == head.method && is_at(candidate, head.path);
    });
    if (route == kRoutes.end()) co_return problem(405, "Method not allowed", "This path takes " + methods + " only.");
    const std::string_view scope = scope_of(*route);
    if (by_scope) {
      if (auto no = refuse_scope(*caller.principal, "control", scope)) co_return *std::move(no);
    }
    if (by_role) {
      const auto decision = roles->decide(*caller.principal, route->permission);
      if (!decision.allowed) co_return problem(403, "Forbidden", decision.message);
    }
    ApiRequest request;
    auto parameters = read_parameters(head.query, route->parameters);
    if (!parameters) co_return problem(400, "Bad request", parameters.error().message);
    request.method = route->method;
    request.name = percent_decoded(head.path.substr(std::min(route->path.size(), head.path.size())));
    request.parameters = *std::move(parameters);
    request.who = caller.principal->id;
    request.groups = caller.principal->groups;
    if (auto no = read_headers(head.headers, request)) co_return *std::move(no);
    if (auto no = co_await read_body(exchange, route->body_bytes_max, request)) co_return *std::move(no);
    auto work = [this, route, given = std::move(request)] { return route->answer(sources_, given); };
    co_return co_await thread_.answer(std::move(work), exchange.loop());
  }

  /// Of what changes something; whatever else brings a body has it ignored.
  static Task<std::optional<ApiAnswer>> read_body(net::Exchange& exchange, std::size_t bytes_max, ApiRequest& request) {
    const net::RequestHead& head = exchange.head();
    const std::string too_large = "The body is longer than " + std::to_string(bytes_max) + " bytes.";
    if (bytes_max == 0) co_return std::nullopt;
    if (head.content_length.value_or(0) > bytes_max) co_return problem(413, "Content too large", too_large);
    const auto body = co_await exchange.read_body();
    if (!body && body.error().code == ErrorCode::kTooLarge) co_return problem(413, "Content too large", too_large);
    if (!body) co_return problem(400, "Bad request", "The body cannot be read: " + body.error().message);
    if (body->size() > bytes_max) co_return problem(413, "Content too large", too_large);
    request.body = std::string(*body);
    co_return std::nullopt;
  }

  const Sources sources_;
  ApiThread thread_;
};

}  // namespace

std::unique_ptr<ControlApi> ControlApi::create(Sources sources) {
  return std::make_unique<ApiOverLoops>(std::move(sources));
}

}  // namespace reeve::app
