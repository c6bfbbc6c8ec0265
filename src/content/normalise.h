#pragma once

// Texts as detectors see them: JSON escapes undone once, characters that do not show removed, look-alikes of ASCII
// folded to ASCII. Where a byte of the result came from is found again by walking once more from the nearest
// checkpoint, which costs only when something was found. Private to the room.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "content/byte_blocks.h"

namespace reeve::content {

/// Bytes that grow without being cleared first, always followed by 64 readable zero bytes.
class Buffer {
 public:
  static constexpr std::size_t kPadding = 64;
  std::string_view view() const { return {data_.get(), size_}; }
  std::string_view view(std::size_t begin, std::size_t end) const { return {data_.get() + begin, end - begin}; }
  std::size_t size() const { return size_; }
  std::size_t capacity() const { return capacity_; }
  /// Room for `more` bytes behind what is there; what is written counts after grow().
  char* reserve(std::size_t more);
  void grow(std::size_t more) { size_ += more; }
  void push(char byte) {
    if (size_ + kPadding >= capacity_) reserve(1);
    data_[size_++] = byte;
  }
  void append(std::string_view bytes);
  void clear() { size_ = 0; }
  void shrink(std::size_t size) { size_ = size; }
  /// The padding behind the last byte becomes zero.
  void finish();
  void release_above(std::size_t bytes);

 private:
  std::unique_ptr<char[]> data_;
  std::size_t size_ = 0, capacity_ = 0;
};

/// Where the byte at `normal` of the result began in the raw text; both from the start of their text.
struct Checkpoint {
  std::uint32_t normal = 0, raw = 0;
};
inline constexpr std::size_t kCheckpointBytes = 256;

/// A stretch of a raw text.
struct RawSpan {
  std::size_t start = 0, end = 0;
};

/// Appends `raw`, normalised, to `out`, and checkpoints to `checkpoints`: none when nothing was changed. At most 1 GiB.
void normalise(std::string_view raw, bool json_escapes, Buffer& out, std::vector<Checkpoint>& checkpoints);
void normalise(std::string_view raw, bool json_escapes, Buffer& out, std::vector<Checkpoint>& checkpoints,
               InstructionSet set);  // one of this machine's

/// The raw bytes behind [start, end) of the normalised text: whole characters, whole escapes. `checkpoints` are those
/// that normalise() made for this text.
RawSpan raw_span(std::string_view raw, bool json_escapes, const Checkpoint* checkpoints, std::size_t count,
                 std::size_t start, std::size_t end);

/// What a short plain text becomes.
std::string normalised(std::string_view text);

/// What becomes of one character: itself (kKeep), nothing (kStrip), or the ASCII character returned.
inline constexpr std::uint8_t kKeep = 0, kStrip = 1;
std::uint8_t fold_code_point(std::uint32_t code_point);

/// One character of UTF-8: its code point and bytes; 0 bytes when it is not well-formed.
struct Utf8Character {
  std::uint32_t code_point = 0;
  std::uint32_t bytes = 0;
};
Utf8Character read_utf8(const char* at, const char* end);
/// Writes at most 4 bytes; what is no character (a lone surrogate) is written as U+FFFD.
std::uint32_t write_utf8(std::uint32_t code_point, char* out);

}  // namespace reeve::content
