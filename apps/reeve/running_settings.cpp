// Settings of the running server: built from the files, swapped when those change.

#include <malloc.h>

#include <algorithm>

#include "core/log.h"
#include "reeve/governance.h"
#include "reeve/policy_source.h"
#include "reeve/retention.h"
#include "reeve/running_service.h"

namespace reeve::app {

namespace {

void log_complaints(const std::vector<Diagnostic>& complaints) {
  for (const Diagnostic& complaint : complaints) {
    const bool error = complaint.severity == Diagnostic::Severity::kError;
    log_event(error ? LogLevel::kError : LogLevel::kWarning, "configuration",
              {{"where_and_what", complaint.to_string()}});
  }
}

void warn_of_waiting_settings(const Config& running, const Config& wanted) {
  std::string names;
  for (const std::string_view name : settings_for_a_restart(running, wanted)) {
    names += names.empty() ? "" : ", ";
    names += name;
  }
  if (!names.empty()) log_warning("changed settings wait for a restart", {{"settings", names}});
}

}  // namespace

bool uses_practice_model(const Config& config) {
  return std::any_of(config.providers.begin(), config.providers.end(), [](const auto& p) { return p.practice; });
}

Result<Config> RunningService::load_config() const {
  std::vector<Diagnostic> complaints;
  Config config = options_.config_file.empty()
                      ? parse_config(options_.config_text, "starter configuration", ".", complaints, OpenSecrets::kYes)
                      : read_config(options_.config_file, complaints, OpenSecrets::kYes);
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

/// With the times of now: what the file says of them by now waits for a restart.
Result<void> RunningService::check_kept_long_enough(const Config& config) const {
  std::vector<Diagnostic> complaints;
  check_retention(config, complaints);
  Config running = config;
  running.seal_content = config_.seal_content;
  running.keep_content = config_.keep_content;
  running.keep_classes = config_.keep_classes;
  if (!has_errors(complaints)) check_retention(running, complaints);
  log_complaints(complaints);
  if (!has_errors(complaints)) return {};
  return Error{ErrorCode::kInvalid, complaints.front().to_string()};
}

Result<std::shared_ptr<const gateway::Settings>> RunningService::build_settings(const Config& config) {
  std::vector<Diagnostic> complaints;
  const Instant now = system_clock().now();
  Governance governance =
      read_governance(config.governance_dir, complaints, control::exception_documents(exceptions_->requests(), now),
                      live_budgets_->registered());
  log_complaints(complaints);
  if (!governance.policy || !governance.prices || !governance.budgets || has_errors(complaints)) {
    return Error{ErrorCode::kInvalid, "the governance directory has errors; 'reeve check' lists them"};
  }
  complaints.clear();
  auto detectors = content_setup_->build(governance.documents, *governance.policy, complaints);
  log_complaints(complaints);
  if (has_errors(complaints)) {
    return Error{ErrorCode::kInvalid, "the detectors have errors; 'reeve check' lists them"};
  }
  live_budgets_->use_files(governance.documents);
  // Reading and compiling takes tens of megabytes that a server has no use for afterwards.
  governance.documents.clear();
  ::malloc_trim(0);
  destinations_ = std::move(governance.destinations);
  roles_.replace(std::move(governance.roles));
  workflow_.replace({std::move(governance.intake), std::move(governance.approvals)});
  client_reports_.use(std::move(governance.client_settings), now);
  alerts_ = std::move(governance.alerts);
  return std::shared_ptr<const gateway::Settings>(settings_with(config, std::move(governance.policy),
                                                                std::move(governance.prices),
                                                                std::move(governance.budgets), std::move(detectors)));
}

/// Roles, and who decides about intakes and exceptions, are not in the bundle that was kept. Where there is a slip in
/// one of them, nobody knows who has which. (One that keeps a whole file from being read keeps the server from
/// starting.)
void RunningService::use_roles_of_last_good(const std::vector<YamlValue>& documents) {
  std::vector<Diagnostic> complaints;
  Workflow workflow{control::IntakeRules::build(documents, complaints),
                    control::ApprovalPolicies::build(documents, complaints)};
  workflow.is_readable = !has_errors(complaints);
  workflow_.replace(std::move(workflow));
  complaints.clear();
  auto roles = identity::RoleBindings::build(documents, complaints);
  if (!has_errors(complaints)) return roles_.replace(std::move(roles));
  roles_.replace(identity::RoleBindings::unreadable());
  log_error("people may do nothing in the control plane until their roles can be read", {});
}

/// At a start with rules that cannot be read, the ones that were in force last hold, as they do when a reload fails:
/// nobody is locked out by a slip in a file, and nothing is opened by one. Not for longer than the bundle is good.
Result<std::shared_ptr<const gateway::Settings>> RunningService::build_settings_of_last_good(const Config& config,
                                                                                             const Error& why) {
  auto last = BundleArchive(config.data_dir).last_good(system_clock().now());
  if (!last) return Error{why.code, why.message + " (and no earlier rules stand in: " + last.error().message + ")"};
  // With the exceptions of now, not of then.
  auto bundle = with_exceptions(*last->bundle, exceptions_->requests(), system_clock().now());
  if (!bundle) return why;
  std::vector<Diagnostic> complaints, of_those_that_ship;
  auto prices = spend::Catalogue::with_overrides({}, complaints);
  if (!prices) return why;
  // Limits must not fall away with a slip in another file; a slip among the budgets themselves is not survived.
  complaints.clear();
  auto documents = read_yaml_directory(config.governance_dir, complaints);
  use_roles_of_last_good(documents);
  live_budgets_->use_files(documents);
  auto budgets = live_budgets_->build(complaints);
  if (!budgets) return why;
  client_reports_.use(harness::ClientSettingsSet::build(documents, complaints), system_clock().now());
  log_error("the rules of the last time are in force, because today's cannot be read",
            {{"why", why.message}, {"bundle", last->bundle->digest()}, {"good_until", format_time(last->valid_until)}});
  // Rules on content must not lose their eyes over a slip in a file: those that ship stand in.
  auto detectors = content_setup_->build(documents, *last->bundle, complaints);
  if (!detectors) detectors = content_setup_->build({}, *last->bundle, of_those_that_ship);
  // Without eyes, rules on content would let everything through.
  if (has_errors(of_those_that_ship)) return Error{ErrorCode::kInvalid, of_those_that_ship.front().to_string()};
  return std::shared_ptr<const gateway::Settings>(
      settings_with(config, std::move(bundle), std::move(prices), std::move(budgets), std::move(detectors)));
}

std::shared_ptr<gateway::Settings> RunningService::settings_with(
    const Config& config, std::shared_ptr<const policy::Bundle> bundle, std::shared_ptr<const spend::Catalogue> prices,
    std::shared_ptr<const spend::BudgetSet> budgets, std::shared_ptr<const content::Detectors> detectors) const {
  auto settings = std::make_shared<gateway::Settings>();
  for (const ProviderConfig& provider : config.providers) {
    settings->providers.push_back(provider.provider);
    for (gateway::ProviderKey& key : settings->providers.back().keys) {
      key.health = key_health_.of(provider.provider.name, key);
    }
    if (provider.practice) {
      settings->providers.back().base_url = {false, "127.0.0.1", practice_ ? practice_->port() : std::uint16_t{0}, ""};
    }
  }
  settings->models = config.models;
  settings->policy = std::move(bundle);
  settings->prices = std::move(prices);
  settings->budgets = std::move(budgets);
  settings->approvals = control::given_approvals(exceptions_->requests(), system_clock().now());
  settings->inventory = inventory_->current();
  settings->steps_down = gateway::steps_down(*settings);
  settings->detectors = std::move(detectors);
  settings->record_request_digest = config.record_request_digest;
  settings->digest_key = digest_key_;
  return settings;
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
  if (auto kept = check_kept_long_enough(next); !kept) {
    return log_error("reload refused, what was in force stays", {{"why", kept.error().message}});
  }
  auto settings = build_settings(next);
  rules_are_read_ = settings.ok();
  if (!settings) return log_error("reload refused, the old rules stay in force", {{"why", settings.error().message}});
  if (config_too) {
    configure_log(next.log_level, next.log_format);
    warn_of_waiting_settings(config_, next);
  }
  // All that settings are made of: the next change of a rule builds them again from here.
  config_.providers = next.providers;
  config_.models = next.models;
  config_.governance_dir = next.governance_dir;
  config_.record_request_digest = next.record_request_digest;
  config_.anomalies_every = next.anomalies_every;
  config_.retention_frameworks = next.retention_frameworks;
  config_.retention_place = next.retention_place;
  notifications_->use(destinations_);
  if (own_notifications_) own_notifications_->use(destinations_);
  anomaly_watch_->use(alerts_, config_.anomalies_every);
  if (auto published = spending_->publish((*settings)->budgets); !published) {
    return log_error("reload refused, the old rules stay in force", {{"why", published.error().message}});
  }
  put_in_force(*std::move(settings));
}

void RunningService::put_in_force(std::shared_ptr<const gateway::Settings> settings) {
  const std::string before = settings_->current()->policy->digest();
  const std::string after = settings->policy->digest();
  keep_bundle(*settings->policy);
  settings_->replace(std::move(settings));
  if (before != after) {
    JsonWriter detail;
    detail.begin_object().member("bundle", after).member("previous", before).end_object();
    record("policy.changed", detail.text());
  }
  log_info("reloaded", {{"bundle", after}, {"changed", before != after}});
}

/// What is granted changed. The rules in force are built again with it, whatever their files say by now: what was taken
/// back must end also while somebody is at work on them.
void RunningService::use_exceptions() {
  const Instant now = system_clock().now();
  spending_->budgets().allow(control::allowances(exceptions_->requests(), now));
  const auto current = settings_->current();
  auto bundle = with_exceptions(*current->policy, exceptions_->requests(), now);
  // An exception may be the first that asks for content.
  if (!bundle || (!current->detectors && asks_for_content(*bundle))) return reload(false);
  auto next = std::make_shared<gateway::Settings>(*current);
  next->policy = std::move(bundle);
  next->approvals = control::given_approvals(exceptions_->requests(), now);
  put_in_force(std::move(next));
}

/// What was decided about items of the inventory. Costs next to nothing when nothing was.
void RunningService::use_inventory() {
  auto statuses = inventory_->current();
  const auto current = settings_->current();
  if (statuses == current->inventory) return;
  auto next = std::make_shared<gateway::Settings>(*current);
  next->inventory = std::move(statuses);
  settings_->replace(std::move(next));
}

/// Budgets were written by the API or a command. Their files are what they were: a slip in one that somebody is at work
/// on does not keep a limit from holding.
void RunningService::use_budgets() {
  std::vector<Diagnostic> complaints;
  auto set = live_budgets_->build(complaints);
  log_complaints(complaints);
  const auto published = set ? spending_->publish(set) : Result<void>(ErrorCode::kInvalid, "the set has errors");
  if (published) {
    auto next = std::make_shared<gateway::Settings>(*settings_->current());
    next->budgets = std::move(set);
    next->steps_down = gateway::steps_down(*next);
    log_info("budgets written", {{"budgets", next->budgets->list().size()}});
    settings_->replace(std::move(next));
  } else {
    log_error("written budgets are not in force, those of before stay", {{"why", published.error().message}});
  }
  live_budgets_->settle();
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

}  // namespace reeve::app
