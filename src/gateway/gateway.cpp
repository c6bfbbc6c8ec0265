#include "gateway/gateway.h"

#include <condition_variable>

#include "core/bytes.h"
#include "core/json.h"
#include "core/log.h"
#include "gateway/model_call.h"

namespace reeve::gateway {

namespace {

/// Writes down, now and then, the refusals of strangers that got no entry of their own.
Task<void> summarise_strangers(Worker& worker) {
  constexpr auto kInterval = std::chrono::seconds(10);
  while (true) {
    co_await worker.loop.sleep(kInterval);
    const std::string detail = worker.strangers.take_summary();
    if (detail.empty()) continue;
    ledger::Entry entry;
    entry.kind = "refusals.summarised";
    entry.producer = &worker.producer;
    entry.detail = detail;
    const auto placed = co_await worker.log.append(entry, worker.loop);
    if (!placed) log_error("summary of refusals not recorded", {{"why", placed.error().message}});
  }
}

/// What was ended and still has not said its last words has a client that takes nothing.
Task<void> end_calls_on(Worker& worker, std::shared_ptr<const identity::CutoffSet> cutoffs) {
  const LiveCalls::Ended ended = worker.live_calls.end_covered(*cutoffs);
  if (ended.calls == 0) co_return;
  // Who waits for something else than the client gets to its last words later, and then the client has its time.
  do {
    co_await worker.loop.sleep(LiveCalls::kLastWordsMax);
  } while (worker.live_calls.abandon_ended(ended.round) > 0);
}

/// What several loops are asked at once. Kept alive by each of them, since the asker does not wait for ever.
struct AskedLoops {
  std::mutex mutex;
  std::condition_variable answered;
  std::size_t left = 0;
  std::vector<CallUnderWay> calls;
};

void answer_with_calls(const Worker& worker, AskedLoops& asked) {
  std::vector<CallUnderWay> calls = worker.live_calls.views();
  const std::lock_guard lock(asked.mutex);
  asked.calls.insert(asked.calls.end(), std::make_move_iterator(calls.begin()), std::make_move_iterator(calls.end()));
  if (--asked.left == 0) asked.answered.notify_all();
}

class GatewayOverLoops final : public Gateway {
 public:
  GatewayOverLoops(SettingsStore& settings, ledger::Log& log, const GatewayOptions& options)
      : settings_(settings), log_(log), clock_(*options.clock), more_metrics_(options.more_metrics) {
    metrics_.watch(log);
    if (options.shared_uses != nullptr) use_claims_ = std::make_unique<UseClaims>(*options.shared_uses);
  }

  Result<void> add_worker(net::Loop& loop, SettingsStore& settings, identity::KeyTable& keys,
                          const GatewayOptions& options) {
    auto client = net::Client::create(loop, options.upstream_limits, options.upstream_tls);
    if (!client) return client.error();
    auto identity_client = net::Client::create(loop, identity::Authenticator::client_limits(), options.upstream_tls);
    if (!identity_client) return identity_client.error();
    auto worker = std::make_unique<Worker>(loop, *std::move(client), *std::move(identity_client), nullptr, settings,
                                           log_, metrics_, options, use_claims_.get());
    worker->authenticator = identity::Authenticator::create(
        {options.issuers, options.clock, options.own_tokens, options.directory, options.agents}, keys,
        *worker->identity_client);
    loop.post([&worker = *worker] { start_detached(summarise_strangers(worker)); });
    workers_.push_back(std::move(worker));
    return {};
  }

  Task<void> handle(net::Exchange& exchange) override {
    const net::RequestHead& head = exchange.head();
    const bool anthropic = head.headers.find("anthropic-version").has_value();
    if (auto route = wire::find_route(head.path, anthropic)) {
      ModelCall call(*workers_[exchange.loop().index()], exchange, *std::move(route));
      co_await call.run();
    } else if (head.path == "/healthz") {
      co_await answer_health(exchange);
    } else if (head.path == "/readyz") {
      co_await answer_ready(exchange);
    } else if (head.path == "/metrics") {
      co_await answer(exchange, 200, "text/plain; version=0.0.4; charset=utf-8",
                      metrics_.text() + key_metrics(settings_.current()->providers, clock_.steady()) +
                          (more_metrics_ ? more_metrics_() : std::string()));
    } else {
      co_await answer_not_served(exchange, wire::dialect_of_path(head.path, anthropic));
    }
  }

  void end_calls(std::shared_ptr<const identity::CutoffSet> cutoffs) override {
    for (const auto& worker : workers_) {
      worker->loop.post([&worker = *worker, cutoffs] { start_detached(end_calls_on(worker, cutoffs)); });
    }
  }
  void start_practice_streams(const identity::Drill& drill) override {
    for (std::int64_t i = 0; i < drill.streams; ++i) {
      Worker& worker = *workers_[static_cast<std::size_t>(i) % workers_.size()];
      worker.loop.post([&worker, scope = drill.scope] {
        start_detached(play_practice_stream(worker.live_calls, worker.loop, scope));
      });
    }
  }
  std::vector<CallUnderWay> calls_under_way() override {
    constexpr auto kPatience = std::chrono::seconds(3);
    const auto asked = std::make_shared<AskedLoops>();
    asked->left = workers_.size();
    for (const auto& worker : workers_) {
      worker->loop.post([&worker = *worker, asked] { answer_with_calls(worker, *asked); });
    }
    std::unique_lock lock(asked->mutex);
    asked->answered.wait_for(lock, kPatience, [&] { return asked->left == 0; });
    return asked->calls;
  }
  void announce_drain() override { draining_.store(true); }
  void watch(const net::ServerStats& stats) override { metrics_.watch(stats); }
  void watch(const ledger::CosignatureCollector& cosignatures) override { metrics_.watch(cosignatures); }

