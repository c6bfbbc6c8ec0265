#include "ledger/follower.h"

#include <algorithm>

#include "core/log.h"
#include "ledger/entry_json.h"

namespace reeve::ledger {

namespace {

// More open intents than a node can have in flight. Past it, further ones are not followed; the resume point stays
// where it is then, so that recovery still finds them.
constexpr std::size_t kOpenIntentsMax = 1UL << 20U;

// Comparing a tile reads and hashes its 256 entries: half a millisecond.
constexpr std::size_t kLooksOfComparison = 16;

// Leaves are made again from the segments; what lies above them from many tiles.
Writing writing_of(std::size_t level) { return level > 0 ? Writing::kDurable : Writing::kCached; }

}  // namespace

OpenIntents::Step OpenIntents::see(const IntentStep& step, std::uint64_t index) {
  if (step.kind == IntentStep::Kind::kIntent) {
    if (open_.size() < kOpenIntentsMax) open_.emplace(step.key, index);
    return Step::kOpened;
  }
  if (step.kind == IntentStep::Kind::kNone) return Step::kNone;
  if (open_.erase(step.key) > 0) return Step::kClosed;
  return step.attempted ? Step::kOutcomeWithoutIntent : Step::kNone;
}

std::vector<WaitingIntent> OpenIntents::waiting() const {
  std::vector<WaitingIntent> all;
  all.reserve(open_.size());
  for (const auto& [key, index] : open_) all.push_back({index, key});
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.index < b.index; });
  return all;
}

Follower::Follower(FileSystem& system, const SegmentList& segments)
    : system_(system), segments_(segments), files_(system, segments.directory()), cursor_(system, segments) {}

/// The hashes of one tile from the nearest thing that has them: its file, the tiles below it, the entries.
Result<std::vector<Sha256>> Follower::derive_hashes(std::size_t level, std::uint64_t number, std::size_t width) {
  if (width == 0) return std::vector<Sha256>();
  if (auto hashes = files_.hashes(level, number, width)) return hashes;
  std::vector<Sha256> hashes;
  if (level > 0) {
    for (std::size_t i = 0; i < width; ++i) {
      auto below = derive_hashes(level - 1, number * kTileWidth + i, kTileWidth);
      if (!below) return below;
      hashes.push_back(subtree_root(*below));
    }
    return hashes;
  }
  FrameCursor cursor(system_, segments_);
  if (auto sought = cursor.seek(number * kTileWidth); !sought) return std::move(sought).error();
  for (std::size_t i = 0; i < width; ++i) {
    auto frame = cursor.next(number * kTileWidth + width);
    if (!frame) return std::move(frame).error();
    hashes.push_back(leaf_hash((*frame)->entry));
  }
  return hashes;
}

Result<void> Follower::begin(std::uint64_t size) {
  CHECK(size % kTileWidth == 0);
  std::array<std::vector<Sha256>, kTileLevels> edge;
  std::uint64_t count = size;
  for (std::size_t level = 0; level < kTileLevels; ++level, count /= kTileWidth) {
    auto hashes = derive_hashes(level, count / kTileWidth, count % kTileWidth);
    if (!hashes) return std::move(hashes).error();
    edge[level] = *std::move(hashes);
  }
  tree_ = Tree(size, std::move(edge));
  audit_end_ = complete_below_ = size / kTileWidth;
  bundle_.clear();
  return cursor_.seek(size);
}

Result<void> Follower::scan_intents(std::uint64_t from, std::uint64_t end) {
  FrameCursor cursor(system_, segments_);
  if (auto sought = cursor.seek(from); !sought) return sought;
  while (true) {
    auto frame = cursor.next(end);
    if (!frame) return std::move(frame).error();
    if (!*frame) return {};
    intents_.see(read_entry_facts((*frame)->entry), (*frame)->index);
  }
}

Result<void> Follower::write_full_tile(std::size_t level, std::uint64_t number, std::span<const Sha256> hashes) {
  const std::string path = tile_path(level, number);
  auto written = files_.write(path, encode_tile(hashes), writing_of(level));
  if (written) files_.remove_partials(path);
  return written;
}

Result<void> Follower::follow(std::uint64_t end, const ToldSteps& told) {
  const auto on_full_tile = [this](std::size_t level, std::uint64_t number, std::span<const Sha256> hashes) {
    auto written = write_full_tile(level, number, hashes);
    if (written && level == 0) {
      const std::string path = bundle_path(number);
      written = files_.write(path, bundle_, paced_ ? Writing::kPaced : Writing::kCached);
      if (written) files_.remove_partials(path);
    }
    if (level == 0) bundle_.clear();
    const std::uint64_t leaf_tile = tree_.size() / kTileWidth - 1;
    if (!written) complete_below_ = std::min(complete_below_, leaf_tile);
    if (written && complete_below_ == leaf_tile) ++complete_below_;
  };
  while (true) {
    auto frame = cursor_.next(end);
    if (!frame) return std::move(frame).error();
    if (!*frame) return {};
    const std::string_view entry = (*frame)->entry;
    if (const IntentStep* step = told.of((*frame)->index)) {
      intents_.see(*step, (*frame)->index);
      last_time_.clear();
    } else {
      const EntryFacts facts = read_entry_facts(entry);
      if ((*frame)->index >= intents_from_) intents_.see(facts, (*frame)->index);
      if (cursor_.index() == end) last_time_ = facts.time;
    }
    append_to_bundle(bundle_, entry);
    tree_.append(leaf_hash(entry), on_full_tile);
  }
}

