#include "core/json.h"
#include "core/log.h"
#include "identity/key_table_state.h"

namespace reeve::identity {

namespace {

// A store that fails is not asked again for each of a thousand requests a second.
constexpr Duration kRetryAfter = std::chrono::milliseconds(250);

/// A row that outlives its reading.
struct KeptRow {
  explicit KeptRow(const KeyRow& read)
      : texts{std::string(read.id),   std::string(read.owner),  std::string(read.team),
              std::string(read.type), std::string(read.groups), std::string(read.scopes)},
        row(read) {}
  KeyRow view() const {
    KeyRow seen = row;
    seen.id = texts[0], seen.owner = texts[1], seen.team = texts[2];
    seen.type = texts[3], seen.groups = texts[4], seen.scopes = texts[5];
    return seen;
  }
  std::array<std::string, 6> texts;
  KeyRow row;  // its views are of no use any more
};

/// Of the steady clock, and never 0, which stands for none.
std::int64_t ticks(const Clock& clock) { return std::max<std::int64_t>(1, clock.steady().time_since_epoch().count()); }

std::optional<Instant> instant_of(std::int64_t at) {
  return at == INT64_MAX ? std::nullopt : std::optional(Instant{at});
}

}  // namespace

std::string names_to_json(const std::vector<std::string>& names) {
  JsonWriter json;
  json.begin_array();
  for (const std::string& name : names) json.value(std::string_view(name));
  json.end_array();
  return json.take();
}

std::optional<std::vector<std::string>> names_from_json(std::string_view text) {
  const auto json = JsonDocument::parse(text, /*depth_max=*/2);
  if (!json || !json->root().is_array()) return std::nullopt;
  std::vector<std::string> names;
  for (const JsonValue item : json->root().items()) {
    const auto name = item.as_string();
    if (!name) return std::nullopt;
    names.emplace_back(*name);
  }
  return names;
}

/// Keeps what changed, so that the store is read without anybody waiting for a lock; everything at once goes into a
/// state of its own.
class KeyTable::Intake final : public KeyReader {
 public:
  explicit Intake(std::uint64_t stamp) : stamp_(stamp) {}
  void forget_all() override { fresh_ = std::make_unique<State>(); }
  Result<void> key(const KeyRow& row) override {
    if (!fresh_) {
      changed_.emplace_back(row);
      return {};
    }
    const auto put = fresh_->put(row, stamp_);
    return put ? Result<void>() : Result<void>(put.error());
  }

  bool empty() const { return !fresh_ && changed_.empty(); }
  std::unique_ptr<State> take_fresh() { return std::move(fresh_); }
  const std::vector<KeptRow>& changed() const { return changed_; }

 private:
  const std::uint64_t stamp_;
  std::unique_ptr<State> fresh_;
  std::vector<KeptRow> changed_;
};

KeyTable::KeyTable(KeyStore& store, Options options)
    : store_(store), options_(options), state_(std::make_unique<State>()) {}
KeyTable::~KeyTable() = default;

bool KeyTable::is_current() const {
  return usable_.load(std::memory_order_acquire) && generation_.load(std::memory_order_acquire) == store_.generation();
}

Result<void> KeyTable::look() {
  if (is_current()) return {};
  const std::lock_guard lock(reading_);
  if (is_current()) return {};
  auto done = read();
  const std::int64_t now = ticks(*options_.clock);
  failed_at_.store(done ? 0 : now);
  if (done || failing_since_.load() == 0) failing_since_.store(done ? 0 : now);
  return done;
}

/// Under reading_.
Result<void> KeyTable::read() {
  // Before what it stands for: a change in between is read once more.
  const std::uint64_t generation = store_.generation();
  const std::uint64_t stamp = version_.load() + 1;
  Intake intake(stamp);
  const auto until = store_.read_changes(read_until_, intake);
  if (!until) return until.error();
  std::vector<std::pair<std::string, std::optional<Instant>>> ended;
  Result<void> applied;
  std::unique_ptr<State> fresh = intake.take_fresh();
  if (fresh || !intake.empty()) {
    const std::unique_lock lock(mutex_);
    if (fresh) {
      // What is gone from the database has ended, too.
      state_->for_each([&](const State::Entry& before) {
        if (before.ended()) return;
        const State::Entry* now = fresh->find(before.hash);
        if (now == nullptr || now->ended()) {
          ended.emplace_back(before.id_text(), now == nullptr ? std::nullopt : instant_of(now->revoked));
        }
      });
      state_.swap(fresh);
    }
    for (const KeptRow& kept : intake.changed()) {
      const State::Entry* before = state_->find(kept.row.secret_hash);
      const bool was_good = before != nullptr && !before->ended();
      const auto put = state_->put(kept.view(), stamp);
      if (!put) applied = put.error();
      if (put && was_good && (*put)->ended()) ended.emplace_back((*put)->id_text(), instant_of((*put)->revoked));
    }
    version_.store(stamp, std::memory_order_release);
  }
  if (applied) {
    read_until_ = *until;
    generation_.store(generation, std::memory_order_release);
    usable_.store(true, std::memory_order_release);
  }
  for (const auto& [id, revoked] : ended) {
    if (listener_) listener_(id, revoked);
  }
  return applied;
}

bool KeyTable::serves_now() {
  const std::int64_t now = ticks(*options_.clock);
  if (!options_.reads_on_demand) {
    const std::int64_t since = failing_since_.load();
    const bool stale = since != 0 && now - since > options_.serves_unconfirmed.count();
    return usable_.load(std::memory_order_acquire) && !stale && store_.uncertain_for() <= options_.serves_unconfirmed;
  }
  if (is_current()) return true;
  const std::int64_t failed_at = failed_at_.load();
  if (failed_at != 0 && now - failed_at < kRetryAfter.count()) return false;
  const auto looked = look();
  if (!looked) log_error("virtual keys cannot be read", {{"error", looked.error().message}});
  return looked.ok();
}

KeyTable::Found KeyTable::find(const Sha256& hash, std::uint64_t known_stamp) const {
  const std::shared_lock lock(mutex_);
  const State::Entry* entry = state_->find(hash);
  if (entry == nullptr) return {};
  Found found;
  found.stamp = entry->stamp;
  found.revoked = instant_of(entry->revoked);
  if (entry->stamp != known_stamp) found.principal = state_->principal_of(*entry);
  return found;
}

std::size_t KeyTable::size() const {
  const std::shared_lock lock(mutex_);
  return state_->size();
}

}  // namespace reeve::identity
