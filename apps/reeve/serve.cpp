#include "reeve/serve.h"

#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <deque>
#include <mutex>
#include <set>
#include <thread>

#include "core/bytes.h"
#include "reeve/check_reports.h"
#include "reeve/command_notes.h"
#include "reeve/content_setup.h"
#include "reeve/exception_uses.h"
#include "reeve/governance.h"
#include "reeve/kept_value.h"
#include "reeve/policy_source.h"
#include "store/store.h"

namespace reeve::app {

namespace {

constexpr auto kDrainMax = std::chrono::seconds(30);
constexpr auto kWatchInterval = std::chrono::seconds(1);

void log_complaints(const std::vector<Diagnostic>& complaints) {
  for (const Diagnostic& complaint : complaints) {
    const bool error = complaint.severity == Diagnostic::Severity::kError;
    log_event(error ? LogLevel::kError : LogLevel::kWarning, "configuration",
              {{"where_and_what", complaint.to_string()}});
  }
}

std::string host_name() {
  char name[256] = {};
  if (::gethostname(name, sizeof name - 1) != 0 || name[0] == '\0') return "node";
  return to_lower(name);
}

void warn_of_waiting_settings(const Config& running, const Config& wanted) {
  std::string names;
  for (const std::string_view name : settings_for_a_restart(running, wanted)) {
    names += names.empty() ? "" : ", ";
    names += name;
  }
  if (!names.empty()) log_warning("changed settings wait for a restart", {{"settings", names}});
}

bool uses_practice_model(const Config& config) {
  return std::any_of(config.providers.begin(), config.providers.end(), [](const auto& p) { return p.practice; });
}

/// Events for the main thread: signals, mostly.
class Mailbox {
 public:
  void put(int event) {
    const std::lock_guard lock(mutex_);
    events_.push_back(event);
    ready_.notify_one();
  }
  /// The next event, or nothing after `wait`.
  std::optional<int> take(Duration wait) {
    std::unique_lock lock(mutex_);
    if (!ready_.wait_for(lock, wait, [&] { return !events_.empty(); })) return std::nullopt;
    const int event = events_.front();
    events_.pop_front();
    return event;
  }

 private:
  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<int> events_;
};

constexpr int kDrained = -1;

class RunningService final : public Service {
 public:
  RunningService(const ServeOptions& options, std::shared_ptr<Mailbox> mailbox)
      : options_(options), mailbox_(std::move(mailbox)) {}

  Result<void> start();
  void run();
  void stop();

  std::string base_url() const override {
    const std::string host = config_.listen_host == "0.0.0.0" ? "127.0.0.1" : config_.listen_host;
    return std::string(config_.tls ? "https://" : "http://") +
           (host.find(':') != std::string::npos ? "[" + host + "]" : host) + ":" + std::to_string(server_->port());
  }
  const Config& config() const override { return config_; }
  identity::KeyStore& keys() override { return store_->keys(); }
  bool stopping() const override { return stopping_.load(); }

 private:
  Result<Config> load_config() const;
  Result<void> open_ledger();
  Result<std::shared_ptr<const gateway::Settings>> build_settings(const Config& config);
  Result<std::shared_ptr<const gateway::Settings>> build_settings_of_last_good(const Config& config, const Error& why);
  std::shared_ptr<gateway::Settings> settings_with(const Config& config, std::shared_ptr<const policy::Bundle> bundle,
                                                   std::shared_ptr<const spend::Catalogue> prices,
                                                   std::shared_ptr<const content::Detectors> detectors) const;
  Result<void> start_listening();
  void reload(bool config_too);
  std::string governance_fingerprint() const;
  void watch_governance();
  void keep_bundle(const policy::Bundle& bundle);
  void record_key_changes();
  void keep_placeholders();
  bool mark_recorded_keys();
  std::optional<std::uint64_t> record(std::string_view kind, const std::string& detail);

