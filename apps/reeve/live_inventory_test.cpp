#include "reeve/live_inventory.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "store/store.h"

namespace reeve::app {
namespace {

using control::Item;
using control::ItemStatus;

Item item_of(const std::string& id, ItemStatus status, std::vector<std::string> seen_as) {
  Item item;
  item.id = id;
  item.kind = "model";
  item.title = id;
  item.owner = "lead@example.com";
  item.status = status;
  item.seen_as = std::move(seen_as);
  return item;
}

TEST(StatusesOfItems, WhatIsApprovedForOneUseIsNotTakenByTheDenialOfAnother) {
  const std::vector<Item> items{item_of("it-a", ItemStatus::kDenied, {"model:Claude-*", "provider:local"}),
                                item_of("it-b", ItemStatus::kInUse, {"model:claude-*"}),
                                item_of("it-c", ItemStatus::kDecommissioned, {"model:claude-2"}),
                                item_of("it-seen-d", ItemStatus::kSeenNotRegistered, {"model:claude-opus-4"})};
  const auto statuses = statuses_of(items);
  EXPECT_EQ(statuses.status_of("model", "claude-opus-4"), "in_use");
  EXPECT_EQ(statuses.status_of("model", "claude-2"), "decommissioned");
  EXPECT_EQ(statuses.status_of("provider", "local"), "denied");
  EXPECT_EQ(statuses.status_of("provider", "other"), "");
}

class LiveInventoryTest : public testing::Test {
 protected:
  LiveInventoryTest() {
    std::string name = (std::filesystem::temp_directory_path() / "reeve-inventory-XXXXXX").string();
    directory_ = ::mkdtemp(name.data());
    store_ = store::Store::open_embedded(directory_).value();
  }
  ~LiveInventoryTest() override {
    store_.reset();
    std::filesystem::remove_all(directory_);
  }
  void put(Item item, const Item* before = nullptr) {
    control::RegisterChange change;
    if (before != nullptr) item.version = before->version + 1;
    change.rows.push_back(
        control::change_of_item(item, before, "register.item_changed", "lead@example.com", "", system_clock().now()));
    const auto changed = store_->governed().change(change);
    ASSERT_TRUE(changed.ok()) << changed.error().message;
  }

  std::filesystem::path directory_;
  std::unique_ptr<store::Store> store_;
};

TEST_F(LiveInventoryTest, FollowsWhatIsDecided) {
  LiveInventory inventory(store_->governed());
  EXPECT_EQ(inventory.current(), nullptr) << "nothing was read";
  inventory.look();
  const auto empty = inventory.current();
  ASSERT_NE(empty, nullptr);
  EXPECT_EQ(empty->status_of("model", "m"), "");
  inventory.look();
  EXPECT_EQ(inventory.current(), empty) << "nothing changed";
  const Item approved = item_of("it-a", ItemStatus::kApproved, {"model:m"});
  put(approved);
  inventory.look();
  EXPECT_EQ(inventory.current()->status_of("model", "m"), "approved");
  EXPECT_EQ(empty->status_of("model", "m"), "") << "who has the old one keeps it as it was";
  Item denied = approved;
  denied.status = ItemStatus::kDenied;
  put(denied, &approved);
  inventory.look();
  EXPECT_EQ(inventory.current()->status_of("model", "m"), "denied");
}

}  // namespace
}  // namespace reeve::app
