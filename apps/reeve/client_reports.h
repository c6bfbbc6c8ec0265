#pragma once

// What clients get of their organisation's settings, and what they report: which settings a session runs with, and that
// their telemetry comes. Put here by loops, which go on at once; the server's main thread writes what is worth an entry
// into the ledger.

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/time.h"
#include "gateway/gateway.h"
#include "harness/harness.h"

namespace reeve::app {

/// Thread-safe, but for look().
class ClientReports {
 public:
  using Record = std::function<void(std::string_view kind, const std::string& detail)>;
  /// A session that runs with what was in force before is no drift for so long: clients ask once an hour.
  static constexpr Duration kOlderSettingsHold = std::chrono::hours(2);
  static constexpr Duration kTelemetryTold = std::chrono::minutes(10);  // at most so often

  /// From the files. Null: they cannot be read, so that nobody is told that there is no policy.
  void use(std::shared_ptr<const harness::ClientSettingsSet> settings, Instant now);
  std::shared_ptr<const harness::ClientSettingsSet> settings() const;

  void settings_seen(gateway::SettingsSeen seen);
  enum class Signal : std::uint8_t { kMetrics, kLogs, kTraces };
  void telemetry_came(const identity::Principal& from, Signal signal, std::size_t bytes);

  /// Writes what there is to tell: `client.settings_drift` for each session that runs with other settings, or that does
  /// not say with which though it is asked to; `client.telemetry` with what came of each sign-in. The main thread,
  /// about once a second; `last`: the server stops.
  void look(Instant now, const Record& record, bool last = false);

  /// Lines of /metrics.
  std::string metrics() const;

 private:
  struct Older {
    std::shared_ptr<const harness::ClientSettingsSet> settings;
    Instant until;
  };
  struct Telemetry {
    std::string person, client, sign_in, key;
    std::array<std::uint64_t, 3> batches{};
    std::uint64_t bytes = 0;
    Instant since;
  };
  static constexpr std::size_t kWaitingMax = 10'000;
  static constexpr std::size_t kOlderMax = 20;

  void judge(const gateway::SettingsSeen& seen, Instant now, const Record& record);
  void tell_telemetry(Instant now, const Record& record);

  mutable std::mutex mutex_;
  std::shared_ptr<const harness::ClientSettingsSet> settings_;
  std::deque<Older> older_;
  std::vector<gateway::SettingsSeen> seen_;
  std::map<std::string, Telemetry, std::less<>> telemetry_;  // by sign-in, or by key for callers without one
  std::uint64_t dropped_ = 0;
  std::uint64_t current_ = 0, drifted_ = 0, silent_ = 0;  // sessions
  std::array<std::uint64_t, 3> batches_{};
  std::uint64_t bytes_ = 0;
  Instant telemetry_told_;
};

}  // namespace reeve::app
