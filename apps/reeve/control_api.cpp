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
#include "reeve/exception_desk.h"
#include "reeve/kill_routes.h"
#include "reeve/ledger_routes.h"
#include "reeve/merged_changes.h"
#include "reeve/spend_rows.h"

namespace reeve::app {

namespace {

using Parameters = decltype(ApiRequest::parameters);
constexpr std::size_t kPageMax = 200;

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

/// Rows are never deleted and come oldest first, so a position in the list stays one.
ApiAnswer list_exceptions(const Sources& sources, const ApiRequest& request) {
  const auto cursor = parse_int(value_or(request.parameters, "cursor", "0"));
  if (!cursor || *cursor < 0) return problem(400, "Bad request", "'cursor' is what an earlier answer gave as 'next'");
  const auto list = sources.registers->exceptions().list();
  if (!list) return problem_of(list.error());
  const auto first = std::min(static_cast<std::size_t>(*cursor), list->size());
  const std::size_t end = first + std::min(kPageMax, list->size() - first);
  const Instant now = system_clock().now();
  JsonWriter json;
  json.begin_object().key("exceptions").begin_array();
  for (std::size_t i = first; i < end; ++i) write_exception(json, (*list)[i], now);
  json.end_array();
  if (end < list->size()) json.member("next", std::to_string(end));
  return {200, json.end_object().take(), {}};
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
constexpr std::size_t kAgentBytesMax = 64UL << 10U;
constexpr std::size_t kBudgetBytesMax = 64UL << 10U, kChangesBytesMax = 1UL << 20U, kReasonBytesMax = 4UL << 10U;
constexpr std::array kRoutes = {
    Route{net::Method::kGet, "/api/v1/budgets", {}, list_budgets, Permission::kReadBudgets},
    Route{net::Method::kGet, "/api/v1/budgets/", {}, show_budget, Permission::kReadBudgets},
    Route{net::Method::kPut, "/api/v1/budgets/", {}, put_budget, Permission::kWriteBudgets, kBudgetBytesMax},
    Route{net::Method::kDelete, "/api/v1/budgets/", {}, delete_budget, Permission::kWriteBudgets},
    Route{net::Method::kGet, "/api/v1/spend", {"by", "since", "until"}, report_spend, Permission::kReadSpend},
    Route{net::Method::kGet, "/api/v1/reservations", {}, list_reservations, Permission::kReadSpend},
    Route{net::Method::kGet, "/api/v1/exceptions", {"cursor"}, list_exceptions, Permission::kReadExceptions},
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
    Route{net::Method::kGet, "/api/v1/openapi.json", {}, describe_api, Permission::kReadApi},
};

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
    ApiAnswer answer = co_await decide(exchange);
    if (answer.body.empty()) answer = problem(503, "Unavailable", "Too many requests of this API wait; try again.");
    co_await respond(exchange, answer, methods_at(exchange.head().path));
  }

  void stop() override { thread_.stop(); }

 private:
  /// Who asks is known before anything of the request is looked at.
  Task<ApiAnswer> decide(net::Exchange& exchange) {
    const net::RequestHead& head = exchange.head();
    const ApiCallers::Caller caller = co_await sources_.callers->identify(exchange);
    if (!caller.principal) co_return caller.refusal;
    const auto roles = sources_.roles->current();
    // Whoever acts for a person has none of their roles.
    const bool by_role = !roles->empty() && caller.principal->type == "person" && !caller.principal->is_delegated();
    if (!by_role && !has_scope_of(*caller.principal, "control"))
      co_return *refuse_scope(*caller.principal, "control", "read");
    const std::string methods = methods_at(head.path);
    if (methods.empty()) co_return problem(404, "Not found", "/api/v1/openapi.json lists what is served here.");
    const auto* const route = std::find_if(kRoutes.begin(), kRoutes.end(), [&](const Route& candidate) {
      return candidate.method == head.method && is_at(candidate, head.path);
    });
    if (route == kRoutes.end()) co_return problem(405, "Method not allowed", "This path takes " + methods + " only.");
    const std::string_view usual = route->method == net::Method::kGet ? "read" : "write";
    const std::string_view scope = route->scope.empty() ? usual : route->scope;
    // A person's key that has scopes of this kind is held to them besides.
    if (!by_role || has_scope_of(*caller.principal, "control")) {
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
