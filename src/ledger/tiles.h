#pragma once

// The published files: C2SP tlog-tiles (c2sp.org/tlog-tiles) under <ledger>/public. Tiles and entry bundles are derived
// from the segments and made again when they are missing. Leaf tiles and bundles are written without a sync; the few
// tiles above them are synced, because opening begins from them.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/file_system.h"
#include "ledger/ledger.h"
#include "ledger/tree.h"

namespace reeve::ledger {

std::string public_directory(const std::string& ledger_directory);

/// "tile/0/x001/234" or, for a width below 256, "tile/0/x001/234.p/17".
std::string tile_path(std::size_t level, std::uint64_t number, std::size_t width = kTileWidth);
/// The same with "entries" for the level.
std::string bundle_path(std::uint64_t number, std::size_t width = kTileWidth);

std::string encode_tile(std::span<const Sha256> hashes);
/// Empty when the size is not a whole number of hashes.
std::vector<Sha256> decode_tile(std::string_view bytes);

/// Adds an entry with its 16-bit big-endian length.
void append_to_bundle(std::string& bundle, std::string_view entry);
/// The entries of a bundle; nothing when the lengths do not add up.
std::optional<std::vector<std::string_view>> split_bundle(std::string_view bundle);

class TileFiles {
 public:
  TileFiles(FileSystem& system, const std::string& ledger_directory);

  /// Writes one file, given its path below the public directory, unless it is there already with these bytes.
  Result<void> write(const std::string& path, std::string_view bytes, Writing writing = Writing::kCached);
  Result<std::string> read(const std::string& path) const;
  /// Whether the file is there with this size; any size above zero when `bytes` is 0.
  bool present(const std::string& path, std::size_t bytes) const;
  /// The widths of the partial files beside a full one's path.
  std::vector<std::size_t> partial_widths(const std::string& full_path) const;
  /// Removes the partial tiles of a tile that is full now.
  void remove_partials(const std::string& full_path);

  /// The first `width` hashes of a tile, from the full tile or any partial one that is wide enough. kNotFound when
  /// there is none. Nothing is verified: the caller compares a root.
  Result<std::vector<Sha256>> hashes(std::size_t level, std::uint64_t number, std::size_t width) const;

 private:
  Result<void> make_parents(const std::string& path);

  FileSystem& system_;
  const std::string directory_;
};

}  // namespace reeve::ledger
