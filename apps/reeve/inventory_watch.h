#pragma once

// The thread that keeps the inventory to what really happens, and calls to the inventory: it follows the ledger for the
// models, providers, clients and tools that calls had, files what nobody registered, tells what time did (intakes that
// are overdue, reviews that are due, approvals that ended), and has rules see what is decided about items within
// seconds. No call waits for it.

#include <condition_variable>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>

#include "control/control.h"
#include "ledger/ledger.h"
#include "reeve/live_inventory.h"
#include "spend/spend.h"
#include "store/store.h"

namespace reeve::app {

class InventoryWatch {
 public:
  /// What it is given must outlive it. `ledger` is the log's directory; `node` the name under which it tells what it
  /// saw. Looks `every` so often, once a minute at least; `statuses` looks on its thread, once a second at least.
  InventoryWatch(const ledger::Log& log, std::filesystem::path ledger, store::Registers& registers,
                 LiveInventory& statuses, std::string node, Duration every);
  /// Ends a look that is under way; the next start goes on where this one was.
  ~InventoryWatch();
  InventoryWatch(const InventoryWatch&) = delete;

 private:
  void run();
  bool begin();
  void look();
  /// Whether anything came.
  bool follow();
  void add(const spend::SpendRow& row);
  void add(std::string_view kind, std::string_view name, const spend::SpendRow& row, Money cost);
  void keep_register(Instant now);
  void keep_item(const control::Item& item, const control::SeenTraffic& traffic, Instant now);
  /// Items that nobody registered.
  struct Filed {
    std::size_t all = 0, tools = 0;
    void count(const control::Item& item) { ++all, tools += item.kind == "tool" ? 1U : 0U; }
  };
  void register_seen(const control::SeenTraffic& traffic, const std::set<std::size_t>& known, Filed filed, Instant now);
  void keep_intakes(Instant now);
  void change_item(const control::Item& after, const control::Item& before, std::string_view step, Instant now);
  void tell(const std::string& what, const Error& error);
  bool is_stopping();

  const ledger::Log& log_;
  const std::filesystem::path ledger_;
  store::Registers& registers_;
  LiveInventory& statuses_;
  const std::string node_;
  const Duration every_;

  // The thread's own.
  bool begun_ = false;
  std::uint64_t next_ = 0;                        // the entry that is read next
  std::map<std::string, control::Traffic> mine_;  // of this node, by what
  std::size_t tools_ = 0;                         // of these
  std::set<std::string> changed_;                 // of these, since they were written last
  Moment looked_;                                 // when it looked last
  Moment kept_;                                   // when the register was looked through last
  std::set<std::string> told_;                    // keys of events, so that the queue is not asked again and again
  bool failing_ = false;                          // told once

  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace reeve::app
