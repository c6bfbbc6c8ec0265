// Who people are to the running server: their sign-ins, and what ends when they leave.

#include "core/json.h"
#include "core/log.h"
#include "reeve/running_service.h"

namespace reeve::app {

Result<void> RunningService::open_people_and_agents() {
  auto directory = DirectoryService::open(config_, *store_, node_name());
  if (!directory) return with_context(directory.error(), "directory");
  directory_ = *std::move(directory);
  auto agents = AgentService::open(config_, *store_, node_name(), directory_ ? &directory_->directory() : nullptr);
  if (!agents) return with_context(agents.error(), "agents");
  agents_ = *std::move(agents);
  return {};
}

Result<void> RunningService::open_sign_ins() {
  const auto record_it = [this](auto kind, const auto& told) -> Result<void> {
    if (record(kind, told)) return {};
    return Error{ErrorCode::kUnavailable, "the ledger cannot record it"};
  };
  refusals_.emplace(record_it);
  auto service =
      SignInService::open(config_, *store_, record_it, node_name(), directory_ ? &directory_->directory() : nullptr);
  if (!service) return std::move(service).error();
  sign_ins_ = *std::move(service);
  return {};
}

/// Once for an approval, whichever nodes see it.
void RunningService::tell_of_standstill(const AgentService::Stopped& stopped) {
  const identity::Agent& agent = stopped.agent;
  JsonWriter json;
  json.begin_object().member("id", agent.id).member("owner", agent.owner).member("reason", stopped.cutoff.reason);
  json.member("version", agent.version).end_object();
  notices_.put({"agent.stopped:" + agent.id + ":" + std::to_string(agent.version), "agent.stopped", stopped.cutoff.at,
                json.take()});
}

/// Whose sign-ins cannot be ended now comes again with the next look; that is told once.
void RunningService::end_what_leavers_have() {
  agents_->end_with([this](const std::vector<AgentService::Stopped>& stopped) {
    std::vector<identity::Cutoff> cutoffs;
    for (const AgentService::Stopped& one : stopped) {
      cutoffs.push_back(one.cutoff);
      if (one.owner_left) tell_of_standstill(one);
    }
    gateway_->end_calls(std::make_shared<const identity::CutoffSet>(std::move(cutoffs)));
  });
  if (!directory_) return;
  directory_->end_with([this, told = false](const std::vector<identity::Cutoff>& cut_off) mutable {
    gateway_->end_calls(std::make_shared<const identity::CutoffSet>(cut_off));
    std::vector<identity::Cutoff> failed;
    for (const identity::Cutoff& cutoff : cut_off) {
      const Instant when = cutoff.issued_until.value_or(cutoff.at);
      const auto ended = sign_ins_->end_sign_ins_of(cutoff.scope.name, {when, cutoff.reason, {}});
      if (ended) continue;
      failed.push_back(cutoff);
      if (!told) log_error("sign-ins of a leaver cannot be ended yet", {{"why", ended.error().message}});
      told = true;
    }
    if (failed.empty()) told = false;
    return failed;
  });
}

}  // namespace reeve::app
