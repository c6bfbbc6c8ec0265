#pragma once

// One connected TCP socket, plain or under TLS, non-blocking: what server connections and client connections stand on.
// Private to the room; loop thread only.
//
// Reading and writing are tried at once; only when they would block does the owner arm a readiness event. An armed
// event stays armed until it fires, so one arming serves a handler that watches for the client's leave and the wait for
// the next request after it. An event fires whenever the socket is ready while it is armed, whether it became so before
// or after: the edges that Readiness hears are remembered until a read or write finds the socket empty or full.
//
// Ownership: the owner holds a TransportRef and is its observer. close() ends both sides and fires the armed events
// (later, from the loop), and detach() silences them.

#include <sys/uio.h>

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>
#include <memory>
#include <optional>
#include <string>

#include "net/loop.h"
#include "net/tls.h"

namespace reeve::net {

/// Called by the loop, one at a time, never from inside a call of Transport.
class TransportObserver {
 public:
  /// Bytes, the end of the stream or an error can be read; or the transport was closed.
  virtual void on_readable() = 0;
  virtual void on_writable() = 0;
  /// The deadline has passed; it was cleared.
  virtual void on_deadline() = 0;
  /// The loop ends: close, and let go.
  virtual void on_abort() = 0;

 protected:
  ~TransportObserver() = default;
};

inline constexpr Moment kNever = Moment::max();

class Transport final : public boost::intrusive_ref_counter<Transport, boost::thread_unsafe_counter>,
                        public TransportHook {
 public:
  /// Takes over a connected or connecting non-blocking socket. Null, and the socket closed, when the loop cannot watch
  /// it.
  static boost::intrusive_ptr<Transport> adopt(LoopCore& loop, int socket, TransportObserver* observer);
  ~Transport();

  bool open() const { return open_; }
  int socket() const { return socket_; }
  LoopCore& loop() const { return loop_; }

  /// At most `bytes_max` bytes. A result smaller than that means the socket is empty for now (not under TLS).
  IoResult read(char* to, std::size_t bytes_max);
  /// As much as the socket takes of all `parts`, in one packet where it fits. The parts must be given again in the same
  /// order until all their bytes are taken (TLS needs it).
  IoResult write(const iovec* parts, int count);

  void arm_readable();
  void arm_writable();

  Moment deadline() const { return deadline_; }
  void set_deadline(Moment at) { deadline_ = at; }
  void deadline_passed();

  enum class Peer { kQuiet, kSending, kLeft };
  /// What the peer does, without reading: kLeft when it has ended its side or reset the connection, also while bytes
  /// wait to be read.
  Peer peer();
  /// True when an unused connection can still carry a request: nothing to read, no end.
  bool quiet();
  /// No more bytes from us; what is unread can still come.
  void shutdown_write();
  void close();
  /// As close(), with a reset, so that the peer cannot take what it has for the whole.
  void reset();
  void abort();
  /// The observer hears nothing more.
  void detach() { observer_ = nullptr; }

  void use_tls(std::unique_ptr<TlsSession> session) { tls_ = std::move(session); }
  /// One step of the TLS handshake; arms what it waits for when it would block.
  IoResult handshake();
  TlsSession* tls() const { return tls_.get(); }

 private:
  Transport(LoopCore& loop, int socket, TransportObserver* observer);
  friend class Readiness;
  /// What epoll says; then tells the observer.
  void happened(std::uint32_t events);
  /// Fires what is armed and true.
  void tell();
  IoResult write_tls(const iovec* parts, int count);
  void end();
  IoResult noting_read(IoResult result, std::size_t asked);
  IoResult noting_write(IoResult result, std::size_t asked);

  LoopCore& loop_;
  int socket_;
  TransportObserver* observer_;
  Moment deadline_ = kNever;
  std::unique_ptr<TlsSession> tls_;
  bool open_ = true;
  bool readable_armed_ = false;
  bool writable_armed_ = false;
  // May be readable or writable without being so, but never the other way round, once epoll's edge was heard.
  bool readable_ = false;
  bool writable_ = false;
  bool urgent_ = false;  // urgent data came: nobody uses it in HTTP, but anybody can send it
  bool ended_ = false;   // the peer's side, or the whole: it stays readable, for there is an end to be read
};

using TransportRef = boost::intrusive_ptr<Transport>;

/// A non-blocking TCP socket without delay; -1 and errno on failure.
int make_socket(int family);

}  // namespace reeve::net
