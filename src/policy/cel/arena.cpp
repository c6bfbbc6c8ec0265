#include "policy/cel/arena.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace reeve::policy::cel {

void* Arena::allocate(std::size_t bytes, std::size_t alignment) {
  used_ += bytes;
  while (block_ < blocks_.size()) {
    Block& block = blocks_[block_];
    const auto start = reinterpret_cast<std::uintptr_t>(block.memory.get());
    const std::size_t at = ((start + offset_ + alignment - 1) & ~(alignment - 1)) - start;
    if (at <= block.size && bytes <= block.size - at) {
      offset_ = at + bytes;
      return block.memory.get() + at;
    }
    ++block_;
    offset_ = 0;
  }
  const std::size_t grown = blocks_.empty() ? first_bytes_ : blocks_.back().size * 2;
  const std::size_t size = std::max(std::min(grown, kKeepBytes), bytes + alignment);
  blocks_.push_back({std::make_unique_for_overwrite<std::byte[]>(size), size});
  const auto start = reinterpret_cast<std::uintptr_t>(blocks_.back().memory.get());
  const std::size_t at = ((start + alignment - 1) & ~(alignment - 1)) - start;
  offset_ = at + bytes;
  return blocks_.back().memory.get() + at;
}

std::string_view Arena::copy(std::string_view text) {
  if (text.empty()) return {};
  char* memory = static_cast<char*>(allocate(text.size(), 1));
  std::memcpy(memory, text.data(), text.size());
  return {memory, text.size()};
}

void Arena::reset() {
  std::size_t kept = 0;
  std::size_t blocks = 0;
  while (blocks < blocks_.size() && kept + blocks_[blocks].size <= kKeepBytes) kept += blocks_[blocks++].size;
  blocks_.resize(blocks);
  block_ = 0;
  offset_ = 0;
  used_ = 0;
}

}  // namespace reeve::policy::cel
