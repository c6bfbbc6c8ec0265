#include <algorithm>

#include "control/control.h"
#include "control/item_members.h"
#include "control/register_rows.h"
#include "control/text_checks.h"
#include "core/bytes.h"
#include "core/crypto.h"
#include "core/id.h"

namespace reeve::control {

namespace {

constexpr Duration kSoon = std::chrono::days(14);
constexpr Duration kUnseenFor = std::chrono::days(60);
constexpr Duration kSeenLately = std::chrono::days(30);
constexpr std::string_view kApprovalEnded = "its approval ended";
constexpr std::array<std::string_view, 4> kActions{"use", "suspend", "resume", "decommission"};
constexpr std::size_t kHistoryBytesMax = 100 << 10U;

Error invalid(std::string message) { return {ErrorCode::kInvalid, std::move(message)}; }
Error conflict(std::string message) { return {ErrorCode::kConflict, std::move(message)}; }

/// What changed, for people: members with the value before and after.
std::string changes_json(const Item& after, const Item* before, std::string_view reason) {
  const auto old = before == nullptr ? JsonDocument::parse("{}") : JsonDocument::parse(item_to_json(*before));
  const auto now = JsonDocument::parse(item_to_json(after));
  CHECK(old.ok() && now.ok());
  JsonWriter json;
  json.begin_object().key("changes").begin_array();
  const auto write = [&](std::string_view name, JsonValue from, JsonValue to) {
    if (name == "version" || json.size() > kHistoryBytesMax) return;
    json.begin_object();
    if (from.present()) json.key("from").raw(from.to_json());
    json.member("member", name);
    if (to.present()) json.key("to").raw(to.to_json());
    json.end_object();
  };
  for (const auto& [name, value] : now->root().members()) {
    const JsonValue from = old->root()[name];
    if (!from.present() || from.to_json() != value.to_json()) write(name, from, value);
  }
  for (const auto& [name, value] : old->root().members()) {
    if (!now->root()[name].present()) write(name, value, {});
  }
  return json.end_array().member_if("reason", reason).end_object().take();
}

/// What an entry of the ledger can hold: names of what changed, and a digest of the whole.
std::string told(const Item& item, const Item* before, std::string_view by, std::string_view reason, Instant now) {
  const std::string document = item_to_json(item);
  JsonWriter json;
  json.begin_object().member("at", format_time(now)).member_if("by", by).key("changed").begin_array();
  for (const ItemMember& member : item_members()) {
    const auto values = values_of(item, member);
    if (before == nullptr ? !values.empty() : values != values_of(*before, member)) json.value(member.name);
  }
  json.end_array().member("digest", "sha256:" + to_hex(as_bytes(sha256(document))));
  if (item.expires) json.member("expires", format_time(*item.expires));
  json.member("id", item.id).member_if("intake", item.intake).member("kind", item.kind);
  if (item.next_review) json.member("next_review", format_time(*item.next_review));
  json.member_if("owner", item.owner).member_if("reason", reason);
  if (item.risk_tier != 0) json.member("risk_tier", item.risk_tier);
  json.member("status", item_status_name(item.status)).member_if("title", item.title);
  return json.member("version", item.version).end_object().take();
}

Result<void> check_reason(std::string_view reason, std::string_view what) {
  if (is_line(reason, kReasonBytesMax)) return {};
  return invalid(std::string(what) + " needs its reason: one line, at most 1000 bytes");
}

Result<Item> resumed(Item item, std::string_view by) {
  if (item.status != ItemStatus::kSuspended) {
    return conflict("it is " + std::string(item_status_name(item.status)) + "; only what is suspended is resumed");
  }
  if (!is_approved(item.before_suspension)) {
    return conflict("it was not approved before it was suspended, or its approval ended: it needs an intake");
  }
  if (same_person(by, item.ended_by)) return Error{ErrorCode::kDenied, "you suspended it; somebody else resumes it"};
  if (same_person(by, item.owner) || same_person(by, item.registered_by)) {
    return Error{ErrorCode::kDenied, "it is your own; somebody else resumes it"};
  }
  item.status = item.before_suspension;
  item.ended.reset();
  item.ended_by.clear();
  item.end_reason.clear();
  return item;
}

std::string kind_of_traffic(std::string_view kind) {
  if (kind == "model") return "model";
  if (kind == "provider") return "third_party_api";
  return kind == "client" ? "copilot" : "tool";
}

}  // namespace

std::optional<ItemAction> item_action_from_name(std::string_view name) {
  const auto found = std::find(kActions.begin(), kActions.end(), name);
  if (found == kActions.end()) return std::nullopt;
  return static_cast<ItemAction>(found - kActions.begin());
}

Result<Item> register_item(Item given, std::string_view by, Instant now) {
  if (!is_line(by, kPersonBytesMax)) return invalid("who registers it is one line of text, at most 256 bytes");
  given.id = register_id("it");
  given.version = 1;
  given.status = ItemStatus::kProposed;
  given.registered = whole_microseconds(now);
  given.registered_by = by;
  return given;
}

Result<Item> change_item(const Item& item, const Item& given) {
  if (item.status == ItemStatus::kDecommissioned) return conflict("it is decommissioned; register another item");
  if (item.status == ItemStatus::kInReview) {
    return conflict("it is in review: what is decided about does not change meanwhile; answer the intake anew");
  }
  Item changed = item;
  bool matters = false;
  bool any = false;
  for (const ItemMember& member : item_members()) {
    const auto values = values_of(given, member);
    if (values == values_of(item, member)) continue;
    any = true;
    matters = matters || member.matters;
    set_item_member(changed, member.name, values);
  }
  if (!any) return item;
  if (item.status == ItemStatus::kSeenNotRegistered || (matters && is_approved(item.status))) {
    changed.status = ItemStatus::kProposed;
  }
  // What would be resumed is another thing than what was approved.
  if (matters) changed.before_suspension = ItemStatus::kProposed;
  ++changed.version;
  return changed;
}

Result<Item> act_on_item(const Item& item, ItemAction action, std::string_view by, std::string_view reason,
                         Instant now) {
  if (!is_line(by, kPersonBytesMax)) return invalid("who does it is one line of text, at most 256 bytes");
  Item changed = item;
  ++changed.version;
  if (action == ItemAction::kUse) {
    if (!is_approved(item.status) || item.status == ItemStatus::kInUse) {
      return conflict("it is " + std::string(item_status_name(item.status)) + "; what is approved can be used");
    }
    changed.status = ItemStatus::kInUse;
    return changed;
  }
  if (auto good = check_reason(reason, kActions[static_cast<std::size_t>(action)]); !good) return good.error();
  if (action == ItemAction::kResume) return resumed(std::move(changed), by);
  if (item.status == ItemStatus::kDecommissioned) return conflict("it is decommissioned already");
  if (action == ItemAction::kSuspend && !is_approved(item.status)) {
    return conflict("it is " + std::string(item_status_name(item.status)) + "; what is approved can be suspended");
  }
  changed.before_suspension = item.status;
  changed.status = action == ItemAction::kSuspend ? ItemStatus::kSuspended : ItemStatus::kDecommissioned;
  changed.ended = whole_microseconds(now);
  changed.ended_by = by;
  changed.end_reason = reason;
  return changed;
}

std::optional<Item> expire_item(const Item& item, Instant now) {
  if (!is_approved(item.status) || !item.expires || *item.expires > now) return std::nullopt;
  Item changed = item;
  ++changed.version;
  // No way back but a recertification.
  changed.before_suspension = ItemStatus::kProposed;
  changed.status = ItemStatus::kSuspended;
  changed.ended = whole_microseconds(now);
  changed.ended_by.clear();
  changed.end_reason = kApprovalEnded;
  return changed;
}

RowChange change_of_item(const Item& after, const Item* before, std::string_view step, std::string_view by,
                         std::string_view reason, Instant now) {
  RowChange change;
  change.row = {std::string(kInventoryRegister), after.id, after.version, item_to_json(after)};
  change.step = {std::string(step), told(after, before, by, reason, now)};
  change.at = now;
  change.by = by;
  change.history = changes_json(after, before, reason);
  return change;
}

// ---- Traffic ----

std::vector<std::string> patterns_of(const Item& item) {
  if (!item.seen_as.empty()) return item.seen_as;
  if (item.kind == "model" && !item.model.empty()) return {"model:" + item.model};
  if (item.kind == "third_party_api" && !item.provider.empty()) return {"provider:" + item.provider};
  return {};
}

bool is_seen_as(const Item& item, std::string_view what) {
  const auto patterns = patterns_of(item);
  const std::string folded = to_lower(what);
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const std::string& pattern) { return glob_match(to_lower(pattern), folded); });
}

