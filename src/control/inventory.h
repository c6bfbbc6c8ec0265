#pragma once

// The inventory of AI: items, what they are in traffic, and the flags that say what somebody has to look at. Part of
// the control room's face; docs/registers.md describes every member.

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "control/register_store.h"
#include "core/json.h"
#include "core/result.h"
#include "core/time.h"
#include "core/yaml.h"

namespace reeve::control {

enum class ItemStatus : std::uint8_t {
  kSeenNotRegistered,
  kProposed,
  kInReview,
  kApproved,
  kApprovedWithConditions,
  kDenied,
  kInUse,
  kSuspended,
  kDecommissioned,
};
inline constexpr std::size_t kItemStatuses = 9;
std::string_view item_status_name(ItemStatus status);  // "seen_not_registered", …
std::optional<ItemStatus> item_status_from_name(std::string_view name);
/// Somebody said yes to it and that still holds.
bool is_approved(ItemStatus status);

/// "model", "copilot", "agent", "prompt_template", "vector_store", "embedding_service", "third_party_api", "tool".
std::span<const std::string_view> item_kinds();

/// An item of the inventory. Times are UTC; risk_tier 0: not known yet.
struct Item {
  std::string id;
  std::uint64_t version = 1;
  std::string kind, title, purpose, owner, notes;
  std::vector<std::string> users, data_classes;  // users: groups
  std::string model, provider, environment, hosting, region, retention, training_use, human_review;
  std::vector<std::string> integrations, guardrails, seen_as;

  // What Reeve sets.
  int risk_tier = 0;
  ItemStatus status = ItemStatus::kProposed;
  std::vector<std::string> conditions;
  std::optional<Instant> registered, reviewed, next_review, expires;
  std::string registered_by, intake;  // intake: the last one's id
  /// Of what is suspended or decommissioned.
  std::optional<Instant> ended;
  std::string ended_by, end_reason;
  ItemStatus before_suspension = ItemStatus::kProposed;
};

/// One line of canonical JSON, as the store keeps it, and back. kCorrupt for what is no such row.
std::string item_to_json(const Item& item);
Result<Item> item_from_json(std::string_view text);
/// Of what decisions are about: what people write, without what Reeve sets.
std::string item_text(const Item& item);

/// The members that people write, from a JSON object: those that are absent become empty. A complaint for each fault,
/// whose file() is "#/MEMBER". False where there are any.
bool read_item_members(JsonValue body, Item& item, std::vector<Diagnostic>& complaints);
/// Sets one member by its name, as an intake's answer does; a text is a list's only entry. False for no such member.
bool set_item_member(Item& item, std::string_view member, const std::vector<std::string>& values);
/// Whether values may stand in the member: why not, or nothing.
std::optional<std::string> fault_of_member(std::string_view member, const std::vector<std::string>& values);
/// Whether an item has such a member that people write.
bool is_item_member(std::string_view member);

// ---- Changes. Errors: kInvalid, kDenied (not this person), kConflict (not in that state). ----

/// A new item, `proposed`, with an id of its own.
Result<Item> register_item(Item given, std::string_view by, Instant now);
/// The members of `given` in place of those of `item`. What mattered for an approval makes it `proposed` again.
Result<Item> change_item(const Item& item, const Item& given);
enum class ItemAction : std::uint8_t { kUse, kSuspend, kResume, kDecommission };
std::optional<ItemAction> item_action_from_name(std::string_view name);  // "use", "suspend", "resume", "decommission"
Result<Item> act_on_item(const Item& item, ItemAction action, std::string_view by, std::string_view reason,
                         Instant now);
/// `suspended` when its approval ended; nothing otherwise.
std::optional<Item> expire_item(const Item& item, Instant now);

/// What the register is told of a change: `before` null for a new one. `step`: "register.item_registered", …
RowChange change_of_item(const Item& after, const Item* before, std::string_view step, std::string_view by,
                         std::string_view reason, Instant now);

// ---- Traffic ----

/// The patterns that it is known by, "model:claude-*".
std::vector<std::string> patterns_of(const Item& item);
bool is_seen_as(const Item& item, std::string_view what);
/// An item for what nobody registered; its id follows from `what`, so that several nodes make the same.
Item item_of_traffic(const Traffic& traffic, Instant now);

/// What was seen, found by items: one without a pattern costs no look at all the rest.
class SeenTraffic {
 public:
  SeenTraffic() = default;
  explicit SeenTraffic(std::vector<Traffic> traffic);
  const std::vector<Traffic>& list() const { return list_; }
  /// Places in list() of all that an item is seen as.
  std::vector<std::size_t> places_of(const Item& item) const;
  /// What it had, summed; nothing when it was not seen.
  std::optional<Traffic> of(const Item& item) const;

 private:
  std::vector<Traffic> list_;
  std::vector<std::string> names_;  // folded
  std::map<std::string, std::size_t, std::less<>> places_;
};

/// "review_due", "review_overdue", "not_seen", "seen_without_approval".
std::vector<std::string_view> flags_of(const Item& item, const std::optional<Traffic>& seen, Instant now);

}  // namespace reeve::control
