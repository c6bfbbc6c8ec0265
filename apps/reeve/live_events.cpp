#include "reeve/live_events.h"

#include <algorithm>

#include "core/id.h"
#include "core/json.h"
#include "core/log.h"

namespace reeve::app {

namespace {

constexpr auto kLooksEvery = std::chrono::milliseconds(250);
constexpr std::uint64_t kLooksASecond = 4;
/// After the last reader has gone: one whose connection broke finds what it missed when it comes back.
constexpr auto kGoesOnFor = std::chrono::minutes(2);

/// What may change what waits for somebody.
bool is_about_approvals(std::string_view kind) {
  return kind.starts_with("exception.") || kind.starts_with("agent.") || kind.starts_with("intake.") ||
         kind.starts_with("register.");
}

/// A call that was decided, told as the list of decisions tells it; nothing for other entries.
std::optional<LiveEvent> decided_call(const JsonValue& entry, std::uint64_t index) {
  const std::string_view kind = entry["kind"].string_or("");
  const bool refused = kind == "model.outcome" && entry["attempt"].int_or(0) == 0;
  if (kind != "model.intent" && !refused) return std::nullopt;
  LiveEvent event;
  event.topic = EventTopic::kCalls;
  event.person = entry.at("principal.id").string_or("");
  JsonWriter json;
  json.begin_object().member("decision", index).member("time", entry["time"].string_or(""));
  json.member_if("person", event.person).member_if("team", entry.at("principal.team").string_or(""));
  json.member_if("session", entry["session_id"].string_or("")).member_if("client", entry["client"].string_or(""));
  json.member_if("model_asked", entry.at("model.asked").string_or(""));
  json.member_if("enforced", entry.at("decision.enforced").string_or(""));
  json.member_if("rule", entry.at("decision.rule").string_or("")).end_object();
  event.data = json.take();
  return event;
}

std::string session_data(const std::pair<std::string, std::string>& key, std::string_view state,
                         std::string_view client) {
  JsonWriter json;
  json.begin_object().member("session", key.second).member("person", key.first).member("state", state);
  return json.member_if("client", client).end_object().take();
}

}  // namespace

LiveEvents::LiveEvents(const ControlApi::Sources& sources) : sources_(sources), ring_(make_id("ev")) {}

std::optional<LiveEvents::Seat> LiveEvents::take_seat(const std::string& who) {
  const std::lock_guard lock(mutex_);
  const auto mine = seats_.find(who);
  const bool too_many = taken_ >= kSeatsMax || (mine != seats_.end() && mine->second >= kSeatsOfEachMax);
  if (is_over_ || too_many) return std::nullopt;
  ++seats_[who];
  ++taken_;
  if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
  wake_.notify_all();
  return std::optional<Seat>(std::in_place, *this, who);
}

void LiveEvents::leave(const std::string& who) {
  const std::lock_guard lock(mutex_);
  --taken_;
  if (const auto mine = seats_.find(who); --mine->second == 0) seats_.erase(mine);
}

void LiveEvents::end() {
  {
    const std::lock_guard lock(mutex_);
    is_over_ = true;
  }
  wake_.notify_all();
}

bool LiveEvents::is_over() const {
  const std::lock_guard lock(mutex_);
  return is_over_;
}

bool LiveEvents::is_looking() const {
  const std::lock_guard lock(mutex_);
  return is_looking_;
}

void LiveEvents::set_looking(bool is_looking) {
  const std::lock_guard lock(mutex_);
  is_looking_ = is_looking;
}

void LiveEvents::stop() {
  end();
  // Nobody starts it any more.
  if (thread_.joinable()) thread_.join();
}

bool LiveEvents::wait() {
  std::unique_lock lock(mutex_);
  const Moment now = std::chrono::steady_clock::now();
  if (taken_ > 0) read_last_ = now;
  wake_.wait_for(lock, kLooksEvery, [this] { return is_over_; });
  return !is_over_ && now - read_last_ < kGoesOnFor;
}

void LiveEvents::run() {
  while (!is_over()) {
    begin();
    set_looking(true);
    while (wait()) look();
    set_looking(false);
    // What happens until somebody comes again is not in it.
    ring_.begin_anew(make_id("ev"));
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [this] { return is_over_ || taken_ > 0; });
  }
}

