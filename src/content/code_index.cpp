#include "content/code_index.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <span>
#include <tuple>

namespace reeve::content {

namespace {

/// Where most bits of a key are used: the filter takes a word by the high half and bits by the low end.
std::uint64_t filter_key(std::uint64_t key) { return (key >> 16U) * 0x9E3779B97F4A7C15ULL; }

}  // namespace

struct CodeIndex::Hit {
  std::size_t registration = 0;
  std::uint32_t print = 0;  // index of the fingerprint
  std::uint16_t tag = 0;
};

namespace {

/// A stretch of fingerprints in which those that hit keep up with those that do not.
struct Stretch {
  std::uint32_t first = 0, last = 0;  // fingerprints, both included
};

/// Walks the places that hit: each adds one, each miss between two of them takes away `miss`. A stretch goes from where
/// the sum leaves zero to where it was greatest.
std::vector<Stretch> stretches(const std::vector<std::uint32_t>& hit_prints, float miss) {
  constexpr float kForget = 12;  // this far below its best, a stretch has ended
  std::vector<Stretch> found;
  Stretch current;
  float sum = 0, best = 0;
  bool open = false;
  std::uint32_t before = 0;
  for (const std::uint32_t print : hit_prints) {
    if (open) sum -= static_cast<float>(print - before - 1) * miss;
    if (open && (sum <= 0 || sum < best - kForget)) {
      found.push_back(current);
      open = false;
    }
    if (!open) {
      current = {print, print};
      sum = best = 0;
      open = true;
    }
    sum += 1;
    if (sum >= best) {
      best = sum;
      current.last = print;
    }
    before = print;
  }
  if (open) found.push_back(current);
  return found;
}

}  // namespace

Result<CodeIndex> CodeIndex::build(std::vector<std::shared_ptr<const RegistrationFile>> files) {
  CodeIndex index;
  index.files_ = std::move(files);
  std::vector<std::uint64_t> totals;
  for (std::size_t i = 0; i < index.files_.size(); ++i) {
    const RegistrationFile& file = *index.files_[i];
    const SortedKeys keys(file.section<std::uint64_t>(0), file.section<std::uint32_t>(1));
    if (!keys.sound() || file.head().version != kFingerprintVersion) {
      return Error{ErrorCode::kCorrupt, "the registered code '" + file.head().registration.name +
                                            "' was made by another version; register it again"};
    }
    std::uint64_t salt = 0;
    std::memcpy(&salt, file.head().salt.data(), sizeof(salt));
    auto group = std::find_if(index.groups_.begin(), index.groups_.end(),
                              [salt](const Group& candidate) { return candidate.salt == salt; });
    if (group == index.groups_.end()) {
      index.groups_.push_back({salt, {}, KeyFilter(0)});
      totals.push_back(0);
      group = index.groups_.end() - 1;
    }
    totals[static_cast<std::size_t>(group - index.groups_.begin())] += keys.keys().size();
    group->tables.push_back({i, keys});
  }
  for (std::size_t i = 0; i < index.groups_.size(); ++i) {
    Group& group = index.groups_[i];
    group.filter = KeyFilter(totals[i]);
    for (const Table& table : group.tables) {
      for (const std::uint64_t entry : table.keys.keys()) group.filter.add(filter_key(entry));
    }
  }
  return index;
}

void CodeIndex::find_hits(const Group& group, const std::vector<Fingerprint>& prints, std::vector<Hit>& hits) const {
  constexpr std::size_t kBatch = 64;  // filter words under way at a time
  std::array<std::uint64_t, kBatch> keys;
  std::array<std::uint32_t, kBatch> positions;
  for (std::size_t begin = 0; begin < prints.size(); begin += kBatch) {
    const std::size_t count = std::min(kBatch, prints.size() - begin);
    for (std::size_t i = 0; i < count; ++i) {
      keys[i] = salted_key(prints[begin + i].key, group.salt);
      group.filter.prefetch(filter_key(keys[i]));
    }
    // What may be there is looked up in steps, so that one entry's memory comes while others are asked for.
    std::size_t maybe = 0;
    for (std::uint32_t i = 0; i < count; ++i) {
      positions[maybe] = i;
      maybe += group.filter.may_hold(filter_key(keys[i])) ? 1 : 0;
    }
    for (const Table& table : group.tables) {
      for (std::size_t i = 0; i < maybe; ++i) table.keys.prefetch_range(keys[positions[i]]);
      for (std::size_t i = 0; i < maybe; ++i) table.keys.prefetch_keys(keys[positions[i]]);
      for (std::size_t i = 0; i < maybe; ++i) {
        const std::uint64_t key = keys[positions[i]];
        const auto [first, last] = table.keys.range(key);
        const std::uint64_t* entries = table.keys.keys().data();
        const std::uint64_t* entry = std::lower_bound(entries + first, entries + last, key);
        for (std::size_t files = 0; files < kTaggedFiles && entry != entries + last; ++files, ++entry) {
          if ((*entry & ~std::uint64_t{0xFFFF}) != key) break;
          hits.push_back({table.registration, static_cast<std::uint32_t>(begin + positions[i]),
                          static_cast<std::uint16_t>(*entry & 0xFFFFU)});
        }
      }
    }
  }
}

namespace {

/// The file with the most distinct fingerprints in a stretch. `hits` are those of the stretch.
template <typename Hit>
std::uint32_t most_of_one_file(std::span<const Hit> hits, const std::vector<Fingerprint>& prints) {
  constexpr std::size_t kLooked = 512;  // of a long stretch, its beginning says enough
  thread_local std::vector<std::pair<std::uint16_t, std::uint64_t>> keys;
  keys.clear();
  for (const Hit& hit : hits.first(std::min(hits.size(), kLooked))) keys.emplace_back(hit.tag, prints[hit.print].key);
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  std::uint32_t many = 0, most = 0, count = 0;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (keys[i].first == kManyFiles) {
      ++many;
      continue;
    }
    count = i != 0 && keys[i].first == keys[i - 1].first ? count + 1 : 1;
    most = std::max(most, count);
  }
  return most + many;
}

}  // namespace

