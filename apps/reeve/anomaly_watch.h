#pragma once

// The thread that looks for spend out of the usual while the server runs, and has people told of it. It follows the
// ledger on its own: no call waits for it, and nothing of the ledger is read twice but the rows behind what it tells.

#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "control/control.h"
#include "ledger/ledger.h"
#include "spend/spend.h"

namespace reeve::app {

class AnomalyWatch {
 public:
  /// Sleeps until use() says by which rules. The log and the queue must outlive it; `ledger` is the log's directory.
  AnomalyWatch(const ledger::Log& log, std::filesystem::path ledger, control::NotificationQueue& queue);
  /// Ends a look that is under way; what it would have told is told by the next start.
  ~AnomalyWatch();
  AnomalyWatch(const AnomalyWatch&) = delete;

  /// Other rules read what is usual anew from the ledger. From any thread.
  void use(std::vector<spend::SpendAlert> alerts, Duration every);

 private:
  void run();
  /// Reads what came to the ledger since, and announces what is new in it.
  void look();
  void begin_again(std::vector<spend::SpendAlert> alerts);
  bool follow(Instant now);
  void tell(const std::vector<spend::Anomaly>& found, Instant now);
  bool is_stopping();

  const ledger::Log& log_;
  const std::filesystem::path ledger_;
  control::NotificationQueue& queue_;

  // The thread's own.
  std::vector<spend::SpendAlert> alerts_;
  std::optional<spend::AnomalyFinder> finder_;
  Duration history_{};          // the longest that an alert looks back
  std::uint64_t next_ = 0;      // the entry that is read next
  std::int64_t looked_on_{};    // day number of the last look
  std::set<std::string> told_;  // keys; the queue knows them too, durably

  std::mutex mutex_;
  std::condition_variable wake_;
  std::optional<std::vector<spend::SpendAlert>> wanted_;  // rules that are not in use yet
  Duration every_ = std::chrono::minutes(1);
  bool stopping_ = false;
  std::thread thread_;
};

/// What is told of one: its key, and all that a person needs to go on. `rows`: indexes of the ledger entries behind it.
control::Event anomaly_event(const spend::Anomaly& anomaly, const spend::SpendAlert& rule,
                             const std::vector<std::uint64_t>& rows, Instant now);

}  // namespace reeve::app
