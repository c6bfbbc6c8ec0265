#include "reeve/budget_routes.h"

#include <algorithm>

#include "core/bytes.h"
#include "core/json.h"
#include "reeve/api_route.h"
#include "reeve/budget_desk.h"
#include "reeve/budget_state.h"
#include "reeve/repeatable_request.h"

namespace reeve::app {

namespace {

using Sources = ControlApi::Sources;

ApiAnswer no_such_budget(std::string_view name) {
  return problem(404, "Not found", "there is no budget '" + printable(name, 63) + "'");
}

void write_one(JsonWriter& json, const spend::Budget& budget, const LiveBudgets::Written& written,
               std::span<const spend::CounterView> counters) {
  const bool of_register = spend::is_registered(budget);
  const auto* const row = of_register ? find_registered(written.registered, budget.name) : nullptr;
  const YamlValue* const declared = row == nullptr ? spend::find_budget_document(written.files, budget.name) : nullptr;
  json.begin_object();
  // Between two changes the set in force may be another than what is written: then it is told without.
  const std::string document = row != nullptr        ? row->document
                               : declared != nullptr ? spend::document_to_keep(*declared)
                                                     : "{}";
  write_budget_members(json, budget, row, document);
  json.key("counters").begin_array();
  for (const spend::CounterView& counter : counters) {
    if (counter.budget == budget.name) write_counter(json, counter);
  }
  json.end_array().end_object();
}

// ---- Writing: the steps, each with an answer when it goes no further ----

using Stop = std::optional<ApiAnswer>;

Stop repeated(const Sources& sources, const ApiRequest& request, Instant now) {
  return repeated_answer(request, [&](std::string_view key) {
    return sources.live_budgets->budget_register().answer_of(request.who, key, now);
  });
}

/// `before`: null when there is none of that name.
Stop precondition(const ApiRequest& request, const spend::RegisteredBudget* before) {
  const std::string etag = before == nullptr ? "" : spend::etag_of(*before);
  if (request.if_none_match && (request.if_match || trim(*request.if_none_match) != "*")) {
    return problem(400, "Bad request", "If-None-Match takes * only, and not together with If-Match");
  }
  if (before == nullptr) {
    if (!request.if_match) return std::nullopt;
    return problem(412, "Precondition failed", "There is no budget of that name, so nothing that If-Match could name");
  }
  if (request.if_none_match) return problem(412, "Precondition failed", "There is a budget of that name already");
  if (!request.if_match) {
    return problem(428, "Precondition required",
                   "The budget is there already; send its ETag, as GET gives it, as If-Match");
  }
  if (names_tag(*request.if_match, etag)) return std::nullopt;
  ApiAnswer stale = problem(412, "Precondition failed",
                            "The budget was changed since that ETag, by " + before->by + "; look at it again");
  stale.etag = etag;
  return stale;
}

/// The body as a `kind: Budget` document whose values know their place. Nothing with complaints.
std::optional<YamlValue> read_body(const ApiRequest& request, std::vector<Diagnostic>& complaints) {
  const auto refuse = [&](const std::string& place, std::string message) {
    complaints.push_back({Diagnostic::Severity::kError, place, 0, 0, std::move(message)});
    return std::nullopt;
  };
  const auto given = JsonDocument::parse(request.body);
  if (!given) return refuse(kBodyPlace, "the body is no JSON: " + given.error().message);
  const JsonValue root = given->root();
  if (!root.is_object()) return refuse(kBodyPlace, "the body is an object with the members of a Budget document");
  const std::string pointer = std::string(kBodyPlace) + "/";
  if (root["kind"].present() && root["kind"].string_or("") != "Budget") {
    return refuse(pointer + "kind", "only documents of kind Budget are written here");
  }
  if (root["name"].present() && root["name"].string_or("") != request.name) {
    return refuse(pointer + "name", "the name is not the one of the path; leave it out or write the same");
  }
  JsonWriter whole;
  whole.begin_object().member("kind", "Budget").member("name", request.name);
  bool kind = false;
  bool name = false;
  for (const auto& [key, value] : root.members()) {
    bool* const implied = key == "kind" ? &kind : key == "name" ? &name : nullptr;
    if (implied == nullptr || std::exchange(*implied, true)) whole.key(key).raw(value.to_json());
  }
  const auto document = JsonDocument::parse(whole.end_object().text());
  if (!document) return refuse(kBodyPlace, document.error().message);
  YamlValue tree = yaml_from_json(document->root(), kBodyPlace, complaints);
  if (has_errors(complaints)) return std::nullopt;
  return tree;
}

/// As GET tells of it, but for the counters.
ApiAnswer answer_with(int status, spend::Budget budget, const spend::RegisteredBudget& row) {
  budget.file = spend::place_of(row);
  JsonWriter json;
  json.begin_object();
  write_budget_members(json, budget, &row, row.document);
  return {status, json.end_object().take(), spend::etag_of(row)};
}

/// The last step of both: writes, waits until it is in force, answers.
ApiAnswer carry_out(const Sources& sources, const ApiRequest& request, spend::BudgetChange change, ApiAnswer answer) {
  change.answer = answer_to_keep(request, answer, change.budget.at);
  const auto changed = sources.live_budgets->budget_register().change(change);
  if (!changed) return problem_of(changed.error());
  sources.put_budgets_in_force();
  return answer;
}

}  // namespace

ApiAnswer list_budgets(const Sources& sources, const ApiRequest&) {
  const auto settings = sources.settings->current();
  const auto written = sources.live_budgets->written();
  const auto counters = sources.budgets->counters("");
  JsonWriter json;
  json.begin_object().key("budgets").begin_array();
  for (const spend::Budget& budget : settings->budgets->list()) write_one(json, budget, *written, counters);
  return {200, json.end_array().end_object().take(), {}};
}

ApiAnswer show_budget(const Sources& sources, const ApiRequest& request) {
  const auto settings = sources.settings->current();
  const spend::Budget* budget = settings->budgets->find(request.name);
  if (budget == nullptr) return no_such_budget(request.name);
  const auto written = sources.live_budgets->written();
  JsonWriter json;
  write_one(json, *budget, *written, sources.budgets->counters(request.name));
  const auto document = JsonDocument::parse(json.text());
  std::string etag(document ? document->root()["etag"].string_or("") : "");
  return {200, json.take(), std::move(etag)};
}

ApiAnswer put_budget(const Sources& sources, const ApiRequest& request) {
  const Instant now = system_clock().now();
  if (auto stop = repeated(sources, request, now)) return *std::move(stop);
  const auto files = sources.live_budgets->written();
  if (const std::string place = declared_at(files->files, request.name); !place.empty()) {
    return problem(409, "Conflict", declared_text(request.name, place));
  }
  const auto registered = sources.live_budgets->budget_register().list();
  if (!registered) return problem_of(registered.error());
  std::vector<Diagnostic> complaints;
  const auto document = read_body(request, complaints);
  const auto budget = document ? check_budget(files->files, *registered, *document, complaints) : std::nullopt;
  if (!budget) return invalid_body(complaints);
  const spend::RegisteredBudget* const before = find_registered(*registered, request.name);
  if (auto stop = precondition(request, before)) return *std::move(stop);
  std::string kept = spend::document_to_keep(*document);
  // Nothing would be another: then there is nothing for the ledger to tell.
  if (before != nullptr && before->document == kept) return answer_with(200, *budget, *before);
  auto change = spend::change_budget(before, request.name, std::move(kept), request.who, now);
  ApiAnswer answer = answer_with(before == nullptr ? 201 : 200, *budget, change.budget);
  return carry_out(sources, request, std::move(change), std::move(answer));
}

ApiAnswer delete_budget(const Sources& sources, const ApiRequest& request) {
  const Instant now = system_clock().now();
  if (auto stop = repeated(sources, request, now)) return *std::move(stop);
  const auto files = sources.live_budgets->written();
  if (const std::string place = declared_at(files->files, request.name); !place.empty()) {
    return problem(409, "Conflict", declared_text(request.name, place));
  }
  const auto registered = sources.live_budgets->budget_register().list();
  if (!registered) return problem_of(registered.error());
  const spend::RegisteredBudget* const before = find_registered(*registered, request.name);
  if (before == nullptr) return no_such_budget(request.name);
  if (auto stop = precondition(request, before)) return *std::move(stop);
  JsonWriter json;
  json.begin_object().member("digest", spend::digest_of_document(before->document));
  ApiAnswer answer{200, json.member("removed", before->name).end_object().take(), {}};
  return carry_out(sources, request, spend::remove_budget(*before, request.who, now), std::move(answer));
}

std::vector<ApiRoute> budget_api_routes() {
  using enum ApiEffect;
  using identity::Permission;
  constexpr std::string_view kPath = "/api/v1/budgets/{name}";
  constexpr std::string_view kNamed = "The budget's name";
  return {{.path = "/api/v1/budgets",
           .summary = "Budgets in force and their counters at this moment",
           .permission = Permission::kReadBudgets,
           .answer = list_budgets,
           .gives = "BudgetList"},
          {.path = kPath,
           .summary = "One budget, with its ETag",
           .permission = Permission::kReadBudgets,
           .answer = show_budget,
           .gives = "BudgetState",
           .named = kNamed,
           .tells_etag = true},
          {.method = net::Method::kPut,
           .path = kPath,
           .summary = "Writes a budget: a new one, or another text of one that was written here",
           .permission = Permission::kWriteBudgets,
           .answer = put_budget,
           .gives = "BudgetWritten",
           .effect = kWrite,
           .fine = {200, 201},
           .refuses = {409},
           .named = kNamed,
           .takes = "Budget",
           .body_bytes_max = 64UL << 10U,
           .tells_etag = true,
           .takes_if_match = true,
           .needs_if_match = true,
           .takes_if_none_match = true,
           .takes_idempotency_key = true},
          {.method = net::Method::kDelete,
           .path = kPath,
           .summary = "Removes a budget that was written here",
           .permission = Permission::kWriteBudgets,
           .answer = delete_budget,
           .gives = "BudgetRemoved",
           .effect = kWrite,
           .refuses = {409},
           .named = kNamed,
           .takes_if_match = true,
           .needs_if_match = true,
           .takes_idempotency_key = true}};
}

}  // namespace reeve::app
