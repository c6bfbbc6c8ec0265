#include "net/buffer.h"

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

#include "core/check.h"

namespace reeve::net {

namespace {

// From this size on blocks are mapped, not allocated: giving one back then really shrinks the process, and growing one
// moves page tables and not bytes.
constexpr std::size_t kMappedMin = 128UL << 10U;

bool mapped(std::size_t capacity) { return capacity >= kMappedMin; }

char* obtain(std::size_t capacity) {
  if (mapped(capacity)) {
    void* memory =
        ::mmap(nullptr, capacity + kBufferPadding, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    return static_cast<char*>(memory);
  }
  char* memory = static_cast<char*>(::operator new(capacity + kBufferPadding));
  std::memset(memory + capacity, 0, kBufferPadding);
  return memory;
}

void dispose(char* memory, std::size_t capacity) {
  if (mapped(capacity)) {
    ::munmap(memory, capacity + kBufferPadding);
  } else {
    ::operator delete(memory);
  }
}

std::size_t class_index(std::size_t capacity, std::size_t smallest_shift) {
  const auto shift = static_cast<std::size_t>(std::bit_width(capacity - 1));
  return shift <= smallest_shift ? 0 : shift - smallest_shift;
}

}  // namespace

BufferStock::~BufferStock() {
  for (std::size_t index = 0; index < kClasses; ++index) {
    for (char* memory : classes_[index].free) dispose(memory, std::size_t{1} << (index + kSmallestShift));
  }
}

BufferStock::Block BufferStock::take(std::size_t capacity) {
  const std::size_t index = class_index(std::max<std::size_t>(capacity, 1), kSmallestShift);
  const std::size_t rounded = std::size_t{1} << (index + kSmallestShift);
  if (index < kClasses && !classes_[index].free.empty()) {
    SizeClass& size_class = classes_[index];
    char* memory = size_class.free.back();
    size_class.free.pop_back();
    size_class.free_low = std::min(size_class.free_low, size_class.free.size());
    kept_bytes_ -= rounded;
    return {memory, rounded};
  }
  return {obtain(rounded), rounded};
}

void BufferStock::give_back(Block block) {
  const std::size_t index = class_index(block.capacity, kSmallestShift);
  if (index < kClasses && kept_bytes_ + block.capacity <= kKeptBytesMax) {
    classes_[index].free.push_back(block.data);
    kept_bytes_ += block.capacity;
    return;
  }
  dispose(block.data, block.capacity);
}

BufferStock::Block BufferStock::grow(Block block, std::size_t used, std::size_t capacity) {
  DCHECK(used <= block.capacity);
  if (mapped(block.capacity)) {
    const std::size_t rounded = std::bit_ceil(capacity);
    void* memory = ::mremap(block.data, block.capacity + kBufferPadding, rounded + kBufferPadding, MREMAP_MAYMOVE);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    return {static_cast<char*>(memory), rounded};
  }
  const Block larger = take(capacity);
  std::memcpy(larger.data, block.data, used);
  give_back(block);
  return larger;
}

void BufferStock::trim() {
  for (std::size_t index = 0; index < kClasses; ++index) {
    SizeClass& size_class = classes_[index];
    const std::size_t capacity = std::size_t{1} << (index + kSmallestShift);
    for (std::size_t count = (size_class.free_low + 1) / 2; count > 0; --count) {
      dispose(size_class.free.back(), capacity);
      size_class.free.pop_back();
      kept_bytes_ -= capacity;
    }
    size_class.free_low = size_class.free.size();
  }
}

Buffer::Buffer(Buffer&& other) noexcept
    : stock_(other.stock_),
      block_(std::exchange(other.block_, {})),
      begin_(std::exchange(other.begin_, 0)),
      end_(std::exchange(other.end_, 0)) {}

Buffer& Buffer::operator=(Buffer&& other) noexcept {
  if (this != &other) {
    release();
    stock_ = other.stock_;
    block_ = std::exchange(other.block_, {});
    begin_ = std::exchange(other.begin_, 0);
    end_ = std::exchange(other.end_, 0);
  }
  return *this;
}

void Buffer::make_room(std::size_t count) {
  if (block_.data == nullptr) {
    block_ = stock_->take(count);
    return;
  }
  if (block_.capacity - end_ >= count) return;
  if (begin_ > 0) {
    std::memmove(block_.data, block_.data + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (block_.capacity - end_ < count) block_ = stock_->grow(block_, end_, std::max(end_ + count, block_.capacity * 2));
}

void Buffer::append(std::string_view bytes) {
  if (bytes.empty()) return;
  make_room(bytes.size());
  if (!bytes.empty()) std::memcpy(block_.data + end_, bytes.data(), bytes.size());
  end_ += bytes.size();
}

void Buffer::release() {
  if (block_.data != nullptr) stock_->give_back(std::exchange(block_, {}));
  begin_ = end_ = 0;
}

}  // namespace reeve::net
