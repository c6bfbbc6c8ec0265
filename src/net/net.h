#pragma once

// The network: event loops, an HTTP/1.1 server and an HTTP/1.1 client, both with TLS. This header is the room's whole
// face; sockets, TLS and the parser stay behind it, so nothing here names Asio or OpenSSL.
//
// Threads. A Runtime runs N loops, one thread each. A connection lives on the loop that accepted it; every object below
// that is handed out by a loop (Exchange, ClientResponse, Client) is used on that loop's thread only. There is nothing
// to lock. Loop::post, Loop::resume_later and the Stop of a Runtime are the ways in from other threads.
//
// Bytes. Bodies pass untouched: what read_body and ClientResponse::read give is exactly what the peer sent inside its
// framing (Content-Length or chunked), and what write is given is exactly what the other side will find inside ours.
// Header names and values keep their bytes and their order.
//
// Limits. Everything has one: see ServerLimits and ClientLimits. A peer that exceeds one gets the HTTP status that says
// so and a closed connection.
//
// Grammar. RFC 9112, strict. Refused with 400: Content-Length with Transfer-Encoding, several or malformed
// Content-Lengths, any transfer coding but a single final `chunked`, obs-fold, bare LF or CR, a space before the colon,
// control characters, a missing or repeated Host, absolute-form or authority-form targets that disagree with Host.
// Pipelined requests are answered in order, one at a time.

#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/task.h"
#include "core/time.h"
#include "net/tls_stream.h"  // for threads that block

namespace reeve::net {

// ---- Headers ----

struct Header {
  std::string_view name;
  std::string_view value;
};

/// An ordered list of header fields as views; whoever made it owns the bytes. Names compare without case.
class Headers {
 public:
  Headers() = default;
  Headers(std::initializer_list<Header> fields) : fields_(fields) {}

  void add(std::string_view name, std::string_view value) { fields_.push_back({name, value}); }
  /// Nobody would own the bytes.
  template <typename Temporary>
    requires std::same_as<std::remove_const_t<Temporary>, std::string>
  void add(std::string_view name, Temporary&& value) = delete;
  void clear() { fields_.clear(); }
  /// The first value of that name, or nothing.
  std::optional<std::string_view> find(std::string_view name) const;
  std::string_view get(std::string_view name) const { return find(name).value_or(std::string_view()); }
  std::size_t count(std::string_view name) const;
  bool empty() const { return fields_.empty(); }
  std::size_t size() const { return fields_.size(); }
  auto begin() const { return fields_.begin(); }
  auto end() const { return fields_.end(); }

 private:
  std::vector<Header> fields_;
};

/// True for fields that belong to one connection (RFC 9110 section 7.6.1: Connection, Keep-Alive, TE,
/// Transfer-Encoding, Upgrade, Proxy-*, Trailer) and for Content-Length, which the sending side writes itself.
bool is_connection_header(std::string_view name);

// ---- Loops ----

/// One event loop and its thread.
class Loop : public Executor {
 public:
  /// Runs `work` on this loop's thread, after the current turn. From any thread.
  virtual void post(std::function<void()> work) = 0;
  /// Suspends the calling coroutine for `duration`, then goes on here. Only on this loop's thread.
  virtual Task<void> sleep(Duration duration) = 0;
  /// Monotonic time, read once a turn: cheap, up to some milliseconds old.
  virtual Moment now() const = 0;
  virtual std::size_t index() const = 0;  // 0 .. loops-1
  virtual bool is_current_thread() const = 0;
};

class Runtime {
 public:
  /// Loops start with run(). 1 to 256.
  static Result<std::unique_ptr<Runtime>> create(std::size_t loop_count);
  virtual ~Runtime() = default;
  virtual Loop& loop(std::size_t index) = 0;
  virtual std::size_t loop_count() const = 0;
  /// Starts a thread per loop and returns.
  virtual void start() = 0;
  /// Stops the loops at the end of their turn and joins them. Unfinished coroutines are destroyed with their
  /// connections.
  virtual void stop() = 0;
};

/// Blocks these signals for all threads made later and calls `handler` with each that comes, on a thread of its own.
/// Call before any other thread starts.
void handle_signals(std::initializer_list<int> signals, std::function<void(int)> handler);

// ---- TLS ----

struct ServerTls {
  std::string certificate_file;  // PEM chain, leaf first
  std::string key_file;          // PEM
  /// Clients are asked for a certificate, and may have none. Any is taken: that a client holds its key is proven, and
  /// nothing else; what it is worth is for whoever reads Exchange::peer_certificates(). Sessions do not resume then.
  bool asks_clients = false;
  bool operator==(const ServerTls&) const = default;
};

struct ClientTls {
  /// PEM files of extra roots, besides the system's. Certificates and host names are always verified; there is no
  /// switch.
  std::vector<std::string> extra_root_files;
  bool operator==(const ClientTls&) const = default;
};

// ---- Server ----

struct ServerLimits {
  std::size_t header_bytes_max = 64 * 1024;            // request line and fields together: 431
  std::size_t header_count_max = 128;                  // 431
  std::size_t body_bytes_max = 32UL << 20U;            // 413, without reading it all
  std::size_t connections_max = 10'000;                // per server; further ones are closed at once
  std::size_t buffered_write_bytes_max = 256 * 1024;   // above it write() waits for the client
  Duration header_timeout = std::chrono::seconds(15);  // first byte of a head to its end: 408
  Duration idle_timeout = std::chrono::seconds(90);    // between requests
  Duration body_timeout = std::chrono::seconds(60);    // between two reads of a body: 408
  Duration write_timeout = std::chrono::seconds(60);   // no byte taken by the client for so long
  bool operator==(const ServerLimits&) const = default;
};

enum class Method { kGet, kHead, kPost, kPut, kPatch, kDelete, kOptions, kOther };

/// The head of a request. Views into the connection's buffer, valid until the exchange ends.
struct RequestHead {
  Method method = Method::kOther;
  std::string_view method_text;
  std::string_view target;  // as sent, origin form: path and query
  std::string_view path;    // before '?'; not decoded
  std::string_view query;   // after '?', or empty
  Headers headers;
  std::optional<std::uint64_t> content_length;
  bool chunked = false;
  bool upgrade_requested = false;  // Connection: upgrade with an Upgrade field
  bool has_body() const { return chunked || content_length.value_or(0) > 0; }
};

/// One request and the answer to it.
///
/// The handler reads the body or not (an unread small body is drained, a large one closes the connection), then answers
/// once: respond(), or start() followed by any number of write() and one finish(). A handler that returns without
/// having answered gets a 500; one that returns between start() and finish() cuts the connection, which tells the
/// client that the answer is incomplete.
class Exchange {
 public:
  virtual ~Exchange() = default;