Result<void> Follower::write_partials() {
  std::uint64_t count = tree_.size();
  for (std::size_t level = 0; level < kTileLevels && count > 0; ++level, count /= kTileWidth) {
    const auto hashes = tree_.edge(level);
    if (hashes.empty()) continue;
    const std::string path = tile_path(level, count / kTileWidth, hashes.size());
    if (auto written = files_.write(path, encode_tile(hashes), writing_of(level)); !written) return written;
  }
  if (bundle_.empty()) return {};
  return files_.write(bundle_path(tree_.size() / kTileWidth, tree_.size() % kTileWidth), bundle_);
}

/// A level-0 tile and its bundle, from the entries.
Result<void> Follower::write_leaf_tile(std::uint64_t number) {
  FrameCursor cursor(system_, segments_);
  if (auto sought = cursor.seek(number * kTileWidth); !sought) return sought;
  std::string bundle;
  std::vector<Sha256> hashes;
  while (hashes.size() < kTileWidth) {
    auto frame = cursor.next(tree_.size());
    if (!frame) return std::move(frame).error();
    append_to_bundle(bundle, (*frame)->entry);
    hashes.push_back(leaf_hash((*frame)->entry));
  }
  if (auto written = files_.write(bundle_path(number), bundle); !written) return written;
  files_.remove_partials(bundle_path(number));
  return write_full_tile(0, number, hashes);
}

/// One level-0 tile, its bundle, and the tiles above it that it completes; only what is missing unless `compare`.
Result<void> Follower::complete_tile(std::uint64_t number, bool compare) {
  constexpr std::size_t kTileBytes = kTileWidth * sizeof(Sha256);
  if (compare || !files_.present(bundle_path(number), 0) || !files_.present(tile_path(0, number), kTileBytes)) {
    if (auto written = write_leaf_tile(number); !written) return written;
  }
  for (std::size_t level = 1; level < kTileLevels && number % kTileWidth == kTileWidth - 1; ++level) {
    number /= kTileWidth;
    if (files_.present(tile_path(level, number), kTileBytes)) continue;
    auto hashes = derive_hashes(level, number, kTileWidth);
    if (!hashes) return std::move(hashes).error();
    if (auto written = write_full_tile(level, number, *hashes); !written) return written;
  }
  return {};
}

Result<void> Follower::complete_tiles() {
  for (; complete_below_ < tree_.size() / kTileWidth; ++complete_below_) {
    if (auto done = complete_tile(complete_below_, false); !done) return done;
  }
  return {};
}

/// The partial files of earlier checkpoints at the right edge.
Result<void> Follower::recheck_partials() {
  std::uint64_t count = tree_.size();
  for (std::size_t level = 0; level < kTileLevels && count > 0; ++level, count /= kTileWidth) {
    for (const std::size_t width : files_.partial_widths(tile_path(level, count / kTileWidth))) {
      if (width > tree_.edge(level).size()) continue;
      const std::string tile = encode_tile(tree_.edge(level).first(width));
      if (auto written = files_.write(tile_path(level, count / kTileWidth, width), tile); !written) return written;
    }
  }
  const auto entries = split_bundle(bundle_);
  CHECK(entries);
  const std::uint64_t number = tree_.size() / kTileWidth;
  for (const std::size_t width : files_.partial_widths(bundle_path(number))) {
    if (width > entries->size() || width == 0) continue;
    const char* const end = (*entries)[width - 1].data() + (*entries)[width - 1].size();
    const std::string_view part(bundle_.data(), static_cast<std::size_t>(end - bundle_.data()));
    if (auto written = files_.write(bundle_path(number, width), part); !written) return written;
  }
  return {};
}

Result<bool> Follower::audit_tiles(std::size_t budget) {
  if (!partials_rechecked_) {
    if (auto rechecked = recheck_partials(); !rechecked) return std::move(rechecked).error();
    partials_rechecked_ = true;
  }
  for (; audited_below_ < audit_end_ && budget > 0; ++audited_below_) {
    const bool compare = audited_below_ >= recheck_from_;
    budget -= std::min(budget, compare ? kLooksOfComparison : 1);
    if (auto done = complete_tile(audited_below_, compare); !done) return std::move(done).error();
  }
  return audited_below_ == audit_end_;
}

}  // namespace reeve::ledger
