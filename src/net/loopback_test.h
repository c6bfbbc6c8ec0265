#pragma once

// What the tests of this room share: a runtime with a server on it, raw sockets that say exactly what a test wants
// said, and a way to run a coroutine on a loop and wait for it.

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <string_view>

#include "net/net.h"

namespace reeve::net::testing {

/// A blocking socket. Every read gives up after ten seconds, so that a test fails and does not hang.
class RawSocket {
 public:
  explicit RawSocket(int socket) : socket_(socket) {}
  /// A refused connection is one that has ended.
  static RawSocket connect(std::uint16_t port);
  RawSocket(RawSocket&& other) noexcept;
  RawSocket& operator=(RawSocket&& other) noexcept;
  ~RawSocket();

  void send(std::string_view bytes);
  /// As much as the peer takes now; the number of bytes.
  std::size_t send_some(std::string_view bytes);
  /// Until the peer closes; "<reset>" is appended when it did so with a reset.
  std::string read_to_end();
  /// Until `mark` was read (with it), or the end.
  std::string read_until(std::string_view mark);
  /// Exactly so many, or fewer at the end.
  std::string read_exactly(std::size_t count);
  void shutdown_write();
  void set_receive_buffer(int bytes);
  void reset();
  void close();
  int fd() const { return socket_; }

 private:
  void fill();
  int socket_ = -1;
  std::string received_;
  bool ended_ = false;
};

/// A listening socket of the test's own: an upstream that says exactly what the test wants said.
class RawListener {
 public:
  RawListener();
  ~RawListener();
  RawListener(const RawListener&) = delete;
  RawListener& operator=(const RawListener&) = delete;
  std::uint16_t port() const { return port_; }
  RawSocket accept();

 private:
  int socket_ = -1;
  std::uint16_t port_ = 0;
};

/// Runs `make()` as a coroutine on the loop and waits for its value.
template <typename T>
T run_on(Loop& loop, std::function<Task<T>()> make);

template <typename T>
Task<void> deliver(std::function<Task<T>()> make, std::promise<T>* promise) {
  promise->set_value(co_await make());
}

template <typename T>
T run_on(Loop& loop, std::function<Task<T>()> make) {
  std::promise<T> promise;
  std::future<T> future = promise.get_future();
  loop.post([&] { start_detached(deliver<T>(make, &promise)); });
  EXPECT_EQ(future.wait_for(std::chrono::seconds(20)), std::future_status::ready) << "the coroutine did not end";
  return future.get();
}

/// Runs `work` on the loop's thread and waits for it.
void on_loop(Loop& loop, const std::function<void()>& work);

/// Waits up to ten seconds for something that another thread does.
bool eventually(const std::function<bool()>& condition);

/// A runtime with started loops, stopped at the end.
std::unique_ptr<Runtime> started_runtime(std::size_t loops = 1);

std::unique_ptr<Server> serve(Runtime& runtime, Handler handler, ServerOptions options = {});

/// Answers with method, target and body of the request.
Task<void> echo(Exchange& exchange);

}  // namespace reeve::net::testing
