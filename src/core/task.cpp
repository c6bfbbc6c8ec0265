#include "core/task.h"

#include <array>

namespace reeve {

namespace {

// Freed frames are kept in size classes of 128 bytes, at most 128 of each, up to 4 KiB. A frame may be freed on another
// thread than it was made on; it then joins that thread's list, which is harmless.
// With the address sanitizer nothing is kept, or a use after free would go unseen.
constexpr std::size_t kClassBytes = 128;
constexpr std::size_t kClasses = 32;
#if __has_feature(address_sanitizer)
constexpr std::size_t kKeptMax = 0;
#else
constexpr std::size_t kKeptMax = 128;
#endif

struct FreeFrame {
  FreeFrame* next;
};

struct FrameCache {
  std::array<FreeFrame*, kClasses> head{};
  std::array<std::size_t, kClasses> kept{};
  ~FrameCache() {
    // Other objects of this thread may still free frames after this one is gone: those are not kept.
    kept.fill(kKeptMax);
    for (FreeFrame*& frame : head) {
      while (frame != nullptr) ::operator delete(std::exchange(frame, frame->next));
    }
  }
};

thread_local FrameCache cache;
thread_local DetachedTasks* current_detached = nullptr;

std::size_t size_class(std::size_t size) { return (size + kClassBytes - 1) / kClassBytes; }

}  // namespace

void* allocate_frame(std::size_t size) {
  const std::size_t size_index = size_class(size);
  if (size_index < kClasses && cache.head[size_index] != nullptr) {
    FreeFrame* frame = cache.head[size_index];
    cache.head[size_index] = frame->next;
    --cache.kept[size_index];
    return frame;
  }
  return ::operator new(size_index * kClassBytes);
}

void free_frame(void* frame, std::size_t size) noexcept {
  const std::size_t size_index = size_class(size);
  if (size_index < kClasses && cache.kept[size_index] < kKeptMax) {
    cache.head[size_index] = new (frame) FreeFrame{cache.head[size_index]};
    ++cache.kept[size_index];
    return;
  }
  ::operator delete(frame);
}

task_detail::Detached::promise_type::promise_type() : owner(current_detached) {
  if (owner != nullptr) owner->add(this);
}

task_detail::Detached::promise_type::~promise_type() {
  if (owner != nullptr) owner->remove(this);
}

void DetachedTasks::set_current(DetachedTasks* tasks) { current_detached = tasks; }

void DetachedTasks::add(Promise* promise) {
  const std::lock_guard lock(mutex_);
  promise->next = first_;
  if (first_ != nullptr) first_->previous = promise;
  first_ = promise;
}

void DetachedTasks::remove(Promise* promise) {
  const std::lock_guard lock(mutex_);
  if (promise->previous != nullptr) {
    promise->previous->next = promise->next;
  } else {
    first_ = promise->next;
  }
  if (promise->next != nullptr) promise->next->previous = promise->previous;
}

void DetachedTasks::destroy_all() {
  while (true) {
    Promise* promise = nullptr;
    {
      const std::lock_guard lock(mutex_);
      promise = first_;
    }
    if (promise == nullptr) return;
    std::coroutine_handle<Promise>::from_promise(*promise).destroy();  // takes itself off the list
  }
}

}  // namespace reeve