  virtual const RequestHead& head() const = 0;
  virtual std::string_view peer_address() const = 0;  // "127.0.0.1"
  virtual bool over_tls() const = 0;
  /// What the client showed where it was asked (ServerTls::asks_clients): DER, its own first. Its key is proven to be
  /// the client's, and nothing else of them is.
  virtual std::vector<std::string> peer_certificates() const { return {}; }
  virtual Loop& loop() = 0;

  /// The whole body, in one piece, followed by at least 64 readable bytes (for SIMD readers). Valid until the exchange
  /// ends. Sends 100 Continue first when the client waits for it. kTooLarge above body_bytes_max, kTimeout, kClosed,
  /// kInvalid (bad chunk). May be called once.
  virtual Task<Result<std::string_view>> read_body() = 0;

  /// A complete answer. Content-Length is written here; connection fields in `headers` are ignored.
  virtual Task<Result<void>> respond(int status, const Headers& headers, std::string_view body) = 0;

  /// Begins an answer whose body follows. With a length the body must have exactly that many bytes; without one it is
  /// chunked. `flush` false keeps the head back until the first write, so that both leave in one packet.
  virtual Task<Result<void>> start(int status, const Headers& headers, std::optional<std::uint64_t> content_length,
                                   bool flush = false) = 0;
  /// Sends now. kClosed when the client went away; waits while more than buffered_write_bytes_max is unsent.
  virtual Task<Result<void>> write(std::string_view bytes) = 0;
  virtual Task<Result<void>> finish() = 0;
  /// Writes the bytes and ends the answer, in one packet where it fits.
  virtual Task<Result<void>> finish(std::string_view last_bytes) = 0;
  /// Waits until nothing that was written is left in this process, which is kClosed when it is lost.
  virtual Task<Result<void>> flush() = 0;

