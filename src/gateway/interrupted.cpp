// Calls that a crash interrupted: their intents are in the ledger, what came of them nobody saw.

#include "core/log.h"
#include "gateway/gateway.h"

namespace reeve::gateway {

namespace {

/// Bytes of a request body for each token, the same as where a provider did not report (docs/metering.md).
constexpr std::int64_t kBytesPerToken = 4;

std::vector<std::string> texts(const JsonValue& array) {
  std::vector<std::string> texts;
  for (const JsonValue& item : array.items()) texts.emplace_back(item.string_or(""));
  return texts;
}

const Provider* find_provider(const Settings& settings, std::string_view name) {
  for (const Provider& provider : settings.providers) {
    if (provider.name == name) return &provider;
  }
  return nullptr;
}

}  // namespace

void record_interrupted_calls(ledger::Log& log, const Settings& settings, Instant now) {
  std::size_t recorded = 0;
  for (const ledger::OpenIntent& open : log.open_intents()) {
    const auto document = JsonDocument::parse(open.entry);
    if (!document) continue;
    const JsonValue intent = document->root();
    const auto text = [&](std::string_view path) { return intent.at(path).string_or(""); };
    ledger::Entry entry;
    entry.kind = "model.outcome";
    entry.request_id = text("request_id");
    entry.attempt = intent["attempt"].int_or(0);
    entry.session_id = text("session_id");
    entry.principal.id = text("principal.id");
    entry.principal.type = text("principal.type");
    entry.principal.team = text("principal.team");
    entry.principal.key_id = text("principal.key_id");
    const std::vector<std::string> groups = texts(intent.at("principal.groups"));
    entry.principal.groups = groups;
    entry.agent = {text("agent.id"), text("agent.parent")};
    entry.client = text("client");
    entry.client_version = text("client_version");
    entry.work_item = text("work_item");
    entry.repo = text("repo");
    entry.feature = text("feature");
    entry.model.asked = text("model.asked");
    entry.model.served = text("model.served");
    entry.model.provider = text("model.provider");
    entry.model.region = text("model.region");
    entry.model.retention = text("model.retention");
    entry.model.tier = text("model.tier");
    entry.model.dialect = text("model.dialect");
    entry.model.operation = text("model.operation");
    const std::vector<std::string> rule_names = texts(intent.at("decision.rules"));
    const std::vector<std::string_view> rules(rule_names.begin(), rule_names.end());
    entry.decision.effect = text("decision.effect");
    entry.decision.enforced = text("decision.enforced");
    entry.decision.mode = text("decision.mode");
    entry.decision.rule = text("decision.rule");
    entry.decision.rules = rules;
    entry.decision.bundle = text("decision.bundle");
    entry.decision.reason = text("decision.reason");
    entry.outcome = {"unrecorded_end", "Reeve stopped while the call was under way", 0, 0, 0};

    // The provider billed at least what went in. How much came out nobody knows; the entry says that it is an estimate.
    TokenUsage usage;
    usage.input = (intent.at("content.bytes").int_or(0) + kBytesPerToken - 1) / kBytesPerToken;
    const Provider* provider = find_provider(settings, entry.model.provider);
    const std::string_view vendor =
        provider != nullptr ? std::string_view(provider->price_provider) : entry.model.provider;
    const spend::Cost cost =
        spend::cost_of(settings.prices->find(vendor, entry.model.served, now), usage, ServiceTier::kStandard);
    if (entry.model.operation != "count_tokens") {
      entry.usage = usage;
      entry.cost = ledger::Entry::Cost{cost.total, cost.price_version, true, cost.price_known};
    }
    if (log.append_later(entry)) ++recorded;
  }
  if (recorded > 0)
    log_warning("calls were interrupted by the last stop; their ends are recorded as estimates", {{"calls", recorded}});
}

}  // namespace reeve::gateway
