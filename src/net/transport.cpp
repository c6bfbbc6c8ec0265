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

Transport::Transport(LoopCore& loop, int socket, TransportObserver* observer)
    : loop_(loop), socket_(socket), observer_(observer) {
  loop.transports().push_back(*this);
}

Transport::~Transport() {
  loop_.readiness().forget(*this);
  if (open_) ::close(socket_);
}

TransportRef Transport::adopt(LoopCore& loop, int socket, TransportObserver* observer) {
  TransportRef transport(new Transport(loop, socket, observer));
  if (!loop.readiness().watch(*transport)) return nullptr;
  return transport;
}

IoResult Transport::read(char* to, std::size_t bytes_max) {
  if (!open_) return {Io::kFailed, 0};
  if (tls_) {
    const IoResult result = tls_->read(to, bytes_max);
    return noting_read(result, result.bytes);
  }
  while (true) {
    const ssize_t count = ::recv(socket_, to, bytes_max, MSG_DONTWAIT);
    if (count > 0) return noting_read({Io::kDone, static_cast<std::size_t>(count)}, bytes_max);
    if (count == 0) return {Io::kEnd, 0};
    if (errno != EINTR) return noting_read(failure_of(count), bytes_max);
  }
}

// What was read short, or not at all, was the last there was: the next byte comes with an edge of its own. Where a peer
// sends urgent data, a read also ends short at its mark, with bytes behind it.
IoResult Transport::noting_read(IoResult result, std::size_t asked) {
  const bool read_short = result.status == Io::kDone && result.bytes < asked && !urgent_;
  if (result.status == Io::kWouldBlock || read_short) readable_ = false;
  return result;
}

IoResult Transport::noting_write(IoResult result, std::size_t asked) {
  if (result.status == Io::kWouldBlock || (result.status == Io::kDone && result.bytes < asked)) writable_ = false;
  return result;
}

IoResult Transport::write(const iovec* parts, int count) {
  if (!open_) return {Io::kFailed, 0};
  std::size_t asked = 0;
  for (int i = 0; i < count; ++i) asked += parts[i].iov_len;
  if (tls_) return noting_write(write_tls(parts, count), asked);
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(parts);  // sendmsg does not write to it
  message.msg_iovlen = static_cast<std::size_t>(count);
  while (true) {
    const ssize_t sent = ::sendmsg(socket_, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent >= 0) return noting_write({Io::kDone, static_cast<std::size_t>(sent)}, asked);
    if (errno != EINTR) return noting_write(failure_of(sent), asked);
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

IoResult Transport::handshake() {
  const IoResult result = tls_->handshake();
  if (result.status != Io::kWouldBlock) return result;
  if (tls_->wants_write()) {
    writable_ = false;
    arm_writable();
  } else {
    readable_ = false;
    arm_readable();
  }
  return result;
}

void Transport::arm_readable() {
  if (readable_armed_ || !open_) return;
  readable_armed_ = true;
  if (readable_ || ended_) loop_.readiness().tell_later(*this);
}

void Transport::arm_writable() {
  if (writable_armed_ || !open_) return;
  writable_armed_ = true;
  if (writable_) loop_.readiness().tell_later(*this);
}

void Transport::happened(std::uint32_t events) {
  if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) readable_ = true;
  if ((events & EPOLLPRI) != 0) urgent_ = true;
  if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) ended_ = true;
  if ((events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0) writable_ = true;
  tell();
}

void Transport::tell() {
  const TransportRef self(this);
  if (readable_armed_ && (readable_ || ended_ || !open_)) {
    readable_armed_ = false;
    if (observer_ != nullptr) observer_->on_readable();
  }
  if (writable_armed_ && (writable_ || !open_)) {
    writable_armed_ = false;
    if (observer_ != nullptr) observer_->on_writable();
  }
}

void Transport::deadline_passed() {
  // Another deadline of the same sweep may have moved this one.
  if (deadline_ > loop_.now()) return;
  deadline_ = kNever;
  if (observer_ != nullptr) observer_->on_deadline();
}

Transport::Peer Transport::peer() {
  if (!open_) return Peer::kLeft;
  pollfd state{socket_, POLLIN | POLLRDHUP, 0};
  if (::poll(&state, 1, 0) <= 0) {
    readable_ = false;
    return Peer::kQuiet;
  }
  return (state.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0 ? Peer::kLeft : Peer::kSending;
}

bool Transport::quiet() {
  if (!open_) return false;
  char byte = 0;
  const bool nothing_there =
      tls_ ? tls_->quiet()
           : ::recv(socket_, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
  if (nothing_there) readable_ = false;
  return nothing_there;
}

void Transport::shutdown_write() {
  if (!open_) return;
  if (tls_) tls_->close();
  ::shutdown(socket_, SHUT_WR);
}

void Transport::close() {
  if (!open_) return;
  if (tls_) tls_->close();
  end();
}

void Transport::reset() {
  if (!open_) return;
  const linger at_once{1, 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
  end();
}

void Transport::end() {
  open_ = false;
  deadline_ = kNever;
  ::close(socket_);
  if (readable_armed_ || writable_armed_) loop_.readiness().tell_later(*this);
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
