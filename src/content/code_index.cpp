#include "content/code_index.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <span>
#include <utility>

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

/// A fingerprint that a table may hold.
struct CodeIndex::Maybe {
  std::uint64_t key = 0;  // salted
  std::uint32_t print = 0;
  std::uint32_t table = 0;  // of the group, as its directory says it
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
    if (group.tables.size() == 1) {
      group.filter = KeyFilter(totals[i]);
      for (const std::uint64_t entry : group.tables[0].keys.keys()) group.filter.add(filter_key(entry));
      continue;
    }
    group.directory = Directory(totals[i]);
    for (std::size_t table = 0; table < group.tables.size(); ++table) {
      for (const std::uint64_t entry : group.tables[table].keys.keys()) {
        group.directory.add(filter_key(entry), table);
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
      maybe[count] = {keys[i], static_cast<std::uint32_t>(begin + i), 0};
      count += group.filter.may_hold(filter_key(keys[i])) ? 1 : 0;
    }
  }
  maybe.resize(count);
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

namespace {

constexpr std::uint16_t kAnyTable = 0xFFFF;  // in the last slot of a line that was too small
constexpr unsigned kTableBits = 6;

/// Ten bits of a key: neither those of an empty slot nor those of kAnyTable.
std::uint16_t check_of(std::uint64_t key) { return static_cast<std::uint16_t>(1 + key % 1022); }

}  // namespace

CodeIndex::Directory::Directory(std::uint64_t entries) : lines_(entries / (kSlots / 2) + 1) {}

void CodeIndex::Directory::add(std::uint64_t key, std::size_t table) {
  Line& line = lines_[place(key)];
  const auto wanted = static_cast<std::uint16_t>((std::size_t{check_of(key)} << kTableBits) + table % kTables);
  for (std::uint16_t& slot : line.slots) {
    if (slot == wanted) return;
    if (slot != 0) continue;
    slot = wanted;
    return;
  }
  line.slots.back() = kAnyTable;
}

/// A bit for each slot that has these ten bits.
std::uint32_t CodeIndex::Directory::matches(const Line& line, std::uint16_t check) {
  std::uint32_t found = 0;
#if defined(__x86_64__)
  const __m128i wanted = _mm_set1_epi16(static_cast<short>(check));
  const auto* const slots = reinterpret_cast<const __m128i*>(line.slots.data());
  for (unsigned i = 0; i < kSlots / 8; i += 2) {
    const __m128i low = _mm_cmpeq_epi16(_mm_srli_epi16(_mm_load_si128(slots + i), kTableBits), wanted);
    const __m128i high = _mm_cmpeq_epi16(_mm_srli_epi16(_mm_load_si128(slots + i + 1), kTableBits), wanted);
    found |= static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_packs_epi16(low, high))) << (8 * i);
  }
#else
  for (std::size_t i = 0; i < kSlots; ++i) found |= std::uint32_t{line.slots[i] >> kTableBits == check} << i;
#endif
  return found;
}

template <typename Take>
void CodeIndex::Directory::look_up(std::uint64_t key, const Take& take) const {
  const Line& line = lines_[place(key)];
  if (line.slots.back() == kAnyTable) {
    for (std::uint32_t table = 0; table < kTables; ++table) take(table);
    return;
  }
  for (std::uint32_t rest = matches(line, check_of(key)); rest != 0; rest &= rest - 1) {
    take(line.slots[static_cast<std::size_t>(std::countr_zero(rest))] % kTables);
  }
}

/// What a look through a text works with, kept between texts.
struct CodeIndex::Workspace {
  Fingerprinter fingerprinter;
  std::vector<Fingerprint> prints;
  std::vector<Maybe> maybe;
  std::vector<Maybe> sorted;                                   // by their tables
  std::array<std::uint32_t, Directory::kTables + 1> begins{};  // of each table's among these; then their end
  std::vector<Hit> hits;
  std::vector<Stretch> stretches;
  FileCounter counter;

  /// Gives back what one huge text took.
  void shrink() {
    constexpr std::size_t kKept = 1U << 20U;
    if (prints.capacity() > kKept) prints = {};
    if (maybe.capacity() > kKept) maybe = {};
    if (sorted.capacity() > kKept) sorted = {};
    if (hits.capacity() > kKept) hits = {};
  }
};

void CodeIndex::find_tables(const Group& group, Workspace& work) {
  work.maybe.clear();
  std::array<std::uint64_t, kBatch> keys;
  for (std::size_t begin = 0; begin < work.prints.size(); begin += kBatch) {
    const std::size_t batch = std::min(kBatch, work.prints.size() - begin);
    for (std::size_t i = 0; i < batch; ++i) {
      keys[i] = salted_key(work.prints[begin + i].key, group.salt);
      group.directory.prefetch(filter_key(keys[i]));
    }
    for (std::size_t i = 0; i < batch; ++i) {
      group.directory.look_up(filter_key(keys[i]), [&](std::uint32_t table) {
        work.maybe.push_back({keys[i], static_cast<std::uint32_t>(begin + i), table});
      });
    }
  }
  sort_by_table(work);
}

/// By counting; within a table they stay in order.
void CodeIndex::sort_by_table(Workspace& work) {
  std::array<std::uint32_t, Directory::kTables> next{};
  for (const Maybe& one : work.maybe) ++next[one.table];
  std::uint32_t total = 0;
  for (std::size_t table = 0; table < next.size(); ++table) {
    work.begins[table] = total;
    total += std::exchange(next[table], total);
  }
  work.begins.back() = total;
  work.sorted.resize(total);
  for (const Maybe& one : work.maybe) work.sorted[next[one.table]++] = one;
}

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
    const bool several = group.tables.size() > 1;
    several ? find_tables(group, work) : pass_filter(group, work.prints, work.maybe);
    for (std::size_t i = 0; i < group.tables.size(); ++i) {
      std::span<const Maybe> mine = work.maybe;
      const std::size_t said = i % Directory::kTables;
      if (several) mine = std::span(work.sorted).subspan(work.begins[said], work.begins[said + 1] - work.begins[said]);
      find_hits(group.tables[i], mine, work.hits);
      weigh(group.tables[i], thresholds, work, found);
    }
  }
  const auto before = [](const CodeMatch& a, const CodeMatch& b) {
    return a.registration != b.registration ? a.registration < b.registration : a.start < b.start;
  };
  if (!std::is_sorted(found.begin(), found.end(), before)) std::sort(found.begin(), found.end(), before);
  work.shrink();
}

}  // namespace reeve::content
