#pragma once

// What budgets tell, on its way from the loops of the gateway to the queue of notifications and the ledger. A loop puts
// it here and goes on; the server's main thread writes it to the store, with the note for the ledger in the same
// transaction.

#include <cstdint>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "control/control.h"
#include "gateway/gateway.h"

namespace reeve::app {

class NoticeBoard {
 public:
  /// From any thread; holds a lock for some instructions. What was put here before is dropped: a budget that is used
  /// up tells so with each refused call.
  void put(gateway::BudgetNotice notice);
  /// Writes at most 100 of what came to the queue; a failure is logged, and they are tried again. Of nodes that share a
  /// queue the first one tells: it knows an event by its key.
  void announce(control::NotificationQueue& queue);

 private:
  static constexpr std::size_t kWaitingMax = 10'000;
  static constexpr std::size_t kKnownMax = 50'000;

  std::mutex mutex_;
  std::vector<control::Event> waiting_;
  std::set<std::string> known_;  // keys; forgotten when there are too many, as the queue knows them, too
  std::uint64_t dropped_ = 0;
};

}  // namespace reeve::app
