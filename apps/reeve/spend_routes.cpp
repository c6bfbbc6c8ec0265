#include "reeve/spend_routes.h"

#include "core/json.h"
#include "reeve/api_route.h"
#include "reeve/budget_state.h"
#include "reeve/ledger_routes.h"
#include "reeve/spend_index.h"
#include "reeve/spend_rows.h"

namespace reeve::app {

namespace {

using Sources = ControlApi::Sources;

std::string value_or(const decltype(ApiRequest::parameters)& parameters, std::string_view name,
                     std::string_view fallback) {
  const auto found = parameters.find(name);
  return found == parameters.end() ? std::string(fallback) : found->second;
}

Common common_of(const Sources& sources) {
  Common common;
  common.config = sources.config_file;
  common.data_dir = sources.data_directory.string();
  common.json = true;
  return common;
}

}  // namespace

ApiAnswer report_spend(const Sources& sources, const ApiRequest& request) {
  const auto& parameters = request.parameters;
  const auto dimensions = spend::parse_dimensions(value_or(parameters, "by", "person,model"));
  if (!dimensions) return problem_of(dimensions.error());
  const auto window = CallWindow::parse(value_or(parameters, "since", "30d"), value_or(parameters, "until", ""));
  if (!window) return problem(400, "Bad request", window.error().message);
  std::string filter;
  for (const auto& [name, value] : parameters) filter += (filter.empty() ? "" : "&") + name + "=" + value;
  const auto answer = [&](std::uint64_t calls, std::string body) {
    return recorded(sources.ledger, {request.who, filter, "GET /api/v1/spend", calls, {}, {}}, std::move(body));
  };
  const auto index = index_for_sums(*sources.ledger.index);
  if (!index) return problem_of(index.error());
  if (*index != nullptr) {
    const auto sums = spend_groups_of(**index, *window, *dimensions);
    if (!sums) return problem_of(sums.error());
    return answer(sums->total.calls, spend::report_json(*dimensions, sums->groups, sums->total));
  }
  const auto report =
      sum_spend_rows(common_of(sources), *window, [&] { return spend::SpendReport(*dimensions, false); });
  if (!report) return problem_of(report.error());
  return answer(report->total().calls, report->to_json());
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

std::vector<ApiRoute> spend_api_routes() {
  using enum ApiEffect;
  using identity::Permission;
  return {{.path = "/api/v1/spend",
           .summary = "Sums of recorded cost",
           .permission = Permission::kReadSpend,
           .answer = report_spend,
           .gives = "SpendReport",
           .effect = kRecordedRead,
           .parameters = {{"by", "Dimensions, separated by commas; person,model without it"},
                          kSinceParameter,
                          kUntilParameter}},
          {.path = "/api/v1/reservations",
           .summary = "What is held for calls under way",
           .permission = Permission::kReadSpend,
           .answer = list_reservations,
           .gives = "ReservationList",
           .effect = kRecordedRead}};
}

}  // namespace reeve::app
