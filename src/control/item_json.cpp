// An item as canonical JSON: members in the order of their names, those with nothing in them left out.

#include <algorithm>

#include "control/item_members.h"
#include "core/bytes.h"

namespace reeve::control {

namespace {

constexpr std::array<std::string_view, kItemStatuses> kStatuses{
    "seen_not_registered", "proposed",      "in_review", "approved", "approved_with_conditions", "denied", "in_use",
    "suspended",           "decommissioned"};

using Members = std::map<std::string_view, std::string>;  // by name: a value as JSON

std::string text_json(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

std::string list_json(const std::vector<std::string>& texts) {
  JsonWriter json;
  json.begin_array();
  for (const std::string& text : texts) json.value(text);
  return json.end_array().take();
}

void add_written_members(Members& members, const Item& item) {
  for (const ItemMember& member : item_members()) {
    const auto values = values_of(item, member);
    if (values.empty()) continue;
    members[member.name] = member.list != nullptr ? list_json(values) : text_json(values.front());
  }
}

void add_time(Members& members, std::string_view name, const std::optional<Instant>& at) {
  if (at) members[name] = text_json(format_time(*at));
}

std::string object_of(const Members& members) {
  JsonWriter json;
  json.begin_object();
  for (const auto& [name, value] : members) json.key(name).raw(value);
  return json.end_object().take();
}

std::optional<Instant> time_of(JsonValue value, bool& good) {
  if (!value.present()) return std::nullopt;
  const auto time = parse_time(value.string_or(""));
  good = good && time.ok();
  return time ? std::optional(*time) : std::nullopt;
}

std::vector<std::string> texts_of(JsonValue array) {
  std::vector<std::string> texts;
  for (const JsonValue& item : array.items()) texts.emplace_back(item.string_or(""));
  return texts;
}

}  // namespace

std::string_view item_status_name(ItemStatus status) { return kStatuses[static_cast<std::size_t>(status)]; }
std::optional<ItemStatus> item_status_from_name(std::string_view name) {
  const auto found = std::find(kStatuses.begin(), kStatuses.end(), name);
  if (found == kStatuses.end()) return std::nullopt;
  return static_cast<ItemStatus>(found - kStatuses.begin());
}

bool is_approved(ItemStatus status) {
  return status == ItemStatus::kApproved || status == ItemStatus::kApprovedWithConditions ||
         status == ItemStatus::kInUse;
}

std::string item_text(const Item& item) {
  Members members;
  add_written_members(members, item);
  members["id"] = text_json(item.id);
  return object_of(members);
}

std::string item_to_json(const Item& item) {
  Members members;
  add_written_members(members, item);
  members["id"] = text_json(item.id);
  members["status"] = text_json(item_status_name(item.status));
  members["version"] = std::to_string(item.version);
  if (item.risk_tier != 0) members["risk_tier"] = std::to_string(item.risk_tier);
  if (!item.conditions.empty()) members["conditions"] = list_json(item.conditions);
  if (!item.registered_by.empty()) members["registered_by"] = text_json(item.registered_by);
  if (!item.intake.empty()) members["intake"] = text_json(item.intake);
  add_time(members, "registered", item.registered);
  add_time(members, "reviewed", item.reviewed);
  add_time(members, "next_review", item.next_review);
  add_time(members, "expires", item.expires);
  if (item.ended) {
    JsonWriter ended;
    ended.begin_object().member("at", format_time(*item.ended)).member_if("by", item.ended_by);
    members["ended"] = ended.member("reason", item.end_reason).end_object().take();
    members["status_before"] = text_json(item_status_name(item.before_suspension));
  }
  return object_of(members);
}

Result<Item> item_from_json(std::string_view text) {
  const auto document = JsonDocument::parse(text);
  Item item;
  bool good = document.ok();
  if (document) {
    const JsonValue root = document->root();
    item.id = root["id"].string_or("");
    for (const ItemMember& member : item_members()) {
      if (member.list != nullptr) {
        item.*member.list = texts_of(root[member.name]);
      } else {
        item.*member.text = root[member.name].string_or("");
      }
    }
    const auto status = item_status_from_name(root["status"].string_or(""));
    item.status = status.value_or(ItemStatus::kDenied);
    item.version = static_cast<std::uint64_t>(root["version"].int_or(0));
    item.risk_tier = static_cast<int>(root["risk_tier"].int_or(0));
    item.conditions = texts_of(root["conditions"]);
    item.registered_by = root["registered_by"].string_or("");
    item.intake = root["intake"].string_or("");
    item.registered = time_of(root["registered"], good);
    item.reviewed = time_of(root["reviewed"], good);
    item.next_review = time_of(root["next_review"], good);
    item.expires = time_of(root["expires"], good);
    item.ended = time_of(root["ended"]["at"], good);
    item.ended_by = root["ended"]["by"].string_or("");
    item.end_reason = root["ended"]["reason"].string_or("");
    item.before_suspension = item_status_from_name(root["status_before"].string_or("")).value_or(ItemStatus::kProposed);
    good = good && status && item.version > 0 && !item.id.empty();
  }
  if (good) return item;
  return Error{ErrorCode::kCorrupt,
               "the stored item " + printable(item.id, 60) + " is damaged; restore the database from a backup"};
}

}  // namespace reeve::control