  const ServeOptions& options_;
  Config config_;
  const std::shared_ptr<Mailbox> mailbox_;  // the thread that waits for signals outlives this service
  std::atomic<bool> stopping_{false};
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<ledger::Log> log_;
  std::string digest_key_;
  policy::UseCounter exception_uses_;
  std::unique_ptr<net::Runtime> runtime_;
  std::unique_ptr<net::Server> practice_;
  std::unique_ptr<gateway::SettingsStore> settings_;
  std::unique_ptr<gateway::Gateway> gateway_;
  std::unique_ptr<net::Server> server_;
  std::thread guest_;
  std::string governance_seen_;
  Instant bundle_kept_;
  bool rules_are_read_ = false;                  // the files can be read, and what they say is in force
  std::optional<std::uint64_t> keys_seen_;       // generation; nothing before the first look
  std::vector<store::KeyChange> keys_recorded_;  // in the ledger, but not marked so yet
  std::optional<CheckReports> check_reports_;
  std::optional<CommandNotes> command_notes_;
  std::optional<ContentSetup> content_setup_;
  content::VerdictCache verdicts_;
  ContentVaults vaults_;
};

Result<Config> RunningService::load_config() const {
  std::vector<Diagnostic> complaints;
  Config config = options_.config_file.empty()
                      ? parse_config(options_.config_text, "starter configuration", ".", complaints)
                      : read_config(options_.config_file, complaints);
  if (options_.data_dir) config.data_dir = *options_.data_dir;
  if (options_.listen) {
    auto listen = parse_listen(*options_.listen);
    if (!listen) return listen.error();
    std::tie(config.listen_host, config.listen_port) = *listen;
  }
  log_complaints(complaints);
  if (has_errors(complaints)) return Error{ErrorCode::kInvalid, "the configuration has errors; nothing was changed"};
  return config;
}

Result<void> RunningService::open_ledger() {
  const std::filesystem::path directory = config_.data_dir / "ledger";
  const std::string node = config_.ledger_node.empty() ? host_name() : config_.ledger_node;
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
  auto log = ledger::Log::open(std::move(options));
  if (!log) return with_context(log.error(), "ledger");
  log_ = *std::move(log);
  return {};
}

Result<std::shared_ptr<const gateway::Settings>> RunningService::build_settings(const Config& config) {
  std::vector<Diagnostic> complaints;
  Governance governance = read_governance(config.governance_dir, complaints);
  log_complaints(complaints);
  if (!governance.policy || !governance.prices || has_errors(complaints)) {
    return Error{ErrorCode::kInvalid, "the governance directory has errors; 'reeve check' lists them"};
  }
  complaints.clear();
  auto detectors = content_setup_->build(governance.documents, *governance.policy, complaints);
  log_complaints(complaints);
  if (has_errors(complaints)) {
    return Error{ErrorCode::kInvalid, "the detectors have errors; 'reeve check' lists them"};
  }
  // Reading and compiling takes tens of megabytes that a server has no use for afterwards.
  governance.documents.clear();
  ::malloc_trim(0);
  return std::shared_ptr<const gateway::Settings>(
      settings_with(config, std::move(governance.policy), std::move(governance.prices), std::move(detectors)));
}

/// At a start with rules that cannot be read, the ones that were in force last hold, as they do when a reload fails:
/// nobody is locked out by a slip in a file, and nothing is opened by one. Not for longer than the bundle is good.
Result<std::shared_ptr<const gateway::Settings>> RunningService::build_settings_of_last_good(const Config& config,
                                                                                             const Error& why) {
  auto last = BundleArchive(config.data_dir).last_good(system_clock().now());
  if (!last) return Error{why.code, why.message + " (and no earlier rules stand in: " + last.error().message + ")"};
  std::vector<Diagnostic> complaints, of_those_that_ship;
  auto prices = spend::Catalogue::with_overrides({}, complaints);
  if (!prices) return why;
  log_error("the rules of the last time are in force, because today's cannot be read",
            {{"why", why.message}, {"bundle", last->bundle->digest()}, {"good_until", format_time(last->valid_until)}});
  // Rules on content must not lose their eyes over a slip in a file: those that ship stand in.
  auto documents = read_yaml_directory(config.governance_dir, complaints);
  auto detectors = content_setup_->build(documents, *last->bundle, complaints);
  if (!detectors) detectors = content_setup_->build({}, *last->bundle, of_those_that_ship);
  // Without eyes, rules on content would let everything through.
  if (has_errors(of_those_that_ship)) return Error{ErrorCode::kInvalid, of_those_that_ship.front().to_string()};
  return std::shared_ptr<const gateway::Settings>(
      settings_with(config, last->bundle, std::move(prices), std::move(detectors)));
}

std::shared_ptr<gateway::Settings> RunningService::settings_with(
    const Config& config, std::shared_ptr<const policy::Bundle> bundle, std::shared_ptr<const spend::Catalogue> prices,
    std::shared_ptr<const content::Detectors> detectors) const {
  auto settings = std::make_shared<gateway::Settings>();
  for (const ProviderConfig& provider : config.providers) {
    settings->providers.push_back(provider.provider);
    if (provider.practice) {
      settings->providers.back().base_url = {false, "127.0.0.1", practice_ ? practice_->port() : std::uint16_t{0}, ""};
    }
  }
  settings->models = config.models;
  settings->policy = std::move(bundle);
  settings->prices = std::move(prices);
  settings->detectors = std::move(detectors);
  settings->record_request_digest = config.record_request_digest;
  settings->digest_key = digest_key_;
  return settings;
}

Result<void> RunningService::start() {
  auto config = load_config();
  if (!config) return config.error();
  config_ = *std::move(config);
  configure_log(config_.log_level, config_.log_format);
  // The store makes the data directory, for nobody else's eyes.
  auto store = store::Store::open_embedded(config_.data_dir);
  if (!store) return with_context(store.error(), "storage");
  store_ = *std::move(store);
  auto key = kept_value(config_.data_dir / "digest.key", [] { return random_bytes(32); });
  if (!key) return key.error();
  digest_key_ = *std::move(key);
  content_setup_.emplace(config_.data_dir);
  auto vaults = open_content_vaults(config_, *store_);
  if (!vaults) return vaults.error();
  vaults_ = *std::move(vaults);
  if (auto opened = open_ledger(); !opened) return opened.error();
  // Before anything is appended: the ledger may be an older copy than the store.
  if (auto told = store_->ledger_ends_at(log_->size()); !told) return with_context(told.error(), "storage");

  const std::size_t cores = std::max(1U, std::thread::hardware_concurrency());
  auto runtime = net::Runtime::create(config_.workers == 0 ? cores : config_.workers);
  if (!runtime) return runtime.error();
  runtime_ = *std::move(runtime);
  if (uses_practice_model(config_)) {
    auto server = net::Server::listen(*runtime_, {}, gateway::answer_practice_call);
    if (!server) return with_context(server.error(), "practice model");
    practice_ = *std::move(server);
  }
  // Looked at before it is read, so that what is written meanwhile is read again.
  governance_seen_ = governance_fingerprint();
  auto settings = build_settings(config_);
  rules_are_read_ = settings.ok();
  if (!settings) settings = build_settings_of_last_good(config_, settings.error());
  if (!settings) return settings.error();
  settings_ = std::make_unique<gateway::SettingsStore>(*settings);
  gateway::record_interrupted_calls(*log_, **settings, system_clock().now());
  if (rules_are_read_) keep_bundle(*(*settings)->policy);
  if (auto counted = restore_exception_uses(*log_, config_.data_dir, exception_uses_); !counted) {
    return with_context(counted.error(), "uses of exceptions");
  }

  if (auto listening = start_listening(); !listening) return listening;
  JsonWriter detail;
  detail.begin_object().member("bundle", (*settings)->policy->digest()).member("version", REEVE_VERSION).end_object();
  record("service.started", detail.text());
  record_key_changes();
  check_reports_.emplace(*store_, [this](auto kind, const auto& reported) { return record(kind, reported); });
  check_reports_->look();
  command_notes_.emplace(*store_, vaults_.placeholders.get(),
                         [this](auto kind, const auto& noted) { return record(kind, noted); });
  command_notes_->look();
  runtime_->start();
  log_info("serving", {{"url", base_url()},
                       {"data_dir", config_.data_dir.string()},
                       {"workers", runtime_->loop_count()},
                       {"rules", (*settings)->policy->rules().size()},
                       {"ledger_entries", log_->size()}});
  if (const std::string idle = not_enforced(*(*settings)->policy); !idle.empty()) log_warning(idle, {});
  return {};
}

Result<void> RunningService::start_listening() {
  gateway::GatewayOptions gateway_options;
  gateway_options.issuers = config_.issuers;
  gateway_options.upstream_limits = config_.upstream_limits;
  gateway_options.upstream_tls = config_.upstream_tls;
  gateway_options.exception_uses = &exception_uses_;
  gateway_options.checks = &store_->checks();
  gateway_options.verdicts = &verdicts_;
  gateway_options.vault = vaults_.placeholders.get();
  gateway_options.sealed_content = vaults_.sealed.get();
  auto gateway = gateway::Gateway::create(*runtime_, *settings_, *log_, store_->keys(), std::move(gateway_options));
  if (!gateway) return gateway.error();
  gateway_ = *std::move(gateway);

  net::ServerOptions server_options;
  server_options.host = config_.listen_host;
  server_options.port = config_.listen_port;
  server_options.limits = config_.server_limits;
  server_options.tls = config_.tls;
  server_options.refusal_body = gateway::refusal_body;
  gateway::Gateway& handler = *gateway_;
  auto server = net::Server::listen(*runtime_, std::move(server_options),
                                    [&handler](net::Exchange& exchange) { return handler.handle(exchange); });
  if (!server)
    return with_context(server.error(),
                        "listening on " + config_.listen_host + ":" + std::to_string(config_.listen_port));
  server_ = *std::move(server);
  gateway_->watch(server_->stats());
  return {};
}

/// The entry's index; nothing when it could not be written.
std::optional<std::uint64_t> RunningService::record(std::string_view kind, const std::string& detail) {
  ledger::Entry entry;
  entry.kind = kind;
  entry.detail = detail;
  const auto placed = log_->append_and_wait(entry);
  if (placed) return placed->index;
  log_error("event not recorded", {{"kind", kind}, {"why", placed.error().message}});
  return std::nullopt;
}

void RunningService::reload(bool config_too) {
  Config next = config_;
  if (config_too) {
    auto config = load_config();
    if (!config) return log_error("reload refused, the old configuration stays", {{"why", config.error().message}});
    next = *std::move(config);
    if (!practice_ && uses_practice_model(next)) {
      return log_error("reload refused, the old configuration stays",
                       {{"why", "the practice model was not configured at the start; it needs a restart"}});
    }
  }
  auto settings = build_settings(next);
  rules_are_read_ = settings.ok();
  if (!settings) return log_error("reload refused, the old rules stay in force", {{"why", settings.error().message}});
  const std::string before = settings_->current()->policy->digest();
  const std::string after = (*settings)->policy->digest();
  if (config_too) {
    configure_log(next.log_level, next.log_format);
    warn_of_waiting_settings(config_, next);
  }
  // All that settings are made of: the next change of a rule builds them again from here.
  config_.providers = next.providers;
  config_.models = next.models;
  config_.governance_dir = next.governance_dir;
  config_.record_request_digest = next.record_request_digest;
  keep_bundle(*(*settings)->policy);
  settings_->replace(*std::move(settings));
  if (before != after) {
    JsonWriter detail;
    detail.begin_object().member("bundle", after).member("previous", before).end_object();
    record("policy.changed", detail.text());
  }
  log_info("reloaded", {{"bundle", after}, {"changed", before != after}});
}

/// Decisions are explained and replayed under the rules of their time, so those must not be lost. A call waits for none
/// of this: without the copy its decision is still recorded with the digest.
void RunningService::keep_bundle(const policy::Bundle& bundle) {
  bundle_kept_ = system_clock().now();
  const auto kept = BundleArchive(config_.data_dir).keep(bundle, system_clock().now());
  if (!kept)
    log_error("the bundle was not kept; decisions under it cannot be replayed", {{"why", kept.error().message}});
}

/// Rules, detectors, and what is registered as the house's own: it lies directly in its folder.
std::string RunningService::governance_fingerprint() const {
  return directory_fingerprint(config_.governance_dir) + directory_fingerprint(config_.data_dir / "content", 0);
}

void RunningService::watch_governance() {
  // What is in force is good for another week from now on, as long as it is what the files say.
  if (rules_are_read_ && system_clock().now() - bundle_kept_ > std::chrono::hours(24))
    keep_bundle(*settings_->current()->policy);
  std::string seen = governance_fingerprint();
  if (seen == governance_seen_) return;
  governance_seen_ = std::move(seen);
  reload(false);
}

void RunningService::record_key_changes() {
  const std::uint64_t generation = store_->keys().generation();
  if (generation == keys_seen_ || !mark_recorded_keys()) return;
  auto changes = store_->unrecorded_key_changes();
  if (!changes) return log_error("keys cannot be listed", {{"why", changes.error().message}});
  for (store::KeyChange& change : *changes) {
    JsonWriter detail;
    detail.begin_object().member("at", format_time(change.at));
    detail.member("key_id", change.key_id).member("owner", change.owner).end_object();
    const auto entry = record(change.revoked ? "identity.revoked" : "identity.key_created", detail.text());
    // What cannot be recorded now is found again at the next look.
    if (!entry) return;
    change.entry = *entry;
    keys_recorded_.push_back(std::move(change));
  }
  if (mark_recorded_keys()) keys_seen_ = generation;
}

/// Until the store has it, nothing more is recorded: each look would record the same again.
bool RunningService::mark_recorded_keys() {
  if (keys_recorded_.empty()) return true;
  const auto marked = store_->key_changes_recorded(keys_recorded_);
  if (!marked) log_error("recorded keys cannot be marked", {{"why", marked.error().message}});
  if (marked) keys_recorded_.clear();
  return marked.ok();
}

void RunningService::keep_placeholders() {
  if (auto kept = vaults_.placeholders->flush(); !kept)
    log_error("placeholders cannot be kept", {{"why", kept.error().message}});
}

void RunningService::run() {
  if (options_.when_up) guest_ = std::thread([this] { options_.when_up(*this); });
  bool draining = false;
  Moment drain_until{};
  while (true) {
    const auto event = mailbox_->take(kWatchInterval);
    if (event == SIGHUP) {
      reload(true);
    } else if (event == SIGTERM || event == SIGINT) {
      if (draining) return log_warning("stopping without waiting for calls in flight");
      draining = true;
      stopping_.store(true);
      drain_until = system_clock().steady() + kDrainMax;
      log_info("draining", {{"signal", *event == SIGTERM ? "SIGTERM" : "SIGINT"}});
      gateway_->announce_drain();
      server_->drain([this] { mailbox_->put(kDrained); });
    } else if (event == kDrained) {
      return;
    } else if (draining && system_clock().steady() > drain_until) {
      return log_warning("calls were still in flight after the drain time; closing them");
    } else if (!draining) {
      watch_governance();
      if (const auto caught_up = store_->catch_up(); !caught_up) {
        log_error("storage cannot be read", {{"why", caught_up.error().message}});
      }
      record_key_changes();
      check_reports_->look();
      command_notes_->look();
      keep_placeholders();
    }
  }
}

void RunningService::stop() {
  stopping_.store(true);
  if (server_) server_->close();
  // Its calls have ended with the server, so it does not keep us waiting.
  if (guest_.joinable()) guest_.join();
  if (practice_) practice_->close();
  if (runtime_) runtime_->stop();
  if (log_ && server_) record("service.stopped", "{}");
  if (vaults_.placeholders) keep_placeholders();
  if (log_ && server_) keep_exception_uses(*log_, config_.data_dir, exception_uses_);
  if (log_) log_->close();
  if (vaults_.sealed) vaults_.sealed->close();
  log_info("stopped");
}

}  // namespace

Result<void> serve(const ServeOptions& options) {
  // A log or a terminal whose reader has gone must not end the calls that are under way.
  std::signal(SIGPIPE, SIG_IGN);
  const auto mailbox = std::make_shared<Mailbox>();
  // Before any other thread exists, so that all of them inherit the mask.
  net::handle_signals({SIGTERM, SIGINT, SIGHUP}, [mailbox](int signal) { mailbox->put(signal); });
  RunningService service(options, mailbox);
  if (auto started = service.start(); !started) return started;
  service.run();
  service.stop();
  return {};
}

}  // namespace reeve::app
