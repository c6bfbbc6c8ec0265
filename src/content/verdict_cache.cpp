#include "content/verdict_cache.h"

#include <xxhash.h>
#if REEVE_XXHASH_DISPATCH
#include <immintrin.h>
#include <xxh_x86dispatch.h>  // XXH3_… means the fastest for this machine from here on
#endif

#include <algorithm>
#include <bit>

#include "core/crypto.h"

namespace reeve::content {

namespace {

constexpr std::size_t kSecretBytes = 192;

#if REEVE_XXHASH_DISPATCH

constexpr std::size_t kHashedWithoutVectors = 240;  // bytes

[[gnu::target("avx")]] void write_upper_halves() { _mm256_zeroupper(); }

/// The library leaves the upper halves of vector registers in use, which makes everything of SSE2 that runs after it
/// three times slower, until they are cleared.
void clear_upper_halves() {
  static const bool kHasThem = __builtin_cpu_supports("avx");
  if (kHasThem) write_upper_halves();
}

#endif

/// With what the map needs for itself.
std::size_t bytes_of(const std::vector<KnownFinding>& findings) {
  constexpr std::size_t kNode = 80;
  return kNode + findings.capacity() * sizeof(KnownFinding);
}

}  // namespace

VerdictKey hash_text(std::string_view text, std::string_view secret) {
  const XXH128_hash_t hash = XXH3_128bits_withSecret(text.data(), text.size(), secret.data(), secret.size());
#if REEVE_XXHASH_DISPATCH
  if (text.size() > kHashedWithoutVectors) clear_upper_halves();
#endif
  return {.low = hash.low64, .high = hash.high64};
}

KeySet::KeySet(std::size_t bytes_max)
    : lines_(1), lines_max_(std::bit_floor(std::max(bytes_max / sizeof(Line), 1UL))) {}

KeySet::Entry KeySet::entry_of(const VerdictKey& key) {
  // What is not of the text is spread over the key, so that the same text elsewhere is another one.
  std::uint64_t rest =
      key.detectors << 16U | static_cast<std::uint64_t>(key.form) << 8U | static_cast<std::uint64_t>(key.origin);
  rest = (rest + 1) * 0x9E3779B97F4A7C15U;
  return {key.low ^ rest, (key.high ^ std::rotl(rest, 32)) | 1U};
}

KeySet::Known KeySet::find(const VerdictKey& key) {
  const Entry wanted = entry_of(key);
  auto& entries = line_of(wanted).entries;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const Entry entry = entries[i];
    if (entry.low != wanted.low || (entry.high | 1U) != wanted.high) continue;
    for (; i > 0; --i) entries[i] = entries[i - 1];
    entries[0] = entry;
    return (entry.high & 1U) != 0 ? Known::kWithFindings : Known::kClean;
  }
  return Known::kNo;
}

bool KeySet::insert(const VerdictKey& key, bool with_findings) {
  if (count_ * 2 >= lines_.size() * 4 && lines_.size() < lines_max_) grow();
  Entry entry = entry_of(key);
  if (!with_findings) entry.high &= ~1ULL;
  return put(entry);
}

bool KeySet::put(const Entry& entry) {
  auto& entries = line_of(entry).entries;
  const auto is_same = [&entry](const Entry& other) {
    return other.low == entry.low && (other.high | 1U) == (entry.high | 1U);
  };
  const auto at = std::find_if(entries.begin(), entries.end(), is_same);
  const bool is_new = at == entries.end();
  const Entry last = entries.back();
  const bool was_full = is_new && (last.low | last.high) != 0;
  std::move_backward(entries.begin(), is_new ? entries.end() - 1 : at, is_new ? entries.end() : at + 1);
  entries.front() = entry;
  count_ += is_new && !was_full ? 1 : 0;
  return was_full;
}