Item item_of_traffic(const Traffic& traffic, Instant now) {
  constexpr std::size_t kDigits = 16;
  const std::size_t colon = traffic.what.find(':');
  const std::string_view kind = std::string_view(traffic.what).substr(0, colon);
  const std::string name = traffic.what.substr(std::min(colon + 1, traffic.what.size()));
  Item item;
  item.id = "it-seen-" + to_hex(as_bytes(sha256(traffic.what))).substr(0, kDigits);
  item.kind = kind_of_traffic(kind);
  item.title = printable(name, 200);
  if (kind == "model") item.model = item.title;
  if (kind == "provider") item.provider = item.title;
  item.seen_as = {printable(traffic.what, 200)};
  item.status = ItemStatus::kSeenNotRegistered;
  item.registered = whole_microseconds(now);
  return item;
}

SeenTraffic::SeenTraffic(std::vector<Traffic> traffic) : list_(std::move(traffic)) {
  names_.reserve(list_.size());
  for (std::size_t i = 0; i < list_.size(); ++i) {
    names_.push_back(to_lower(list_[i].what));
    places_.emplace(names_.back(), i);
  }
}

std::vector<std::size_t> SeenTraffic::places_of(const Item& item) const {
  std::set<std::size_t> places;
  for (const std::string& written : patterns_of(item)) {
    const std::string pattern = to_lower(written);
    if (pattern.find('*') == std::string::npos) {
      if (const auto found = places_.find(pattern); found != places_.end()) places.insert(found->second);
      continue;
    }
    for (std::size_t i = 0; i < names_.size(); ++i) {
      if (glob_match(pattern, names_[i])) places.insert(i);
    }
  }
  return {places.begin(), places.end()};
}

