#pragma once

// The register of agents as the server has it: where it is kept, what is in memory of it, the following of other nodes
// and processes, and the end of what an agent has under way when it may not act any more.

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "identity/identity.h"
#include "reeve/config.h"
#include "store/store.h"

namespace reeve::app {

class AgentService {
 public:
  /// Reads everything, so that the first call finds it. The store must outlive it.
  static Result<std::unique_ptr<AgentService>> open(const Config& config, store::Store& store, const std::string& node);
  ~AgentService();
  AgentService(const AgentService&) = delete;
  AgentService& operator=(const AgentService&) = delete;

  /// Null when the configuration says nothing of agents: they can be registered, and nobody is asked for them.
  identity::Agents* agents() { return agents_.get(); }
  identity::AgentStore& entries() { return entries_; }

  /// Ends the calls under way of agents that may not act any more. Called on the follower's thread; null: nothing more.
  using End = std::function<void(const std::vector<identity::Cutoff>&)>;
  void end_with(End end);

 private:
  AgentService(std::unique_ptr<store::SharedAgents> shared, identity::AgentStore& entries)
      : shared_(std::move(shared)), entries_(entries) {}
  void follow();
  void look();

  std::unique_ptr<store::SharedAgents> shared_;  // null: of this node alone
  identity::AgentStore& entries_;
  std::unique_ptr<identity::Agents> agents_;
  bool away_ = false;             // it could not be read the last time
  std::set<std::string> acting_;  // ids, as of the last look
  std::mutex calling_;            // guards end_
  End end_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;  // last: it uses all of the above
};

/// Where a set-up keeps its agents.
struct AgentAccess {
  std::unique_ptr<store::Store> own;
  std::unique_ptr<store::SharedAgents> shared;  // null: this node is alone
  identity::AgentStore& entries() const { return shared ? static_cast<identity::AgentStore&>(*shared) : own->agents(); }
};

}  // namespace reeve::app
