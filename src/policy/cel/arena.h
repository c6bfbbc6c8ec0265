#pragma once

// Where an evaluation keeps what it makes: one bump of a pointer an allocation, nothing freed singly, everything
// forgotten by reset(), which keeps the memory for the next evaluation. One thread at a time.

#include <cstddef>
#include <memory>
#include <new>
#include <span>
#include <string_view>
#include <vector>

namespace reeve::policy::cel {

class Arena {
 public:
  explicit Arena(std::size_t first_bytes = 16UL << 10U) : first_bytes_(first_bytes) {}
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  /// Uninitialised memory. What is too much is decided by the evaluation's cost, which charges for bytes made.
  void* allocate(std::size_t bytes, std::size_t alignment = alignof(std::max_align_t));

  template <typename T>
  std::span<T> make_array(std::size_t count) {
    static_assert(std::is_trivially_destructible_v<T>);
    T* items = static_cast<T*>(allocate(count * sizeof(T), alignof(T)));
    for (std::size_t i = 0; i < count; ++i) new (items + i) T();
    return {items, count};
  }
  template <typename T>
  T* make(const T& value) {
    static_assert(std::is_trivially_destructible_v<T>);
    return new (allocate(sizeof(T), alignof(T))) T(value);
  }
  std::string_view copy(std::string_view text);

  /// Forgets everything that was made and keeps the memory, but for what went beyond `kKeepBytes`.
  void reset();
  std::size_t used() const { return used_; }

  static constexpr std::size_t kKeepBytes = 1UL << 20U;

 private:
  struct Block {
    std::unique_ptr<std::byte[]> memory;
    std::size_t size = 0;
  };
  std::vector<Block> blocks_;
  std::size_t block_ = 0;   // the one in use
  std::size_t offset_ = 0;  // in it
  std::size_t used_ = 0;
  std::size_t first_bytes_;
};

}  // namespace reeve::policy::cel
