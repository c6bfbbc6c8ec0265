#pragma once

// The register of agents as the server has it: where it is kept, what is in memory of it, the following of other nodes
// and processes, and the end of what an agent has under way when it may not act any more.

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "identity/identity.h"
#include "reeve/config.h"
#include "reeve/repeated_look.h"
#include "store/store.h"

namespace reeve::app {

class AgentService {
 public:
  /// Reads everything, so that the first call finds it. The store must outlive it, and so must `people`: agents stop
  /// with the person who answers for them. Null: no directory is in force.
  static Result<std::unique_ptr<AgentService>> open(const Config& config, store::Store& store, const std::string& node,
                                                    identity::Directory* people);
  AgentService(const AgentService&) = delete;
  AgentService& operator=(const AgentService&) = delete;

  /// Null when the configuration says nothing of agents: they can be registered, and nobody is asked for them.
  identity::Agents* agents() { return agents_.get(); }
  identity::AgentStore& entries() { return entries_; }

  /// An agent that may not act any more, as what ends its calls under way.
  struct Stopped {
    identity::Agent agent;  // as the register has it now
    identity::Cutoff cutoff;
    bool owner_left = false;  // the register says nothing of it
  };
  /// Ends the calls under way of those. Called on the follower's thread; null: nothing more.
  using End = std::function<void(const std::vector<Stopped>&)>;
  void end_with(End end);

 private:
  AgentService(std::unique_ptr<store::SharedAgents> shared, identity::AgentStore& entries)
      : shared_(std::move(shared)), entries_(entries) {}
  void look();

  std::unique_ptr<store::SharedAgents> shared_;  // null: of this node alone
  identity::AgentStore& entries_;
  std::unique_ptr<identity::Agents> agents_;
  bool away_ = false;             // it could not be read the last time
  std::set<std::string> acting_;  // ids, as of the last look
  std::set<std::string> left_;    // those that stand still because their owner left, likewise
  std::mutex calling_;            // guards end_
  End end_;
  std::optional<RepeatedLook> looking_;  // last: it uses all of the above
};

/// Where a set-up keeps its agents.
struct AgentAccess {
  std::unique_ptr<store::Store> own;
  std::unique_ptr<store::SharedAgents> shared;  // null: this node is alone
  identity::AgentStore& entries() const { return shared ? static_cast<identity::AgentStore&>(*shared) : own->agents(); }
};

}  // namespace reeve::app
