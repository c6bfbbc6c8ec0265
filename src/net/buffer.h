#pragma once

// Byte buffers that are taken from a per-loop stock when bytes come and given back when they are used up, so that an
// idle connection holds none and a busy one costs no allocation. Not thread-safe: a buffer is used on its loop.

#include <array>
#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace reeve::net {

/// Readable bytes that follow the end of every buffer, for SIMD readers.
inline constexpr std::size_t kBufferPadding = 64;

/// Free blocks by size class. What stays unused between two calls of trim() goes back to the system, half at a time.
class BufferStock {
 public:
  BufferStock() = default;
  BufferStock(const BufferStock&) = delete;
  BufferStock& operator=(const BufferStock&) = delete;
  ~BufferStock();

  struct Block {
    char* data = nullptr;
    std::size_t capacity = 0;  // without the padding
  };
  /// At least `capacity` bytes.
  Block take(std::size_t capacity);
  void give_back(Block block);
  /// A block of at least `capacity` bytes that begins with the first `used` bytes of `block`, which is given up.
  Block grow(Block block, std::size_t used, std::size_t capacity);
  void trim();
  std::size_t kept_bytes() const { return kept_bytes_; }

 private:
  static constexpr std::size_t kSmallestShift = 12;  // 4 KiB
  static constexpr std::size_t kClasses = 9;         // up to 1 MiB; larger blocks are not kept
  static constexpr std::size_t kKeptBytesMax = 8UL << 20U;
  struct SizeClass {
    std::vector<char*> free;
    std::size_t free_low = 0;  // fewest free blocks since the last trim
  };
  std::array<SizeClass, kClasses> classes_;
  std::size_t kept_bytes_ = 0;
};

/// A queue of bytes in one piece: appended at the end, consumed from the front. Empty, it holds no memory once
/// release() was called.
class Buffer {
 public:
  explicit Buffer(BufferStock& stock) : stock_(&stock) {}
  Buffer(Buffer&& other) noexcept;
  Buffer& operator=(Buffer&& other) noexcept;
  ~Buffer() { release(); }

  std::string_view view() const { return {block_.data + begin_, end_ - begin_}; }
  char* data() { return block_.data + begin_; }
  std::size_t size() const { return end_ - begin_; }
  bool empty() const { return begin_ == end_; }
  bool has_memory() const { return block_.data != nullptr; }
  std::size_t capacity() const { return block_.capacity; }

  /// Free room after the last byte; make_room() first.
  std::span<char> room() { return {block_.data + end_, block_.capacity - end_}; }
  void commit(std::size_t count) { end_ += count; }
  void consume(std::size_t count) {
    begin_ += count;
    if (begin_ == end_) begin_ = end_ = 0;
  }
  void clear() { begin_ = end_ = 0; }
  /// Makes room for `count` more bytes, which may move the bytes held.
  void make_room(std::size_t count);
  void append(std::string_view bytes);
  /// Gives the memory back; what was held is gone.
  void release();

 private:
  BufferStock* stock_;
  BufferStock::Block block_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace reeve::net
