#include "reeve/inventory_routes.h"

#include <algorithm>

#include "core/bytes.h"
#include "reeve/api_callers.h"
#include "reeve/api_route.h"
#include "reeve/list_page.h"
#include "reeve/register_requests.h"
#include "reeve/repeatable_request.h"

namespace reeve::app {

namespace {

using Sources = ControlApi::Sources;
using control::Item;
using control::RegisterRow;
using control::Traffic;
/// Of each list of what drifted.
constexpr std::size_t kDriftMax = 500;

SeenCost cost_for(const ApiRequest& request) {
  return is_permitted(request, identity::Permission::kReadSpend, "read") ? SeenCost::kShown : SeenCost::kHidden;
}

ApiAnswer answer_with(const ApiRequest& request, int status, const Item& item, const std::optional<Traffic>& seen,
                      Instant now) {
  JsonWriter json;
  json.begin_object();
  write_item_members(json, item, seen, now, cost_for(request));
  return {status, json.end_object().take(), etag_of_version(item.version)};
}

/// The body without what only Reeve sets, as a complaint for each member that is none.
std::optional<Item> read_item(const ApiRequest& request, std::vector<Diagnostic>& complaints) {
  const auto document = JsonDocument::parse(request.body, /*depth_max=*/4);
  if (!document) {
    complaints.push_back({Diagnostic::Severity::kError, kBodyPlace, 0, 0, "the body is no JSON"});
    return std::nullopt;
  }
  Item item;
  return control::read_item_members(document->root(), item, complaints) ? std::optional(item) : std::nullopt;
}

/// Intakes about the item, the last begun first.
Result<std::string> intakes_of(const RegisterDesk& desk, std::string_view item) {
  constexpr std::size_t kShown = 20;
  JsonWriter json;
  json.begin_array();
  std::size_t shown = 0;
  const auto read = each_row(desk.rows(), control::kIntakeRegister, 0, [&](const RegisterRow& row) -> Result<bool> {
    // Reading the text is cheaper than reading the document, and there may be many.
    if (row.document.find(item) == std::string::npos) return true;
    const auto intake = control::intake_from_json(row.document);
    if (!intake) return intake.error();
    if (intake->item != item) return true;
    json.begin_object().member("id", intake->id).member("purpose", control::purpose_name(intake->purpose));
    json.member("started", format_time(intake->started));
    json.member("state", control::intake_state_name(intake->state)).end_object();
    return ++shown < kShown;
  });
  if (!read) return read.error();
  return json.end_array().take();
}

}  // namespace

ApiAnswer list_inventory(const Sources& sources, const ApiRequest& request) {
  const auto limit = limit_of(request);
  if (!limit) return problem_of(limit.error());
  const auto cursor = cursor_of(request);
  if (!cursor) return problem_of(cursor.error());
  const ItemFilter filter{value_of(request, "kind"), value_of(request, "status"), value_of(request, "owner"),
                          value_of(request, "tier"), value_of(request, "flag"),   value_of(request, "text")};
  control::RegisterStore& rows = sources.registers->governed();
  const auto traffic = seen_traffic(rows);
  if (!traffic) return problem_of(traffic.error());
  const Instant now = system_clock().now();
  const SeenCost cost = cost_for(request);
  JsonWriter json;
  json.begin_object().key("items").begin_array();
  std::size_t written = 0;
  std::int64_t last = 0, next = 0;
  const auto read = each_row(rows, control::kInventoryRegister, *cursor, [&](const RegisterRow& row) -> Result<bool> {
    const auto item = control::item_from_json(row.document);
    if (!item) return item.error();
    const auto seen = traffic->of(*item);
    if (!fits(filter, *item, control::flags_of(*item, seen, now))) return true;
    if (written == *limit) {
      next = last;
      return false;
    }
    json.begin_object();
    write_item_members(json, *item, seen, now, cost);
    json.end_object();
    ++written;
    last = row.number;
    return true;
  });
  if (!read) return problem_of(read.error());
  json.end_array();
  if (next != 0) json.member("next", std::to_string(next));
  return {200, json.end_object().take(), {}};
}

ApiAnswer register_inventory_item(const Sources& sources, const ApiRequest& request) {
  const Instant now = system_clock().now();
  const auto desk = register_desk_of(sources);
  if (!desk) return problem_of(desk.error());
  if (auto again = repeated_answer(*desk, request)) return *std::move(again);
  std::vector<Diagnostic> complaints;
  auto given = read_item(request, complaints);
  if (!given) return invalid_body(complaints);
  const auto item = control::register_item(*std::move(given), request.who, now);
  if (!item) return refusal_of(item.error());
  control::RegisterChange change;
  change.rows.push_back(control::change_of_item(*item, nullptr, "register.item_registered", request.who, {}, now));
  return carry_out(*desk, request, std::move(change), answer_with(request, 201, *item, std::nullopt, now));
}

ApiAnswer show_inventory_item(const Sources& sources, const ApiRequest& request) {
  const auto desk = register_desk_of(sources);
  if (!desk) return problem_of(desk.error());
  const auto item = desk->item(request.name);
  if (!item) return problem_of(item.error());
  const auto traffic = seen_traffic(desk->rows());
  if (!traffic) return problem_of(traffic.error());
  const auto intakes = intakes_of(*desk, item->id);
  if (!intakes) return problem_of(intakes.error());
  JsonWriter json;
  json.begin_object().key("intakes").raw(*intakes);
  write_item_members(json, *item, traffic->of(*item), system_clock().now(), cost_for(request));
  return {200, json.end_object().take(), etag_of_version(item->version)};
}

ApiAnswer show_inventory_history(const Sources& sources, const ApiRequest& request) {
  control::RegisterStore& rows = sources.registers->governed();
  const auto history = rows.history(control::kInventoryRegister, request.name);
  if (!history) return problem_of(history.error());
  if (history->empty()) return problem(404, "Not found", "There is no item of that id.");
  JsonWriter json;
  json.begin_object().key("history").begin_array();
  for (const control::RowHistory& one : *history) {
    const auto text = JsonDocument::parse(one.text);
    json.begin_object().member("at", format_time(one.at)).member_if("by", one.by);
    for (const auto& [name, value] : text ? text->root().members() : decltype(text->root().members())()) {
      json.key(name).raw(value.to_json());
    }
    json.member("step", one.step).member("version", one.version).end_object();
  }
  return {200, json.end_array().end_object().take(), {}};
}

ApiAnswer replace_inventory_item(const Sources& sources, const ApiRequest& request) {
  const Instant now = system_clock().now();
  const auto desk = register_desk_of(sources);
  if (!desk) return problem_of(desk.error());
  if (auto again = repeated_answer(*desk, request)) return *std::move(again);
  const auto before = desk->item(request.name);
  if (!before) return problem_of(before.error());
  if (auto stop = check_if_match(request, before->version, true)) return *std::move(stop);
  std::vector<Diagnostic> complaints;
  auto given = read_item(request, complaints);
  if (!given) return invalid_body(complaints);
  const auto item = control::change_item(*before, *std::move(given));
  if (!item) return refusal_of(item.error());
  const auto traffic = seen_traffic(desk->rows());
  if (!traffic) return problem_of(traffic.error());
  ApiAnswer answer = answer_with(request, 200, *item, traffic->of(*item), now);
  if (item->version == before->version) return answer;
  control::RegisterChange change;
  const bool another = item->status != before->status;
  change.rows.push_back(control::change_of_item(
      *item, &*before, another ? "register.item_status" : "register.item_changed", request.who, {}, now));
  return carry_out(*desk, request, std::move(change), std::move(answer));
}

ApiAnswer act_on_inventory_item(const Sources& sources, const ApiRequest& request) {
  const Instant now = system_clock().now();
  const auto desk = register_desk_of(sources);
  if (!desk) return problem_of(desk.error());
  if (auto again = repeated_answer(*desk, request)) return *std::move(again);
  const auto texts = read_texts(request, {"action", "reason"});
  if (!texts) return problem_of(texts.error());
  const auto named = texts->find("action");
  const auto action = named == texts->end() ? std::nullopt : control::item_action_from_name(named->second);
  if (!action) return problem(400, "Bad request", "'action' is use, suspend, resume or decommission.");
  const auto before = desk->item(request.name);
  if (!before) return problem_of(before.error());
  if (auto stop = check_if_match(request, before->version, false)) return *std::move(stop);
  const auto said = texts->find("reason");
  const std::string reason(said == texts->end() ? std::string_view() : trim(said->second));
  const auto item = desk->act(*before, *action, request.who, reason, now);
  if (!item) return refusal_of(item.error());
  const auto traffic = seen_traffic(desk->rows());
  if (!traffic) return problem_of(traffic.error());
  control::RegisterChange change;
  change.rows.push_back(control::change_of_item(*item, &*before, "register.item_status", request.who, reason, now));
  ApiAnswer answer = answer_with(request, 200, *item, traffic->of(*item), now);
  return carry_out(*desk, request, std::move(change), std::move(answer));
}

namespace {

struct SeenItem {
  Item item;
  std::optional<Traffic> seen;
  std::vector<std::string_view> flags;
  bool is(std::string_view flag) const { return std::find(flags.begin(), flags.end(), flag) != flags.end(); }
};

/// Whether it had to leave any out.
template <typename Belongs>
bool write_drifted(JsonWriter& json, std::string_view name, const std::vector<SeenItem>& items, Instant now,
                   SeenCost cost, const Belongs& belongs) {
  json.key(name).begin_array();
  std::size_t found = 0;
  for (const SeenItem& one : items) {
    if (!belongs(one) || found++ >= kDriftMax) continue;
    json.begin_object();
    write_item_members(json, one.item, one.seen, now, cost);
    json.end_object();
  }
  json.end_array();
  return found > kDriftMax;
}

void write_traffic(JsonWriter& json, const control::SeenTraffic& traffic, const std::vector<SeenItem>& items,
                   SeenCost cost) {
  std::vector<std::vector<std::string_view>> ids(traffic.list().size());
  for (const SeenItem& one : items) {
    for (const std::size_t place : traffic.places_of(one.item)) ids[place].push_back(one.item.id);
  }
  json.key("traffic").begin_array();
  for (std::size_t i = 0; i < std::min(ids.size(), kDriftMax); ++i) {
    json.begin_object();
    write_seen_members(json, traffic.list()[i], cost);
    json.key("items").begin_array();
    for (const std::string_view id : ids[i]) json.value(id);
    json.end_array().member("what", traffic.list()[i].what).end_object();
  }
  json.end_array();
}

}  // namespace

Result<std::string> drift_json(control::RegisterStore& rows, Instant now, SeenCost cost) {
  const auto traffic = seen_traffic(rows);
  if (!traffic) return traffic.error();
  std::vector<SeenItem> items;
  const auto read = each_row(rows, control::kInventoryRegister, 0, [&](const RegisterRow& row) -> Result<bool> {
    auto item = control::item_from_json(row.document);
    if (!item) return std::move(item).error();
    auto seen = traffic->of(*item);
    auto flags = control::flags_of(*item, seen, now);
    items.push_back({*std::move(item), std::move(seen), std::move(flags)});
    return true;
  });
  if (!read) return read.error();
  JsonWriter json;
  json.begin_object();
  bool cut = traffic->list().size() > kDriftMax;
  cut |= write_drifted(json, "not_seen", items, now, cost, [](const SeenItem& one) { return one.is("not_seen"); });
  write_traffic(json, *traffic, items, cost);
  cut |= write_drifted(json, "unregistered", items, now, cost,
                       [](const SeenItem& one) { return one.item.status == control::ItemStatus::kSeenNotRegistered; });
  cut |= write_drifted(json, "without_approval", items, now, cost,
                       [](const SeenItem& one) { return one.is("seen_without_approval"); });
  return json.member("cut", cut).end_object().take();
}

ApiAnswer show_drift(const Sources& sources, const ApiRequest& request) {
  auto drift = drift_json(sources.registers->governed(), system_clock().now(), cost_for(request));
  if (!drift) return problem_of(drift.error());
  return {200, *std::move(drift), {}};
}

namespace {

constexpr std::string_view kAll = "/api/v1/inventory";
constexpr std::string_view kOne = "/api/v1/inventory/{id}";
constexpr std::string_view kNamed = "The item's id";
constexpr std::size_t kItemBytesMax = 64UL << 10U;

std::vector<ApiRoute> reading_routes() {
  using identity::Permission;
  constexpr std::string_view kNumber = R"({"type":"integer","minimum":1,"maximum":200})";
  return {{.path = kAll,
           .summary = "Items of the AI inventory, newest first",
           .permission = Permission::kReadInventory,
           .answer = list_inventory,
           .gives = "InventoryList",
           .parameters = {{"kind", "Only those",
                           R"({"type":"string","enum":["model","copilot","agent","prompt_template","vector_store",)"
                           R"("embedding_service","third_party_api","tool"]})"},
                          {"status", "Only those",
                           R"({"type":"string","enum":["seen_not_registered","proposed","in_review","approved",)"
                           R"("approved_with_conditions","denied","in_use","suspended","decommissioned"]})"},
                          {"owner", "Only this person's"},
                          {"tier", "Only of this risk tier", R"({"type":"integer","minimum":1,"maximum":3})"},
                          {"flag", "Only those",
                           R"({"type":"string","enum":["review_due","review_overdue","not_seen",)"
                           R"("seen_without_approval"]})"},
                          {"text", "Only with this text in title, purpose, model, provider or id"},
                          {"limit", "100 without it", kNumber},
                          kCursorParameter}},
          {.path = "/api/v1/inventory/drift",
           .summary = "What the gateway saw against what is registered",
           .permission = Permission::kReadInventory,
           .answer = show_drift,
           .gives = "InventoryDrift"},
          {.path = kOne,
           .summary = "One item, with its intakes and its ETag",
           .permission = Permission::kReadInventory,
           .answer = show_inventory_item,
           .gives = "InventoryItemAnswer",
           .named = kNamed,
           .tells_etag = true},
          {.path = "/api/v1/inventory/{id}/history",
           .summary = "Who changed what of an item, and when, newest first",
           .permission = Permission::kReadInventory,
           .answer = show_inventory_history,
           .gives = "InventoryHistory",
           .named = kNamed}};
}

std::vector<ApiRoute> writing_routes() {
  using enum ApiEffect;
  using identity::Permission;
  return {{.method = net::Method::kPost,
           .path = kAll,
           .summary = "Registers an item; it is proposed until an intake is decided",
           .permission = Permission::kWriteInventory,
           .answer = register_inventory_item,
           .gives = "InventoryItemAnswer",
           .effect = kWrite,
           .fine = {201},
           .refuses = {409},
           .takes = "InventoryItemRequest",
           .body_bytes_max = kItemBytesMax,
           .tells_etag = true,
           .takes_idempotency_key = true},
          {.method = net::Method::kPut,
           .path = kOne,
           .summary = "Another text of an item; what mattered for its approval makes it proposed again",
           .permission = Permission::kWriteInventory,
           .answer = replace_inventory_item,
           .gives = "InventoryItemAnswer",
           .effect = kWrite,
           .refuses = {409},
           .named = kNamed,
           .takes = "InventoryItemRequest",
           .body_bytes_max = kItemBytesMax,
           .tells_etag = true,
           .takes_if_match = true,
           .needs_if_match = true,
           .takes_idempotency_key = true},
          {.method = net::Method::kPost,
           .path = kOne,
           .summary = "Uses, suspends, resumes or decommissions an item",
           .permission = Permission::kWriteInventory,
           .answer = act_on_inventory_item,
           .gives = "InventoryItemAnswer",
           .effect = kWrite,
           .refuses = {409},
           .named = kNamed,
           .takes = "InventoryAction",
           .body_bytes_max = kReasonBytesMax,
           .tells_etag = true,
           .takes_if_match = true,
           .takes_idempotency_key = true}};
}

}  // namespace

std::vector<ApiRoute> inventory_api_routes() {
  std::vector<ApiRoute> all = reading_routes();
  for (ApiRoute& route : writing_routes()) all.push_back(std::move(route));
  return all;
}

}  // namespace reeve::app
