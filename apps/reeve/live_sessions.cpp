#include "reeve/live_sessions.h"

#include <algorithm>

#include "core/declared.h"

namespace reeve::app {

using identity::Session;
using identity::SessionBook;
using identity::SessionEvent;
using identity::SessionSource;

namespace {

std::optional<SessionSource> source_of(std::string_view kind) {
  if (kind == "model.intent" || kind == "model.outcome") return SessionSource::kGateway;
  if (kind.starts_with("hook.")) return SessionSource::kHook;
  if (kind.starts_with("mcp.")) return SessionSource::kMcp;
  if (kind.starts_with("telemetry.")) return SessionSource::kTelemetry;
  return std::nullopt;
}

SessionEvent::Kind kind_of(std::string_view kind, const JsonValue& entry) {
  using enum SessionEvent::Kind;
  if (kind == "model.intent") return kCallBegan;
  if (kind != "model.outcome") return kSeen;
  return entry["attempt"].int_or(0) == 0 ? kCallRefused : kCallEnded;
}

void write_use(JsonWriter& json, const identity::SessionUse& use) {
  json.member("calls", use.calls).member("cost_nanos", use.cost_nanos);
  json.member("input_tokens", use.input_tokens).member("output_tokens", use.output_tokens);
}

void write_agents(JsonWriter& json, const Session& session) {
  json.key("agents").begin_array();
  for (const auto& [id, agent] : session.agents) json.value(id);
  json.end_array();
}

void write_tree(JsonWriter& json, const Session& session) {
  json.key("sub_agents").begin_array();
  for (const identity::SessionBranch& branch : identity::agent_tree(session)) {
    json.begin_object().member("depth", static_cast<std::int64_t>(branch.depth)).member("id", branch.id);
    json.member("last_seen", format_time(branch.agent->last_seen)).member_if("model", branch.agent->model);
    json.member_if("parent", branch.agent->parent).member("under_way", branch.agent->under_way);
    write_use(json, branch.agent->use);
    json.end_object();
  }
  json.end_array();
}

}  // namespace

std::optional<SessionEvent> session_event_of(const JsonValue& entry) {
  const std::string_view kind = entry["kind"].string_or("");
  const auto source = source_of(kind);
  const auto time = parse_time(entry["time"].string_or(""));
  if (!source || !time) return std::nullopt;
  SessionEvent event;
  event.source = *source;
  event.kind = kind_of(kind, entry);
  event.time = *time;
  event.person = entry.at("principal.id").string_or("");
  event.key_id = entry.at("principal.key_id").string_or("");
  event.client = entry["client"].string_or("");
  event.session = entry["session_id"].string_or("");
  event.agent = entry.at("agent.id").string_or("");
  event.parent_agent = entry.at("agent.parent").string_or("");
  event.model = entry.at("model.asked").string_or("");
  event.repo = entry["repo"].string_or("");
  event.input_tokens = entry.at("usage.input").int_or(0) + entry.at("usage.cache_read").int_or(0);
  event.output_tokens = entry.at("usage.output").int_or(0);
  event.cost_nanos = entry.at("cost.nanos").int_or(0);
  // Whoever was not even known by then has no session.
  return event.person.empty() ? std::nullopt : std::optional(event);
}

SessionEvent session_event_of(const gateway::CallUnderWay& call) {
  SessionEvent event;
  event.kind = SessionEvent::Kind::kCallBegan;
  event.time = call.started;
  event.person = call.person;
  event.key_id = call.key_id;
  event.client = call.client;
  event.session = call.session;
  event.agent = call.agent;
  event.parent_agent = call.parent_agent;
  event.model = call.model;
  return event;
}

Result<SessionBook> sessions_in(ledger::LogReader& reader, Instant since) {
  SessionBook book;
  const auto read = reader.read(reader.first_at(since), [&](const ledger::StoredEntry& stored) {
    const auto document = JsonDocument::parse(stored.bytes);
    const auto event = document ? session_event_of(document->root()) : std::nullopt;
    if (event && event->time >= since) book.take(*event);
    return true;
  });
  if (!read) return read.error();
  return book;
}

void mark_ended(std::vector<Session>& sessions, std::span<const identity::Cutoff> cutoffs) {
  const Instant now = system_clock().now();
  std::set<std::string, std::less<>> ended;
  for (const identity::Cutoff& cutoff : cutoffs) {
    const bool holds = cutoff.scope.kind == identity::CutoffKind::kSession && !cutoff.practice;
    if (holds && cutoff.in_force(now)) ended.emplace(bounded(cutoff.scope.name));
  }
  for (Session& session : sessions) session.ended = ended.contains(session.id);
}

void write_session(JsonWriter& json, const Session& session) {
  json.begin_object();
  write_agents(json, session);
  json.member("client", session.client).member_if("key_id", session.key_id);
  json.member("last_seen", format_time(session.last_seen)).member("model", session.model);
  json.member("named", session.named).member("person", session.person).member("refused", session.refused);
  json.member_if("repo", session.repo).member("session", session.id);
  json.key("sources").begin_array();
  for (const SessionSource source : session.sources) json.value(identity::session_source_name(source));
  json.end_array().member("started", format_time(session.started)).member("state", session.state());
  write_tree(json, session);
  if (session.told != identity::SessionUse()) {
    json.key("told").begin_object();
    write_use(json, session.told);
    json.end_object();
  }
  json.member("under_way", session.under_way);
  write_use(json, session.use);
  json.end_object();
}

Result<void> check_can_be_ended(std::string_view session) {
  if (!session.starts_with('~')) return {};
  return Error{ErrorCode::kInvalid,
               "this session has no name of its client's, so its calls cannot be told from others of the same key; cut "
               "off the key or the person, or have the client send x-reeve-session"};
}

void LiveSessions::take(const SessionEvent& event) {
  const std::lock_guard lock(mutex_);
  book_.take(event);
}

Result<std::vector<Session>> LiveSessions::list(std::span<const gateway::CallUnderWay> calls, Instant now) {
  const Instant since = now - kKeptFor;
  {
    const std::lock_guard reading(reading_);
    auto reader = ledger::LogReader::open(ledger_);
    if (!reader) return std::move(reader).error();
    if (!next_) next_ = (*reader)->first_at(since);
    const auto read = (*reader)->read(*next_, [&](const ledger::StoredEntry& stored) {
      const auto document = JsonDocument::parse(stored.bytes);
      const auto event = document ? session_event_of(document->root()) : std::nullopt;
      if (event && event->time >= since) take(*event);
      next_ = stored.index + 1;
      return true;
    });
    if (!read) return read.error();
  }
  std::vector<SessionEvent> under_way;
  for (const gateway::CallUnderWay& call : calls) under_way.push_back(session_event_of(call));
  const std::lock_guard lock(mutex_);
  book_.forget_seen_before(since);
  SessionBook shown = book_;
  shown.set_under_way(under_way);
  return shown.sessions();
}

}  // namespace reeve::app
