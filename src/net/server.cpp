#include "net/server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "core/check.h"
#include "core/log.h"
#include "net/listening.h"

namespace reeve::net {

namespace {

constexpr auto kAcceptPause = std::chrono::milliseconds(100);
// So many clients are let in before others get their turn.
constexpr int kAcceptedAtOnce = 64;

}  // namespace

void ServerShared::loop_emptied() {
  std::vector<std::function<void()>> callbacks;
  {
    const std::lock_guard lock(mutex);
    if (--loops_left > 0) return;
    callbacks.swap(drained);
    emptied.notify_all();
  }
  for (const auto& callback : callbacks) callback();
}

LoopServer::LoopServer(std::shared_ptr<ServerShared> shared, std::shared_ptr<LoopCore> loop, int listening_socket)
    : shared_(std::move(shared)),
      loop_(std::move(loop)),
      listening_socket_(listening_socket),
      listener_(loop_->context().get_executor()),
      pause_(loop_->context().get_executor()) {}

LoopServer::~LoopServer() {
  stop_listening();
  check_empty();
}

void LoopServer::listen() {
  AsioError error;
  listener_.assign(asio::ip::tcp::v4(), listening_socket_, error);
  CHECK(!error);
  loop_->when_stopping([weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->close();
  });
  wait_for_client();
}

void LoopServer::wait_for_client() {
  listener_.async_wait(asio::socket_base::wait_read, [self = shared_from_this()](const AsioError& error) {
    if (!error && self->listening_) self->client_waits();
  });
}

// False when no client waits any more.
bool LoopServer::accept_some() {
  for (int accepted = 0; accepted < kAcceptedAtOnce; ++accepted) {
    sockaddr_storage address{};
    socklen_t size = sizeof(address);
    const int socket =
        ::accept4(listening_socket_, reinterpret_cast<sockaddr*>(&address), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (socket >= 0) {
      welcome(socket, address_text(address));
      continue;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) return false;
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      log_warning("cannot accept a connection", {{"reason", std::strerror(errno)}});
      short_of_resources_ = true;
      return false;
    }
    // Anything else concerns the one client that went away before it was let in.
  }
  return true;
}

void LoopServer::client_waits() {
  accept_some();
  if (!std::exchange(short_of_resources_, false)) {
    wait_for_client();
    return;
  }
  pause_.expires_after(kAcceptPause);
  pause_.async_wait([self = shared_from_this()](const AsioError& error) {
    if (!error && self->listening_) self->wait_for_client();
  });
}

void LoopServer::welcome(int socket, std::string peer_address) {
  ServerStats& stats = shared_->stats;
  stats.connections_accepted.fetch_add(1, std::memory_order_relaxed);
  if (stats.connections_open.load(std::memory_order_relaxed) >= limits().connections_max) {
    stats.connections_refused.fetch_add(1, std::memory_order_relaxed);
    turn_away(socket);
    return;
  }
  const Connection::Ref connection(new Connection(shared_from_this(), std::move(peer_address)));
  Connection::start(connection, socket);
}

// One try, without waiting: a server that is full has no room for politeness.
void LoopServer::turn_away(int socket) {
  if (!shared_->tls) {
    constexpr std::string_view kAnswer =
        "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nRetry-After: 1\r\nConnection: close\r\n\r\n";
    (void)::send(socket, kAnswer.data(), kAnswer.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    ::shutdown(socket, SHUT_WR);
    // Unread bytes would make the kernel reset the connection, and the answer would be lost.
    std::array<char, 4096> unread;
    (void)::recv(socket, unread.data(), unread.size(), MSG_DONTWAIT);
  }
  ::close(socket);
}

void LoopServer::connection_began(Connection& connection) {
  connections_.push_back(connection);
  ++connection_count_;
  shared_->stats.connections_open.fetch_add(1, std::memory_order_relaxed);
  loop_->connection_began();
}

void LoopServer::connection_ended() {
  --connection_count_;
  shared_->stats.connections_open.fetch_sub(1, std::memory_order_relaxed);
  loop_->connection_ended();
  check_empty();
}

void LoopServer::stop_listening() {
  if (!std::exchange(listening_, false)) return;
  pause_.cancel();
  if (listener_.is_open()) {
    AsioError ignored;
    listener_.close(ignored);
  } else {
    ::close(listening_socket_);
  }
}

void LoopServer::check_empty() {
  if (listening_ || connection_count_ > 0 || std::exchange(emptied_, true)) return;
  shared_->loop_emptied();
}

void LoopServer::drain() {
  // Clients that the kernel has already let in are served: closing the listener would reset them.
  while (listening_ && listener_.is_open() && accept_some()) {
  }
  stop_listening();
  std::vector<Connection::Ref> connections;
  for (Connection& connection : connections_) connections.emplace_back(&connection);
  for (const Connection::Ref& connection : connections) connection->drain();
  connections.clear();
  check_empty();
}

void LoopServer::close() {
  stop_listening();
  std::vector<Connection::Ref> connections;
  for (Connection& connection : connections_) connections.emplace_back(&connection);
  for (const Connection::Ref& connection : connections) connection->kill();
  connections.clear();
  check_empty();
}

namespace {

class ServerCore final : public Server {
 public:
  ServerCore(RuntimeCore& runtime, std::shared_ptr<ServerShared> shared, const std::vector<int>& sockets,
             std::uint16_t port)
      : shared_(std::move(shared)), port_(port) {
    shared_->loops_left = sockets.size();
    for (std::size_t index = 0; index < sockets.size(); ++index) {
      loops_.push_back(runtime.loops()[index]);
      servers_.push_back(std::make_shared<LoopServer>(shared_, loops_[index], sockets[index]));
    }
    for (std::size_t index = 0; index < loops_.size(); ++index) {
      loops_[index]->post([server = servers_[index]] { server->listen(); });
    }
  }

  ~ServerCore() override { close(); }

  std::uint16_t port() const override { return port_; }
  const ServerStats& stats() const override { return shared_->stats; }

  void drain(std::function<void()> drained) override {
    {
      const std::lock_guard lock(shared_->mutex);
      if (shared_->loops_left > 0) {
        shared_->drained.push_back(std::move(drained));
        drained = nullptr;
      }
    }
    if (drained) drained();
    each_loop([](LoopServer& server) { server.drain(); });
  }

  void close() override {
    for (const auto& loop : loops_) CHECK(!loop->is_current_thread());
    // Each loop lets go of its part last, so that it is destroyed on its own thread.
    for (auto& server : std::exchange(servers_, {})) {
      LoopCore& loop = server->loop();
      loop.post([server = std::move(server)] { server->close(); });
    }
    std::unique_lock lock(shared_->mutex);
    // A loop that does not run has no connections any more, or none yet.
    shared_->emptied.wait(lock, [this] {
      if (shared_->loops_left == 0) return true;
      for (const auto& loop : loops_) {
        if (loop->running()) return false;
      }
      return true;
    });
  }

 private:
  void each_loop(void (*action)(LoopServer&)) {
    for (const auto& server : servers_) {
      server->loop().post([server, action] { action(*server); });
    }
  }

  const std::shared_ptr<ServerShared> shared_;
  std::vector<std::shared_ptr<LoopCore>> loops_;
  std::vector<std::shared_ptr<LoopServer>> servers_;
  const std::uint16_t port_;
};

}  // namespace

Result<std::unique_ptr<Server>> Server::listen(Runtime& runtime, ServerOptions options, Handler handler) {
  auto shared = std::make_shared<ServerShared>();
  shared->options = std::move(options);
  shared->handler = std::move(handler);
  if (shared->options.tls) {
    auto context = TlsContext::for_server(*shared->options.tls);
    if (!context) return std::move(context).error();
    shared->tls = *std::move(context);
  }
  RuntimeCore& core = core_of(runtime);
  std::uint16_t port = shared->options.port;
  auto sockets = listen_on(shared->options.host, port, core.loop_count());
  if (!sockets) return std::move(sockets).error();
  return std::unique_ptr<Server>(std::make_unique<ServerCore>(core, std::move(shared), *sockets, port));
}

}  // namespace reeve::net
