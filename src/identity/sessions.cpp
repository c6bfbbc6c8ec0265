#include "identity/sessions.h"

#include <algorithm>
#include <array>
#include <tuple>

#include "core/declared.h"

namespace reeve::identity {

namespace {

constexpr std::array<std::string_view, 4> kSourceNames = {"gateway", "hook", "mcp", "telemetry"};

void keep_newest(std::string& kept, std::string_view news) {
  if (!news.empty()) kept = news;
}

void add_use(SessionUse& use, const SessionEvent& event) {
  ++use.calls;
  use.input_tokens += std::max<std::int64_t>(0, event.input_tokens);
  use.output_tokens += std::max<std::int64_t>(0, event.output_tokens);
  use.cost_nanos += std::max<std::int64_t>(0, event.cost_nanos);
}

/// Of a session or of an agent of it.
template <typename Part>
void count(Part& part, const SessionEvent& event) {
  using enum SessionEvent::Kind;
  if (event.source != SessionSource::kGateway) return;
  if (event.kind == kCallBegan) ++part.under_way;
  if (event.kind != kCallEnded) return;
  // Its beginning may be older than what was heard.
  part.under_way = std::max<std::int64_t>(0, part.under_way - 1);
  add_use(part.use, event);
}

void note_agent(Session& session, const SessionEvent& event) {
  const std::string id(bounded(event.agent));
  if (id.empty() || id == session.id) return;
  if (session.agents.size() >= SessionBook::kAgentsMax && !session.agents.contains(id)) {
    ++session.agents_left_out;
    return;
  }
  SessionAgent& agent = session.agents[id];
  const std::string_view parent = bounded(event.parent_agent);
  if (parent != session.id && parent != id) keep_newest(agent.parent, parent);
  keep_newest(agent.model, event.model);
  agent.last_seen = std::max(agent.last_seen, event.time);
  agent.over = event.kind == SessionEvent::Kind::kOver;
  count(agent, event);
}

}  // namespace

std::string_view session_source_name(SessionSource source) { return kSourceNames.at(static_cast<std::size_t>(source)); }

std::string_view Session::state() const {
  if (ended) return "ended";
  if (under_way > 0) return "live";
  return over ? "over" : "idle";
}

std::vector<SessionBranch> agent_tree(const Session& session) {
  std::map<std::string_view, std::vector<std::string_view>> children;
  for (const auto& [id, agent] : session.agents) {
    const bool known = session.agents.contains(agent.parent);
    children[known ? std::string_view(agent.parent) : std::string_view()].push_back(id);
  }
  std::vector<SessionBranch> tree;
  std::set<std::string_view> seen;
  const auto grow = [&](std::string_view root) {
    std::vector<std::pair<std::string_view, std::size_t>> next;
    const auto push = [&](std::string_view parent, std::size_t depth) {
      const auto found = children.find(parent);
      if (found == children.end()) return;
      for (auto id = found->second.rbegin(); id != found->second.rend(); ++id) next.emplace_back(*id, depth);
    };
    if (root.empty()) {
      push(root, 0);
    } else {
      next.emplace_back(root, 0);
    }
    while (!next.empty()) {
      const auto [id, depth] = next.back();
      next.pop_back();
      if (!seen.insert(id).second) continue;
      tree.push_back({id, &session.agents.find(std::string(id))->second, depth});
      push(id, depth + 1);
    }
  };
  grow({});
  // Who is in a circle has no way from the session.
  for (const auto& [id, agent] : session.agents) {
    if (!seen.contains(id)) grow(id);
  }
  return tree;
}

SessionBook::Kept& SessionBook::named_place(const SessionEvent& event) {
  const std::string id(bounded(event.session));
  Name name{std::string(event.person), id};
  auto found = sessions_.find(name);
  if (found == sessions_.end()) {
    make_room();
    found = sessions_.try_emplace(std::move(name)).first;
    found->second.session.id = id;
  }
  found->second.named_by.insert(event.source);
  return found->second;
}

/// The session that the person has with the client and that the event's source never names. Null: none, or several.
SessionBook::Kept* SessionBook::lone_session(const SessionEvent& event) {
  Kept* lone = nullptr;
  const auto first = sessions_.lower_bound(Name{std::string(event.person), {}});
  for (auto at = first; at != sessions_.end() && at->first.first == event.person; ++at) {
    Kept& kept = at->second;
    const Session& session = kept.session;
    const bool near = event.time <= session.last_seen + kPause && session.started <= event.time + kPause;
    if (!session.named || session.over || !near) continue;
    if (session.client != event.client || kept.named_by.contains(event.source)) continue;
    if (lone != nullptr) return nullptr;
    lone = &kept;
  }
  return lone;
}

SessionBook::Kept& SessionBook::place(const SessionEvent& event) {
  if (!event.session.empty()) return named_place(event);
  if (Kept* const lone = lone_session(event)) return *lone;
  const Name who{std::string(event.person), std::string(event.key_id) + "\n" + std::string(event.client)};
  const auto before = unnamed_.find(who);
  if (before != unnamed_.end()) {
    const auto kept = sessions_.find(Name{who.first, before->second});
    if (kept != sessions_.end()) {
      const Session& session = kept->second.session;
      if (event.time <= session.last_seen + kPause && session.started <= event.time + kPause) return kept->second;
    }
  }
  make_room();
  // Told apart by when it began and by its key.
  std::string id = "~" + std::string(event.client) + "-" + format_time(event.time).substr(0, 19);
  if (!event.key_id.empty()) id += "-" + std::string(event.key_id);
  unnamed_[who] = id;
  Kept& kept = sessions_[Name{who.first, id}];
  kept.session.id = id;
  kept.session.named = false;
  return kept;
}

void SessionBook::take(const SessionEvent& event) {
  using enum SessionEvent::Kind;
  Session& session = place(event).session;
  const bool is_new = session.sources.empty();
  session.started = is_new ? event.time : std::min(session.started, event.time);
  session.last_seen = is_new ? event.time : std::max(session.last_seen, event.time);
  session.sources.insert(event.source);
  keep_newest(session.person, event.person);
  keep_newest(session.key_id, event.key_id);
  keep_newest(session.client, event.client);
  keep_newest(session.repo, event.repo);
  keep_newest(session.model, event.model);
  if (event.agent.empty()) session.over = event.kind == kOver;
  if (event.kind == kCallRefused) ++session.refused;
  count(session, event);
  if (event.kind == kCallEnded && event.source == SessionSource::kTelemetry) add_use(session.told, event);
  note_agent(session, event);
}

void SessionBook::set_under_way(std::span<const SessionEvent> calls) {
  for (auto& [name, kept] : sessions_) {
    kept.session.under_way = 0;
    for (auto& [id, agent] : kept.session.agents) agent.under_way = 0;
  }
  for (SessionEvent call : calls) {
    call.kind = SessionEvent::Kind::kCallBegan;
    take(call);
  }
}

/// Before one more comes: what was seen longest ago goes, several at once, so that this is rare.
void SessionBook::make_room() {
  if (sessions_.size() < kSessionsMax) return;
  std::vector<Instant> seen;
  seen.reserve(sessions_.size());
  for (const auto& [name, kept] : sessions_) seen.push_back(kept.session.last_seen);
  const auto keep_from = seen.begin() + static_cast<std::ptrdiff_t>(seen.size() / 10);
  std::nth_element(seen.begin(), keep_from, seen.end());
  forget_seen_before(*keep_from);
  // All of the same moment.
  if (sessions_.size() >= kSessionsMax) sessions_.clear();
}

void SessionBook::forget_seen_before(Instant time) {
  std::erase_if(sessions_, [time](const auto& entry) { return entry.second.session.last_seen < time; });
  std::erase_if(unnamed_,
                [this](const auto& entry) { return !sessions_.contains(Name{entry.first.first, entry.second}); });
}

std::vector<Session> SessionBook::sessions() const {
  std::vector<Session> list;
  list.reserve(sessions_.size());
  for (const auto& [name, kept] : sessions_) list.push_back(kept.session);
  std::stable_sort(list.begin(), list.end(), [](const auto& a, const auto& b) { return a.last_seen > b.last_seen; });
  return list;
}

}  // namespace reeve::identity
