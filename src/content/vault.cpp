#include <algorithm>
#include <array>
#include <atomic>
#include <map>
#include <mutex>
#include <set>
#include <unordered_map>

#include "content/placeholder.h"
#include "content/redaction.h"
#include "core/check.h"
#include "core/crypto.h"

namespace reeve::content {

namespace {

constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kScopeHalfBytes = 16;
constexpr std::size_t kShards = 16;
constexpr std::size_t kRowsAtOnce = 256;
// What an entry and a session take besides the sealed bytes: nodes of the containers, their strings.
constexpr std::size_t kEntryBytes = 320;
constexpr std::size_t kSessionBytes = 640;
constexpr Duration kBetweenCleanings = std::chrono::minutes(1);
constexpr Duration kBetweenEvictions = std::chrono::milliseconds(100);  // for sessions that hold nothing yet

/// A key or name for one purpose, from parts of which none can be taken for a piece of another.
std::string derive(std::string_view key, std::string_view purpose, std::string_view first,
                   std::string_view second = {}) {
  std::string input(purpose);
  input.append(1, '\0').append(std::to_string(first.size())).append(1, '\0').append(first).append(second);
  return std::string(as_bytes(hmac_sha256(key, input)));
}

std::string principal_scope(std::string_view key, std::string_view principal) {
  return derive(key, "reeve vault principal", principal).substr(0, kScopeHalfBytes);
}
std::string session_scope(std::string_view key, std::string_view principal, std::string_view session_id) {
  return principal_scope(key, principal) +
         derive(key, "reeve vault session", principal, session_id).substr(0, kScopeHalfBytes);
}

struct Kept {
  std::string sealed;
  Instant expires;
  bool written = false;  // the store has it, with this expiry
  std::size_t bytes() const { return kEntryBytes + sealed.size(); }
};

void fold(std::string& text) {
  for (char& c : text) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
}

}  // namespace

struct Vault::Session::State {
  State(Vault::State& owner, std::string scope_bytes, std::string_view root)
      : vault(owner),
        scope(std::move(scope_bytes)),
        name_key(derive(root, "reeve vault names", scope)),
        seal_key(derive(root, "reeve vault values", scope)) {}

  std::string place_of(std::string_view placeholder) const { return scope + std::string(placeholder); }
  /// All of these with `mutex` held.
  void keep(const std::string& placeholder, Kept entry);
  void drop(std::map<std::string, Kept, std::less<>>::iterator entry);
  bool is_unwritten() const;

  Vault::State& vault;
  const std::string scope, name_key, seal_key;
  std::atomic<std::int64_t> last_used{0};  // nanoseconds since 1970

  mutable std::mutex mutex;
  std::map<std::string, Kept, std::less<>> kept;
  std::multiset<std::string, std::less<>> endings;
};

struct Vault::State {
  struct Shard {
    std::mutex mutex;  // taken before a session's, never after it
    std::unordered_map<std::string, std::shared_ptr<Session::State>> sessions;
  };

  explicit State(Options chosen) : options(std::move(chosen)) {}
  Shard& shard_of(std::string_view scope) { return shards[static_cast<unsigned char>(scope[0]) % kShards]; }
  std::vector<std::shared_ptr<Session::State>> all();
  Result<void> make_room(std::size_t bytes_wanted);
  void evict();
  Result<void> write(Session::State& session);
  void drop_expired(Instant now);

