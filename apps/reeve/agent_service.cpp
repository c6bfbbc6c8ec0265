#include "reeve/agent_service.h"

#include "core/log.h"

namespace reeve::app {

namespace {
/// What is suspended on another node ends here within a second, with room for a slow answer.
constexpr auto kLookInterval = std::chrono::milliseconds(200);
}  // namespace

Result<std::unique_ptr<AgentService>> AgentService::open(const Config& config, store::Store& store,
                                                         const std::string& node, identity::Directory* people) {
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
    service->agents_ = std::make_unique<identity::Agents>(entries, config.agents->unregistered, system_clock(), people);
    const auto known = service->agents_->current();
    if (!known) return Error{ErrorCode::kUnavailable, "the register of agents cannot be read"};
    log_info("agents", {{"registered", known->all().size()}});
  }
  service->looking_.emplace(kLookInterval, [&service = *service] { service.look(); });
  return service;
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
  std::set<std::string> acting, left;
  std::vector<Stopped> stopped;
  for (const identity::Agent& agent : known->all()) {
    const auto why_not = agents_->why_not(agent, now);
    if (!why_not) return;  // the directory is away: new calls are refused meanwhile
    const bool acts = why_not->empty();
    const bool owner_left = !acts && agent.acts_at(now);
    if (acts) acting.insert(agent.id);
    if (owner_left) left.insert(agent.id);
    if (acts || (!acting_.contains(agent.id) && (!owner_left || left_.contains(agent.id)))) continue;
    Stopped what{agent, {}, owner_left};
    what.cutoff.id = "agent:" + agent.id;
    what.cutoff.scope = {identity::CutoffKind::kAgent, agent.id};
    what.cutoff.reason = *why_not;
    what.cutoff.by = owner_left ? "the directory" : "the register of agents";
    what.cutoff.at = now;
    stopped.push_back(std::move(what));
  }
  const std::lock_guard one_at_a_time(calling_);
  if (!end_) return;  // whoever ends calls is not there yet: looked at again
  acting_ = std::move(acting);
  left_ = std::move(left);
  if (!stopped.empty()) end_(stopped);
}

void AgentService::end_with(End end) {
  // Whoever takes the end away knows that it does not run any more.
  const std::lock_guard one_at_a_time(calling_);
  end_ = std::move(end);
}

}  // namespace reeve::app
