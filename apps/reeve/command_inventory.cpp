// `reeve inventory`: the register of what AI there is.

#include <algorithm>
#include <cstdio>
#include <fstream>

#include "core/bytes.h"
#include "core/check.h"
#include "core/csv.h"
#include "reeve/exception_desk.h"
#include "reeve/inventory_routes.h"
#include "reeve/register_commands.h"
#include "reeve/register_desk.h"
#include "reeve/terminal.h"

namespace reeve::app {

using control::Item;
using control::RegisterRow;
using control::Traffic;

namespace {

struct Shown {
  Item item;
  std::optional<Traffic> seen;
  std::vector<std::string_view> flags;
};

int fail_with(const Common& common, const Error& error) {
  return fail(common, workflow_exit_code(error), error.message);
}

/// Newest first, those that the arguments ask for.
Result<std::vector<Shown>> read_items(control::RegisterStore& rows, const InventoryArguments& arguments, Instant now) {
  const ItemFilter filter{arguments.kind, arguments.status, arguments.owner,
                          arguments.tier, arguments.flag,   arguments.text};
  const auto traffic = seen_traffic(rows);
  if (!traffic) return traffic.error();
  std::vector<Shown> items;
  const auto read = each_row(rows, control::kInventoryRegister, 0, [&](const RegisterRow& row) -> Result<bool> {
    auto item = control::item_from_json(row.document);
    if (!item) return std::move(item).error();
    auto seen = traffic->of(*item);
    auto flags = control::flags_of(*item, seen, now);
    if (fits(filter, *item, flags)) items.push_back({*std::move(item), std::move(seen), std::move(flags)});
    return true;
  });
  if (!read) return read.error();
  return items;
}

std::string joined(const auto& parts) {
  std::string text;
  for (const auto& part : parts) text += (text.empty() ? "" : ", ") + printable(part);
  return text;
}

std::string day_of(const std::optional<Instant>& at) { return at ? format_time(*at).substr(0, 10) : ""; }

std::string items_json(const std::vector<Shown>& items, Instant now) {
  JsonWriter json;
  json.begin_array();
  for (const Shown& one : items) {
    json.begin_object();
    write_item_members(json, one.item, one.seen, now);
    json.end_object();
  }
  return json.end_array().take();
}

std::string items_csv(const std::vector<Shown>& items) {
  std::string text =
      "id,kind,title,status,risk_tier,owner,purpose,users,data_classes,model,provider,environment,hosting,region,"
      "retention,training_use,human_review,integrations,guardrails,conditions,registered,reviewed,next_review,expires,"
      "first_seen,last_seen,calls,cost_nanos,people,flags\r\n";
  for (const auto& [item, seen, flags] : items) {
    const std::vector<std::string> cells{item.id,
                                         item.kind,
                                         item.title,
                                         std::string(control::item_status_name(item.status)),
                                         item.risk_tier == 0 ? "" : std::to_string(item.risk_tier),
                                         item.owner,
                                         item.purpose,
                                         joined(item.users),
                                         joined(item.data_classes),
                                         item.model,
                                         item.provider,
                                         item.environment,
                                         item.hosting,
                                         item.region,
                                         item.retention,
                                         item.training_use,
                                         item.human_review,
                                         joined(item.integrations),
                                         joined(item.guardrails),
                                         joined(item.conditions),
                                         day_of(item.registered),
                                         day_of(item.reviewed),
                                         day_of(item.next_review),
                                         day_of(item.expires),
                                         seen ? format_time(seen->first) : "",
                                         seen ? format_time(seen->last) : "",
                                         seen ? std::to_string(seen->calls) : "",
                                         seen ? std::to_string(seen->cost.nanos) : "",
                                         seen ? std::to_string(seen->people.size()) : "",
                                         joined(flags)};
    text += csv_line(cells);
  }
  return text;
}

void print_item(const Item& item, const std::optional<Traffic>& seen, Instant now) {
  std::printf("%s  %s\n", bold(item.id).c_str(), std::string(control::item_status_name(item.status)).c_str());
  const auto line = [](const char* name, const std::string& value) {
    if (!value.empty()) std::printf("  %-14s %s\n", name, printable(value, 2'000).c_str());
  };
  line("kind", item.kind);
  line("title", item.title);
  line("purpose", item.purpose);
  line("owner", item.owner);
  line("risk tier", item.risk_tier == 0 ? "" : std::to_string(item.risk_tier));
  line("users", joined(item.users));
  line("data", joined(item.data_classes));
  line("model", item.model);
  line("provider", item.provider);
  line("environment", item.environment);
  line("hosting", item.hosting);
  line("region", item.region);
  line("retention", item.retention);
  line("training use", item.training_use);
  line("human review", item.human_review);
  line("integrations", joined(item.integrations));
  line("guardrails", joined(item.guardrails));
  line("conditions", joined(item.conditions));
  line("seen as", joined(control::patterns_of(item)));
  line("notes", item.notes);
  line("registered", day_of(item.registered) + (item.registered_by.empty() ? "" : " by " + item.registered_by));
  line("reviewed", day_of(item.reviewed));
  line("next review", day_of(item.next_review));
  line("expires", day_of(item.expires));
  line("intake", item.intake);
  if (item.ended) line("ended", day_of(item.ended) + " " + item.ended_by + ": " + item.end_reason);
  if (seen) {
    line("seen", std::to_string(seen->calls) + " calls, " + format_money(seen->cost) + ", " +
                     std::to_string(seen->people.size()) + " people, last " + format_time(seen->last).substr(0, 16));
  }
  for (const std::string_view flag : control::flags_of(item, seen, now)) {
    std::printf("  %s\n", yellow(std::string(flag)).c_str());
  }
}

void print_history(const std::vector<control::RowHistory>& history) {
  for (const control::RowHistory& one : history) {
    std::printf("  %s  %s  %s\n", format_time(one.at).substr(0, 19).c_str(), one.step.c_str(),
                one.by.empty() ? "by itself" : printable(one.by).c_str());
    const auto text = JsonDocument::parse(one.text);
    if (!text) continue;
    for (const JsonValue& change : text->root()["changes"].items()) {
      const std::string from = change["from"].present() ? change["from"].to_json() : "nothing";
      const std::string to = change["to"].present() ? change["to"].to_json() : "nothing";
      std::printf("    %s: %s\n", std::string(change["member"].string_or("")).c_str(),
                  dim(printable(from + " -> " + to, 300)).c_str());
    }
  }
}

/// The body that the API would take, from MEMBER=VALUE; of an item that is there (`before`), what is not named stays.
Result<std::string> body_of(const std::vector<std::string>& values, const Item* before = nullptr) {
  constexpr std::array<std::string_view, 5> kLists{"users", "data_classes", "integrations", "guardrails", "seen_as"};
  JsonWriter json;
  json.begin_object();
  const auto written = JsonDocument::parse(before == nullptr ? "{}" : control::item_text(*before));
  CHECK(written.ok());
  for (const auto& [name, value] : written->root().members()) {
    const std::string prefix = std::string(name) + "=";
    const bool named =
        std::any_of(values.begin(), values.end(), [&](const std::string& pair) { return pair.starts_with(prefix); });
    if (name != "id" && !named) json.key(name).raw(value.to_json());
  }
  for (const std::string& pair : values) {
    const std::size_t equals = pair.find('=');
    if (equals == std::string::npos || equals == 0) {
      return Error{ErrorCode::kInvalid, "an item is told as MEMBER=VALUE, such as kind=model"};
    }
    const std::string name = pair.substr(0, equals);
    const std::string value = pair.substr(equals + 1);
    if (std::find(kLists.begin(), kLists.end(), name) == kLists.end()) {
      json.member(name, value);
      continue;
    }
    json.key(name).begin_array();
    for (const std::string_view part : split(value, ',')) {
      if (!trim(part).empty()) json.value(trim(part));
    }
    json.end_array();
  }
  return json.end_object().take();
}

Result<Item> item_of(const std::vector<std::string>& values, const Item* before = nullptr) {
  const auto body = body_of(values, before);
  if (!body) return body.error();
  const auto document = JsonDocument::parse(*body);
  Item item;
  std::vector<Diagnostic> complaints;
  if (document && control::read_item_members(document->root(), item, complaints)) return item;
  if (complaints.empty()) return Error{ErrorCode::kInvalid, "the values cannot be read"};
  const Diagnostic& first = complaints.front();
  return Error{ErrorCode::kInvalid,
               first.file.substr(std::min<std::size_t>(2, first.file.size())) + ": " + first.message};
}

int show_changed(const Common& common, const RegisterDesk& desk, const Item& item, Instant now) {
  const auto traffic = seen_traffic(desk.rows());
  if (!traffic) return fail_with(common, traffic.error());
  const auto seen = traffic->of(item);
  if (!common.json) {
    print_item(item, seen, now);
    return kDone;
  }
  JsonWriter json;
  json.begin_object();
  write_item_members(json, item, seen, now);
  std::printf("%s\n", json.end_object().text().c_str());
  return kDone;
}

/// The id may be the beginning of one.
Result<control::Item> item_named(const RegisterDesk& desk, std::string_view id) {
  const auto whole = desk.whole_id(control::kInventoryRegister, id);
  return whole ? desk.item(*whole) : whole.error();
}

}  // namespace

int inventory_list_command(const Common& common, const InventoryArguments& arguments) {
  auto access = open_registers(common, false);
  if (!access) return fail_with(common, access.error());
  const Instant now = system_clock().now();
  const auto items = read_items(access->registers().governed(), arguments, now);
  if (!items) return fail_with(common, items.error());
  if (common.json) {
    std::printf("%s\n", items_json(*items, now).c_str());
    return kDone;
  }
  if (items->empty()) {
    std::printf("No items. Ask for one with: reeve intake start\n");
    return kDone;
  }
  std::vector<std::vector<std::string>> rows{{"ID", "KIND", "TITLE", "STATUS", "TIER", "OWNER", "NEXT REVIEW", ""}};
  for (const auto& [item, seen, flags] : *items) {
    rows.push_back({item.id, item.kind, printable(item.title, 50), std::string(control::item_status_name(item.status)),
                    item.risk_tier == 0 ? "" : std::to_string(item.risk_tier), printable(item.owner),
                    day_of(item.next_review), joined(flags)});
  }
  std::printf("%s", table(rows).c_str());
  return kDone;
}

int inventory_export_command(const Common& common, const InventoryArguments& arguments) {
  auto access = open_registers(common, false);
  if (!access) return fail_with(common, access.error());
  const Instant now = system_clock().now();
  const auto items = read_items(access->registers().governed(), arguments, now);
  if (!items) return fail_with(common, items.error());
  const std::string text =
      arguments.format == "json" || common.json ? items_json(*items, now) + "\n" : items_csv(*items);
  if (arguments.output.empty()) {
    std::printf("%s", text.c_str());
    return kDone;
  }
  std::ofstream file(arguments.output, std::ios::binary);
  file << text;
  file.close();
  if (!file) return fail(common, kFailed, arguments.output + " cannot be written");
  std::printf("%zu items in %s\n", items->size(), arguments.output.c_str());
  return kDone;
}

int inventory_show_command(const Common& common, const InventoryArguments& arguments) {
  auto desk = RegisterDesk::open(common);
  if (!desk) return fail_with(common, desk.error());
  const auto item = item_named(*desk, arguments.id);
  if (!item) return fail_with(common, item.error());
  const int shown = show_changed(common, *desk, *item, system_clock().now());
  if (common.json || shown != kDone) return shown;
  const auto history = desk->rows().history(control::kInventoryRegister, item->id);
  if (!history) return fail_with(common, history.error());
  print_history(*history);
  return kDone;
}

int inventory_register_command(const Common& common, const InventoryArguments& arguments) {
  const Instant now = system_clock().now();
  const auto given = item_of(arguments.values);
  if (!given) return fail(common, kWrongUse, given.error().message);
  auto desk = RegisterDesk::open(common);
  if (!desk) return fail_with(common, desk.error());
  const std::string by = acting_person(arguments.by);
  const auto item = control::register_item(*given, by, now);
  if (!item) return fail_with(common, item.error());
  control::RegisterChange change;
  change.rows.push_back(control::change_of_item(*item, nullptr, "register.item_registered", by, {}, now));
  if (auto changed = desk->rows().change(change); !changed) return fail_with(common, changed.error());
  return show_changed(common, *desk, *item, now);
}

int inventory_change_command(const Common& common, const InventoryArguments& arguments) {
  const Instant now = system_clock().now();
  auto desk = RegisterDesk::open(common);
  if (!desk) return fail_with(common, desk.error());
  const auto before = item_named(*desk, arguments.id);
  if (!before) return fail_with(common, before.error());
  const auto given = item_of(arguments.values, &*before);
  if (!given) return fail(common, kWrongUse, given.error().message);
  const auto item = control::change_item(*before, *given);
  if (!item) return fail_with(common, item.error());
  if (item->version == before->version) return show_changed(common, *desk, *item, now);
  const std::string by = acting_person(arguments.by);
  control::RegisterChange change;
  change.rows.push_back(control::change_of_item(
      *item, &*before, item->status != before->status ? "register.item_status" : "register.item_changed", by, {}, now));
  if (auto changed = desk->rows().change(change); !changed) return fail_with(common, changed.error());
  return show_changed(common, *desk, *item, now);
}

int inventory_act_command(const Common& common, const InventoryArguments& arguments, control::ItemAction action) {
  const Instant now = system_clock().now();
  auto desk = RegisterDesk::open(common);
  if (!desk) return fail_with(common, desk.error());
  const auto before = item_named(*desk, arguments.id);
  if (!before) return fail_with(common, before.error());
  const std::string by = acting_person(arguments.by);
  const std::string reason(trim(arguments.reason));
  const auto item = desk->act(*before, action, by, reason, now);
  if (!item) return fail_with(common, item.error());
  control::RegisterChange change;
  change.rows.push_back(control::change_of_item(*item, &*before, "register.item_status", by, reason, now));
  if (auto changed = desk->rows().change(change); !changed) return fail_with(common, changed.error());
  return show_changed(common, *desk, *item, now);
}

int inventory_drift_command(const Common& common) {
  auto access = open_registers(common, false);
  if (!access) return fail_with(common, access.error());
  const auto drift = drift_json(access->registers().governed(), system_clock().now(), SeenCost::kShown);
  if (!drift) return fail_with(common, drift.error());
  const auto read = JsonDocument::parse(*drift);
  CHECK(read.ok());
  const JsonValue root = read->root();
  const bool any = !root["unregistered"].items().empty() || !root["without_approval"].items().empty();
  if (common.json) {
    std::printf("%s\n", drift->c_str());
    return any ? kAnswerIsNo : kDone;
  }
  std::vector<std::vector<std::string>> rows{{"ID", "WHAT", "STATUS", "CALLS", "LAST SEEN"}};
  for (const char* list : {"unregistered", "without_approval", "not_seen"}) {
    for (const JsonValue& one : root[list].items()) {
      const JsonValue item = one["item"];
      const JsonValue seen = one["seen"];
      rows.push_back({std::string(item["id"].string_or("")), printable(item["title"].string_or(""), 60),
                      list == std::string_view("not_seen") ? "not seen" : std::string(item["status"].string_or("")),
                      seen.present() ? std::to_string(seen["calls"].int_or(0)) : "",
                      std::string(seen["last"].string_or("").substr(0, 16))});
    }
  }
  std::printf("%s", rows.size() == 1 ? "What the gateway saw is registered and approved.\n" : table(rows).c_str());
  return any ? kAnswerIsNo : kDone;
}

}  // namespace reeve::app
