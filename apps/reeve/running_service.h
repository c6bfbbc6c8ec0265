#pragma once

// The server put together, private to serve: what it holds, how it starts, reloads, looks around and stops.

#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "reeve/agent_service.h"
#include "reeve/anomaly_watch.h"
#include "reeve/break_glass_banner.h"
#include "reeve/budget_follower.h"
#include "reeve/claude_code_routes.h"
#include "reeve/client_reports.h"
#include "reeve/command_notes.h"
#include "reeve/commands.h"
#include "reeve/console_files.h"
#include "reeve/content_setup.h"
#include "reeve/control_api.h"
#include "reeve/directory_service.h"
#include "reeve/evidence_packs.h"
#include "reeve/export_threads.h"
#include "reeve/heartbeat.h"
#include "reeve/in_force.h"
#include "reeve/inventory_watch.h"
#include "reeve/kill_follower.h"
#include "reeve/live_budgets.h"
#include "reeve/live_exceptions.h"
#include "reeve/live_inventory.h"
#include "reeve/live_sessions.h"
#include "reeve/mailbox.h"
#include "reeve/notice_board.h"
#include "reeve/notification_thread.h"
#include "reeve/provider_report.h"
#include "reeve/published_log.h"
#include "reeve/refusals.h"
#include "reeve/register_follower.h"
#include "reeve/scim_api.h"
#include "reeve/serve.h"
#include "reeve/sign_in_service.h"
#include "reeve/spending.h"
#include "reeve/unrecorded_changes.h"
#include "store/store.h"

namespace reeve::app {

/// In the mailbox: the last call has ended.
inline constexpr int kDrained = -1;
/// The API has written a budget: look now.
inline constexpr int kBudgetsWritten = -2;

class RunningService final : public Service {
 public:
  RunningService(const ServeOptions& options, std::shared_ptr<Mailbox> mailbox)
      : options_(options), mailbox_(std::move(mailbox)) {}

  /// A directory's thread must not end calls of a gateway that is gone, also after a start that failed.
  ~RunningService() override {
    if (directory_) directory_->end_with(nullptr);
    if (agents_) agents_->end_with(nullptr);
  }

  Result<void> start();
  void run();
  void stop();

  std::string base_url() const override {
    const std::string host = config_.listen_host == "0.0.0.0" ? "127.0.0.1" : config_.listen_host;
    return std::string(config_.tls ? "https://" : "http://") +
           (host.find(':') != std::string::npos ? "[" + host + "]" : host) + ":" + std::to_string(server_->port());
  }
  const Config& config() const override { return config_; }
  identity::KeyStore& keys() override { return registers().keys(); }
  bool stopping() const override { return stopping_.load(); }
  Result<std::string> make_console_link() override { return sign_ins_->make_console_link(system_user_name()); }

 private:
  Result<void> begin();
  Result<void> open_storage();
  Result<void> record_start(const gateway::Settings& settings);
  void record_stop();
  Result<Config> load_config() const;
  Result<void> open_ledger();
  /// running_registers.cpp: what nodes may share.
  Result<void> open_registers();
  store::Registers& registers() {
    return shared_registers_ ? static_cast<store::Registers&>(*shared_registers_) : *store_;
  }
  void start_telling_people();
  void follow_registers();
  Result<void> open_budgets();
  void start_watching();
  /// Whoever the directory cuts off: their calls and sign-ins end.
  void end_what_leavers_have();
  /// Nothing where no witnesses are configured.
  Result<void> start_collecting_cosignatures();
  ledger::CosigningOptions cosigning_options() const;
  std::string node_name() const;
  // running_settings.cpp: what calls are decided by.
  Result<std::shared_ptr<const gateway::Settings>> build_settings(const Config& config);
  Result<std::shared_ptr<const gateway::Settings>> build_settings_of_last_good(const Config& config, const Error& why);
  void use_roles_of_last_good(const std::vector<YamlValue>& documents);
  Result<void> check_kept_long_enough(const Config& config) const;
  std::shared_ptr<gateway::Settings> settings_with(const Config& config, std::shared_ptr<const policy::Bundle> bundle,
                                                   std::shared_ptr<const spend::Catalogue> prices,
                                                   std::shared_ptr<const spend::BudgetSet> budgets,
                                                   std::shared_ptr<const content::Detectors> detectors) const;
  /// Once interrupted calls have their ends in the ledger.
  Result<void> open_spending(const gateway::Settings& settings);
  Result<void> start_exports();
  Result<void> start_gateway();
  Result<void> open_people_and_agents();
  void tell_of_standstill(const AgentService::Stopped& stopped);
  Result<void> open_sign_ins();
  Result<void> start_listening();
  void open_control_api();
  Task<void> answer(net::Exchange& exchange);
  Result<void> start_following_kill_switch();
  void reload(bool config_too);
  std::string governance_fingerprint() const;
  void watch_governance();
  void keep_bundle(const policy::Bundle& bundle);
  void put_in_force(std::shared_ptr<const gateway::Settings> settings);
  void use_exceptions();
  void use_budgets();
  void use_inventory();
  void look_at_client_reports(bool last);
  void keep_placeholders();
  std::string news_of_health() const;
  /// From any thread.
  std::optional<std::uint64_t> record(std::string_view kind, const std::string& detail);
  std::size_t record_notes(std::span<store::Note> notes);
  std::size_t record_notes_of_all_nodes(std::span<store::Note> notes);
  ledger::Producer& producer_of_this_thread();

