#include "reeve/agent_service.h"

#include "core/log.h"

namespace reeve::app {

namespace {
/// What is suspended on another node ends here within a second, with room for a slow answer.
constexpr auto kLookInterval = std::chrono::milliseconds(200);
}  // namespace

Result<std::unique_ptr<AgentService>> AgentService::open(const Config& config, store::Store& store,
                                                         const std::string& node) {
  std::unique_ptr<store::SharedAgents> shared;
  if (config.postgres) {
    auto opened = store::open_shared_agents(*config.postgres, node);
    if (!opened) return std::move(opened).error();
    shared = *std::move(opened);
    if (auto caught_up = shared->catch_up(); !caught_up) return std::move(caught_up).error();
  }
  identity::AgentStore& entries = shared ? static_cast<identity::AgentStore&>(*shared) : store.agents();
  std::unique_ptr<AgentService> service(new AgentService(std::move(shared), entries));
  if (config.agents) {
    service->agents_ = std::make_unique<identity::Agents>(entries, config.agents->unregistered, system_clock());
    const auto known = service->agents_->current();
    if (!known) return Error{ErrorCode::kUnavailable, "the register of agents cannot be read"};
    log_info("agents", {{"registered", known->all().size()}});
  }
  service->thread_ = std::thread([&service = *service] { service.follow(); });
  return service;
}

AgentService::~AgentService() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

/// A database may be slow or away, so neither the main thread nor a loop asks it.
void AgentService::follow() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    lock.unlock();
    look();
    lock.lock();
    wake_.wait_for(lock, kLookInterval, [this] { return stopping_; });
  }
}

void AgentService::look() {
  const auto looked = shared_ ? shared_->catch_up() : Result<void>();
  if (!looked && !away_) {
    log_error("agents cannot be followed; they act as they did for a while", {{"why", looked.error().message}});
  }
  away_ = !looked;
  const auto known = agents_ ? agents_->current() : nullptr;
  if (!known) return;
  const Instant now = system_clock().now();
  std::set<std::string> acting;
  for (const identity::Agent& agent : known->all()) {
    if (agent.acts_at(now)) acting.insert(agent.id);
  }
  std::vector<identity::Cutoff> ended;
  for (const std::string& id : acting_) {
    if (acting.contains(id)) continue;
    identity::Cutoff cutoff;
    cutoff.id = "agent:" + id;
    cutoff.scope = {identity::CutoffKind::kAgent, id};
    const identity::Agent* const agent = known->find(id);
    cutoff.reason = agent != nullptr ? identity::agent_refusal(*agent, now) : "it is not registered any more";
    cutoff.by = "the register of agents";
    cutoff.at = now;
    ended.push_back(std::move(cutoff));
  }
  acting_ = std::move(acting);
  const std::lock_guard one_at_a_time(calling_);
  if (end_ && !ended.empty()) end_(ended);
}

void AgentService::end_with(End end) {
  // Whoever takes the end away knows that it does not run any more.
  const std::lock_guard one_at_a_time(calling_);
  end_ = std::move(end);
}

}  // namespace reeve::app
