#include "gateway/call_facts.h"

#include "core/bytes.h"

namespace reeve::gateway {

namespace {

void put(policy::FactSink& sink, std::string_view text) {
  if (!text.empty()) sink.text(text);
}

}  // namespace

std::string_view agent_of(const identity::Principal& principal, const wire::ClientHints& hints) {
  return principal.actors.empty() ? bounded(hints.agent_id) : std::string_view(principal.actors.front());
}

std::string_view parent_agent_of(const identity::Principal& principal, const wire::ClientHints& hints) {
  if (principal.actors.empty()) return bounded(hints.parent_agent_id);
  return principal.actors.size() < 2 ? std::string_view() : std::string_view(principal.actors[1]);
}

std::vector<const policy::GivenApproval*> approvals_for(const Settings& settings, policy::Point point,
                                                        const identity::Principal& principal,
                                                        const wire::ClientHints& hints, Instant now) {
  std::vector<const policy::GivenApproval*> found;
  if (settings.approvals.empty() || !settings.policy->needs(point, policy::Fact::kApprovals)) return found;
  const std::string_view work_item = bounded(hints.work_item);
  for (const policy::GivenApproval& approval : settings.approvals) {
    if (approval.covers(principal.id, bounded(hints.repo), work_item, now)) found.push_back(&approval);
  }
  return found;
}

std::string approvals_json(std::span<const policy::GivenApproval* const> approvals) {
  if (approvals.empty()) return {};
  JsonWriter json;
  json.begin_array();
  for (const policy::GivenApproval* approval : approvals) {
    json.begin_object().member("by", approval->by).key("groups").begin_array();
    for (const std::string& group : approval->groups) json.value(group);
    json.end_array().member("rule", approval->rule).member("time", format_time(approval->time)).end_object();
  }
  return json.end_array().take();
}

CallFacts::Parts::Inventory inventory_of(const Settings& settings, std::string_view model, const Provider& provider,
                                         const wire::ClientHints& hints) {
  using policy::Fact;
  const auto asks = [&](Fact fact) { return settings.policy->needs(policy::Point::kModelCall, fact); };
  if (!asks(Fact::kInventoryModel) && !asks(Fact::kInventoryProvider) && !asks(Fact::kInventoryClient)) return {};
  if (!settings.inventory) return {.unknown = true};
  return {.model = settings.inventory->status_of("model", bounded(model)),
          .provider = settings.inventory->status_of("provider", provider.name),
          .client = settings.inventory->status_of("client", wire::client_name(hints.kind))};
}

std::string inventory_json(const CallFacts::Parts::Inventory& inventory) {
  if (inventory.unknown) return R"({"unknown":true})";
  if (inventory.model.empty() && inventory.provider.empty() && inventory.client.empty()) return {};
  JsonWriter json;
  json.begin_object().member_if("client", inventory.client).member_if("model", inventory.model);
  return json.member_if("provider", inventory.provider).end_object().take();
}

std::string_view operation_name(wire::Operation operation) {
  switch (operation) {
    case wire::Operation::kGenerate: return "chat";
    case wire::Operation::kCountTokens: return "count_tokens";
    case wire::Operation::kEmbed: return "embeddings";
    case wire::Operation::kListModels:
    case wire::Operation::kGetModel: return "list_models";
  }
  return "chat";
}

void CallFacts::read(policy::Fact fact, policy::FactSink& sink) const {
  using policy::Fact;
  switch (fact) {
    case Fact::kNow: return sink.time(parts_.now);
    case Fact::kPrincipalId: return put(sink, parts_.principal.id);
    case Fact::kPrincipalType: return put(sink, parts_.principal.type);
    case Fact::kPrincipalGroups: return sink.texts(std::span<const std::string>(parts_.principal.groups));
    case Fact::kPrincipalTeam: return put(sink, parts_.principal.team);
    case Fact::kAgentId: return put(sink, agent_of(parts_.principal, parts_.hints));
    case Fact::kAgentParent: return put(sink, parent_agent_of(parts_.principal, parts_.hints));
    case Fact::kAgentChain:
      if (!parts_.principal.actors.empty()) sink.texts(std::span<const std::string>(parts_.principal.actors));
      return;
    case Fact::kClient: return put(sink, wire::client_name(parts_.hints.kind));
    case Fact::kClientVersion: return put(sink, bounded(parts_.hints.version));
    case Fact::kSessionId: return put(sink, bounded(parts_.hints.session_id));
    case Fact::kRepo: return put(sink, bounded(parts_.hints.repo));
    case Fact::kFeature: return put(sink, bounded(parts_.headers.get("x-reeve-feature")));
    case Fact::kWorkItem: return put(sink, bounded(parts_.hints.work_item));
    case Fact::kChecks: return sink.flags(parts_.checks);
    case Fact::kApprovals:
      if (!parts_.approvals.empty()) sink.approvals(parts_.approvals);
      return;
    default: return read_model(fact, sink);
  }
}

void CallFacts::read_model(policy::Fact fact, policy::FactSink& sink) const {
  using policy::Fact;
  switch (fact) {
    case Fact::kModelName: return put(sink, bounded(parts_.model));
    case Fact::kModelTier: return put(sink, parts_.entry.tier);
    case Fact::kModelProvider: return put(sink, parts_.provider.name);
    case Fact::kModelRegion: return put(sink, parts_.provider.region);
    case Fact::kModelRetention: return put(sink, parts_.provider.retention);
    case Fact::kModelDialect: return put(sink, wire::dialect_name(parts_.route.dialect));
    case Fact::kModelOperation: return put(sink, operation_name(parts_.route.operation));
    case Fact::kRequestBytes: return sink.integer(static_cast<std::int64_t>(parts_.body_bytes));
    case Fact::kRequestTokens: return sink.integer(parts_.view.estimated_input_tokens);
    case Fact::kRequestStream: return sink.boolean(parts_.view.stream || parts_.route.stream_in_path);
    case Fact::kInventoryModel:
    case Fact::kInventoryProvider:
    case Fact::kInventoryClient: return read_inventory(fact, sink);
    default: return read_content(fact, sink);
  }
}

void CallFacts::read_inventory(policy::Fact fact, policy::FactSink& sink) const {
  using policy::Fact;
  if (parts_.inventory.unknown) return sink.unknown(fact);
  if (fact == Fact::kInventoryModel) return put(sink, parts_.inventory.model);
  put(sink, fact == Fact::kInventoryProvider ? parts_.inventory.provider : parts_.inventory.client);
}

void CallFacts::read_content(policy::Fact fact, policy::FactSink& sink) const {
  using policy::Fact;
  if (fact != Fact::kContentFindings && fact != Fact::kContentClasses && fact != Fact::kContentLabels) return;
  // Whatever was not looked at could hold anything: what hangs on it is not allowed.
  if (!parts_.content_complete) return sink.unknown(fact);
  if (parts_.found == nullptr) return;
  if (fact == Fact::kContentLabels) {
    if (!parts_.labels.empty()) sink.texts(parts_.labels);
  } else if (!parts_.found->empty()) {
    if (fact == Fact::kContentFindings) return sink.findings(parts_.found->for_rules());
    sink.texts(parts_.found->classes());
  }
}

}  // namespace reeve::gateway
