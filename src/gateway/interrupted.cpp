// Calls that a crash interrupted: their intents are in the ledger, what came of them nobody saw.

#include <algorithm>
#include <functional>
#include <map>
#include <utility>

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

/// What an attempt held when it was interrupted.
struct HeldAmounts {
  std::int64_t nanos = 0, tokens = 0;
};
using HeldByAttempt = std::map<std::string, HeldAmounts, std::less<>>;

std::string attempt_name(const JsonValue& entry) {
  return std::string(entry["request_id"].string_or("")) + " " + std::to_string(entry["attempt"].int_or(0));
}

HeldAmounts held_of(const JsonValue& entry) {
  return {entry.at("budget.held_nanos").int_or(0), entry.at("budget.held_tokens").int_or(0)};
}

/// What attempts held beyond what their intents say: answers that grew.
HeldByAttempt read_growth(const ledger::Log& log) {
  HeldByAttempt held;
  if (log.open_intents().empty()) return held;
  const auto read = log.read(log.open_intents().front().index, [&](const ledger::StoredEntry& stored) {
    if (stored.bytes.find(R"("kind":"model.held")") == std::string_view::npos) return true;
    const auto document = JsonDocument::parse(stored.bytes);
    if (document) held[attempt_name(document->root())] = held_of(document->root());
    return true;
  });
  if (!read) log_warning("what interrupted calls held is known as it was at first", {{"why", read.error().message}});
  return held;
}

struct Estimate {
  TokenUsage usage;
  ServiceTier tier = ServiceTier::kStandard;
  spend::Cost cost;
};

/// The dearest that it can have come to: input may have been written to a cache, and who asks for a cheaper tier may be
/// served at the standard one.
Estimate dearest(const spend::PriceMatch& price, const TokenUsage& usage, ServiceTier asked) {
  TokenUsage written_5m = usage;
  TokenUsage written_1h = usage;
  std::swap(written_5m.input, written_5m.cache_write_5m);
  std::swap(written_1h.input, written_1h.cache_write_1h);
  Estimate most{usage, asked, spend::cost_of(price, usage, asked)};
  for (const ServiceTier tier : {asked, ServiceTier::kStandard}) {
    for (const TokenUsage& kind : {usage, written_5m, written_1h}) {
      const spend::Cost cost = spend::cost_of(price, kind, tier);
      if (cost.total > most.cost.total) most = {kind, tier, cost};
    }
  }
  return most;
}

/// The same tokens for as much as was held: more was held for input than it is taken for, which must not turn into
/// dearer output.
Estimate within(const spend::PriceMatch& price, const Estimate& estimate, std::int64_t nanos) {
  TokenUsage cheap = estimate.usage;
  cheap.input += std::exchange(cheap.output, 0);
  const std::int64_t least = spend::cost_of(price, cheap, estimate.tier).total.nanos;
  const std::int64_t most = estimate.cost.total.nanos;
  if (least >= most) return estimate;
  const double share = static_cast<double>(nanos - least) / static_cast<double>(most - least);
  TokenUsage usage = estimate.usage;
  usage.output = static_cast<std::int64_t>(static_cast<double>(usage.output) * std::max(0.0, share));
  usage.input += estimate.usage.output - usage.output;
  return {usage, estimate.tier, spend::cost_of(price, usage, estimate.tier)};
}

/// What the call is taken to have used and cost.
void estimate(ledger::Entry& entry, const JsonValue& intent, const HeldAmounts& held, const Settings& settings,
              Instant now, Estimate& out) {
  // The provider billed at least what went in. How much came out nobody knows; the entry says that it is an estimate.
  TokenUsage usage;
  usage.input = (intent.at("content.bytes").int_or(0) + kBytesPerToken - 1) / kBytesPerToken;
  // Where something was held, it is taken as used: budgets must not find room that may not be there.
  usage.output = std::max<std::int64_t>(0, held.tokens - usage.input);
  const Provider* provider = find_provider(settings, entry.model.provider);
  const std::string_view vendor =
      provider != nullptr ? std::string_view(provider->price_provider) : entry.model.provider;
  const Instant at{now.nanoseconds / 1000 * 1000};  // as precise as the entry tells it
  const spend::PriceMatch price = settings.prices->find(vendor, entry.model.served, at, entry.model.region);
  const ServiceTier asked =
      spend::service_tier_of(intent.at("request.service_tier").string_or("")).value_or(ServiceTier::kStandard);
  out = {usage, asked, spend::cost_of(price, usage, asked)};
  if (held.nanos > out.cost.total.nanos) out = dearest(price, usage, asked);
  if (held.nanos > 0 && held.nanos < out.cost.total.nanos) out = within(price, out, held.nanos);
  if (entry.model.operation == "count_tokens") return;
  entry.usage = out.usage;
  entry.cost = ledger::Entry::Cost{.total = out.cost.total,
                                   .price_version = out.cost.price_version,
                                   .estimated = true,
                                   .price_known = out.cost.price_known,
                                   .provider = vendor,
                                   .model = entry.model.served,
                                   .service_tier = spend::service_tier_name(out.tier),
                                   .time = at,
                                   .list = out.cost.list};
}

}  // namespace

void record_interrupted_calls(ledger::Log& log, const Settings& settings, Instant now) {
  std::size_t recorded = 0;
  const HeldByAttempt grown = read_growth(log);
  for (const ledger::OpenIntent& open : log.open_intents()) {
    const auto document = JsonDocument::parse(open.entry);
    if (!document) continue;
    const JsonValue intent = document->root();
    const auto text = [&](std::string_view path) { return intent.at(path).string_or(""); };
    ledger::Entry entry;
    entry.kind = "model.outcome";
    entry.producer = &log.producer(kServiceProducer);
    entry.request_id = text("request_id");
    entry.attempt = intent["attempt"].int_or(0);
    entry.session_id = text("session_id");
    entry.principal.id = text("principal.id");
    entry.principal.type = text("principal.type");
    entry.principal.team = text("principal.team");
    entry.principal.key_id = text("principal.key_id");
    const std::vector<std::string> groups = texts(intent.at("principal.groups"));
    entry.principal.groups = groups;
    const std::vector<std::string> chain = texts(intent.at("agent.chain"));
    entry.agent = {text("agent.id"), text("agent.parent"), chain};
    entry.client = text("client");
    entry.client_version = text("client_version");
    entry.work_item = text("work_item");
    entry.repo = text("repo");
    entry.feature = text("feature");
    entry.model.asked = text("model.asked");
    entry.model.sent = text("model.sent");
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
    if (const auto admitted = parse_time(text("budget.admitted"))) entry.budget.admitted = *admitted;
    entry.outcome = {"unrecorded_end", "Reeve stopped while the call was under way", 0, 0, 0};

    const auto growth = grown.find(attempt_name(intent));
    Estimate taken;  // the entry refers to it
    estimate(entry, intent, growth != grown.end() ? growth->second : held_of(intent), settings, now, taken);
    if (log.append_later(entry)) ++recorded;
  }
  if (recorded > 0)
    log_warning("calls were interrupted by the last stop; their ends are recorded as estimates", {{"calls", recorded}});
}

}  // namespace reeve::gateway
