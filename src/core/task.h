#pragma once

// Task<T>: a lazily started coroutine, awaited once by its caller. It carries no executor: it runs on whatever thread
// resumes it, which in Reeve is always the event loop (net::Loop) that the connection lives on.
//
// Rules that keep coroutines safe here (the lint refuses the first):
//  - no capturing lambda is a coroutine; pass state as parameters, by value or by a reference the caller keeps alive;
//  - a parameter taken by reference must outlive the task; `co_await f(x)` does that, storing the task does not;
//  - exceptions do not cross an await: one that escapes a task stops the process.

#include <coroutine>
#include <cstddef>
#include <exception>
#include <mutex>
#include <new>
#include <optional>
#include <span>
#include <utility>

#include "core/check.h"

namespace reeve {

/// Something that resumes coroutines on its own thread. net::Loop is one; tests have a direct one.
class Executor {
 public:
  virtual ~Executor() = default;
  /// Resumes each handle, in order, on the executor's thread. May be called from any thread; never resumes inline.
  virtual void resume_later(std::span<const std::coroutine_handle<>> handles) = 0;
};

/// Frames are recycled per thread: a request makes a dozen of them.
void* allocate_frame(std::size_t size);
void free_frame(void* frame, std::size_t size) noexcept;

template <typename T = void>
class Task;

namespace task_detail {

struct PromiseBase {
  std::coroutine_handle<> continuation = std::noop_coroutine();

  static void* operator new(std::size_t size) { return allocate_frame(size); }
  static void operator delete(void* frame, std::size_t size) noexcept { free_frame(frame, size); }

  std::suspend_always initial_suspend() noexcept { return {}; }
  struct Final {
    bool await_ready() noexcept { return false; }
    template <typename Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> self) noexcept {
      return self.promise().continuation;
    }
    void await_resume() noexcept {}
  };
  Final final_suspend() noexcept { return {}; }
  [[noreturn]] void unhandled_exception() noexcept { std::terminate(); }
};

template <typename T>
struct Promise : PromiseBase {
  std::optional<T> value;
  Task<T> get_return_object();
  template <typename U>
  void return_value(U&& result) {
    value.emplace(std::forward<U>(result));
  }
  T take() { return std::move(*value); }
};

template <>
struct Promise<void> : PromiseBase {
  Task<void> get_return_object();
  void return_void() {}
  void take() {}
};

}  // namespace task_detail

template <typename T>
class [[nodiscard]] Task {
 public:
  using promise_type = task_detail::Promise<T>;
  using Handle = std::coroutine_handle<promise_type>;

  Task() = default;
  explicit Task(Handle handle) : handle_(handle) {}
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  Task& operator=(Task&& other) noexcept {
    if (this != &other) {
      if (handle_) handle_.destroy();
      handle_ = std::exchange(other.handle_, {});
    }
    return *this;
  }
  ~Task() {
    if (handle_) handle_.destroy();
  }

  bool await_ready() const noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> caller) noexcept {
    handle_.promise().continuation = caller;
    return handle_;
  }
  T await_resume() { return handle_.promise().take(); }

 private:
  Handle handle_;
};

template <typename T>
Task<T> task_detail::Promise<T>::get_return_object() {
  return Task<T>(std::coroutine_handle<Promise<T>>::from_promise(*this));
}
inline Task<void> task_detail::Promise<void>::get_return_object() {
  return Task<void>(std::coroutine_handle<Promise<void>>::from_promise(*this));
}

class DetachedTasks;

namespace task_detail {
struct Detached {
  struct promise_type {
    promise_type();
    promise_type(const promise_type&) = delete;
    promise_type& operator=(const promise_type&) = delete;
    ~promise_type();
    static void* operator new(std::size_t size) { return allocate_frame(size); }
    static void operator delete(void* frame, std::size_t size) noexcept { free_frame(frame, size); }
    Detached get_return_object() noexcept { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    [[noreturn]] void unhandled_exception() noexcept { std::terminate(); }

    DetachedTasks* owner;
    promise_type* previous = nullptr;
    promise_type* next = nullptr;
  };
};
inline Detached run_detached(Task<void> task) { co_await task; }
}  // namespace task_detail

/// The detached tasks that were started on one thread. An event loop keeps one, so that a task which is still suspended
/// when the loop ends is destroyed (with all it holds) and not leaked. Tasks started on a thread without one belong to
/// nobody. Must outlive its tasks; thread-safe, because a task may end on another thread than it began on.
class DetachedTasks {
 public:
  DetachedTasks() = default;
  DetachedTasks(const DetachedTasks&) = delete;
  DetachedTasks& operator=(const DetachedTasks&) = delete;
  ~DetachedTasks() { destroy_all(); }

  /// Destroys every task; all of them must be suspended, and nothing may resume them later.
  void destroy_all();
  /// Tasks that this thread starts from now on belong to `tasks`; null: to nobody.
  static void set_current(DetachedTasks* tasks);

 private:
  friend struct task_detail::Detached::promise_type;
  using Promise = task_detail::Detached::promise_type;
  void add(Promise* promise);
  void remove(Promise* promise);

  std::mutex mutex_;
  Promise* first_ = nullptr;
};

/// Starts `task` now, on this thread, and lets it go: its frame frees itself at the end, or with its DetachedTasks.
inline void start_detached(Task<void> task) { task_detail::run_detached(std::move(task)); }

}  // namespace reeve
