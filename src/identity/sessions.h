#pragma once

// Sessions: one sitting of a person with a tool, as everything that sees a part of it tells together. Part of the
// identity room's face.
//
// The gateway sees model calls, hooks see tools, MCP sees servers, telemetry sees what the tool says of itself. Each
// tells SessionEvents, and the SessionBook joins them by the client's own identifiers. Those are what a client says of
// itself: good for joining, and no proof of anything.

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/time.h"

namespace reeve::identity {

enum class SessionSource : std::uint8_t { kGateway, kHook, kMcp, kTelemetry };
/// "gateway", "hook", "mcp", "telemetry".
std::string_view session_source_name(SessionSource source);

/// Something that was seen of a session. The views need live only as long as the call that takes it.
struct SessionEvent {
  enum class Kind : std::uint8_t {
    kSeen,         // anything: a hook fired, a tool was called, a metric came
    kCallBegan,    // a model call is under way
    kCallEnded,    // with what it used
    kCallRefused,  // before it went anywhere
    kOver,         // the client says that the session ended; with an agent: that this one did
  };
  SessionSource source = SessionSource::kGateway;
  Kind kind = Kind::kSeen;
  Instant time;
  std::string_view person, key_id, client;  // the client as wire::client_name has it
  std::string_view session;                 // as the client names it; empty where it does not
  std::string_view agent, parent_agent;     // a sub-agent, and who started it: empty, or the session, for the session
  std::string_view model, repo;
  std::int64_t input_tokens = 0, output_tokens = 0, cost_nanos = 0;
};

/// What calls used. Never negative.
struct SessionUse {
  std::int64_t calls = 0, input_tokens = 0, output_tokens = 0, cost_nanos = 0;
  bool operator==(const SessionUse&) const = default;
};

struct SessionAgent {
  std::string parent;  // empty: the session itself
  std::string model;   // of the last call
  Instant last_seen;
  SessionUse use;  // as the gateway counted
  std::int64_t under_way = 0;
  bool over = false;
};

struct Session {
  std::string id;     // the client's, or one of ours that begins with "~"
  bool named = true;  // by its client; else it is what one key did with one client without a longer pause
  std::string person, key_id, client, repo, model;  // the model of the last call
  Instant started, last_seen;
  std::set<SessionSource> sources;  // that have told of it
  std::int64_t refused = 0, under_way = 0;
  SessionUse use;   // of all of it, as the gateway counted
  SessionUse told;  // as the client's telemetry says: of calls that went through the gateway the same again
  std::map<std::string, SessionAgent> agents;  // sub-agents, by id
  std::int64_t agents_left_out = 0;            // events of agents beyond kAgentsMax
  bool over = false;                           // its client said so
  bool ended = false;                          // by the kill switch

  /// "ended" once it was cut off, "live" while a call is under way, "over" once its client said so, else "idle".
  std::string_view state() const;
};

/// One line of a session's tree of sub-agents.
struct SessionBranch {
  std::string_view id;  // into the session
  const SessionAgent* agent = nullptr;
  std::size_t depth = 0;  // 0: started by the session itself
};
/// Depth first, by id; each agent once, also where clients tell of circles.
std::vector<SessionBranch> agent_tree(const Session& session);

/// Not thread-safe; copies are independent. Bounded: of more sessions than kSessionsMax those that were seen longest
/// ago are forgotten.
///
/// An event belongs to the session of that person that it names. One without a name (Gemini CLI and Copilot CLI send
/// none with model calls) belongs to the only session that the same person has with the same client, if another source
/// named that and it was seen within kPause; else to what its key did with that client without a longer pause.
class SessionBook {
 public:
  static constexpr std::size_t kSessionsMax = 10'000, kAgentsMax = 500;
  static constexpr Duration kPause = std::chrono::minutes(30);

  void take(const SessionEvent& event);
  /// Whoever counts calls under way at this moment knows better than who heard of their beginnings and ends: each event
  /// is a call under way.
  void set_under_way(std::span<const SessionEvent> calls);
  void forget_seen_before(Instant time);
  /// The one that was seen last first.
  std::vector<Session> sessions() const;

 private:
  using Name = std::pair<std::string, std::string>;  // person and id
  struct Kept {
    Session session;
    std::set<SessionSource> named_by;
  };
  Kept& place(const SessionEvent& event);
  Kept& named_place(const SessionEvent& event);
  Kept* lone_session(const SessionEvent& event);
  void make_room();

  std::map<Name, Kept> sessions_;
  std::map<Name, std::string> unnamed_;  // by person, and key with client: the id of the session that goes on
};

}  // namespace reeve::identity
