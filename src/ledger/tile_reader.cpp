#include <algorithm>
#include <array>
#include <bit>

#include "ledger/proof.h"
#include "ledger/tiles.h"
#include "ledger/tree.h"

namespace reeve::ledger {

namespace {

constexpr std::size_t kTilesKept = 32;  // 256 KiB
constexpr std::size_t kLevelsOfTile = 8;

/// Leaves [begin, end) of the tree.
struct Range {
  std::uint64_t begin;
  std::uint64_t end;

  std::uint64_t size() const { return end - begin; }
  /// RFC 6962 splits at the largest power of two below the size.
  std::uint64_t middle() const { return begin + std::bit_floor(size() - 1); }
  Range left() const { return {begin, middle()}; }
  Range right() const { return {middle(), end}; }
};

}  // namespace

struct TileReader::State {
  TileFiles files;

  struct Kept {
    std::size_t level = 0;
    std::uint64_t number = 0;
    std::vector<Sha256> hashes;
    std::uint64_t used = 0;
  };
  std::array<Kept, kTilesKept> kept;
  std::uint64_t uses = 0;

  /// The tile as it is in a tree of `size` leaves, or wider.
  Result<std::span<const Sha256>> tile(std::size_t level, std::uint64_t number, std::uint64_t size) {
    const std::uint64_t hashes_of_level = size >> (kLevelsOfTile * level);
    const auto width =
        static_cast<std::size_t>(std::min<std::uint64_t>(kTileWidth, hashes_of_level - number * kTileWidth));
    Kept* oldest = kept.data();
    for (Kept& one : kept) {
      if (one.level == level && one.number == number && one.hashes.size() >= width) {
        one.used = ++uses;
        return std::span<const Sha256>(one.hashes);
      }
      if (one.used < oldest->used) oldest = &one;
    }
    auto read = files.hashes(level, number, width);
    // A partial tile may give way to the full one between two looks.
    if (!read && read.error().code == ErrorCode::kNotFound) read = files.hashes(level, number, width);
    if (!read) return std::move(read).error();
    *oldest = {level, number, *std::move(read), ++uses};
    return std::span<const Sha256>(oldest->hashes);
  }

  /// The root of a perfect tree: 2^height leaves, the `number`-th of that height.
  Result<Sha256> perfect(std::size_t height, std::uint64_t number, std::uint64_t size) {
    const std::size_t within = height % kLevelsOfTile;
    const std::uint64_t first = number << within;
    auto hashes = tile(height / kLevelsOfTile, first / kTileWidth, size);
    if (!hashes) return std::move(hashes).error();
    return subtree_root(hashes->subspan(first % kTileWidth, std::size_t{1} << within));
  }

  Result<Sha256> range(Range range, std::uint64_t size) {
    if (std::has_single_bit(range.size())) {
      return perfect(static_cast<std::size_t>(std::countr_zero(range.size())), range.begin / range.size(), size);
    }
    // Left parts are perfect, so this goes deeper on the right edge only.
    auto left = this->range(range.left(), size);
    if (!left) return left;
    auto right = this->range(range.right(), size);
    if (!right) return right;
    return node_hash(*left, *right);
  }

  /// Their hashes, from the last one to the first.
  Result<HashPath> reversed(const std::vector<Range>& ranges, std::uint64_t size) {
    HashPath path;
    path.reserve(ranges.size());
    for (auto one = ranges.rbegin(); one != ranges.rend(); ++one) {
      auto hash = range(*one, size);
      if (!hash) return std::move(hash).error();
      path.push_back(*hash);
    }
    return path;
  }
};

TileReader::TileReader(const std::filesystem::path& directory)
    : state_(new State{TileFiles(real_file_system(), directory.string()), {}, 0}) {}
TileReader::TileReader(TileReader&&) noexcept = default;
TileReader::~TileReader() = default;

Result<Sha256> TileReader::root(std::uint64_t size) {
  if (size == 0) return sha256({});
  return state_->range({0, size}, size);
}

Result<HashPath> TileReader::inclusion(std::uint64_t index, std::uint64_t size) {
  if (index >= size) {
    return Error{ErrorCode::kInvalid, "entry " + std::to_string(index) + " is not in a tree of " +
                                          std::to_string(size) + " entries, which are numbered from 0"};
  }
  std::vector<Range> siblings;  // from the root down
  for (Range way{0, size}; way.size() > 1;) {
    const bool left = index < way.middle();
    siblings.push_back(left ? way.right() : way.left());
    way = left ? way.left() : way.right();
  }
  return state_->reversed(siblings, size);
}

Result<HashPath> TileReader::consistency(std::uint64_t old_size, std::uint64_t size) {
  if (old_size > size) {
    return Error{ErrorCode::kInvalid,
                 "a tree of " + std::to_string(size) + " entries cannot go on from one of " + std::to_string(old_size)};
  }
  if (old_size == 0 || old_size == size) return HashPath();
  std::vector<Range> nodes;  // from the root down
  Range way{0, size};
  while (way.end != old_size) {
    const bool left = old_size <= way.middle();
    nodes.push_back(left ? way.right() : way.left());
    way = left ? way.left() : way.right();
  }
  // What the way ends at is the old tree itself, which whoever checks has, or its right edge.
  if (way.begin != 0) nodes.push_back(way);
  return state_->reversed(nodes, size);
}

Result<HashPath> TileReader::cover(std::uint64_t begin, std::uint64_t end, std::uint64_t size) {
  if (begin > end || end > size) return Error{ErrorCode::kInvalid, "these entries are not all in the tree"};
  HashPath hashes;
  while (begin < end) {
    std::uint64_t width = std::bit_floor(end - begin);
    if (begin != 0) width = std::min(width, std::uint64_t{1} << std::countr_zero(begin));
    auto hash = state_->range({begin, begin + width}, size);
    if (!hash) return std::move(hash).error();
    hashes.push_back(*hash);
    begin += width;
  }
  return hashes;
}

}  // namespace reeve::ledger
