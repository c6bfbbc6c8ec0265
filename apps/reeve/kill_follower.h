#pragma once

// The kill switch in a running server: follows the storage in which commands, the API and other nodes switch, and ends
// the calls under way that a new cutoff covers. Keys that were revoked end their calls in the same way.
//
// Two threads: one looks at this node's own storage every few milliseconds, one waits for the shared database, which
// may hang. A change is in force on this node when it was published in the KillSwitch. What it did here is told by
// CutoffReports.

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "gateway/gateway.h"
#include "reeve/cutoff_reports.h"
#include "store/store.h"

namespace reeve::app {

class KillFollower {
 public:
  struct Parts {
    store::Store* store;
    store::SharedKillSwitch* shared;  // null: this node is alone
    identity::KillSwitch* kill_switch;
    identity::KeyTable* keys;  // nothing was read into it yet
    gateway::Gateway* gateway;
    const gateway::CutoffTally* tally;
    std::string node;
    Duration refuse_after, end_after;  // without the shared database
    CutoffReports::Record record;
    Duration told_after = CutoffReports::kToldAfter;
    const Clock* clock = &system_clock();  // a step of its wall clock ends what has an `until`, and nothing else
  };

  /// Reads what is cut off before it returns, so that the first call is asked for it; starts the threads. An error: it
  /// cannot be read, and nothing may be served.
  static Result<std::unique_ptr<KillFollower>> start(Parts parts);
  ~KillFollower();
  KillFollower(const KillFollower&) = delete;
  KillFollower& operator=(const KillFollower&) = delete;

  /// Waits until this node knows a cutoff that was just put, or ended; for five seconds at most. False: it does not.
  bool wait_until_known(std::string_view id, bool on);

 private:
  explicit KillFollower(Parts parts)
      : parts_(std::move(parts)), reports_(*parts_.tally, parts_.node, parts_.record, parts_.told_after) {}
  /// What one storage says.
  struct Source {
    identity::KillSwitchStore* store = nullptr;
    std::optional<std::uint64_t> seen;  // generation of cutoffs
    std::vector<identity::Cutoff> cutoffs;
    std::optional<Moment> failing_since;
    Moment next_try{};
    bool drills_wait = false;            // there may be some that have no answer yet
    std::map<std::string, bool> drills;  // of the last minutes, by id: whether they need no answer any more
    bool drills_failing = false;
    Moment next_drill_try{};
  };

  void follow_own();
  void follow_shared();
  Result<void> refresh(Source& source);
  void publish();
  void look_at_keys();
  void look_at_drills(Source& source);
  Result<void> answer_drills(Source& source);
  void judge_knowledge();
  bool sleep(Duration duration);

  const Parts parts_;
  Source own_, shared_;              // each of its thread; their cutoffs under mutex_
  std::atomic<Moment> confirmed_{};  // when the shared database answered last
  /// Keys whose calls are to end.
  struct EndedKeys {
    std::mutex mutex;
    std::vector<identity::Cutoff> cutoffs;
  };
  const std::shared_ptr<EndedKeys> ended_keys_ = std::make_shared<EndedKeys>();
  Moment long_unknown_told_{};
  std::mutex mutex_;  // guards what follows
  std::condition_variable wake_, published_;
  std::set<std::string> in_force_;  // ids
  bool stopping_ = false;
  CutoffReports reports_;
  std::thread own_thread_, shared_thread_;
};

}  // namespace reeve::app