  virtual bool answer_started() const = 0;
  /// Called at most once, on the loop, when the client closes while the handler runs. Set empty to stop. What it does
  /// must be short: cancel something.
  virtual void on_client_gone(std::function<void()> callback) = 0;
  /// Ends the connection after this answer.
  virtual void close_after() = 0;
  /// Ends the connection now, whatever the handler waits for: its reads and writes return kClosed. For a client that
  /// takes nothing and must get nothing more, so what the kernel still has for it goes, too. From the loop, but not
  /// from within a call of this exchange.
  virtual void abandon() = 0;
};

/// Handles one exchange; must keep working until it is done with it. One coroutine per request, on the connection's
/// loop.
using Handler = std::function<Task<void>(Exchange&)>;

struct ServerOptions {
  std::string host = "127.0.0.1";  // address to bind; "::1", "0.0.0.0"
  std::uint16_t port = 0;          // 0: any free one
  ServerLimits limits;
  std::optional<ServerTls> tls;  // ALPN offers http/1.1
  /// Text for the answers the server gives by itself (400, 408, 413, 431, 503): status and reason in, content type and
  /// body out. Default: a line of plain text.
  std::function<std::pair<std::string, std::string>(int status, std::string_view reason, std::string_view path)>
      refusal_body;
};

struct ServerStats {
  std::atomic<std::uint64_t> connections_accepted{0};
  std::atomic<std::uint64_t> connections_open{0};
  std::atomic<std::uint64_t> connections_refused{0};
  std::atomic<std::uint64_t> requests{0};
  std::atomic<std::uint64_t> bad_requests{0};
};

class Server {
 public:
  /// Binds one SO_REUSEPORT listener per loop. The handler is shared by all loops and must be thread-safe.
  static Result<std::unique_ptr<Server>> listen(Runtime& runtime, ServerOptions options, Handler handler);
  virtual ~Server() = default;
  virtual std::uint16_t port() const = 0;
  virtual const ServerStats& stats() const = 0;
  /// Stops accepting, closes idle connections, lets running exchanges end; then calls `drained` on some thread. From
  /// any thread.
  virtual void drain(std::function<void()> drained) = 0;
  /// Closes everything now. From any thread; returns when all connections of this server are gone.
  virtual void close() = 0;
};

// ---- Client ----

/// http://host:port/base or https://...; what a configuration names as base_url.
struct Url {
  bool tls = false;
  std::string host;  // without brackets
  std::uint16_t port = 0;
  std::string path;               // "" or "/v1": never ends with '/'
  std::string authority() const;  // host[:port] as the Host header wants it
};
/// http and https only; no user info, no fragment, no query.
Result<Url> parse_url(std::string_view text);

struct ClientLimits {
  std::size_t pool_idle_max = 64;      // idle connections kept per origin and loop
  std::size_t connections_max = 1024;  // open per origin and loop; further requests get kUnavailable
  std::size_t header_bytes_max = 64 * 1024;
  Duration connect_timeout = std::chrono::seconds(10);    // name, TCP and TLS together
  Duration response_timeout = std::chrono::seconds(600);  // request sent to head of the answer
  Duration read_timeout = std::chrono::seconds(300);      // between two pieces of a body
  Duration write_timeout = std::chrono::seconds(60);
  Duration pool_idle_timeout = std::chrono::seconds(55);  // below the 60 s at which many servers close
  Duration dns_time_to_live = std::chrono::seconds(30);
  bool operator==(const ClientLimits&) const = default;
};

struct ClientRequest {
  std::string_view method = "POST";
  std::string_view path_and_query;  // joined after Url::path
  Headers headers;                  // Host, Content-Length and connection fields are written here, not taken
  std::string_view body;            // must stay valid until send() returns
};

/// An answer as it arrives. Destroying it before the end closes the connection, which cancels the call upstream.
class ClientResponse {
 public:
  virtual ~ClientResponse() = default;
  virtual int status() const = 0;
  virtual const Headers& headers() const = 0;
  virtual std::optional<std::uint64_t> content_length() const = 0;
  /// The next piece of the body as it came, valid until the next call; empty at the end. kClosed when the peer ended
  /// early, kTimeout, kInvalid.
  virtual Task<Result<std::string_view>> read() = 0;
  /// The whole body, at most `bytes_max`.
  virtual Task<Result<std::string>> read_all(std::size_t bytes_max) = 0;
  /// True when everything that was ready has been read: a good time to flush to a client.
  virtual bool drained() const = 0;
  /// Cancels from outside the reading coroutine (same loop): a pending read() returns kClosed.
  virtual void cancel() = 0;
};

/// What became of a request that failed before an answer began: whether the peer may have seen it decides what is
/// recorded.
struct SendFailure {
  Error error;
  bool request_sent = false;      // at least one byte left for the peer
  bool request_complete = false;  // all of it left, so the peer may have acted on it, and may bill for it
  bool stale_connection =
      false;  // a pooled connection turned out to have ended: nobody saw the request, a fresh attempt is likely to work
};

/// A pool of upstream connections for one loop. One per loop, made by the loop's owner, used on its thread.
class Client {
 public:
  static Result<std::unique_ptr<Client>> create(Loop& loop, ClientLimits limits, ClientTls tls = {});
  virtual ~Client() = default;

  struct Sent {
    std::unique_ptr<ClientResponse> response;  // null on failure
    SendFailure failure;
    bool ok() const { return response != nullptr; }
  };
  /// Sends and waits for the head of the final answer (1xx are passed over). A pooled connection is checked before use
  /// and replaced when nothing was sent on it yet; once a byte has left, nothing is repeated here: whether to try again
  /// is the caller's decision, because each attempt has its own record. `canceller`, when given, receives a function
  /// that aborts the call from the same loop at any time until send() returns.
  virtual Task<Sent> send(const Url& origin, const ClientRequest& request,
                          std::function<void()>* canceller = nullptr) = 0;
};

}  // namespace reeve::net
