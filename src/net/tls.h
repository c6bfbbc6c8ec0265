#pragma once

// TLS over a non-blocking socket, by OpenSSL. Private to the room.
//
// TLS 1.2 and later, no compression, no renegotiation; ALPN offers http/1.1 and nothing else. Sessions resume by
// ticket. A context is shared by all loops (OpenSSL counts references atomically); a session belongs to one connection.

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "core/result.h"
#include "net/net.h"

struct ssl_ctx_st;
struct ssl_session_st;
struct ssl_st;

namespace reeve::net {

enum class Io {
  kDone,        // at least one byte, or the handshake is complete
  kWouldBlock,  // nothing now
  kEnd,         // the peer ended its side
  kFailed,      // the connection is broken
};

struct IoResult {
  Io status = Io::kDone;
  std::size_t bytes = 0;
};

class TlsContext {
 public:
  static Result<std::shared_ptr<TlsContext>> for_server(const ServerTls& options);
  /// Contexts with the same extra roots are shared: the system's roots alone are megabytes.
  static Result<std::shared_ptr<TlsContext>> for_client(const ClientTls& options);

  explicit TlsContext(ssl_ctx_st* context) : context_(context) {}
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;
  ~TlsContext();
  ssl_ctx_st* get() const { return context_; }

 private:
  ssl_ctx_st* context_;
};

/// The session tickets of one origin: the newest one lets the next connection skip half of the handshake. Loop thread.
class TlsTickets {
 public:
  TlsTickets() = default;
  TlsTickets(const TlsTickets&) = delete;
  TlsTickets& operator=(const TlsTickets&) = delete;
  ~TlsTickets();

 private:
  friend class TlsSession;
  friend struct TlsTicketKeeper;
  ssl_session_st* newest_ = nullptr;
};

class TlsSession {
 public:
  static std::unique_ptr<TlsSession> accept(TlsContext& context, int socket);
  /// `host` is verified and, unless it is an address, sent as SNI. `tickets` may be null.
  static Result<std::unique_ptr<TlsSession>> connect(TlsContext& context, int socket, const std::string& host,
                                                     std::shared_ptr<TlsTickets> tickets);
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;
  ~TlsSession();

  IoResult handshake();
  IoResult read(char* to, std::size_t bytes_max);
  /// After kWouldBlock the same bytes must come again, at the same place in the stream.
  IoResult write(const char* from, std::size_t bytes);
  /// Nothing to read for the owner: tickets and the like are taken in.
  bool quiet();
  /// Says goodbye; once, without waiting for an answer.
  void close();
  /// Whether the last kWouldBlock waits for room to write and not for bytes to read.
  bool wants_write() const { return wants_write_; }
  /// DER, the peer's own first; none when it showed none.
  std::vector<std::string> peer_certificates() const;
  /// Why the handshake failed, for a person.
  std::string failure() const;

 private:
  explicit TlsSession(ssl_st* session) : session_(session) {}
  IoResult outcome(int returned);

  ssl_st* session_;
  std::shared_ptr<TlsTickets> tickets_;
  std::string failure_;
  bool wants_write_ = false;
  bool established_ = false;
  bool broken_ = false;
};

}  // namespace reeve::net
