#pragma once

// One connected TCP socket, plain or under TLS, non-blocking: what server connections and client connections stand on.
// Private to the room; loop thread only.
//
// Reading and writing are tried at once; only when they would block does the owner arm a readiness event. An armed
// event stays armed until it fires, so one arming serves a handler that watches for the client's leave and the wait for
// the next request after it.
//
// Ownership: the owner holds a TransportRef and is its observer; Asio's pending operations hold the others. close()
// ends both sides and fires the armed events (later, from the loop), and detach() silences them.

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
  /// Takes over a connected or connecting non-blocking socket. Null when the loop cannot watch it.
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
  Peer peer() const;
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
  TlsSession* tls() const { return tls_.get(); }

 private:
  Transport(LoopCore& loop, int socket, TransportObserver* observer);
  template <void (Transport::*Event)()>
  struct EventHandler;
  void readable_event();
  void writable_event();
  IoResult write_tls(const iovec* parts, int count);

  LoopCore& loop_;
  LoopSocket socket_object_;
  int socket_;
  TransportObserver* observer_;
  Moment deadline_ = kNever;
  std::unique_ptr<TlsSession> tls_;
  bool open_ = true;
  bool readable_armed_ = false;
  bool writable_armed_ = false;
  OperationMemory readable_memory_;
  OperationMemory writable_memory_;
};

using TransportRef = boost::intrusive_ptr<Transport>;

/// A non-blocking TCP socket without delay; -1 and errno on failure.
int make_socket(int family);

}  // namespace reeve::net
