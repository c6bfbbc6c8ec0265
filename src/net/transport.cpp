#include "net/transport.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "core/check.h"
#include "net/listening.h"

namespace reeve::net {

namespace {

constexpr std::size_t kTlsRecordBytes = 16 * 1024;

IoResult failure_of(ssize_t returned) {
  if (returned < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return {Io::kWouldBlock, 0};
  return {Io::kFailed, 0};
}

}  // namespace

template <void (Transport::*Event)()>
struct Transport::EventHandler {
  TransportRef transport;
  OperationMemory* memory;

  using allocator_type = OperationAllocator<void>;
  allocator_type get_allocator() const noexcept { return allocator_type(memory); }
  // An error means that the socket was closed; the owner finds that out by itself.
  void operator()(const AsioError& /*error*/) const { (transport.get()->*Event)(); }
};

Transport::Transport(LoopCore& loop, int socket, TransportObserver* observer)
    : loop_(loop), socket_object_(loop.context().get_executor()), socket_(socket), observer_(observer) {
  loop.transports().push_back(*this);
}

Transport::~Transport() = default;

TransportRef Transport::adopt(LoopCore& loop, int socket, TransportObserver* observer) {
  TransportRef transport(new Transport(loop, socket, observer));
  AsioError error;
  // The protocol only matters to Asio when it opens or accepts sockets itself.
  transport->socket_object_.assign(asio::ip::tcp::v4(), socket, error);
  if (error) {
    ::close(socket);
    transport->open_ = false;
    return nullptr;
  }
  return transport;
}

IoResult Transport::read(char* to, std::size_t bytes_max) {
  if (!open_) return {Io::kFailed, 0};
  if (tls_) return tls_->read(to, bytes_max);
  while (true) {
    const ssize_t count = ::recv(socket_, to, bytes_max, MSG_DONTWAIT);
    if (count > 0) return {Io::kDone, static_cast<std::size_t>(count)};
    if (count == 0) return {Io::kEnd, 0};
    if (errno != EINTR) return failure_of(count);
  }
}

IoResult Transport::write(const iovec* parts, int count) {
  if (!open_) return {Io::kFailed, 0};
  if (tls_) return write_tls(parts, count);
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(parts);  // sendmsg does not write to it
  message.msg_iovlen = static_cast<std::size_t>(count);
  while (true) {
    const ssize_t sent = ::sendmsg(socket_, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent >= 0) return {Io::kDone, static_cast<std::size_t>(sent)};
    if (errno != EINTR) return failure_of(sent);
  }
}

// Small parts share a record, so that a head and its body are one packet; large ones go as they are.
IoResult Transport::write_tls(const iovec* parts, int count) {
  std::array<char, kTlsRecordBytes> record;
  IoResult total{Io::kDone, 0};
  int part = 0;
  std::size_t offset = 0;
  while (part < count) {
    const char* from = static_cast<const char*>(parts[part].iov_base) + offset;
    std::size_t size = parts[part].iov_len - offset;
    if (size == 0) {
      ++part;
      offset = 0;
      continue;
    }
    if (size < record.size() && part + 1 < count) {
      size = 0;
      std::size_t skip = offset;
      for (int next = part; next < count && size < record.size(); ++next) {
        const std::size_t take = std::min(parts[next].iov_len - skip, record.size() - size);
        if (take > 0) std::memcpy(record.data() + size, static_cast<const char*>(parts[next].iov_base) + skip, take);
        size += take;
        skip = 0;
      }
      from = record.data();
    }
    const IoResult sent = tls_->write(from, std::min(size, record.size()));
    if (sent.status != Io::kDone) return total.bytes > 0 && sent.status == Io::kWouldBlock ? total : sent;
    total.bytes += sent.bytes;
    for (std::size_t rest = sent.bytes; rest > 0;) {
      const std::size_t step = std::min(rest, parts[part].iov_len - offset);
      rest -= step;
      offset += step;
      if (offset == parts[part].iov_len) {
        ++part;
        offset = 0;
      }
    }
  }
  return total;
}

void Transport::arm_readable() {
  if (readable_armed_ || !open_) return;
  readable_armed_ = true;
  socket_object_.async_wait(asio::socket_base::wait_read,
                            EventHandler<&Transport::readable_event>{TransportRef(this), &readable_memory_});
}

void Transport::arm_writable() {
  if (writable_armed_ || !open_) return;
  writable_armed_ = true;
  socket_object_.async_wait(asio::socket_base::wait_write,
                            EventHandler<&Transport::writable_event>{TransportRef(this), &writable_memory_});
}

void Transport::readable_event() {
  readable_armed_ = false;
  if (observer_ != nullptr) observer_->on_readable();
}

void Transport::writable_event() {
  writable_armed_ = false;
  if (observer_ != nullptr) observer_->on_writable();
}

void Transport::deadline_passed() {
  // Another deadline of the same sweep may have moved this one.
  if (deadline_ > loop_.now()) return;
  deadline_ = kNever;
  if (observer_ != nullptr) observer_->on_deadline();
}

Transport::Peer Transport::peer() const {
  if (!open_) return Peer::kLeft;
  pollfd state{socket_, POLLIN | POLLRDHUP, 0};
  if (::poll(&state, 1, 0) <= 0) return Peer::kQuiet;
  return (state.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0 ? Peer::kLeft : Peer::kSending;
}

bool Transport::quiet() {
  if (!open_) return false;
  if (tls_) return tls_->quiet();
  char byte = 0;
  const ssize_t count = ::recv(socket_, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return true;
  return false;
}

void Transport::shutdown_write() {
  if (!open_) return;
  if (tls_) tls_->close();
  ::shutdown(socket_, SHUT_WR);
}

void Transport::close() {
  if (!open_) return;
  if (tls_) tls_->close();
  open_ = false;
  deadline_ = kNever;
  AsioError ignored;
  socket_object_.close(ignored);
}

void Transport::reset() {
  if (!open_) return;
  const linger at_once{1, 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
  open_ = false;
  deadline_ = kNever;
  AsioError ignored;
  socket_object_.close(ignored);
}

void Transport::abort() {
  if (observer_ != nullptr) {
    observer_->on_abort();
  } else {
    close();
  }
}

int make_socket(int family) {
  const int socket = ::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (socket < 0) return -1;
  set_tcp_options(socket);
  return socket;
}

}  // namespace reeve::net
