#include "reeve/live_inventory.h"

#include <algorithm>
#include <vector>

#include "core/bytes.h"
#include "core/log.h"
#include "reeve/register_desk.h"

namespace reeve::app {

using control::Item;
using control::ItemStatus;

namespace {

/// The smaller, the kinder.
int harshness(ItemStatus status) {
  switch (status) {
    case ItemStatus::kInUse: return 0;
    case ItemStatus::kApproved: return 1;
    case ItemStatus::kApprovedWithConditions: return 2;
    case ItemStatus::kInReview: return 3;
    case ItemStatus::kProposed: return 4;
    case ItemStatus::kSeenNotRegistered: return 5;
    case ItemStatus::kSuspended: return 6;
    case ItemStatus::kDenied: return 7;
    case ItemStatus::kDecommissioned: return 8;
  }
  return 8;
}

}  // namespace

gateway::InventoryStatuses statuses_of(std::span<const Item> items) {
  std::vector<const Item*> kindest_first;
  kindest_first.reserve(items.size());
  for (const Item& item : items) kindest_first.push_back(&item);
  std::stable_sort(kindest_first.begin(), kindest_first.end(), [](const Item* left, const Item* right) {
    return harshness(left->status) < harshness(right->status);
  });
  std::vector<gateway::InventoryStatuses::Known> known;
  for (const Item* item : kindest_first) {
    for (const std::string& pattern : control::patterns_of(*item)) {
      known.push_back({to_lower(pattern), std::string(control::item_status_name(item->status)),
                       item->status == ItemStatus::kSeenNotRegistered});
    }
  }
  return gateway::InventoryStatuses(std::move(known));
}

void LiveInventory::look() {
  const auto read_now = read();
  if (!read_now && !failing_) {
    log_error("the inventory cannot be read; for rules it stays as it was", {{"why", read_now.error().message}});
  }
  failing_ = !read_now;
}

Result<void> LiveInventory::read() {
  // Asked before the rows: a change that comes in between is found at the next look.
  const auto changes = rows_.changes_of(control::kInventoryRegister);
  if (!changes) return changes.error();
  if (*changes == seen_) return {};
  std::vector<Item> items;
  const auto all =
      each_row(rows_, control::kInventoryRegister, 0, [&](const control::RegisterRow& row) -> Result<bool> {
        auto item = control::item_from_json(row.document);
        if (!item) return std::move(item).error();
        items.push_back(*std::move(item));
        return true;
      });
  if (!all) return all.error();
  seen_ = *changes;
  auto next = std::make_shared<const gateway::InventoryStatuses>(statuses_of(items));
  const std::lock_guard lock(mutex_);
  current_ = std::move(next);
  return {};
}

}  // namespace reeve::app
