#include "gateway/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <map>
#include <mutex>
#include <vector>

#include "core/check.h"
#include "core/json.h"

namespace reeve::gateway {

namespace {

using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;
using prometheus::Histogram;

const Histogram::BucketBoundaries kSeconds{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
                                           0.5,    1,     2.5,    5,     10,   30,    60,   120, 300};

/// Looking a label up takes the family's lock, so each pair is looked up once per thread and kept. Labels come from
/// fixed sets and from the configuration, never from a request.
template <typename Metric, typename Make>
Metric& cached(const void* owner, std::string_view first, std::string_view second, const Make& make) {
  thread_local std::map<std::tuple<const void*, std::string, std::string>, Metric*, std::less<>> kept;
  auto key = std::tuple(owner, std::string(first), std::string(second));
  const auto found = kept.find(key);
  if (found != kept.end()) return *found->second;
  Metric& metric = make();
  kept.emplace(std::move(key), &metric);
  return metric;
}

}  // namespace

struct Metrics::State {
  prometheus::Registry registry;
  Family<Counter>& calls = counter("reeve_calls_total", "Model calls that came to an end, by dialect and outcome");
  Family<Counter>& refusals = counter("reeve_refusals_total", "Model calls refused, by reason");
  Family<Counter>& authentication =
      counter("reeve_authentication_failures_total", "Credentials that were not accepted, by reason");
  Family<Counter>& tokens = counter("reeve_tokens_total", "Tokens used, by provider and kind");
  Family<Counter>& cost = counter("reeve_cost_dollars_total", "Cost of model calls in US dollars, by provider");
  Family<Counter>& estimated =
      counter("reeve_estimated_usage_total", "Attempts whose usage was estimated, by provider");
  Family<Counter>& unpriced =
      counter("reeve_unknown_price_total", "Attempts charged at the pessimistic price, by provider");
  Family<Histogram>& duration = prometheus::BuildHistogram()
                                    .Name("reeve_call_duration_seconds")
                                    .Help("From request to end of answer")
                                    .Register(registry);
  Family<Histogram>& first_byte = prometheus::BuildHistogram()
                                      .Name("reeve_call_first_byte_seconds")
                                      .Help("From request to first byte of answer")
                                      .Register(registry);
  Gauge& in_flight = prometheus::BuildGauge()
                         .Name("reeve_calls_in_flight")
                         .Help("Model calls being handled")
                         .Register(registry)
                         .Add({});
  const net::ServerStats* server = nullptr;
  const ledger::Log* log = nullptr;
  const ledger::CosignatureCollector* cosignatures = nullptr;

