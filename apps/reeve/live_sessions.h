#pragma once

// Sessions as they are at this moment: what the ledger tells of the last hour or so, what is under way, and which of
// them were ended. A session is what a client names so (docs/sessions.md), of one person.

#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "core/json.h"
#include "core/result.h"
#include "gateway/gateway.h"
#include "identity/identity.h"
#include "ledger/ledger.h"

namespace reeve::app {

/// How long a session stays cut off once it was ended: longer than any goes on.
inline constexpr Duration kSessionsEndedFor = std::chrono::days(30);

struct LiveSession {
  std::string session, person, client, repo, model;  // the model of the last call
  std::set<std::string> agents;                      // sub-agents
  Instant started, last_seen;
  std::int64_t calls = 0, refused = 0, under_way = 0;
  std::int64_t input_tokens = 0, output_tokens = 0, cost_nanos = 0;
  bool ended = false;  // cut off

  /// "live" while a call is under way, "ended" once it was cut off, else "idle".
  std::string_view state() const;
};

/// Those with a call since then, the one that was seen last first.
Result<std::vector<LiveSession>> recent_sessions(ledger::LogReader& reader, Instant since);
/// What is under way by a running server's own count, instead of the ledger's, which lags a little.
void count_calls_under_way(std::vector<LiveSession>& sessions, std::span<const gateway::CallUnderWay> calls);
void mark_ended(std::vector<LiveSession>& sessions, std::span<const identity::Cutoff> cutoffs);
void write_session(JsonWriter& json, const LiveSession& session);

}  // namespace reeve::app
