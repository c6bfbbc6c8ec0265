#pragma once

// Texts of one depth, joined in one buffer so that one pass looks through all of them: depth 0 holds the texts of the
// body, normalised; each further depth what was found encoded in the one before. Private to the room.

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "content/normalise.h"

namespace reeve::content {

inline constexpr std::size_t kDepthMax = 4;

/// One text of a layer. Places in it count from its begin.
struct Piece {
  static constexpr std::uint32_t kWhole = 0xFFFFFFFF;
  std::size_t begin = 0, end = 0;                // in the layer's buffer
  std::uint32_t text = 0;                        // depth 0: index of the body's text
  std::uint32_t parent = 0;                      // deeper: the piece of the layer before in which it stands encoded
  std::uint32_t outer_start = 0, outer_end = 0;  // there: the encoded run
  std::uint32_t origins = kWhole;                // the first in Layer::origins; kWhole: only the whole run is known
  std::uint32_t origins_count = 0;
  bool cut_start = false, cut_end = false;  // its borders were chosen: what touches them may be a part of something
  std::uint32_t checkpoints = 0, checkpoints_count = 0;  // depth 0
};

/// Which bytes of the parent gave a stretch of bytes, each the same number of them, the same distance from one to the
/// next.
struct OriginRun {
  std::uint32_t at = 0;  // in the piece
  std::uint32_t start = 0, bytes = 0, distance = 0;

  std::uint32_t start_of(std::size_t place) const {
    return start + (static_cast<std::uint32_t>(place) - at) * distance;
  }
};

struct Layer {
  Buffer buffer;
  std::vector<Piece> pieces;
  std::vector<OriginRun> origins;
  std::vector<Checkpoint> checkpoints;

  std::string_view text(const Piece& piece) const { return buffer.view(piece.begin, piece.end); }
  /// The bytes of the parent that gave the byte at `place` of a piece whose origins are known.
  RawSpan origin(const Piece& piece, std::size_t place) const;
  void clear();
  void release_above(std::size_t bytes);
};

}  // namespace reeve::content
