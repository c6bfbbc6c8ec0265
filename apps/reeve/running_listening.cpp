#include "reeve/running_service.h"

#include "core/log.h"
#include "reeve/demo_history.h"
#include "reeve/demo_visitors.h"
#include "reeve/health.h"
#include "reeve/server_state_route.h"

namespace reeve::app {

namespace {
/// Whoever wrote a budget is kept waiting no longer. A new one is counted from the ledger first.
constexpr auto kInForceMax = std::chrono::seconds(10);
}  // namespace

/// What the control API asks, and how what it changed is in force before it answers.
void RunningService::open_control_api() {
  const auto put_budgets_in_force = [this] {
    const auto wake = [this] { mailbox_->put(kBudgetsWritten); };
    if (!live_budgets_->wait_for_look(kInForceMax, wake)) log_warning("a budget that was written is not in force yet");
  };
  identity::KillSwitchStore* const kill_switch_register =
      shared_kill_switch_ ? static_cast<identity::KillSwitchStore*>(shared_kill_switch_.get()) : &store_->kill_switch();
  const auto wait_until_switched = [this](std::string_view id, bool on) {
    return kill_follower_->wait_until_known(id, on);
  };
  index_.emplace(config_.data_dir);
  LedgerSources ledger{&*index_, config_.data_dir / "ledger",
                       [this](std::string_view kind, const std::string& detail) { return record(kind, detail); },
                       &recent_readings_};
  live_sessions_.emplace(config_.data_dir / "ledger");
  evidence_packs_.emplace(options_.config_file.string(), config_.data_dir,
                          [this](auto kind, const auto& detail) { return record(kind, detail).has_value(); });
  std::vector<std::pair<std::string, std::string>> exports;
  exports.reserve(config_.exports.size());
  for (const ledger::ExportSettings& one : config_.exports) exports.emplace_back(one.name, one.sink_kind());
  if (takes_visitors(config_)) roles_.set_visitors(roles_of_visitors(read_visitors(config_.data_dir)));
  api_ = ControlApi::create({&spending_->budgets(),
                             settings_.get(),
                             store_.get(),
                             &registers(),
                             config_.data_dir,
                             options_.config_file.string(),
                             api_callers_.get(),
                             &roles_,
                             &workflow_,
                             &*live_budgets_,
                             put_budgets_in_force,
                             std::move(ledger),
                             kill_switch_register,
                             &kill_switch_,
                             gateway_.get(),
                             &*live_sessions_,
                             &sign_ins_->store(),
                             wait_until_switched,
                             &agents_->entries(),
                             directory_ ? &directory_->entries() : nullptr,
                             started_with_json(config_, system_clock().now()),
                             std::move(exports),
                             &*evidence_packs_,
                             config_.api_limits,
                             config_.directory == identity::DirectoryMode::kRequired,
                             is_demonstration(config_.data_dir)});
}

/// By path, on the loop that read the request.
Task<void> RunningService::answer(net::Exchange& exchange) {
  const std::string_view path = exchange.head().path;
  if (ClaudeCodeRoutes::serves(path)) return claude_code_->handle(exchange);
  if (ControlApi::serves(path)) return api_->handle(exchange);
  if (ScimApi::serves(path)) return scim_->handle(exchange);
  std::string news = path == "/healthz" ? news_of_health() : std::string();
  if (!news.empty()) return answer_health(exchange, std::move(news));
  if (SignInRoutes::serves(path)) return sign_in_routes_->handle(exchange);
  if (ConsolePages::serves(path)) return console_.handle(exchange);
  return PublishedLog::serves(path) ? published_log_->handle(exchange) : gateway_->handle(exchange);
}

Result<void> RunningService::start_listening() {
  if (auto started = start_gateway(); !started) return started;
  net::ServerOptions server_options;
  server_options.host = config_.listen_host;
  server_options.port = config_.listen_port;
  server_options.limits = config_.server_limits;
  server_options.tls = config_.tls;
  server_options.refusal_body = gateway::refusal_body;
  auto callers = ApiCallers::create(*runtime_, config_.issuers, config_.upstream_tls, *key_table_, &sign_ins_->tokens(),
                                    directory_ ? &directory_->directory() : nullptr, agents_->agents());
  if (!callers) return callers.error();
  api_callers_ = *std::move(callers);
  api_callers_->tell_refusals_to(*refusals_, config_.trusted_proxies);
  open_control_api();
  scim_ = std::make_unique<ScimApi>(directory_ ? &directory_->entries() : nullptr, *api_callers_);
  published_log_ = std::make_unique<PublishedLog>(
      PublishedLog::Sources{config_.data_dir / "ledger", config_.served_log, log_.get(), api_callers_.get()});
  claude_code_.emplace(
      ClaudeCodeRoutes::Sources{api_callers_.get(), &client_reports_, &spending_->budgets(), settings_.get()});
  break_glass_.emplace(registers().break_glass());
  auto handler = [this](net::Exchange& exchange) { return answer(exchange); };
  auto server = net::Server::listen(*runtime_, std::move(server_options), std::move(handler));
  if (!server)
    return with_context(server.error(),
                        "listening on " + config_.listen_host + ":" + std::to_string(config_.listen_port));
  server_ = *std::move(server);
  auto sign_in_routes =
      sign_ins_->start(*runtime_, config_, base_url(), *refusals_, {&*key_table_, agents_->agents(), &kill_switch_});
  if (!sign_in_routes) return std::move(sign_in_routes).error();
  sign_in_routes_ = *std::move(sign_in_routes);
  api_callers_->know(sign_in_routes_->browsers());
  gateway_->watch(server_->stats());
  return start_collecting_cosignatures();
}

std::string RunningService::news_of_health() const {
  return break_glass_->line() + kill_switch_line(*kill_switch_.current(), system_clock().now());
}

}  // namespace reeve::app
