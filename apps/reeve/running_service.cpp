#include "reeve/running_service.h"

#include <algorithm>
#include <csignal>

#include "core/bytes.h"
#include "core/crypto.h"
#include "core/log.h"
#include "reeve/budget_desk.h"
#include "reeve/demo_history.h"
#include "reeve/exception_uses.h"
#include "reeve/export_mappings.h"
#include "reeve/governance.h"
#include "reeve/health.h"
#include "reeve/kept_value.h"
#include "reeve/key_rotation.h"
#include "reeve/sealed_files.h"
#include "reeve/server_state_route.h"

namespace reeve::app {

namespace {

constexpr auto kDrainMax = std::chrono::seconds(30);
/// What was approved has to hold within a second; the rest is looked at every second.
constexpr auto kLookInterval = std::chrono::milliseconds(200);
constexpr auto kSecond = std::chrono::seconds(1);
/// How long a start waits for what witnesses saw of the ledger.
constexpr auto kAskWitnessesMax = std::chrono::seconds(3);

}  // namespace

std::string RunningService::node_name() const { return node_name_of(config_); }

Result<void> RunningService::open_ledger() {
  const std::filesystem::path directory = config_.data_dir / "ledger";
  const std::string node = node_name();
  // The log's name must outlive a change of host name: it is part of every signature.
  auto origin = config_.ledger_origin.empty()
                    ? kept_value(config_.data_dir / "ledger.origin", [&] { return "reeve.local/" + node; })
                    : Result<std::string>(config_.ledger_origin);
  if (!origin) return origin.error();
  ledger::LogOptions options;
  options.directory = directory;
  options.origin = *origin;
  options.node = node;
  options.segment_bytes = config_.segment_bytes;
  options.anchor = config_.ledger_anchor;
  // Before anything is signed that would contradict them.
  if (!config_.witnesses.empty()) {
    if (auto asked = ledger::ask_witnesses(cosigning_options(), kAskWitnessesMax); !asked) {
      return with_context(asked.error(), "ledger");
    }
  }
  auto log = ledger::Log::open(std::move(options));
  if (!log) return with_context(log.error(), "ledger");
  log_ = *std::move(log);
  if (is_demonstration(config_.data_dir)) {
    log_warning("demonstration data: these people do not exist, and nothing of it happened",
                {{"data", config_.data_dir.string()}});
  }
  return {};
}

ledger::CosigningOptions RunningService::cosigning_options() const {
  ledger::CosigningOptions options;
  options.directory = config_.data_dir / "ledger";
  options.witnesses = config_.witnesses;
  options.quorum = config_.witness_quorum;
  options.tls = config_.upstream_tls;
  return options;
}

Result<void> RunningService::start_collecting_cosignatures() {
  if (config_.witnesses.empty()) return {};
  ledger::CosigningOptions options = cosigning_options();
  options.log_key = log_->verifier_key();
  ledger::Log& log = *log_;
  auto collector = ledger::CosignatureCollector::start(
      std::move(options),
      {[&log] { return log.checkpoint(); }, [&log](const std::string& reason) { log.stop_signing(reason); },
       [&log] { return log.verifier_key(); }});
  if (!collector) return with_context(collector.error(), "witnesses");
  cosignatures_ = *std::move(collector);
  gateway_->watch(*cosignatures_);
  return {};
}

Result<void> RunningService::start() {
  auto begun = begin();
  // What was said to have started is said to have ended.
  if (!begun) record_stop();
  return begun;
}

Result<void> RunningService::record_start(const gateway::Settings& settings) {
  JsonWriter detail;
  detail.begin_object().member("bundle", settings.policy->digest());
  detail.member("heartbeat_ms", std::chrono::duration_cast<std::chrono::milliseconds>(config_.heartbeat).count());
  detail.member("version", REEVE_VERSION).end_object();
  // Numbers begin anew with it, so nothing can be recorded without.
  if (!record("service.started", detail.text())) {
    return Error{ErrorCode::kUnavailable, "the ledger cannot record that the service starts"};
  }
  heartbeat_.emplace(*log_, config_.heartbeat, system_clock(),
                     [this](auto kind, const auto& told) { return record(kind, told); });
  return {};
}

void RunningService::record_stop() {
  if (!heartbeat_) return;
  record("service.stopped", heartbeat_->last_words());
  heartbeat_.reset();
}

/// What lies in the data directory, and what is told to it first.
Result<void> RunningService::open_storage() {
  // The store makes the data directory, for nobody else's eyes.
  auto store = store::Store::open_embedded(config_.data_dir);
  if (!store) return with_context(store.error(), "storage");
  store_ = *std::move(store);
  auto key = kept_secret(config_.data_dir / "digest.key", [] { return random_bytes(32); });
  if (!key) return key.error();
  digest_key_ = *std::move(key);
  content_setup_.emplace(config_.data_dir);
  auto vaults = open_content_vaults(config_, *store_);
  if (!vaults) return vaults.error();
  vaults_ = *std::move(vaults);
  if (auto opened = open_ledger(); !opened) return opened.error();
  // Before anything is appended: the ledger may be an older copy than the store.
  if (auto told = store_->ledger_ends_at(log_->size()); !told) return with_context(told.error(), "storage");
  return {};
}

Result<void> RunningService::begin() {
  auto config = load_config();
  if (!config) return config.error();
  config_ = *std::move(config);
  configure_log(config_.log_level, config_.log_format);
  // All or nothing: what cannot be opened is found before anything is.
  if (auto opened = check_sealed_files(config_); !opened) return opened;
  // Before anything is open that removes content when its time is over.
  if (auto kept = check_kept_long_enough(config_); !kept) return kept;
  if (auto opened = open_storage(); !opened) return opened;
  if (auto opened = open_registers(); !opened) return opened.error();

  const std::size_t cores = std::max(1U, std::thread::hardware_concurrency());
  auto runtime = net::Runtime::create(config_.workers == 0 ? cores : config_.workers);
  if (!runtime) return runtime.error();
  runtime_ = *std::move(runtime);
  if (uses_practice_model(config_)) {
    auto server = net::Server::listen(*runtime_, {}, gateway::answer_practice_call);
    if (!server) return with_context(server.error(), "practice model");
    practice_ = *std::move(server);
  }
  if (auto opened = open_budgets(); !opened) return with_context(opened.error(), "budgets");
  if (auto opened = open_people_and_agents(); !opened) return opened;
  // Looked at before it is read, so that what is written meanwhile is read again.
  governance_seen_ = governance_fingerprint();
  exceptions_.emplace(registers());
  exceptions_->look();
  inventory_.emplace(registers().governed());
  inventory_->look();
  auto settings = build_settings(config_);
  rules_are_read_ = settings.ok();
  if (!settings) settings = build_settings_of_last_good(config_, settings.error());
  if (!settings) return settings.error();
  settings_ = std::make_unique<gateway::SettingsStore>(*settings);
  // Its number is 1: everything that this process records comes after it.
  if (auto recorded = record_start(**settings); !recorded) return recorded;
  gateway::record_interrupted_calls(*log_, **settings, system_clock().now());
  if (auto spending = open_spending(**settings); !spending) return with_context(spending.error(), "budgets");
  if (rules_are_read_) keep_bundle(*(*settings)->policy);
  if (auto counted = restore_exception_uses(*log_, config_.data_dir, exception_uses_); !counted) {
    return with_context(counted.error(), "uses of exceptions");
  }
  if (shared_registers_) {
    if (auto raised = shared_registers_->exception_uses().restore(exception_uses_.all()); !raised) return raised;
  }

  if (auto opened = open_sign_ins(); !opened) return with_context(opened.error(), "sign-ins");
  if (auto exporting = start_exports(); !exporting) return exporting;
  if (auto listening = start_listening(); !listening) return listening;
  start_watching();
  end_what_leavers_have();
  runtime_->start();
  log_info("serving", {{"url", base_url()},
                       {"data_dir", config_.data_dir.string()},
                       {"workers", runtime_->loop_count()},
                       {"rules", (*settings)->policy->rules().size()},
                       {"ledger_entries", log_->size()}});
  if (const std::string idle = not_enforced(*(*settings)->policy); !idle.empty()) log_warning(idle, {});
  return {};
}

/// What commands, people and other nodes do beside this process, from now on.
void RunningService::start_watching() {
  provider_report_.emplace(config_.data_dir);
  provider_report_->look(*settings_->current());
  key_changes_.emplace(*store_, [this](auto kind, const auto& changed) { return record(kind, changed); });
  key_changes_->look();
  check_reports_.emplace(*store_, [this](auto kind, const auto& reported) { return record(kind, reported); });
  check_reports_->look();
  command_notes_.emplace(
      *store_, vaults_.placeholders.get(),
      [this](std::span<store::Note> notes) {
        const std::size_t recorded = record_notes(notes);
        for (const store::Note& note : notes.first(recorded)) {
          if (note.kind == kRotationRequestedKind) rotate_as_requested(*log_, note.detail);
        }
        return recorded;
      },
      &recent_readings_);
  command_notes_->look();
  if (shared_budgets_) {
    budget_follower_.emplace(*shared_budgets_,
                             [this](std::span<store::Note> notes) { return record_notes_of_all_nodes(notes); });
  }
  start_telling_people();
  follow_registers();
}

/// The register of budgets that are written while this runs, as it is now.
Result<void> RunningService::open_budgets() {
  if (config_.postgres) {
    auto shared = store::open_shared_budgets(*config_.postgres, node_name());
    if (!shared) return shared.error();
    shared_budgets_ = *std::move(shared);
    auto kill_switch = store::open_shared_kill_switch(*config_.postgres, node_name());
    if (!kill_switch) return with_context(std::move(kill_switch).error(), "kill switch");
    shared_kill_switch_ = *std::move(kill_switch);
    if (auto told = shared_budgets_->ledger_ends_at(log_->size()); !told) return told;
    const auto own = store_->budgets().list();
    if (own && !own->empty()) {
      log_warning("budgets that the API wrote before the nodes shared a database have no effect; write them again",
                  {{"budgets", own->size()}});
    }
  }
  live_budgets_.emplace(shared_budgets_ ? static_cast<spend::BudgetRegister&>(*shared_budgets_) : store_->budgets());
  return live_budgets_->read();
}

Result<void> RunningService::open_spending(const gateway::Settings& settings) {
  if (const std::size_t interrupted = log_->open_intents().size(); interrupted > 0) {
    // Waited for, so that the ends of those calls are in the ledger before the books read it.
    JsonWriter detail;
    detail.begin_object().member("calls", interrupted).end_object();
    record("service.calls_interrupted", detail.text());
  }
  if (config_.postgres) {
    auto slices = store::open_slices(*config_.postgres);
    if (!slices) return slices.error();
    slices_ = *std::move(slices);
  }
  spending_.emplace(*log_, Spending::Options{config_.data_dir, node_name(), slices_.get()});
  if (auto published = spending_->publish(settings.budgets); !published) return published;
  spending_->budgets().allow(control::allowances(exceptions_->requests(), system_clock().now()));
  return {};
}

Result<void> RunningService::start_exports() {
  if (config_.exports.empty()) return {};
  std::vector<Diagnostic> complaints;
  const auto mappings = load_export_mappings(config_.governance_dir, complaints);
  check_export_formats(config_, *mappings, "reeve.yaml", complaints);
  if (has_errors(complaints)) return Error{ErrorCode::kInvalid, complaints.front().to_string()};
  const ExportThreads::Place place{config_.data_dir, log_name(log_->verifier_key()), REEVE_VERSION};
  return exports_.start(config_.exports, *mappings, place, [this](const std::string& detail) {
    ledger::Entry entry;
    entry.kind = "ledger.exported";
    entry.detail = detail;
    // Exports have a thread each, and a producer's records come one after the other.
    const std::scoped_lock telling(exports_telling_);
    entry.producer = &log_->producer("exports");
    // Lost, it only makes a search longer, should a position be lost, too; and the ledger counts what it loses.
    static_cast<void>(log_->append_later(entry));
  });
}

Result<void> RunningService::start_gateway() {
  gateway::GatewayOptions gateway_options;
  identity::Directory* const directory = directory_ ? &directory_->directory() : nullptr;
  gateway_options.issuers = config_.issuers;
  gateway_options.directory = directory;
  gateway_options.own_tokens = &sign_ins_->tokens();
  gateway_options.agents = agents_->agents();
  gateway_options.upstream_limits = config_.upstream_limits;
  gateway_options.upstream_tls = config_.upstream_tls;
  gateway_options.exception_uses = &exception_uses_;
  if (shared_registers_) gateway_options.shared_uses = &shared_registers_->exception_uses();
  gateway_options.checks = &registers().checks();
  gateway_options.verdicts = &verdicts_;
  gateway_options.budgets = &spending_->budgets();
  gateway_options.swaps = &swaps_;
  gateway_options.session_places = &session_places_;
  gateway_options.kill_switch = &kill_switch_;
  gateway_options.cutoff_tally = &cutoff_tally_;
  gateway_options.tell = [this](gateway::Notice notice) { notices_.put(std::move(notice)); };
  gateway_options.tell_settings = [this](gateway::SettingsSeen seen) {
    client_reports_.settings_seen(std::move(seen));
  };
  gateway_options.hold_estimator = &spending_->hold_estimator();
  gateway_options.more_metrics = [this] { return exports_.metrics() + client_reports_.metrics(); };
  gateway_options.vault = vaults_.placeholders.get();
  gateway_options.sealed_content = vaults_.sealed.get();
  auto gateway = gateway::Gateway::create(*runtime_, *settings_, *log_, *key_table_, std::move(gateway_options));
  if (!gateway) return gateway.error();
  gateway_ = *std::move(gateway);
  return start_following_kill_switch();
}

/// Before the first call can come.
Result<void> RunningService::start_following_kill_switch() {
  auto follower =
      KillFollower::start({store_.get(), shared_kill_switch_.get(), &kill_switch_, &*key_table_, gateway_.get(),
                           &cutoff_tally_, node_name(), config_.refuse_after, config_.end_after,
                           [this](auto kind, const auto& told) { return record(kind, told); }});
  if (!follower) return std::move(follower).error();
  kill_follower_ = *std::move(follower);
  return {};
}

void RunningService::look_at_client_reports(bool last) {
  if (!log_ || !heartbeat_) return;
  const Instant now = system_clock().now();
  const auto tell = [&](std::string_view kind, const std::string& told) {
    // People may want to hear of it, too. At the end nobody asks the board any more.
    if (last || kind != "client.settings_drift") return static_cast<void>(record(kind, told));
    notices_.put({"settings-drift:" + to_hex(as_bytes(sha256(told))), std::string(kind), now, told});
  };
  client_reports_.look(now, tell, last);
}

void RunningService::keep_placeholders() {
  if (auto kept = vaults_.placeholders->flush(); !kept)
    log_error("placeholders cannot be kept", {{"why", kept.error().message}});
}

void RunningService::run() {
  if (options_.when_up) guest_ = std::thread([this] { options_.when_up(*this); });
  bool draining = false;
  Moment drain_until{};
  Moment next_second = system_clock().steady() + kSecond;
  while (true) {
    const auto event = mailbox_->take(notes_left_ && !draining ? Duration::zero() : kLookInterval);
    if (heartbeat_) heartbeat_->look();
    if (event == SIGHUP) {
      reload(true);
    } else if (event == SIGTERM || event == SIGINT) {
      if (draining) return log_warning("stopping without waiting for calls in flight");
      draining = true;
      stopping_.store(true);
      live_budgets_->stop_waiting();
      drain_until = system_clock().steady() + kDrainMax;
      log_info("draining", {{"signal", *event == SIGTERM ? "SIGTERM" : "SIGINT"}});
      gateway_->announce_drain();
      api_->end_streams();
      server_->drain([this] { mailbox_->put(kDrained); });
    } else if (event == kDrained) {
      return;
    } else if (draining && system_clock().steady() > drain_until) {
      return log_warning("calls were still in flight after the drain time; closing them");
    } else if (!draining) {
      if (exceptions_->look()) use_exceptions();
      if (live_budgets_->look()) use_budgets();
      use_inventory();
      if (!register_follower_) notices_.announce(registers().notifications());
      if (notes_left_) notes_left_ = command_notes_->look();
      if (system_clock().steady() < next_second) continue;
      next_second = system_clock().steady() + kSecond;
      watch_governance();
      if (const auto caught_up = store_->catch_up(); !caught_up) {
        log_error("storage cannot be read", {{"why", caught_up.error().message}});
      }
      exceptions_->keep_time(system_clock().now());
      key_changes_->look();
      check_reports_->look();
      notes_left_ = command_notes_->look();
      if (!register_follower_) break_glass_->look(system_clock().now());
      provider_report_->look(*settings_->current());
      look_at_client_reports(false);
      keep_placeholders();
      spending_->look();
    }
  }
}

void RunningService::stop() {
  stopping_.store(true);
  if (live_budgets_) live_budgets_->stop_waiting();
  if (directory_) directory_->end_with(nullptr);
  if (agents_) agents_->end_with(nullptr);
  if (server_) server_->close();
  if (api_) api_->stop();
  if (evidence_packs_) evidence_packs_->stop();
  if (scim_) scim_->stop();
  if (sign_in_routes_) sign_in_routes_->stop();
  if (refusals_) refusals_->stop();
  if (index_) index_->stop();
  budget_follower_.reset();
  register_follower_.reset();
  kill_follower_.reset();
  if (published_log_) published_log_->stop();
  // Its calls have ended with the server, so it does not keep us waiting.
  if (guest_.joinable()) guest_.join();
  notices_.announce(registers().notifications());
  anomaly_watch_.reset();
  inventory_watch_.reset();
  notifications_.reset();
  own_notifications_.reset();
  if (practice_) practice_->close();
  if (runtime_) runtime_->stop();
  if (spending_) spending_->budgets().give_back();
  exports_.stop();
  look_at_client_reports(true);
  record_stop();
  if (vaults_.placeholders) keep_placeholders();
  if (log_ && server_) keep_exception_uses(*log_, config_.data_dir, exception_uses_);
  if (spending_) spending_->keep();
  if (cosignatures_) cosignatures_->stop();
  if (log_) log_->close();
  if (vaults_.sealed) vaults_.sealed->close();
  log_info("stopped");
}

}  // namespace reeve::app
