#pragma once

// The inventory as rules of a running server see it: the status of models, providers and clients. What people decide
// about an item, in whatever process or on whatever node, is read anew here.

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>

#include "control/control.h"
#include "gateway/gateway.h"

namespace reeve::app {

/// Of several items that are seen as the same thing the kindest counts: an item is one use of it, and what is approved
/// for one team is not taken from it by what another was denied. An item that traffic alone made counts where there is
/// no other.
gateway::InventoryStatuses statuses_of(std::span<const control::Item> items);

class LiveInventory {
 public:
  /// `rows` must outlive it.
  explicit LiveInventory(control::RegisterStore& rows) : rows_(rows) {}

  /// Reads the inventory when it changed. What it said before stays when it cannot be read. Blocks; one thread.
  void look();
  /// Null until it was read once; another object when it changed. Thread-safe.
  std::shared_ptr<const gateway::InventoryStatuses> current() const {
    const std::lock_guard lock(mutex_);
    return current_;
  }

 private:
  Result<void> read();

  control::RegisterStore& rows_;
  std::optional<std::uint64_t> seen_;  // changes up to which it was read
  bool failing_ = false;               // told once
  mutable std::mutex mutex_;
  std::shared_ptr<const gateway::InventoryStatuses> current_;
};

}  // namespace reeve::app