std::optional<Traffic> SeenTraffic::of(const Item& item) const {
  std::optional<Traffic> sum;
  for (const std::size_t place : places_of(item)) {
    const Traffic& one = list_[place];
    if (!sum) {
      sum = one;
      continue;
    }
    sum->first = std::min(sum->first, one.first);
    sum->last = std::max(sum->last, one.last);
    // A model and its provider had the same calls: what is counted twice would be wrong, so the larger one counts.
    const bool same_kind = sum->what.substr(0, sum->what.find(':')) == one.what.substr(0, one.what.find(':'));
    sum->calls = same_kind ? sum->calls + one.calls : std::max(sum->calls, one.calls);
    sum->cost = same_kind ? Money{sum->cost.nanos + one.cost.nanos} : std::max(sum->cost, one.cost);
    sum->people.insert(one.people.begin(), one.people.end());
  }
  return sum;
}

std::vector<std::string_view> flags_of(const Item& item, const std::optional<Traffic>& seen, Instant now) {
  std::vector<std::string_view> flags;
  const bool approved = is_approved(item.status);
  if (approved && item.next_review) {
    if (*item.next_review <= now) {
      flags.emplace_back("review_overdue");
    } else if (*item.next_review - kSoon <= now) {
      flags.emplace_back("review_due");
    }
  }
  const bool known_for_long = item.reviewed && *item.reviewed + kUnseenFor <= now;
  if (approved && known_for_long && !patterns_of(item).empty() && (!seen || seen->last + kUnseenFor <= now)) {
    flags.emplace_back("not_seen");
  }
  if (!approved && item.status != ItemStatus::kSeenNotRegistered && seen && seen->last + kSeenLately > now &&
      (!item.ended || seen->last > *item.ended)) {
    flags.emplace_back("seen_without_approval");
  }
  return flags;
}

}  // namespace reeve::control