  Options options;
  std::array<Shard, kShards> shards;
  std::atomic<std::size_t> bytes{0};
  std::atomic<std::int64_t> evicted{0};  // when, in nanoseconds since 1970
  std::mutex evicting;
  std::mutex flushing;  // also held while something is forgotten, so that no flush brings it back
  Instant cleaned{};
};

void Vault::Session::State::keep(const std::string& placeholder, Kept entry) {
  vault.bytes += entry.bytes();
  kept.emplace(placeholder, std::move(entry));
  endings.insert(placeholder.substr(kPlaceholderBytes - kPlaceholderEnding));
}

void Vault::Session::State::drop(std::map<std::string, Kept, std::less<>>::iterator entry) {
  vault.bytes -= entry->second.bytes();
  endings.erase(endings.find(std::string_view(entry->first).substr(kPlaceholderBytes - kPlaceholderEnding)));
  kept.erase(entry);
}

bool Vault::Session::State::is_unwritten() const {
  return std::ranges::any_of(kept, [](const auto& entry) { return !entry.second.written; });
}

Result<std::string> Vault::Session::placeholder(std::string_view class_name, std::string_view value) const {
  State& session = *state_;
  const Vault::Options& options = session.vault.options;
  const Instant now = options.clock->now();
  std::string placeholder = make_placeholder(session.name_key, class_name, value);
  {
    const std::scoped_lock lock(session.mutex);
    if (const auto found = session.kept.find(placeholder); found != session.kept.end()) {
      // Written anew only now and then, not for each turn of a conversation.
      if (found->second.expires - now < options.keep / 2) {
        found->second.expires = now + options.keep;
        found->second.written = false;
      }
      return placeholder;
    }
  }
  Kept entry{seal(session.seal_key, value, session.place_of(placeholder)), now + options.keep, false};
  if (auto room = session.vault.make_room(entry.bytes()); !room) return std::move(room).error();
  const std::scoped_lock lock(session.mutex);
  if (!session.kept.contains(placeholder)) session.keep(placeholder, std::move(entry));
  return placeholder;
}

std::optional<std::string> Vault::Session::value(std::string_view placeholder) const {
  if (!is_sound_placeholder(placeholder)) return std::nullopt;
  State& session = *state_;
  const Vault::Options& options = session.vault.options;
  const Instant now = options.clock->now();
  const auto opened = [&](std::string_view sealed) -> std::optional<std::string> {
    auto value = open_sealed(session.seal_key, sealed, session.place_of(placeholder));
    if (!value) return std::nullopt;
    return *std::move(value);
  };
  {
    const std::scoped_lock lock(session.mutex);
    if (const auto found = session.kept.find(placeholder); found != session.kept.end()) {
      return found->second.expires <= now ? std::nullopt : opened(found->second.sealed);
    }
  }
  if (options.store == nullptr) return std::nullopt;
  auto stored = options.store->get(session.scope, placeholder);
  if (!stored || !*stored || (*stored)->expires <= now) return std::nullopt;
  auto value = opened((*stored)->sealed);
  if (!value) return std::nullopt;
  Kept entry{std::move((*stored)->sealed), (*stored)->expires, true};
  if (session.vault.make_room(entry.bytes())) {
    const std::scoped_lock lock(session.mutex);
    const std::string name(placeholder);
    if (!session.kept.contains(name)) session.keep(name, std::move(entry));
  }
  return value;
}

bool Vault::Session::resembles_placeholder(std::string_view run) const {
  if (run.size() < kPlaceholderBeginning) return false;
  std::string beginning(run.substr(0, kPlaceholderBeginning));
  std::string ending(run.substr(run.size() - kPlaceholderEnding));
  fold(beginning);
  fold(ending);
  const std::scoped_lock lock(state_->mutex);
  const auto next = state_->kept.lower_bound(beginning);
  return (next != state_->kept.end() && next->first.starts_with(beginning)) || state_->endings.contains(ending);
}

Vault::Vault(Options options) : state_(std::make_unique<State>(std::move(options))) {
  CHECK(state_->options.key.size() == kKeyBytes);
}

Vault::~Vault() = default;

std::size_t Vault::bytes() const { return state_->bytes; }

Vault::Session Vault::session(std::string_view principal, std::string_view session_id) {
  const std::int64_t now = state_->options.clock->now().nanoseconds;
  // Whoever begins many sessions fills no memory: those that are idle go.
  const bool is_full = state_->bytes > state_->options.bytes_max;
  if (is_full && now - state_->evicted > kBetweenEvictions.count()) state_->evict();
  std::string scope = session_scope(state_->options.key, principal, session_id);
  State::Shard& shard = state_->shard_of(scope);
  const std::scoped_lock lock(shard.mutex);
  std::shared_ptr<Session::State>& state = shard.sessions[scope];
  if (state == nullptr) {
    state = std::make_shared<Session::State>(*state_, std::move(scope), state_->options.key);
    state_->bytes += kSessionBytes;
  }
  state->last_used = now;
  Session session;
  session.state_ = state;
  return session;
}

std::vector<std::shared_ptr<Vault::Session::State>> Vault::State::all() {
  std::vector<std::shared_ptr<Session::State>> sessions;
  for (Shard& shard : shards) {
    const std::scoped_lock lock(shard.mutex);
    for (const auto& [scope, session] : shard.sessions) sessions.push_back(session);
  }
  return sessions;
}

Result<void> Vault::State::make_room(std::size_t bytes_wanted) {
  if (bytes + bytes_wanted <= options.bytes_max) return {};
  evict();
  if (bytes + bytes_wanted <= options.bytes_max) return {};
  return Error{
      ErrorCode::kUnavailable,
      "too many protected values are in use at this moment to keep another one; try again in a minute, or send "
      "less at once"};
}

/// Down to seven eighths, so that not every value that comes has to look for room.
void Vault::State::evict() {
  const std::scoped_lock evicting_alone(evicting);
  evicted = options.clock->now().nanoseconds;
  const std::size_t wanted = options.bytes_max - options.bytes_max / 8;
  std::vector<std::pair<std::int64_t, std::string>> idle;
  for (Shard& shard : shards) {
    const std::scoped_lock lock(shard.mutex);
    for (const auto& [scope, session] : shard.sessions) {
      if (session.use_count() == 1) idle.emplace_back(session->last_used, scope);
    }
  }
  std::ranges::sort(idle);
  for (const auto& [last_used, scope] : idle) {
    if (bytes <= wanted) return;
    Shard& shard = shard_of(scope);
    const std::scoped_lock lock(shard.mutex);
    const auto found = shard.sessions.find(scope);
    // Copies of the pointer are made under the shard's lock, or from other copies: one that is alone stays alone.
    if (found == shard.sessions.end() || found->second.use_count() > 1) continue;
    {
      Session::State& session = *found->second;
      const std::scoped_lock session_lock(session.mutex);
      if (options.store != nullptr && session.is_unwritten()) continue;
      while (!session.kept.empty()) session.drop(session.kept.begin());
    }
    shard.sessions.erase(found);
    bytes -= kSessionBytes;
  }
}

Result<void> Vault::State::write(Session::State& session) {
  std::string after;
  while (true) {
    std::vector<PlaceholderStore::Row> rows;
    {
      const std::scoped_lock lock(session.mutex);
      for (auto entry = session.kept.upper_bound(after); entry != session.kept.end(); ++entry) {
        if (entry->second.written) continue;
        rows.push_back({session.scope, entry->first, entry->second.sealed, entry->second.expires});
        if (rows.size() == kRowsAtOnce) break;
      }
    }
    if (rows.empty()) return {};
    if (auto put = options.store->put(rows); !put) return put;
    after = rows.back().placeholder;
    const std::scoped_lock lock(session.mutex);
    for (const PlaceholderStore::Row& row : rows) {
      const auto entry = session.kept.find(row.placeholder);
      // Used again meanwhile: the new expiry is still to be written.
      if (entry != session.kept.end() && entry->second.expires == row.expires) entry->second.written = true;
    }
  }
}

void Vault::State::drop_expired(Instant now) {
  for (const auto& session : all()) {
    const std::scoped_lock lock(session->mutex);
    for (auto entry = session->kept.begin(); entry != session->kept.end();) {
      const auto next = std::next(entry);
      if (entry->second.expires <= now) session->drop(entry);
      entry = next;
    }
  }
  for (Shard& shard : shards) {
    const std::scoped_lock lock(shard.mutex);
    for (auto session = shard.sessions.begin(); session != shard.sessions.end();) {
      const bool in_use = session->second.use_count() > 1;
      const bool is_empty = !in_use && session->second->kept.empty();
      bytes -= is_empty ? kSessionBytes : 0;
      session = is_empty ? shard.sessions.erase(session) : std::next(session);
    }
  }
}

Result<void> Vault::flush() {
  const std::scoped_lock lock(state_->flushing);
  PlaceholderStore* store = state_->options.store;
  if (store != nullptr) {
    for (const auto& session : state_->all()) {
      if (auto written = state_->write(*session); !written) return written;
    }
  }
  const Instant now = state_->options.clock->now();
  if (now - state_->cleaned < kBetweenCleanings && now >= state_->cleaned) return {};
  state_->cleaned = now;
  state_->drop_expired(now);
  if (store == nullptr) return {};
  auto removed = store->remove_expired(now);
  if (!removed) return std::move(removed).error();
  return {};
}

Result<void> Vault::forget(std::string_view principal, std::string_view session_id) {
  const std::string& key = state_->options.key;
  const std::string scope =
      session_id.empty() ? principal_scope(key, principal) : session_scope(key, principal, session_id);
  const std::scoped_lock lock(state_->flushing);
  for (const auto& session : state_->all()) {
    if (!session->scope.starts_with(scope)) continue;
    const std::scoped_lock session_lock(session->mutex);
    while (!session->kept.empty()) session->drop(session->kept.begin());
  }
  if (state_->options.store == nullptr) return {};
  auto removed = state_->options.store->remove_scope(scope);
  if (!removed) return std::move(removed).error();
  return {};
}

}  // namespace reeve::content
