#pragma once

// What the verdict cache keeps. Private to the room.

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "content/content.h"

namespace reeve::content {

/// A finding with places from its text's start.
struct KnownFinding {
  std::uint32_t detector = 0;
  std::uint32_t start = 0, end = 0;
  float confidence = 0;
  std::uint8_t depth = 0;
  bool marked_allowed = false, is_document = false;
  std::string_view label;  // lives with the detectors, whose serial is a part of the key
};

struct VerdictKey {
  std::uint64_t low = 0, high = 0;  // of the text's bytes
  std::uint64_t detectors = 0;
  TextForm form{};
  TextOrigin origin{};
  bool operator==(const VerdictKey&) const = default;
};

/// A text's hash, with the widest instructions of the machine. Only `low` and `high` are set.
VerdictKey hash_text(std::string_view text, std::string_view secret);

/// Which keys there are: 16 bytes each, four to a line of the processor's cache, so that asking costs one look at
/// memory. In a full line the one that was asked for longest ago goes. Grows up to its bound. Not thread-safe.
class KeySet {
 public:
  explicit KeySet(std::size_t bytes_max);

  enum class Known : std::uint8_t { kNo, kClean, kWithFindings };
  Known find(const VerdictKey& key);
  /// Gives back whether another key had to go.
  bool insert(const VerdictKey& key, bool with_findings);
  std::size_t bytes() const { return lines_.size() * sizeof(Line); }

 private:
  /// The low bit of `high` says whether there are findings; no entry is all zero.
  struct Entry {
    std::uint64_t low = 0, high = 0;
  };
  struct alignas(64) Line {
    std::array<Entry, 4> entries;
  };
  static Entry entry_of(const VerdictKey& key);
  Line& line_of(const Entry& entry) { return lines_[entry.low >> 8U & (lines_.size() - 1)]; }
  bool put(const Entry& entry);
  void grow();

  std::vector<Line> lines_;
  std::size_t lines_max_, count_ = 0;
};

/// Shards. Texts in which nothing was found, which are most, are keys alone. Findings are kept in two generations: what
/// is asked for moves to the young one, and when that is full the old one goes.
struct VerdictCache::State {
  explicit State(std::size_t bytes_max);

  /// Keyed by a secret: nobody outside can make two texts of one key.
  VerdictKey key(std::string_view text, TextForm form, TextOrigin origin, std::uint64_t detectors) const;
  /// Appends the findings of a known text. The caller counts: see count().
  bool find(const VerdictKey& key, std::vector<KnownFinding>& findings);
  void count(std::uint64_t known, std::uint64_t unknown);
  void put(const VerdictKey& key, std::span<const KnownFinding> findings);

  struct Hash {
    std::size_t operator()(const VerdictKey& key) const { return key.low; }
  };
  using Generation = std::unordered_map<VerdictKey, std::vector<KnownFinding>, Hash>;
  struct Shard {
    explicit Shard(std::size_t keys_bytes_max) : keys(keys_bytes_max) {}
    std::mutex mutex;
    KeySet keys;
    Generation young, old;
    std::size_t young_bytes = 0, old_bytes = 0;
  };
  Shard& shard_of(const VerdictKey& key) { return shards[key.high >> 8U & (kShards - 1)]; }
  bool find_findings(Shard& shard, const VerdictKey& key, std::vector<KnownFinding>& findings);
  void insert(Shard& shard, const VerdictKey& key, std::vector<KnownFinding> findings);

  std::string secret;
  std::size_t generation_bytes_max;
  static constexpr std::size_t kShards = 16;
  std::deque<Shard> shards;  // kShards of them
  std::atomic<std::uint64_t> hits{0}, misses{0}, evicted{0};
};

}  // namespace reeve::content
