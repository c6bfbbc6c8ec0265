#include "reeve/client_reports.h"

#include <algorithm>
#include <utility>

#include "core/json.h"
#include "core/log.h"

namespace reeve::app {

namespace {

constexpr std::array<std::string_view, 3> kSignals{"metrics", "logs", "traces"};

std::optional<harness::EffectiveSettings> effective(const harness::ClientSettingsSet* set,
                                                    const identity::Principal& person) {
  if (set == nullptr) return std::nullopt;
  return set->settings_for(identity::kClaudeCodeClient, person.id, person.groups);
}

}  // namespace

void ClientReports::use(std::shared_ptr<const harness::ClientSettingsSet> settings, Instant now) {
  const std::lock_guard lock(mutex_);
  if (settings_) older_.push_back({settings_, now + kOlderSettingsHold});
  if (older_.size() > kOlderMax) older_.pop_front();
  settings_ = std::move(settings);
}

std::shared_ptr<const harness::ClientSettingsSet> ClientReports::settings() const {
  const std::lock_guard lock(mutex_);
  return settings_;
}

void ClientReports::settings_seen(gateway::SettingsSeen seen) {
  const std::lock_guard lock(mutex_);
  if (seen_.size() < kWaitingMax) {
    seen_.push_back(std::move(seen));
  } else {
    ++dropped_;
  }
}

void ClientReports::telemetry_came(const identity::Principal& from, Signal signal, std::size_t bytes) {
  const auto at = static_cast<std::size_t>(signal);
  const std::lock_guard lock(mutex_);
  ++batches_[at];
  bytes_ += bytes;
  const std::string& who = from.sign_in.empty() ? from.key_id : from.sign_in;
  auto known = telemetry_.find(who);
  if (known == telemetry_.end()) {
    if (telemetry_.size() >= kWaitingMax) return;
    known =
        telemetry_.emplace(who, Telemetry{from.id, from.client, from.sign_in, from.key_id, {}, 0, system_clock().now()})
            .first;
  }
  ++known->second.batches[at];
  known->second.bytes += bytes;
}

void ClientReports::look(Instant now, const Record& record, bool last) {
  std::vector<gateway::SettingsSeen> seen;
  {
    const std::lock_guard lock(mutex_);
    while (!older_.empty() && older_.front().until <= now) older_.pop_front();
    seen.swap(seen_);
    if (const auto dropped = std::exchange(dropped_, 0); dropped > 0) {
      log_warning("too many sessions at once tell of their settings", {{"not looked at", dropped}});
    }
  }
  for (const gateway::SettingsSeen& one : seen) judge(one, now, record);
  if (last || now - telemetry_told_ >= kTelemetryTold) tell_telemetry(now, record);
}

void ClientReports::judge(const gateway::SettingsSeen& seen, Instant now, const Record& record) {
  std::shared_ptr<const harness::ClientSettingsSet> current;
  std::vector<Older> older;
  {
    const std::lock_guard lock(mutex_);
    current = settings_;
    older.assign(older_.begin(), older_.end());
  }
  const auto expected = effective(current.get(), *seen.principal);
  // Whoever has no policy, or is not asked, need not say anything.
  if (!expected || (seen.checksum.empty() && !expected->asks_for_checksum)) return;
  const bool is_older = std::any_of(older.begin(), older.end(), [&](const Older& one) {
    const auto then = effective(one.settings.get(), *seen.principal);
    return then && one.until > now && then->checksum == seen.checksum;
  });
  const bool is_current = expected->checksum == seen.checksum || is_older;
  {
    const std::lock_guard lock(mutex_);
    ++(is_current ? current_ : seen.checksum.empty() ? silent_ : drifted_);
  }
  if (is_current) return;
  JsonWriter json;
  json.begin_object().member("client", identity::kClaudeCodeClient).member_if("client_version", seen.client_version);
  json.member("expected", expected->checksum).member("person", seen.principal->id);
  json.member_if("reported", seen.checksum).member_if("session", seen.session);
  json.member_if("sign_in", seen.principal->sign_in).end_object();
  record("client.settings_drift", json.text());
}

void ClientReports::tell_telemetry(Instant now, const Record& record) {
  decltype(telemetry_) came;
  {
    const std::lock_guard lock(mutex_);
    if (telemetry_.empty()) return;  // so that what comes first is told at once
    came.swap(telemetry_);
    telemetry_told_ = now;
  }
  for (const auto& [who, telemetry] : came) {
    JsonWriter json;
    json.begin_object().key("batches").begin_object();
    json.member("logs", telemetry.batches[1]).member("metrics", telemetry.batches[0]);
    json.member("traces", telemetry.batches[2]).end_object().member("bytes", telemetry.bytes);
    json.member_if("client", telemetry.client).member_if("key", telemetry.key).member("person", telemetry.person);
    json.member("since", format_time(telemetry.since)).member_if("sign_in", telemetry.sign_in).end_object();
    record("client.telemetry", json.text());
  }
}

std::string ClientReports::metrics() const {
  const std::lock_guard lock(mutex_);
  std::string text =
      "# HELP reeve_client_settings_sessions_total Sessions by how their reported settings fit those in force.\n"
      "# TYPE reeve_client_settings_sessions_total counter\n";
  for (const auto& [state, count] :
       {std::pair<std::string_view, std::uint64_t>{"current", current_}, {"drifted", drifted_}, {"silent", silent_}}) {
    text.append("reeve_client_settings_sessions_total{state=\"").append(state);
    text.append("\"} ").append(std::to_string(count)).append("\n");
  }
  text +=
      "# HELP reeve_client_telemetry_batches_total Batches of telemetry that clients sent.\n"
      "# TYPE reeve_client_telemetry_batches_total counter\n";
  for (std::size_t i = 0; i < kSignals.size(); ++i) {
    text.append("reeve_client_telemetry_batches_total{signal=\"").append(kSignals[i]);
    text.append("\"} ").append(std::to_string(batches_[i])).append("\n");
  }
  text +=
      "# HELP reeve_client_telemetry_bytes_total Bytes of telemetry that clients sent.\n"
      "# TYPE reeve_client_telemetry_bytes_total counter\n";
  return text.append("reeve_client_telemetry_bytes_total ").append(std::to_string(bytes_)).append("\n");
}

}  // namespace reeve::app
