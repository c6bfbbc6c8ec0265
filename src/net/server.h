#pragma once

// A server: one listener and one set of connections per loop. Private to the room.

#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "net/connection.h"
#include "net/net.h"
#include "net/runtime.h"

namespace reeve::net {

/// What all loops of a server share. Immutable but for the counters.
struct ServerShared {
  ServerOptions options;
  Handler handler;
  ServerStats stats;
  std::shared_ptr<TlsContext> tls;

  std::mutex mutex;
  std::condition_variable emptied;
  std::size_t loops_left = 0;  // loops that still have a listener or a connection
  std::vector<std::function<void()>> drained;

  void loop_emptied();
};

/// The part of a server that lives on one loop. Loop thread only, except for the constructor.
class LoopServer : public std::enable_shared_from_this<LoopServer> {
 public:
  LoopServer(std::shared_ptr<ServerShared> shared, std::shared_ptr<LoopCore> loop, int listening_socket);
  ~LoopServer();

  void listen();
  void drain();
  void close();

  LoopCore& loop() { return *loop_; }
  const ServerLimits& limits() const { return shared_->options.limits; }
  ServerShared& shared() { return *shared_; }
  void connection_began(Connection& connection);
  void connection_ended();

 private:
  void wait_for_client();
  void client_waits();
  bool accept_some();
  void welcome(int socket, std::string peer_address);
  void turn_away(int socket);
  void stop_listening();
  void check_empty();

  const std::shared_ptr<ServerShared> shared_;
  const std::shared_ptr<LoopCore> loop_;
  int listening_socket_;
  LoopSocket listener_;
  LoopTimer pause_;
  boost::intrusive::list<Connection, boost::intrusive::base_hook<ConnectionHook>,
                         boost::intrusive::constant_time_size<false>>
      connections_;
  std::size_t connection_count_ = 0;
  bool listening_ = true;
  bool emptied_ = false;
  bool short_of_resources_ = false;
};

}  // namespace reeve::net