  const ServeOptions& options_;
  Config config_;
  const std::shared_ptr<Mailbox> mailbox_;  // the thread that waits for signals outlives this service
  std::atomic<bool> stopping_{false};
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<store::SharedRegisters> shared_registers_;  // null: this node is alone
  std::optional<identity::KeyTable> key_table_;
  std::unique_ptr<ledger::Log> log_;
  std::unique_ptr<ledger::CosignatureCollector> cosignatures_;  // null: no witnesses
  std::string digest_key_;
  policy::UseCounter exception_uses_;
  std::unique_ptr<store::SharedBudgets> shared_budgets_;         // null: this node is alone
  std::unique_ptr<store::SharedKillSwitch> shared_kill_switch_;  // null: this node is alone
  identity::KillSwitch kill_switch_;
  gateway::CutoffTally cutoff_tally_;
  std::optional<LiveBudgets> live_budgets_;
  std::unique_ptr<DirectoryService> directory_;  // null: none is in force
  std::unique_ptr<AgentService> agents_;
  // Calls hold reservations, so budgets outlive the loops.
  std::unique_ptr<spend::SliceStore> slices_;  // null: this node is alone
  std::optional<Spending> spending_;
  spend::SwapMemory swaps_;
  gateway::SessionPlaces session_places_;
  mutable gateway::KeyHealthBook key_health_;
  NoticeBoard notices_;
  RolesInForce roles_;
  WorkflowInForce workflow_;
  ClientReports client_reports_;
  std::optional<Refusals> refusals_;
  std::optional<BreakGlassBanner> break_glass_;
  // A producer's records are made one after the other: those of the main thread are one's, those of all others
  // another's.
  const std::thread::id main_thread_ = std::this_thread::get_id();
  std::mutex recording_beside_;
  std::mutex exports_telling_;
  ExportThreads exports_;
  RecentReadings recent_readings_;
  std::unique_ptr<SignInService> sign_ins_;  // calls are decided by its tokens
  std::unique_ptr<net::Runtime> runtime_;
  std::unique_ptr<net::Server> practice_;
  std::unique_ptr<gateway::SettingsStore> settings_;
  std::unique_ptr<gateway::Gateway> gateway_;
  std::optional<IndexThread> index_;
  std::unique_ptr<ApiCallers> api_callers_;
  std::optional<LiveSessions> live_sessions_;
  std::optional<EvidencePacks> evidence_packs_;
  std::unique_ptr<ControlApi> api_;
  std::unique_ptr<ScimApi> scim_;
  std::unique_ptr<PublishedLog> published_log_;
  std::unique_ptr<SignInRoutes> sign_in_routes_;
  std::optional<ClaudeCodeRoutes> claude_code_;
  ConsolePages console_;
  std::unique_ptr<net::Server> server_;
  std::thread guest_;
  std::optional<Heartbeat> heartbeat_;  // from service.started to service.stopped
  std::string governance_seen_;
  Instant bundle_kept_;
  bool rules_are_read_ = false;  // the files can be read, and what they say is in force
  std::optional<LiveExceptions> exceptions_;
  std::optional<NotificationThread> notifications_;
  std::optional<NotificationThread> own_notifications_;  // of what this node switches for itself, where others share
  std::vector<control::Destination> destinations_;
  std::optional<AnomalyWatch> anomaly_watch_;
  std::optional<LiveInventory> inventory_;
  std::optional<InventoryWatch> inventory_watch_;
  std::vector<spend::SpendAlert> alerts_ = spend::default_alerts();
  std::optional<KeyChanges> key_changes_;
  std::optional<CheckReports> check_reports_;
  std::optional<CommandNotes> command_notes_;
  bool notes_left_ = false;  // more than were recorded at once
  std::optional<BudgetFollower> budget_follower_;
  std::optional<RegisterFollower> register_follower_;
  std::unique_ptr<KillFollower> kill_follower_;
  std::optional<ProviderReport> provider_report_;
  std::optional<ContentSetup> content_setup_;
  content::VerdictCache verdicts_;
  ContentVaults vaults_;
};

bool uses_practice_model(const Config& config);

}  // namespace reeve::app