void CodeIndex::find(std::string_view text, std::vector<CodeMatch>& found, const CodeThresholds& thresholds) const {
  found.clear();
  thread_local Fingerprinter fingerprinter;
  thread_local std::vector<Fingerprint> prints;
  thread_local std::vector<Hit> hits;
  if (groups_.empty() || text.size() < kGram) return;
  fingerprinter.extract(text, prints);
  hits.clear();
  for (const Group& group : groups_) find_hits(group, prints, hits);
  if (hits.size() < thresholds.shared_min) return;
  const auto before = [](const Hit& a, const Hit& b) {
    return std::tie(a.registration, a.print, a.tag) < std::tie(b.registration, b.print, b.tag);
  };
  if (!std::is_sorted(hits.begin(), hits.end(), before)) std::sort(hits.begin(), hits.end(), before);
  std::vector<std::uint32_t> places;
  for (std::size_t begin = 0, end = 0; begin < hits.size(); begin = end) {
    places.clear();
    for (end = begin; end < hits.size() && hits[end].registration == hits[begin].registration; ++end) {
      if (places.empty() || places.back() != hits[end].print) places.push_back(hits[end].print);
    }
    std::size_t at = begin;
    for (const Stretch& stretch : stretches(places, thresholds.share_min / (1 - thresholds.share_min))) {
      while (at < end && hits[at].print < stretch.first) ++at;
      std::size_t behind = at;
      while (behind < end && hits[behind].print <= stretch.last) ++behind;
      const std::uint32_t shared = most_of_one_file(std::span<const Hit>(hits).subspan(at, behind - at), prints);
      const std::uint32_t length = stretch.last - stretch.first + 1;
      at = behind;
      // A long stretch may go through several files; it then has many fingerprints of each.
      const bool enough =
          static_cast<float>(shared) >= thresholds.share_min * static_cast<float>(std::min(length, 60U));
      const std::uint32_t shared_min =
          length < thresholds.length_long ? thresholds.shared_short : thresholds.shared_min;
      if (shared < shared_min || !enough) continue;
      found.push_back({hits[begin].registration, prints[stretch.first].start, prints[stretch.last].end, shared,
                       static_cast<float>(shared) / static_cast<float>(length)});
    }
  }
  constexpr std::size_t kKept = 1U << 20U;  // gives back what one huge text took
  if (prints.capacity() > kKept) prints = {};
  if (hits.capacity() > kKept) hits = {};
}

}  // namespace reeve::content
