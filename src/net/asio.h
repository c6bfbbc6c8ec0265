#pragma once

// The one door through which Boost.Asio enters: private to this room, included by its .cpp files and its other private
// headers only. Asio is compiled once, in asio.cpp; every other file sees declarations.

#define BOOST_ASIO_SEPARATE_COMPILATION
#define BOOST_ASIO_NO_DEPRECATED
#define BOOST_ASIO_DISABLE_BOOST_COROUTINE

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/basic_resolver.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstddef>
#include <new>

namespace reeve::net {

namespace asio = boost::asio;
using AsioError = boost::system::error_code;

// Concrete executors: the type-erased default costs an indirect call and a reference count for each operation.
using LoopExecutor = asio::io_context::executor_type;
using LoopSocket = asio::basic_stream_socket<asio::ip::tcp, LoopExecutor>;
using LoopTimer =
    asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, LoopExecutor>;
using LoopResolver = asio::ip::basic_resolver<asio::ip::tcp, LoopExecutor>;

/// Room for one Asio operation inside the object that starts it, so that waiting for a socket allocates nothing. One
/// operation at a time; a second one, or one that does not fit, goes to the heap.
class OperationMemory {
 public:
  OperationMemory() = default;
  OperationMemory(const OperationMemory&) = delete;
  OperationMemory& operator=(const OperationMemory&) = delete;

  void* allocate(std::size_t size) {
    if (!used_ && size <= sizeof(bytes_)) {
      used_ = true;
      return bytes_;
    }
    return ::operator new(size);
  }
  void deallocate(void* memory) {
    if (memory == bytes_) {
      used_ = false;
    } else {
      ::operator delete(memory);
    }
  }

 private:
  alignas(std::max_align_t) std::byte bytes_[112];
  bool used_ = false;
};

template <typename T>
struct OperationAllocator {
  using value_type = T;
  OperationMemory* memory;

  explicit OperationAllocator(OperationMemory* where) : memory(where) {}
  template <typename U>
  OperationAllocator(const OperationAllocator<U>& other) : memory(other.memory) {}  // NOLINT: an allocator converts
  T* allocate(std::size_t count) { return static_cast<T*>(memory->allocate(count * sizeof(T))); }
  void deallocate(T* block, std::size_t /*count*/) { memory->deallocate(block); }
  friend bool operator==(const OperationAllocator& left, const OperationAllocator& right) {
    return left.memory == right.memory;
  }
};

}  // namespace reeve::net
