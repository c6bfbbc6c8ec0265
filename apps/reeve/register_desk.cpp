#include "reeve/register_desk.h"

#include <algorithm>

#include "core/bytes.h"
#include "reeve/complaints.h"
#include "reeve/kept_reading.h"

namespace reeve::app {

using control::IntakeCase;
using control::Item;
using control::RegisterRow;

namespace {

constexpr std::size_t kEndBytesMin = 4;
constexpr std::size_t kPage = 500;

Error nothing_of_that_id(std::string_view what, std::string_view id) {
  return {ErrorCode::kNotFound, "there is no " + std::string(what) + " " + printable(id, 60)};
}

bool contains_folded(std::string_view text, std::string_view part) {
  return to_lower(text).find(to_lower(part)) != std::string::npos;
}

}  // namespace

Error nobody_may_decide() {
  return {ErrorCode::kUnavailable,
          "the governance files have errors, so it is not certain who may decide; 'reeve check' lists them"};
}

Result<RegisterDesk> RegisterDesk::open(const Common& common, bool make) {
  RegisterDesk desk;
  auto access = open_registers(common, make);
  if (!access) return std::move(access).error();
  desk.access = *std::move(access);
  const auto directory = governance_directory(common, "");
  if (!directory) return directory.error();
  std::vector<Diagnostic> complaints;
  const auto documents = read_yaml_directory(*directory, complaints);
  desk.rules = control::IntakeRules::build(documents, complaints);
  desk.policies = control::ApprovalPolicies::build(documents, complaints);
  if (!has_errors(complaints)) return desk;
  return Error{ErrorCode::kInvalid, "the governance files have errors, so it is not certain who may decide: " +
                                        complaints.front().to_string()};
}

Result<RegisterDesk> RegisterDesk::open(const Workflow& workflow, store::Registers& registers) {
  if (!workflow.is_readable) return nobody_may_decide();
  RegisterDesk desk;
  desk.served = &registers;
  desk.rules = workflow.intake;
  desk.policies = workflow.approvals;
  return desk;
}

Result<Item> RegisterDesk::item(std::string_view id) const {
  const auto row = rows().find(control::kInventoryRegister, id);
  if (!row) return row.error();
  if (!*row) return nothing_of_that_id("item", id);
  return control::item_from_json((*row)->document);
}

Result<IntakeCase> RegisterDesk::intake(std::string_view id) const {
  const auto row = rows().find(control::kIntakeRegister, id);
  if (!row) return row.error();
  if (!*row) return nothing_of_that_id("intake", id);
  auto intake = control::intake_from_json((*row)->document);
  if (!intake) return std::move(intake).error();
  auto about = item(intake->item);
  if (!about) return std::move(about).error();
  return IntakeCase{*std::move(intake), *std::move(about)};
}

Result<std::string> RegisterDesk::whole_id(std::string_view register_name, std::string_view id) const {
  const auto exact = rows().find(register_name, id);
  if (!exact) return exact.error();
  if (*exact) return std::string(id);
  const std::string end = to_lower(id);
  std::string found;
  bool several = false;
  const auto read = each_row(rows(), register_name, 0, [&](const RegisterRow& row) -> Result<bool> {
    if (end.size() < kEndBytesMin || !row.id.ends_with(end)) return true;
    several = !found.empty();
    found = row.id;
    return !several;
  });
  if (!read) return read.error();
  if (several) return Error{ErrorCode::kInvalid, "several ids end in " + printable(id) + "; say more of it"};
  if (found.empty()) return nothing_of_that_id(register_name == control::kIntakeRegister ? "intake" : "item", id);
  return found;
}

Result<void> RegisterDesk::check_exception(std::string_view id) const {
  if (id.empty()) return {};
  const auto list = registers().exceptions().list();
  if (!list) return list.error();
  const bool known = std::any_of(list->begin(), list->end(), [&](const auto& one) { return one.id == id; });
  if (known) return {};
  return Error{ErrorCode::kInvalid, "there is no exception " + printable(id, 60)};
}

Result<Item> RegisterDesk::act(const Item& item, control::ItemAction action, std::string_view by,
                               std::string_view reason, Instant now) const {
  if (action == control::ItemAction::kResume && !item.intake.empty()) {
    const auto last = intake(item.intake);
    if (!last) return last.error();
    if (equal_ignoring_case(by, last->intake.requested_by)) {
      return Error{ErrorCode::kDenied, "you asked for it; somebody else resumes it"};
    }
  }
  return control::act_on_item(item, action, by, reason, now);
}

Result<IntakeCase> RegisterDesk::start(const control::IntakeStart& start, Instant now) const {
  if (start.existing != nullptr && !start.existing->intake.empty()) {
    const auto earlier = intake(start.existing->intake);
    if (!earlier) return earlier.error();
    if (!earlier->intake.is_over()) {
      return Error{ErrorCode::kConflict, "an intake for it is open: " + earlier->intake.id};
    }
  }
  return control::start_intake(start, rules, now);
}

Result<void> each_row(control::RegisterStore& rows, std::string_view register_name, std::int64_t before,
                      const std::function<Result<bool>(const RegisterRow&)>& take) {
  while (true) {
    const auto page = rows.list(register_name, before, kPage);
    if (!page) return page.error();
    for (const RegisterRow& row : *page) {
      const auto go_on = take(row);
      if (!go_on) return go_on.error();
      if (!*go_on) return {};
      before = row.number;
    }
    if (page->size() < kPage) return {};
  }
}

Result<control::SeenTraffic> seen_traffic(control::RegisterStore& rows) {
  auto traffic = rows.traffic();
  if (!traffic) return std::move(traffic).error();
  return control::SeenTraffic(*std::move(traffic));
}

void write_seen_members(JsonWriter& json, const control::Traffic& seen, SeenCost cost) {
  json.member("calls", seen.calls);
  if (cost == SeenCost::kShown) json.member("cost_nanos", seen.cost.nanos);
  json.member("first", format_time(seen.first))
      .member("last", format_time(seen.last))
      .member("people", seen.people.size());
}

void write_item_members(JsonWriter& json, const Item& item, const std::optional<control::Traffic>& seen, Instant now,
                        SeenCost cost) {
  json.key("flags").begin_array();
  for (const std::string_view flag : control::flags_of(item, seen, now)) json.value(flag);
  json.end_array().key("item").begin_object();
  const auto stored = JsonDocument::parse(control::item_to_json(item));
  CHECK(stored.ok());
  for (const auto& [name, value] : stored->root().members()) {
    if (name != "status_before") json.key(name).raw(value.to_json());
  }
  json.end_object();
  if (!seen) return;
  json.key("seen").begin_object();
  write_seen_members(json, *seen, cost);
  json.end_object();
}

bool fits(const ItemFilter& filter, const Item& item, const std::vector<std::string_view>& flags) {
  const auto is = [](const std::string& wanted, std::string_view value) { return wanted.empty() || wanted == value; };
  return is(filter.kind, item.kind) && is(filter.status, control::item_status_name(item.status)) &&
         (filter.owner.empty() || equal_ignoring_case(filter.owner, item.owner)) &&
         is(filter.tier, std::to_string(item.risk_tier)) &&
         (filter.flag.empty() || std::find(flags.begin(), flags.end(), filter.flag) != flags.end()) &&
         (filter.text.empty() || contains_folded(item.title, filter.text) ||
          contains_folded(item.purpose, filter.text) || contains_folded(item.model, filter.text) ||
          contains_folded(item.provider, filter.text) || contains_folded(item.id, filter.text));
}

}  // namespace reeve::app
