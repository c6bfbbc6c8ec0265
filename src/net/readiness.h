#pragma once

// Which sockets of one loop can be read or written. Each socket is registered once, for edges, with an epoll instance
// of the loop's own; Asio watches that instance, one operation for a whole batch of events. Asio's own waiting costs an
// epoll_ctl and an operation for every event, which was a tenth of what a streamed event costs. Private to the room;
// loop thread only.

#include <sys/epoll.h>

#include <array>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <vector>

#include "net/asio.h"

namespace reeve::net {

class Transport;

class Readiness {
 public:
  explicit Readiness(asio::io_context& context);
  Readiness(const Readiness&) = delete;
  Readiness& operator=(const Readiness&) = delete;
  ~Readiness();

  void start();
  /// False when the kernel refuses to watch another socket. What is true now is told as an event, too.
  bool watch(Transport& transport);
  /// Before `transport` goes away: events that were fetched for it are dropped. Closing its socket ends the rest.
  void forget(const Transport& transport);
  /// Calls transport.tell() from the loop, not from here.
  void tell_later(Transport& transport);

 private:
  static constexpr std::size_t kBatchMax = 64;

  void wait();
  void dispatch();
  void tell_all();

  asio::io_context& context_;
  asio::posix::basic_stream_descriptor<LoopExecutor> epoll_;
  std::array<epoll_event, kBatchMax> batch_{};
  std::size_t batch_size_ = 0;
  std::vector<boost::intrusive_ptr<Transport>> later_;
};

}  // namespace reeve::net