  Family<Counter>& counter(const char* name, const char* help) {
    return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
  }
};

Metrics::Metrics() : state_(std::make_unique<State>()) {}
Metrics::~Metrics() = default;

void Metrics::call_started() { state_->in_flight.Increment(); }
void Metrics::call_left() { state_->in_flight.Decrement(); }

void Metrics::call_ended(wire::Dialect dialect, std::string_view status, Duration total, Duration first_byte) {
  const std::string_view name = wire::dialect_name(dialect);
  cached<Counter>(&state_->calls, name, status, [&]() -> Counter& {
    return state_->calls.Add({{"dialect", std::string(name)}, {"outcome", std::string(status)}});
  }).Increment();
  const auto seconds = [](Duration d) { return std::chrono::duration<double>(d).count(); };
  const auto histogram = [&](Family<Histogram>& family) -> Histogram& {
    return cached<Histogram>(&family, name, "",
                             [&]() -> Histogram& { return family.Add({{"dialect", std::string(name)}}, kSeconds); });
  };
  histogram(state_->duration).Observe(seconds(total));
  if (first_byte > Duration::zero()) histogram(state_->first_byte).Observe(seconds(first_byte));
}

void Metrics::refused(wire::RefusalReason reason) {
  const std::string_view name = wire::refusal_reason_name(reason);
  cached<Counter>(&state_->refusals, name, "", [&]() -> Counter& {
    return state_->refusals.Add({{"reason", std::string(name)}});
  }).Increment();
}

void Metrics::authentication_failed(std::string_view why) {
  cached<Counter>(&state_->authentication, why, "", [&]() -> Counter& {
    return state_->authentication.Add({{"reason", std::string(why)}});
  }).Increment();
}

void Metrics::used(std::string_view provider, const TokenUsage& usage, Money cost, bool estimated, bool price_known) {
  const auto add = [&](Family<Counter>& family, std::string_view kind, double amount) {
    if (amount <= 0) return;
    cached<Counter>(&family, provider, kind, [&]() -> Counter& {
      prometheus::Labels labels{{"provider", std::string(provider)}};
      if (!kind.empty()) labels.emplace("kind", std::string(kind));
      return family.Add(labels);
    }).Increment(amount);
  };
  add(state_->tokens, "input", static_cast<double>(usage.input));
  add(state_->tokens, "cache_read", static_cast<double>(usage.cache_read));
  add(state_->tokens, "cache_write", static_cast<double>(usage.cache_write_5m + usage.cache_write_1h));
  add(state_->tokens, "output", static_cast<double>(usage.output));
  add(state_->cost, "", static_cast<double>(cost.nanos) / 1e9);
  if (estimated) add(state_->estimated, "", 1);
  if (!price_known) add(state_->unpriced, "", 1);
}

void Metrics::watch(const net::ServerStats& stats) { state_->server = &stats; }
void Metrics::watch(const ledger::Log& log) { state_->log = &log; }
void Metrics::watch(const ledger::CosignatureCollector& cosignatures) { state_->cosignatures = &cosignatures; }

namespace {

/// One line for each witness, below one explanation.
template <typename Value>
void add_by_witness(std::string& text, const ledger::CosignatureCollector& cosignatures, std::string_view name,
                    std::string_view type, std::string_view help, const Value& value) {
  text.append("# HELP ").append(name).append(" ").append(help).append("\n# TYPE ").append(name).append(" ");
  text.append(type).append("\n");
  for (const auto& witness : cosignatures.witnesses()) {
    std::string label;
    append_json_string(label, witness->name);  // quotes and backslashes are escaped as Prometheus has it
    text.append(name).append("{witness=").append(label).append("} ").append(std::to_string(value(*witness))) += '\n';
  }
}

void add_witnesses(std::string& text, const ledger::CosignatureCollector& cosignatures) {
  using Stats = ledger::WitnessStats;
  add_by_witness(text, cosignatures, "reeve_ledger_witness_reachable", "gauge", "1 while a witness cosigns",
                 [](const Stats& witness) { return witness.reachable.load() ? 1 : 0; });
  add_by_witness(text, cosignatures, "reeve_ledger_witness_size", "gauge", "Entries that a witness has cosigned",
                 [](const Stats& witness) { return witness.cosigned_size.load(); });
  add_by_witness(text, cosignatures, "reeve_ledger_witness_cosignatures_total", "counter", "Cosignatures of a witness",
                 [](const Stats& witness) { return witness.cosignatures.load(); });
  add_by_witness(text, cosignatures, "reeve_ledger_witness_failures_total", "counter",
                 "Times that a witness gave no cosignature", [](const Stats& w) { return w.failures.load(); });
}

}  // namespace

std::string Metrics::text() const {
  std::string text = prometheus::TextSerializer().Serialize(state_->registry.Collect());
  // Counters that other rooms keep for themselves.
  const auto line = [&](std::string_view name, std::string_view type, std::string_view help, double value) {
    text.append("# HELP ")
        .append(name)
        .append(" ")
        .append(help)
        .append("\n# TYPE ")
        .append(name)
        .append(" ")
        .append(type);
    text.append("\n").append(name).append(" ");
    const auto whole = static_cast<std::int64_t>(value);
    text += static_cast<double>(whole) == value ? std::to_string(whole) : std::to_string(value);
    text += '\n';
  };
  if (const net::ServerStats* server = state_->server) {
    line("reeve_connections_accepted_total", "counter", "Connections accepted",
         static_cast<double>(server->connections_accepted.load()));
    line("reeve_connections_open", "gauge", "Connections open now",
         static_cast<double>(server->connections_open.load()));
    line("reeve_connections_refused_total", "counter", "Connections closed because the limit was reached",
         static_cast<double>(server->connections_refused.load()));
    line("reeve_http_requests_total", "counter", "HTTP requests read", static_cast<double>(server->requests.load()));
    line("reeve_http_bad_requests_total", "counter", "HTTP requests that broke the grammar or a limit",
         static_cast<double>(server->bad_requests.load()));
  }
  if (state_->log != nullptr) {
    const ledger::LogStats& log = state_->log->stats();
    line("reeve_ledger_entries_total", "counter", "Ledger entries made durable since start",
         static_cast<double>(log.entries.load()));
    line("reeve_ledger_bytes_total", "counter", "Bytes of those entries", static_cast<double>(log.bytes.load()));
    line("reeve_ledger_syncs_total", "counter", "Group commits", static_cast<double>(log.syncs.load()));
    line("reeve_ledger_sync_seconds_total", "counter", "Time spent in group commits",
         static_cast<double>(log.sync_nanoseconds.load()) / 1e9);
    line("reeve_ledger_failures_total", "counter", "Writes that failed", static_cast<double>(log.failures.load()));
    line("reeve_ledger_refused_total", "counter", "Appends refused: queue full or log not writable",
         static_cast<double>(log.refused.load()));
    line("reeve_ledger_writable", "gauge", "1 while the ledger can be written", state_->log->writable() ? 1 : 0);
  }
  if (state_->cosignatures != nullptr) {
    const ledger::CosignatureCollector& cosignatures = *state_->cosignatures;
    line("reeve_ledger_witness_quorum", "gauge", "Witnesses that have to cosign a checkpoint",
         static_cast<double>(cosignatures.quorum()));
    line("reeve_ledger_cosigned_size", "gauge", "Entries that a quorum of witnesses has cosigned",
         static_cast<double>(cosignatures.cosigned_size()));
    line("reeve_ledger_quorum_behind_seconds", "gauge", "For how long signed entries have lacked a quorum",
         std::chrono::duration<double>(cosignatures.behind()).count());
    add_witnesses(text, cosignatures);
  }
  line("reeve_bugs_total", "counter", "Broken assumptions survived; a healthy process stays at 0",
       static_cast<double>(bugs_found()));
  return text;
}

}  // namespace reeve::gateway
