#include "content/code_index.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <span>

namespace reeve::content {

namespace {

/// Where most bits of a key are used: the filter takes a word by the high half and bits by the low end.
std::uint64_t filter_key(std::uint64_t key) { return (key >> 16U) * 0x9E3779B97F4A7C15ULL; }

}  // namespace

/// A fingerprint that a table holds.
struct CodeIndex::Hit {
  std::uint32_t print = 0;  // its index
  std::uint32_t entry = 0;  // the first of its key in the table
};

/// A fingerprint that the filter lets through.
struct CodeIndex::Maybe {
  std::uint64_t key = 0;  // salted
  std::uint32_t print = 0;
};

namespace {

/// A stretch of fingerprints in which those that hit keep up with those that do not.
struct Stretch {
  std::uint32_t first = 0, last = 0;  // fingerprints, both included
};

/// Walks the places that hit: each adds one, each miss between two of them takes away `miss`. A stretch goes from where
/// the sum leaves zero to where it was greatest.
template <typename Hit>
void find_stretches(std::span<const Hit> hits, float miss, std::vector<Stretch>& found) {
  constexpr float kForget = 12;  // this far below its best, a stretch has ended
  found.clear();
  Stretch current;
  float sum = 0, best = 0;
  bool open = false;
  std::uint32_t before = 0;
  for (const auto [print, entry] : hits) {
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
    for (Table& table : group.tables) {
      // Where there is one table, its filter would say what the group's says.
      const bool several = group.tables.size() > 1;
      if (several) table.filter = KeyFilter(table.keys.keys().size());
      for (const std::uint64_t entry : table.keys.keys()) {
        group.filter.add(filter_key(entry));
        if (several) table.filter.add(filter_key(entry));
      }
    }
  }
  return index;
}

namespace {

constexpr std::size_t kBatch =
    64;  // look-ups under way at a time, so that one's memory comes while others are asked for

constexpr std::uint64_t key_of(std::uint64_t entry) { return entry & ~std::uint64_t{0xFFFF}; }

}  // namespace

void CodeIndex::pass_filter(const Group& group, const std::vector<Fingerprint>& prints, std::vector<Maybe>& maybe) {
  maybe.resize(prints.size());
  std::size_t count = 0;
  std::array<std::uint64_t, kBatch> keys;
  for (std::size_t begin = 0; begin < prints.size(); begin += kBatch) {
    const std::size_t batch = std::min(kBatch, prints.size() - begin);
    for (std::size_t i = 0; i < batch; ++i) {
      keys[i] = salted_key(prints[begin + i].key, group.salt);
      group.filter.prefetch(filter_key(keys[i]));
    }
    for (std::size_t i = 0; i < batch; ++i) {
      maybe[count] = {keys[i], static_cast<std::uint32_t>(begin + i)};
      count += group.filter.may_hold(filter_key(keys[i])) ? 1 : 0;
    }
  }
  maybe.resize(count);
}

std::span<const CodeIndex::Maybe> CodeIndex::pass_filter(const Table& table, std::span<const Maybe> maybe,
                                                         std::vector<Maybe>& passed) {
  passed.resize(maybe.size());
  std::size_t count = 0;
  constexpr std::size_t kAhead = kBatch;
  for (std::size_t i = 0; i < maybe.size(); ++i) {
    if (i + kAhead < maybe.size()) table.filter.prefetch(filter_key(maybe[i + kAhead].key));
    passed[count] = maybe[i];
    count += table.filter.may_hold(filter_key(maybe[i].key)) ? 1 : 0;
  }
  return std::span<const Maybe>(passed).first(count);
}

namespace {

/// The first entry from `at` on that is not less than `key`. The same steps whatever is there: what a branch would
/// wait for is rarely guessed right. May look behind the key's leading part, where all is greater.
std::size_t first_from(std::span<const std::uint64_t> entries, std::size_t at, std::uint64_t key) {
  constexpr std::size_t kStep = 4;
  while (at + kStep <= entries.size()) {
    std::size_t less = 0;
    for (std::size_t i = 0; i < kStep; ++i) less += entries[at + i] < key ? 1 : 0;
    at += less;
    if (less < kStep) return at;
  }
  while (at < entries.size() && entries[at] < key) ++at;
  return at;
}

}  // namespace

void CodeIndex::find_hits(const Table& table, std::span<const Maybe> maybe, std::vector<Hit>& hits) {
  const std::span<const std::uint64_t> entries = table.keys.keys();
  hits.resize(maybe.size());
  std::size_t count = 0;
  for (; !maybe.empty(); maybe = maybe.subspan(std::min(kBatch, maybe.size()))) {
    const std::span<const Maybe> batch = maybe.first(std::min(kBatch, maybe.size()));
    for (const Maybe& one : batch) table.keys.prefetch_range(one.key);
    for (const Maybe& one : batch) table.keys.prefetch_keys(one.key);
    for (const Maybe& one : batch) {
      auto [at, end] = table.keys.range(one.key);
      constexpr std::size_t kFew = 32;  // walked through faster than halved
      if (end - at > kFew) {
        at = static_cast<std::size_t>(std::lower_bound(&entries[at], &entries[at] + (end - at), one.key) -
                                      entries.data());
      }
      at = first_from(entries, at, one.key);
      hits[count] = {one.print, static_cast<std::uint32_t>(at)};
      count += at < entries.size() && key_of(entries[at]) == one.key ? 1 : 0;
    }
  }
  hits.resize(count);
}

/// Counts the distinct fingerprints of each file in a stretch.
class CodeIndex::FileCounter {
 public:
  /// The greatest count of one file. `hits` are those of the stretch.
  std::uint32_t most_of_one_file(const Table& table, std::span<const Hit> hits,
                                 const std::vector<Fingerprint>& prints) {
    std::size_t looked = 0;
    many_ = most_ = 0;
    for (const Hit& hit : hits) {
      if (looked >= kLooked) break;
      looked += count_files(table, hit.entry, kLooked - looked, take(prints[hit.print].key));
    }
    for (const std::uint16_t slot : used_keys_) seen_keys_[slot] = 0;
    for (const std::uint16_t slot : used_files_) files_[slot] = {};
    used_keys_.clear();
    used_files_.clear();
    return most_ + many_;
  }

