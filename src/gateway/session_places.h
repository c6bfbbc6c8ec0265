#pragma once

// Where sessions are served: what a provider keeps for a session (prompt caches, reasoning that only it can read) is
// bound to the account of a key, so a session stays where it was answered last. Part of gateway.h, which includes it.

#include <array>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string_view>
#include <unordered_map>

namespace reeve::gateway {

/// 64 bits of a text (FNV-1a), the same on every machine; `seed` is the hash of what stands before it.
inline std::uint64_t hash_text(std::string_view text, std::uint64_t seed = 0xcbf29ce484222325U) {
  std::uint64_t hash = (seed ^ 0xffU) * 0x100000001b3U;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  return hash;
}
/// Each bit of the result depends on each bit of `value` (the finish of SplitMix64).
inline std::uint64_t mix_hash(std::uint64_t value) {
  value = (value ^ (value >> 30U)) * 0xbf58476d1ce4e5b9U;
  value = (value ^ (value >> 27U)) * 0x94d049bb133111ebU;
  return value ^ (value >> 31U);
}

/// Remembers a place for each of the sessions that were looked for or placed last. Thread-safe: one of many small locks
/// is held for some instructions.
class SessionPlaces {
 public:
  /// From half as many sessions to so many are remembered, in some 4 MB.
  static constexpr std::size_t kSessionsMax = 65'536;

  /// Both are hashes.
  std::optional<std::uint64_t> find(std::uint64_t session);
  void remember(std::uint64_t session, std::uint64_t place);
  std::size_t size() const;

 private:
  static constexpr std::size_t kShards = 16;
  /// Two generations: when the young one is full it becomes the old one, whose sessions are forgotten.
  struct Shard {
    mutable std::mutex mutex;
    std::unordered_map<std::uint64_t, std::uint64_t> young, old;
    void put(std::uint64_t session, std::uint64_t place);
  };
  Shard& shard_of(std::uint64_t session) { return shards_[mix_hash(session) % kShards]; }

  std::array<Shard, kShards> shards_;
};

}  // namespace reeve::gateway
