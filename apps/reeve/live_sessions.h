#pragma once

// Sessions as they are at this moment: what the ledger tells of the last hour or so, what other sources tell while the
// server runs, what is under way, and which of them were ended. docs/sessions.md says how they are joined.

#include <cstdint>
#include <filesystem>
#include <mutex>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "core/result.h"
#include "gateway/gateway.h"
#include "identity/identity.h"
#include "ledger/ledger.h"

namespace reeve::app {

/// How long a session stays cut off once it was ended: longer than any goes on.
inline constexpr Duration kSessionsEndedFor = std::chrono::days(30);

/// What an entry tells of a session: calls, and everything of hooks, MCP and telemetry that names one. Nothing for
/// other entries. Views into the entry.
std::optional<identity::SessionEvent> session_event_of(const JsonValue& entry);
identity::SessionEvent session_event_of(const gateway::CallUnderWay& call);

/// What the ledger tells of sessions since then.
Result<identity::SessionBook> sessions_in(ledger::LogReader& reader, Instant since);
void mark_ended(std::vector<identity::Session>& sessions, std::span<const identity::Cutoff> cutoffs);
void write_session(JsonWriter& json, const identity::Session& session);

/// Whether a session has a name by which it can be ended; else why not.
Result<void> check_can_be_ended(std::string_view session);

/// The sessions of a running server. Thread-safe.
class LiveSessions {
 public:
  /// A session that was not seen for so long is forgotten.
  static constexpr Duration kKeptFor = std::chrono::hours(1);

  explicit LiveSessions(std::filesystem::path ledger) : ledger_(std::move(ledger)) {}
  /// For whoever sees a part of a session that the ledger is not told of. Waits for nobody who reads the ledger.
  void take(const identity::SessionEvent& event);
  /// Those of the last hour, with what is under way by the gateway's own count, which the ledger lags behind. Blocks.
  Result<std::vector<identity::Session>> list(std::span<const gateway::CallUnderWay> calls, Instant now);

 private:
  const std::filesystem::path ledger_;
  std::mutex reading_;                 // guards what is next
  std::optional<std::uint64_t> next_;  // entry that was not read yet
  std::mutex mutex_;                   // guards the book
  identity::SessionBook book_;
};

}  // namespace reeve::app