 private:
  static constexpr std::size_t kLooked = 512;  // entries: of a long stretch, its beginning says enough
  static constexpr std::size_t kSlots = 2048;  // of hash tables that hold at most kLooked
  struct File {
    std::uint16_t tag = 0, count = 0;
  };

  /// True for a key that was not there yet.
  bool take(std::uint64_t key) {
    if (key == 0) key = 1;  // 0 is an empty slot
    std::size_t slot = key % kSlots;
    while (seen_keys_[slot] != 0 && seen_keys_[slot] != key) slot = (slot + 1) % kSlots;
    if (seen_keys_[slot] == key) return false;
    seen_keys_[slot] = key;
    used_keys_.push_back(static_cast<std::uint16_t>(slot));
    return true;
  }
  /// How many entries the key at `entry` has, at most `room`; those of a new key are counted.
  std::size_t count_files(const Table& table, std::size_t entry, std::size_t room, bool is_new) {
    const std::span<const std::uint64_t> entries = table.keys.keys();
    const std::size_t end = std::min({entries.size(), entry + kTaggedFiles, entry + room});
    const std::uint64_t key = key_of(entries[entry]);
    std::size_t at = entry;
    for (; at < end && key_of(entries[at]) == key; ++at) {
      // Where a source has so many files that some share a tag, an entry may be there twice.
      if (is_new && (at == entry || entries[at] != entries[at - 1])) add(static_cast<std::uint16_t>(entries[at]));
    }
    return at - entry;
  }
  void add(std::uint16_t tag) {
    if (tag == kManyFiles) {
      ++many_;
      return;
    }
    std::size_t slot = tag % kSlots;
    while (files_[slot].count != 0 && files_[slot].tag != tag) slot = (slot + 1) % kSlots;
    if (files_[slot].count == 0) {
      files_[slot].tag = tag;
      used_files_.push_back(static_cast<std::uint16_t>(slot));
    }
    most_ = std::max<std::uint32_t>(most_, ++files_[slot].count);
  }

  std::uint32_t many_ = 0, most_ = 0;
  std::array<std::uint64_t, kSlots> seen_keys_{};
  std::array<File, kSlots> files_{};
  std::vector<std::uint16_t> used_keys_, used_files_;
};

/// What a look through a text works with, kept between texts.
struct CodeIndex::Workspace {
  Fingerprinter fingerprinter;
  std::vector<Fingerprint> prints;
  std::vector<Maybe> maybe, passed;
  std::vector<Hit> hits;
  std::vector<Stretch> stretches;
  FileCounter counter;

  /// Gives back what one huge text took.
  void shrink() {
    constexpr std::size_t kKept = 1U << 20U;
    if (prints.capacity() > kKept) prints = {};
    if (maybe.capacity() > kKept) maybe = {};
    if (passed.capacity() > kKept) passed = {};
    if (hits.capacity() > kKept) hits = {};
  }
};

void CodeIndex::weigh(const Table& table, const CodeThresholds& thresholds, Workspace& work,
                      std::vector<CodeMatch>& found) {
  const std::span<const Hit> hits = work.hits;
  find_stretches(hits, thresholds.share_min / (1 - thresholds.share_min), work.stretches);
  std::size_t at = 0;
  for (const Stretch& stretch : work.stretches) {
    while (at < hits.size() && hits[at].print < stretch.first) ++at;
    const std::size_t begin = at;
    while (at < hits.size() && hits[at].print <= stretch.last) ++at;
    const std::uint32_t length = stretch.last - stretch.first + 1;
    const std::uint32_t shared_min = length < thresholds.length_long ? thresholds.shared_short : thresholds.shared_min;
    if (at - begin < shared_min) continue;
    const std::uint32_t shared = work.counter.most_of_one_file(table, hits.subspan(begin, at - begin), work.prints);
    // A long stretch may go through several files; it then has many fingerprints of each.
    const bool enough = static_cast<float>(shared) >= thresholds.share_min * static_cast<float>(std::min(length, 60U));
    if (shared < shared_min || !enough) continue;
    found.push_back({table.registration, work.prints[stretch.first].start, work.prints[stretch.last].end, shared,
                     static_cast<float>(shared) / static_cast<float>(length)});
  }
}

void CodeIndex::find(std::string_view text, std::vector<CodeMatch>& found, const CodeThresholds& thresholds) const {
  found.clear();
  if (groups_.empty() || text.size() < kGram) return;
  thread_local Workspace work;
  work.fingerprinter.extract(text, work.prints);
  for (const Group& group : groups_) {
    pass_filter(group, work.prints, work.maybe);
    for (const Table& table : group.tables) {
      const bool several = group.tables.size() > 1;
      find_hits(table, several ? pass_filter(table, work.maybe, work.passed) : work.maybe, work.hits);
      weigh(table, thresholds, work, found);
    }
  }
  const auto before = [](const CodeMatch& a, const CodeMatch& b) {
    return a.registration != b.registration ? a.registration < b.registration : a.start < b.start;
  };
  if (!std::is_sorted(found.begin(), found.end(), before)) std::sort(found.begin(), found.end(), before);
  work.shrink();
}

}  // namespace reeve::content
