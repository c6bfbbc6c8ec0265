#include "net/tls_stream.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "core/bytes.h"

namespace reeve::net {

namespace {

struct FreeContext {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
struct FreeConnection {
  void operator()(SSL* connection) const { SSL_free(connection); }
};
struct FreeAddresses {
  void operator()(addrinfo* addresses) const { freeaddrinfo(addresses); }
};

std::string last_reason() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return reason == nullptr ? "the connection was closed" : reason;
}

bool is_address(const std::string& host) {
  unsigned char address[sizeof(in6_addr)];
  return ::inet_pton(AF_INET, host.c_str(), address) == 1 || ::inet_pton(AF_INET6, host.c_str(), address) == 1;
}

}  // namespace

struct TlsStream::State {
  explicit State(const TlsStreamOptions& given) : options(given) {}
  ~State() {
    connection.reset();
    if (socket >= 0) ::close(socket);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  Error broken(const std::string& what) const {
    return {ErrorCode::kUnavailable, options.host + ":" + std::to_string(options.port) + ": " + what};
  }

  Result<void> wait_for(short events) const {
    while (true) {
      if (options.stopping != nullptr && options.stopping->load()) return broken("stopped");
      const auto left =
          std::chrono::duration_cast<std::chrono::milliseconds>(options.deadline - std::chrono::steady_clock::now());
      if (left.count() <= 0) return Error{ErrorCode::kTimeout, broken("did not answer in time").message};
      pollfd waited{socket, events, 0};
      const int ready = ::poll(&waited, 1, static_cast<int>(std::min<std::int64_t>(left.count(), 100)));
      if (ready > 0) return {};
      if (ready < 0 && errno != EINTR) return broken(std::strerror(errno));
    }
  }

  Result<void> open_socket() {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (const int code = ::getaddrinfo(options.host.c_str(), std::to_string(options.port).c_str(), &hints, &found);
        code != 0) {
      return broken(::gai_strerror(code));
    }
    const std::unique_ptr<addrinfo, FreeAddresses> addresses(found);
    Result<void> tried = broken("no address");
    for (const addrinfo* address = found; address != nullptr; address = address->ai_next) {
      tried = open_socket(*address);
      if (tried) return tried;
    }
    return tried;
  }

  Result<void> open_socket(const addrinfo& address) {
    if (socket >= 0) ::close(socket);
    socket = ::socket(address.ai_family, address.ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, address.ai_protocol);
    if (socket < 0) return broken(std::strerror(errno));
    if (::connect(socket, address.ai_addr, address.ai_addrlen) == 0) return {};
    if (errno != EINPROGRESS) return broken(std::strerror(errno));
    if (auto waited = wait_for(POLLOUT); !waited) return waited;
    int failed = 0;
    socklen_t size = sizeof failed;
    ::getsockopt(socket, SOL_SOCKET, SO_ERROR, &failed, &size);
    return failed == 0 ? Result<void>() : broken(std::strerror(failed));
  }

  Result<void> prepare() {
    context.reset(SSL_CTX_new(TLS_client_method()));
    if (!context) return broken(last_reason());
    SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_default_verify_paths(context.get());
    if (!options.root_file.empty() &&
        SSL_CTX_load_verify_locations(context.get(), options.root_file.c_str(), nullptr) != 1) {
      return broken("the certificates in " + options.root_file + " cannot be read: " + last_reason());
    }
    if (!options.certificate.empty() &&
        (SSL_CTX_use_certificate_chain_file(context.get(), options.certificate.c_str()) != 1 ||
         SSL_CTX_use_PrivateKey_file(context.get(), options.key.c_str(), SSL_FILETYPE_PEM) != 1)) {
      return broken("the certificate " + options.certificate + " or its key cannot be used: " + last_reason());
    }
    connection.reset(SSL_new(context.get()));
    if (!connection || SSL_set_fd(connection.get(), socket) != 1) return broken(last_reason());
    X509_VERIFY_PARAM* wanted = SSL_get0_param(connection.get());
    const bool named = is_address(options.host)
                           ? X509_VERIFY_PARAM_set1_ip_asc(wanted, options.host.c_str()) == 1
                           : SSL_set1_host(connection.get(), options.host.c_str()) == 1 &&
                                 SSL_set_tlsext_host_name(connection.get(), options.host.c_str()) == 1;
    return named ? Result<void>() : broken(last_reason());
  }

  /// Waits for what the last call wants before it is made again.
  Result<void> wait_after(int result) {
    switch (SSL_get_error(connection.get(), result)) {
      case SSL_ERROR_WANT_READ: return wait_for(POLLIN);
      case SSL_ERROR_WANT_WRITE: return wait_for(POLLOUT);
      default: break;
    }
    const long verified = SSL_get_verify_result(connection.get());
    if (verified != X509_V_OK) return broken(std::string("certificate: ") + X509_verify_cert_error_string(verified));
    return broken(last_reason());
  }

  Result<void> shake_hands() {
    while (true) {
      ERR_clear_error();
      const int result = SSL_connect(connection.get());
      if (result == 1) return {};
      if (auto waited = wait_after(result); !waited) return waited;
    }
  }

  const TlsStreamOptions options;
  int socket = -1;
  std::unique_ptr<SSL_CTX, FreeContext> context;
  std::unique_ptr<SSL, FreeConnection> connection;
};

TlsStream::TlsStream(std::unique_ptr<State> state) : state_(std::move(state)) {}
TlsStream::~TlsStream() = default;

Result<std::unique_ptr<TlsStream>> TlsStream::connect(const TlsStreamOptions& options) {
  auto state = std::make_unique<State>(options);
  if (auto opened = state->open_socket(); !opened) return std::move(opened).error();
  if (auto prepared = state->prepare(); !prepared) return std::move(prepared).error();
  if (auto shaken = state->shake_hands(); !shaken) return std::move(shaken).error();
  return std::unique_ptr<TlsStream>(new TlsStream(std::move(state)));
}

Result<void> TlsStream::write(std::string_view bytes) {
  while (!bytes.empty()) {
    ERR_clear_error();
    std::size_t written = 0;
    const int result = SSL_write_ex(state_->connection.get(), bytes.data(), bytes.size(), &written);
    if (result == 1) {
      bytes.remove_prefix(written);
    } else if (auto waited = state_->wait_after(result); !waited) {
      return waited;
    }
  }
  return {};
}

Result<void> TlsStream::close() {
  SSL* const connection = state_->connection.get();
  while (true) {
    ERR_clear_error();
    const int result = SSL_shutdown(connection);
    if (result >= 0) break;
    if (auto waited = state_->wait_after(result); !waited) return waited;
  }
  // What is still to come, such as session tickets, is read away up to the other side's end.
  while ((SSL_get_shutdown(connection) & SSL_RECEIVED_SHUTDOWN) == 0) {
    char ignored[1024];
    std::size_t read = 0;
    ERR_clear_error();
    const int result = SSL_read_ex(connection, ignored, sizeof ignored, &read);
    if (result == 1) continue;
    const int why = SSL_get_error(connection, result);
    if (why == SSL_ERROR_ZERO_RETURN) return {};
    // A process that was killed ends its connections, too, but never says so in TLS.
    if (why == SSL_ERROR_SSL && ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
      ERR_clear_error();
      return state_->broken("the connection ended without a close_notify, so not everything may have been read");
    }
    if (auto waited = state_->wait_after(result); !waited) return waited;
  }
  return {};
}

}  // namespace reeve::net