/// What is there already is no news.
void LiveEvents::begin() {
  reader_.reset();
  trouble_.clear();
  open_reader();
  sessions_ = sessions_now(nullptr);
  cutoffs_ = cutoffs_now();
  const std::lock_guard lock(mutex_);
  read_last_ = std::chrono::steady_clock::now();
}

void LiveEvents::open_reader() {
  auto reader = ledger::LogReader::open(sources_.ledger.ledger);
  if (!reader) return tell(reader.error());
  reader_ = *std::move(reader);
  next_ = reader_->size();
}

void LiveEvents::tell(const Error& error) {
  if (error.message != trouble_) log_warning("live events without the ledger", {{"why", error.message}});
  trouble_ = error.message;
}

void LiveEvents::look() {
  if (reader_) look_at_ledger();
  look_at_kill_switch();
  if (++looks_ % kLooksASecond != 0) return;
  look_at_sessions();
  if (!reader_) open_reader();
}

void LiveEvents::look_at_ledger() {
  const std::uint64_t end = reader_->size();
  if (end <= next_) return;
  if (end - next_ > kEntriesMax) {
    next_ = end;
    ring_.begin_anew(make_id("ev"));
    return;
  }
  bool waits = false;
  const auto read = reader_->read(next_, [&](const ledger::StoredEntry& stored) {
    next_ = stored.index + 1;
    const auto document = JsonDocument::parse(stored.bytes);
    if (!document) return next_ < end;
    waits = waits || is_about_approvals(document->root()["kind"].string_or(""));
    if (auto event = decided_call(document->root(), stored.index)) ring_.put(*std::move(event));
    return next_ < end;
  });
  // Read again at the next look; what is wrong with it is for those who read all of it.
  if (!read) tell(read.error());
  if (waits) ring_.put({EventTopic::kApprovals, {}, "{}"});
  JsonWriter json;
  json.begin_object().member("entries", next_).end_object();
  ring_.put({EventTopic::kLedger, {}, json.take()});
}

std::set<LiveEvents::SessionKey> LiveEvents::sessions_now(std::map<SessionKey, std::string>* told) const {
  std::set<SessionKey> now;
  auto sessions = sources_.sessions->list(sources_.gateway->calls_under_way(), system_clock().now());
  if (!sessions) return sessions_;
  mark_ended(*sessions, sources_.cutoffs->current()->all());
  for (const identity::Session& session : *sessions) {
    if (session.ended || session.over) continue;
    now.emplace(session.person, session.id);
    if (told != nullptr) (*told)[{session.person, session.id}] = session.client;
  }
  return now;
}

void LiveEvents::look_at_sessions() {
  std::map<SessionKey, std::string> clients;
  std::set<SessionKey> now = sessions_now(&clients);
  for (const SessionKey& one : now) {
    if (!sessions_.contains(one)) {
      ring_.put({EventTopic::kSessions, one.first, session_data(one, "began", clients[one])});
    }
  }
  for (const SessionKey& one : sessions_) {
    if (!now.contains(one)) ring_.put({EventTopic::kSessions, one.first, session_data(one, "ended", "")});
  }
  sessions_ = std::move(now);
}

std::set<std::string> LiveEvents::cutoffs_now() const {
  std::set<std::string> now;
  const Instant at = system_clock().now();
  const auto current = sources_.cutoffs->current();
  for (const identity::Cutoff& cutoff : current->all()) {
    if (cutoff.in_force(at)) now.insert(cutoff.id);
  }
  return now;
}

void LiveEvents::look_at_kill_switch() {
  std::set<std::string> now = cutoffs_now();
  if (now == cutoffs_) return;
  cutoffs_ = std::move(now);
  JsonWriter json;
  json.begin_object().member("on", static_cast<std::uint64_t>(cutoffs_.size())).end_object();
  ring_.put({EventTopic::kKillSwitch, {}, json.take()});
}

}  // namespace reeve::app