void KeySet::grow() {
  std::vector<Line> lines(lines_.size() * 2);
  lines.swap(lines_);
  count_ = 0;
  for (const Line& line : lines) {
    // The youngest last, so that it comes first again.
    for (std::size_t i = line.entries.size(); i-- > 0;) {
      if ((line.entries[i].low | line.entries[i].high) != 0) put(line.entries[i]);
    }
  }
}

VerdictCache::State::State(std::size_t bytes_max)
    : secret(random_bytes(kSecretBytes)), generation_bytes_max(bytes_max / (4 * kShards)) {
  for (std::size_t i = 0; i < kShards; ++i) shards.emplace_back(bytes_max / (2 * kShards));
}

VerdictKey VerdictCache::State::key(std::string_view text, TextForm form, TextOrigin origin,
                                    std::uint64_t detectors) const {
  VerdictKey key = hash_text(text, secret);
  key.detectors = detectors;
  key.form = form;
  key.origin = origin;
  return key;
}

void VerdictCache::State::count(std::uint64_t known, std::uint64_t unknown) {
  if (known != 0) hits.fetch_add(known, std::memory_order_relaxed);
  if (unknown != 0) misses.fetch_add(unknown, std::memory_order_relaxed);
}

bool VerdictCache::State::find(const VerdictKey& key, std::vector<KnownFinding>& findings) {
  Shard& shard = shard_of(key);
  const std::lock_guard lock(shard.mutex);
  switch (shard.keys.find(key)) {
    case KeySet::Known::kNo: return false;
    case KeySet::Known::kClean: return true;
    case KeySet::Known::kWithFindings: break;
  }
  return find_findings(shard, key, findings);
}

bool VerdictCache::State::find_findings(Shard& shard, const VerdictKey& key, std::vector<KnownFinding>& findings) {
  if (const auto young = shard.young.find(key); young != shard.young.end()) {
    findings.insert(findings.end(), young->second.begin(), young->second.end());
    return true;
  }
  const auto old = shard.old.find(key);
  if (old == shard.old.end()) return false;
  findings.insert(findings.end(), old->second.begin(), old->second.end());
  std::vector<KnownFinding> moved = std::move(old->second);
  shard.old_bytes -= std::min(shard.old_bytes, bytes_of(moved));
  shard.old.erase(old);
  insert(shard, key, std::move(moved));
  return true;
}

void VerdictCache::State::put(const VerdictKey& key, std::span<const KnownFinding> findings) {
  std::vector<KnownFinding> kept(findings.begin(), findings.end());
  if (bytes_of(kept) > generation_bytes_max) return;
  Shard& shard = shard_of(key);
  const std::lock_guard lock(shard.mutex);
  if (shard.keys.insert(key, !kept.empty())) evicted.fetch_add(1, std::memory_order_relaxed);
  if (!kept.empty()) insert(shard, key, std::move(kept));
}

void VerdictCache::State::insert(Shard& shard, const VerdictKey& key, std::vector<KnownFinding> findings) {
  const std::size_t bytes = bytes_of(findings);
  if (shard.young_bytes + bytes > generation_bytes_max) {
    evicted.fetch_add(shard.old.size(), std::memory_order_relaxed);
    shard.old = std::move(shard.young);
    shard.old_bytes = shard.young_bytes;
    shard.young.clear();
    shard.young_bytes = 0;
  }
  if (shard.young.emplace(key, std::move(findings)).second) shard.young_bytes += bytes;
}

VerdictCache::VerdictCache(std::size_t bytes_max) : state_(std::make_unique<State>(bytes_max)) {}
VerdictCache::~VerdictCache() = default;

VerdictCache::Stats VerdictCache::stats() const {
  Stats stats;
  stats.hits = state_->hits.load(std::memory_order_relaxed);
  stats.misses = state_->misses.load(std::memory_order_relaxed);
  stats.evicted = state_->evicted.load(std::memory_order_relaxed);
  for (State::Shard& shard : state_->shards) {
    const std::lock_guard lock(shard.mutex);
    stats.bytes += shard.young_bytes + shard.old_bytes + shard.keys.bytes();
  }
  return stats;
}

}  // namespace reeve::content
