// SwapMemory: which model a conversation has, for the most recent conversations.

#include <array>
#include <list>
#include <mutex>
#include <unordered_map>

#include "spend/ladder.h"

namespace reeve::spend {

namespace {

constexpr std::size_t kShards = 16;

struct Entry {
  std::string key;
  SwapMemory::Remembered what;
  Moment used;
};

// The most recently used first; the last one goes when there are too many.
struct Shard {
  std::mutex mutex;
  std::list<Entry> entries;
  std::unordered_map<std::string_view, std::list<Entry>::iterator> places;  // keys live in the entries

  void drop(std::list<Entry>::iterator entry) {
    places.erase(entry->key);
    entries.erase(entry);
  }
};

// One conversation may ask for several models: the large one for the work, a small one for titles.
std::string key_of(std::string_view conversation, std::string_view asked) {
  std::string key(asked);
  key += '\0';
  key += conversation;
  return key;
}

}  // namespace

struct SwapMemory::State {
  State(Options given, const Clock& source)
      : clock(source),
        forgotten_after(given.forgotten_after),
        per_shard((given.conversations_max + kShards - 1) / kShards) {}

  Shard& shard_of(const std::string& key) { return shards[std::hash<std::string>()(key) % kShards]; }

  const Clock& clock;
  const Duration forgotten_after;
  const std::size_t per_shard;
  std::array<Shard, kShards> shards;
};

SwapMemory::SwapMemory(Options options, const Clock& clock) : state_(std::make_unique<State>(options, clock)) {}
SwapMemory::~SwapMemory() = default;

std::optional<SwapMemory::Remembered> SwapMemory::find(std::string_view conversation, std::string_view asked) {
  const std::string key = key_of(conversation, asked);
  const Moment now = state_->clock.steady();
  Shard& shard = state_->shard_of(key);
  const std::lock_guard lock(shard.mutex);
  const auto found = shard.places.find(key);
  if (found == shard.places.end()) return std::nullopt;
  const auto entry = found->second;
  if (now - entry->used > state_->forgotten_after) {
    shard.drop(entry);
    return std::nullopt;
  }
  return entry->what;
}

void SwapMemory::remember(std::string_view conversation, std::string_view asked, Remembered what) {
  std::string key = key_of(conversation, asked);
  const Moment now = state_->clock.steady();
  Shard& shard = state_->shard_of(key);
  const std::lock_guard lock(shard.mutex);
  if (const auto found = shard.places.find(key); found != shard.places.end()) {
    found->second->what = std::move(what);
    found->second->used = now;
    shard.entries.splice(shard.entries.begin(), shard.entries, found->second);
    return;
  }
  shard.entries.push_front({std::move(key), std::move(what), now});
  shard.places.emplace(shard.entries.front().key, shard.entries.begin());
  if (shard.entries.size() > state_->per_shard) shard.drop(std::prev(shard.entries.end()));
}

std::size_t SwapMemory::size() const {
  std::size_t total = 0;
  for (Shard& shard : state_->shards) {
    const std::lock_guard lock(shard.mutex);
    total += shard.entries.size();
  }
  return total;
}

}  // namespace reeve::spend