 private:
  Task<void> answer(net::Exchange& exchange, int status, std::string_view type, std::string body) {
    const bool reads = exchange.head().method == net::Method::kGet || exchange.head().method == net::Method::kHead;
    if (!reads && status == 200) {
      status = 405;
      body = "This path takes GET only.\n";
      type = "text/plain; charset=utf-8";
    }
    // A failure to answer means the client has gone: nobody is left to tell.
    const auto sent = co_await exchange.respond(status, {{"content-type", type}}, body);
    static_cast<void>(sent);
  }

  /// No call was made, so there is no record; but a client that was set up wrongly hears so in its own dialect.
  Task<void> answer_not_served(net::Exchange& exchange, std::optional<wire::Dialect> dialect) {
    constexpr std::string_view kMessage =
        "Nothing is served at this path; model paths, /healthz, /readyz and /metrics are.";
    if (!dialect) {
      JsonWriter json;
      json.begin_object().member("type", "about:blank").member("title", "Not found").member("status", 404);
      json.member("detail", kMessage).end_object();
      co_return co_await answer(exchange, 404, "application/problem+json", json.text());
    }
    const net::Headers& sent = exchange.head().headers;
    const auto client = wire::read_client_hints([&sent](std::string_view name) { return sent.get(name); }).kind;
    wire::Refusal refusal;
    refusal.reason = wire::RefusalReason::kUnsupported;
    refusal.message = kMessage;
    const wire::EncodedRefusal no = wire::encode_refusal(*dialect, client, refusal);
    net::Headers headers;
    for (const auto& [name, value] : no.headers) headers.add(name, value);
    // A failure to answer means the client has gone: nobody is left to tell.
    const auto answered = co_await exchange.respond(no.status, headers, no.body);
    static_cast<void>(answered);
  }

  /// Which key it is stands in /metrics and in the ledger.
  Task<void> answer_health(net::Exchange& exchange) {
    const auto settings = settings_.current();
    const std::size_t aside = keys_set_aside(settings->providers, clock_.steady());
    std::string body = "ok\n";
    if (aside > 0) body += "PROVIDER KEYS ARE REFUSED: " + std::to_string(aside) + "\n";
    co_await answer(exchange, 200, "text/plain; charset=utf-8", std::move(body));
  }

  Task<void> answer_ready(net::Exchange& exchange) {
    const bool writable = log_.writable();
    const bool draining = draining_.load();
    JsonWriter json;
    json.begin_object().member("ready", writable && !draining).member("ledger_writable", writable);
    json.member("draining", draining).end_object();
    co_await answer(exchange, writable && !draining ? 200 : 503, "application/json", json.text() + "\n");
  }

  SettingsStore& settings_;
  ledger::Log& log_;
  const Clock& clock_;
  Metrics metrics_;
  const std::function<std::string()> more_metrics_;
  std::unique_ptr<UseClaims> use_claims_;  // outlives the workers; null: this node counts alone
  std::vector<std::unique_ptr<Worker>> workers_;
  std::atomic<bool> draining_{false};
};

wire::RefusalReason reason_of(int status) {
  switch (status) {
    case 413: return wire::RefusalReason::kTooLarge;
    case 500:
    case 503: return wire::RefusalReason::kUnavailable;
    default: return wire::RefusalReason::kMalformed;
  }
}

}  // namespace

Result<std::unique_ptr<Gateway>> Gateway::create(net::Runtime& runtime, SettingsStore& settings, ledger::Log& log,
                                                 // NOLINTNEXTLINE(performance-unnecessary-value-param)
                                                 identity::KeyTable& keys, GatewayOptions options) {
  auto gateway = std::make_unique<GatewayOverLoops>(settings, log, options);
  for (std::size_t i = 0; i < runtime.loop_count(); ++i) {
    if (auto added = gateway->add_worker(runtime.loop(i), settings, keys, options); !added) return added.error();
  }
  return std::unique_ptr<Gateway>(std::move(gateway));
}

std::pair<std::string, std::string> refusal_body(int status, std::string_view reason, std::string_view path) {
  const auto dialect = wire::dialect_of_path(path, false);
  if (!dialect) return {"text/plain; charset=utf-8", std::string(reason) + "\n"};
  wire::Refusal refusal;
  refusal.reason = reason_of(status);
  refusal.message = reason;
  return {"application/json", wire::encode_refusal_body(*dialect, refusal, status)};
}

}  // namespace reeve::gateway
