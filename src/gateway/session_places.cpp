#include "gateway/session_places.h"

namespace reeve::gateway {

void SessionPlaces::Shard::put(std::uint64_t session, std::uint64_t place) {
  young[session] = place;
  if (young.size() < kSessionsMax / kShards / 2) return;
  old.swap(young);
  young.clear();
}

std::optional<std::uint64_t> SessionPlaces::find(std::uint64_t session) {
  Shard& shard = shard_of(session);
  const std::lock_guard lock(shard.mutex);
  if (const auto found = shard.young.find(session); found != shard.young.end()) return found->second;
  const auto found = shard.old.find(session);
  if (found == shard.old.end()) return std::nullopt;
  const std::uint64_t place = found->second;
  shard.put(session, place);
  return place;
}

void SessionPlaces::remember(std::uint64_t session, std::uint64_t place) {
  Shard& shard = shard_of(session);
  const std::lock_guard lock(shard.mutex);
  shard.put(session, place);
}

std::size_t SessionPlaces::size() const {
  std::size_t total = 0;
  for (const Shard& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    total += shard.young.size();
    for (const auto& entry : shard.old) total += shard.young.contains(entry.first) ? 0 : 1;
  }
  return total;
}

}  // namespace reeve::gateway
