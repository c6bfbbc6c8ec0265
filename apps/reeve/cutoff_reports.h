#pragma once

// What cutoffs did on this node: told to the ledger (`kill.applied`) and to whoever drills, once the calls that were
// ended have said their last words. On a thread of its own, because the ledger and a storage may let one wait, and
// whoever follows the kill switch must not.

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "gateway/gateway.h"

namespace reeve::app {

class CutoffReports {
 public:
  /// Appends an entry and waits for it; its index, or nothing when it could not be written. From any thread.
  using Record = std::function<std::optional<std::uint64_t>(std::string_view kind, const std::string& detail)>;
  /// A cutoff that came into force here.
  struct Applied {
    identity::Cutoff cutoff;
    identity::KillSwitchStore* store = nullptr;  // where it is from
    Instant learned;                             // when this node knew of it
  };
  /// By then the calls that a cutoff ended have said their last words.
  static constexpr Duration kToldAfter = std::chrono::milliseconds(1'500);

  /// The tally and the stores must outlive it.
  CutoffReports(const gateway::CutoffTally& tally, std::string node, Record record, Duration told_after = kToldAfter);
  /// Tells what is left, once: nothing more ends then.
  ~CutoffReports();
  CutoffReports(const CutoffReports&) = delete;
  CutoffReports& operator=(const CutoffReports&) = delete;

  /// Thread-safe; waits for nothing.
  void add(Applied applied);

 private:
  struct Waiting {
    Applied applied;
    bool drill_told = false, recorded = false;
    int tries = 0;
  };
  void run();
  bool tell(Waiting& waiting);
  std::string what_it_did(const Applied& applied) const;

  const gateway::CutoffTally& tally_;
  const std::string node_;
  const Record record_;
  const Duration told_after_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable wake_;
  std::multimap<Moment, Waiting> waiting_;  // by when they are due
  bool stopping_ = false;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace reeve::app
