#include <map>

#include "identity/agents.h"

namespace reeve::identity {

namespace {

class MemoryAgentStore final : public AgentStore {
 public:
  Result<void> put(const Agent& agent) override {
    const std::lock_guard lock(mutex_);
    const auto before = agents_.find(agent.id);
    const std::uint64_t version = before == agents_.end() ? 0 : before->second.version;
    if (version + 1 != agent.version) return Error{ErrorCode::kConflict, "the agent was changed meanwhile"};
    for (const auto& [id, other] : agents_) {
      if (auto shared = shared_credential(agent, other); !shared.empty()) return Error{ErrorCode::kConflict, shared};
    }
    agents_.insert_or_assign(agent.id, agent);
    ++generation_;
    return {};
  }
  Result<std::vector<Agent>> list() override {
    const std::lock_guard lock(mutex_);
    std::vector<Agent> list;
    list.reserve(agents_.size());
    for (const auto& [id, agent] : agents_) list.push_back(agent);
    return list;
  }
  Result<std::optional<Agent>> find(std::string_view id) override {
    const std::lock_guard lock(mutex_);
    const auto found = agents_.find(id);
    return found == agents_.end() ? std::optional<Agent>() : std::optional(found->second);
  }
  std::uint64_t generation() const override { return generation_.load(); }

 private:
  std::mutex mutex_;
  std::map<std::string, Agent, std::less<>> agents_;
  std::atomic<std::uint64_t> generation_{1};
};

}  // namespace

std::unique_ptr<AgentStore> make_memory_agent_store() { return std::make_unique<MemoryAgentStore>(); }

}  // namespace reeve::identity
