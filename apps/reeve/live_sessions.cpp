#include "reeve/live_sessions.h"

#include <algorithm>
#include <map>

namespace reeve::app {

namespace {

using Sessions = std::map<std::pair<std::string, std::string>, LiveSession>;  // by person and session

/// What every entry of a call tells of its session.
void note_call(LiveSession& session, JsonValue entry, Instant time) {
  if (session.session.empty()) {
    session.session = entry["session_id"].string_or("");
    session.person = entry.at("principal.id").string_or("");
    session.started = time;
  }
  session.last_seen = std::max(session.last_seen, time);
  const auto newest = [&](std::string& into, std::string_view path) {
    if (const std::string_view text = entry.at(path).string_or(""); !text.empty()) into = text;
  };
  newest(session.client, "client");
  newest(session.repo, "repo");
  newest(session.model, "model.asked");
  if (const std::string_view agent = entry.at("agent.id").string_or(""); !agent.empty()) session.agents.emplace(agent);
}

void count_outcome(LiveSession& session, JsonValue entry) {
  ++(entry["attempt"].int_or(0) == 0 ? session.refused : session.calls);
  session.input_tokens += entry.at("usage.input").int_or(0) + entry.at("usage.cache_read").int_or(0);
  session.output_tokens += entry.at("usage.output").int_or(0);
  session.cost_nanos += entry.at("cost.nanos").int_or(0);
}

std::vector<LiveSession> latest_first(Sessions&& sessions) {
  std::vector<LiveSession> list;
  list.reserve(sessions.size());
  for (auto& [name, session] : sessions) list.push_back(std::move(session));
  std::stable_sort(list.begin(), list.end(), [](const auto& a, const auto& b) { return a.last_seen > b.last_seen; });
  return list;
}

}  // namespace

std::string_view LiveSession::state() const {
  if (ended) return "ended";
  return under_way > 0 ? "live" : "idle";
}

Result<std::vector<LiveSession>> recent_sessions(ledger::LogReader& reader, Instant since) {
  Sessions sessions;
  const auto read = reader.read(reader.first_at(since), [&](const ledger::StoredEntry& stored) {
    const auto document = JsonDocument::parse(stored.bytes);
    if (!document) return true;
    const JsonValue entry = document->root();
    const std::string_view kind = entry["kind"].string_or("");
    const bool intent = kind == "model.intent";
    const std::string_view name = entry["session_id"].string_or("");
    const auto time = parse_time(entry["time"].string_or(""));
    if ((!intent && kind != "model.outcome") || name.empty() || !time || *time < since) return true;
    LiveSession& session = sessions[{std::string(entry.at("principal.id").string_or("")), std::string(name)}];
    note_call(session, entry, *time);
    if (!intent) count_outcome(session, entry);
    if (intent) ++session.under_way;
    // The intent may be older than what was read.
    if (!intent && entry["attempt"].int_or(0) > 0) session.under_way = std::max<std::int64_t>(0, session.under_way - 1);
    return true;
  });
  if (!read) return read.error();
  return latest_first(std::move(sessions));
}

void count_calls_under_way(std::vector<LiveSession>& sessions, std::span<const gateway::CallUnderWay> calls) {
  Sessions by_name;
  for (LiveSession& session : sessions) {
    session.under_way = 0;
    auto name = std::pair(session.person, session.session);
    by_name.emplace(std::move(name), std::move(session));
  }
  for (const gateway::CallUnderWay& call : calls) {
    if (call.session.empty()) continue;
    LiveSession& session = by_name[{call.person, call.session}];
    if (session.session.empty()) {
      session.session = call.session;
      session.person = call.person;
      session.started = call.started;
    }
    session.client = call.client;
    if (!call.model.empty()) session.model = call.model;
    if (!call.agent.empty()) session.agents.insert(call.agent);
    session.last_seen = std::max(session.last_seen, call.started);
    ++session.under_way;
  }
  sessions = latest_first(std::move(by_name));
}

void mark_ended(std::vector<LiveSession>& sessions, std::span<const identity::Cutoff> cutoffs) {
  const Instant now = system_clock().now();
  for (LiveSession& session : sessions) {
    session.ended = std::any_of(cutoffs.begin(), cutoffs.end(), [&](const identity::Cutoff& cutoff) {
      return cutoff.scope.kind == identity::CutoffKind::kSession && cutoff.scope.name == session.session &&
             !cutoff.practice && cutoff.in_force(now);
    });
  }
}

void write_session(JsonWriter& json, const LiveSession& session) {
  json.begin_object().key("agents").begin_array();
  for (const std::string& agent : session.agents) json.value(agent);
  json.end_array().member("calls", session.calls).member("client", session.client);
  json.member("cost_nanos", session.cost_nanos).member("input_tokens", session.input_tokens);
  json.member("last_seen", format_time(session.last_seen)).member("model", session.model);
  json.member("output_tokens", session.output_tokens).member("person", session.person);
  json.member("refused", session.refused).member_if("repo", session.repo).member("session", session.session);
  json.member("started", format_time(session.started)).member("state", session.state());
  json.member("under_way", session.under_way).end_object();
}

}  // namespace reeve::app
