#include "net/tls.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>
#include <map>
#include <mutex>

#include "core/check.h"

namespace reeve::net {

// Where OpenSSL hands over the tickets of a client session.
struct TlsTicketKeeper {
  static int keep(SSL* session, SSL_SESSION* ticket) {
    auto* tickets = static_cast<TlsTickets*>(SSL_get_app_data(session));
    if (tickets == nullptr) return 0;
    SSL_SESSION_free(tickets->newest_);
    tickets->newest_ = ticket;
    return 1;  // the reference is ours now
  }
};

namespace {

constexpr unsigned char kAlpn[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
constexpr unsigned char kSessionContext[] = {'r', 'e', 'e', 'v', 'e'};

std::string openssl_reason() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return "unknown reason";
  const char* reason = ERR_reason_error_string(code);
  return reason != nullptr ? reason : "error " + std::to_string(code);
}

// ---- The socket as OpenSSL sees it: like its own, but a write to a closed socket raises no signal.

int socket_of(BIO* bio) { return static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(bio))); }

int bio_write(BIO* bio, const char* from, int size) {
  BIO_clear_retry_flags(bio);
  const ssize_t count = ::send(socket_of(bio), from, static_cast<std::size_t>(size), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_write(bio);
  return static_cast<int>(count);
}

int bio_read(BIO* bio, char* to, int size) {
  BIO_clear_retry_flags(bio);
  const ssize_t count = ::recv(socket_of(bio), to, static_cast<std::size_t>(size), MSG_DONTWAIT);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_read(bio);
  if (count == 0) BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
  return static_cast<int>(count);
}

long bio_control(BIO* bio, int command, long /*number*/, void* /*pointer*/) {
  if (command == BIO_CTRL_EOF) return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0 ? 1 : 0;
  return command == BIO_CTRL_FLUSH || command == BIO_CTRL_DUP ? 1 : 0;
}

BIO* make_bio(int socket) {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "reeve socket");
    BIO_meth_set_write(made, bio_write);
    BIO_meth_set_read(made, bio_read);
    BIO_meth_set_ctrl(made, bio_control);
    return made;
  }();
  BIO* bio = BIO_new(method);
  // A number in the place that OpenSSL keeps for a pointer; it is never followed.
  // NOLINTNEXTLINE(performance-no-int-to-ptr)
  BIO_set_data(bio, reinterpret_cast<void*>(static_cast<std::intptr_t>(socket)));
  BIO_set_init(bio, 1);
  return bio;
}

// ---- Contexts

int choose_protocol(SSL* /*session*/, const unsigned char** chosen, unsigned char* chosen_size,
                    const unsigned char* offered, unsigned int offered_size, void* /*argument*/) {
  unsigned char* selected = nullptr;
  if (SSL_select_next_proto(&selected, chosen_size, kAlpn, sizeof(kAlpn), offered, offered_size) !=
      OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  *chosen = selected;
  return SSL_TLSEXT_ERR_OK;
}

constexpr long kClientChainBytesMax = 32L * 1024;

/// Judged later, by whoever knows for whom: here only the key is proven.
int take_any_certificate(int /*verified*/, X509_STORE_CTX* /*chain*/) { return 1; }

void set_common_options(SSL_CTX* context) {
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_mode(context,
                   SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
}

std::mutex shared_contexts_mutex;
// Client contexts in use, by their extra roots. Guarded by shared_contexts_mutex.
std::map<std::vector<std::string>, std::weak_ptr<TlsContext>>& shared_contexts() {
  static std::map<std::vector<std::string>, std::weak_ptr<TlsContext>> contexts;
  return contexts;
}

}  // namespace

TlsContext::~TlsContext() { SSL_CTX_free(context_); }

Result<std::shared_ptr<TlsContext>> TlsContext::for_server(const ServerTls& options) {
  ERR_clear_error();
  auto context = std::make_shared<TlsContext>(SSL_CTX_new(TLS_server_method()));
  SSL_CTX* raw = context->get();
  CHECK(raw != nullptr);
  set_common_options(raw);
  SSL_CTX_set_options(raw, SSL_OP_CIPHER_SERVER_PREFERENCE);
  // Sessions resume by ticket, which the client keeps; a cache here would be a lock between loops.
  SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_session_id_context(raw, kSessionContext, sizeof(kSessionContext));
  SSL_CTX_set_alpn_select_cb(raw, choose_protocol, nullptr);
  if (SSL_CTX_use_certificate_chain_file(raw, options.certificate_file.c_str()) != 1) {
    return Error{ErrorCode::kInvalid,
                 "cannot use the certificate chain in " + options.certificate_file + ": " + openssl_reason()};
  }
  if (SSL_CTX_use_PrivateKey_file(raw, options.key_file.c_str(), SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_check_private_key(raw) != 1) {
    return Error{ErrorCode::kInvalid, "cannot use the private key in " + options.key_file + ": " + openssl_reason()};
  }
  if (options.asks_clients) {
    SSL_CTX_set_verify(raw, SSL_VERIFY_PEER, take_any_certificate);
    // A ticket keeps a client's own certificate and forgets the chain that it stands on.
    SSL_CTX_set_options(raw, SSL_OP_NO_TICKET);
    SSL_CTX_set_num_tickets(raw, 0);
    SSL_CTX_set_max_cert_list(raw, kClientChainBytesMax);
  }
  return context;
}

Result<std::shared_ptr<TlsContext>> TlsContext::for_client(const ClientTls& options) {
  const std::lock_guard lock(shared_contexts_mutex);
  std::weak_ptr<TlsContext>& known = shared_contexts()[options.extra_root_files];
  if (auto context = known.lock()) return context;
  ERR_clear_error();
  auto context = std::make_shared<TlsContext>(SSL_CTX_new(TLS_client_method()));
  SSL_CTX* raw = context->get();
  CHECK(raw != nullptr);
  set_common_options(raw);
  SSL_CTX_set_verify(raw, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_default_verify_paths(raw);
  for (const std::string& file : options.extra_root_files) {
    if (SSL_CTX_load_verify_file(raw, file.c_str()) != 1) {
      return Error{ErrorCode::kInvalid, "cannot read root certificates from " + file + ": " + openssl_reason()};
    }
  }
  CHECK(SSL_CTX_set_alpn_protos(raw, kAlpn, sizeof(kAlpn)) == 0);
  SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(raw, TlsTicketKeeper::keep);
  known = context;
  return context;
}

TlsTickets::~TlsTickets() { SSL_SESSION_free(newest_); }

// ---- Sessions

std::unique_ptr<TlsSession> TlsSession::accept(TlsContext& context, int socket) {
  SSL* raw = SSL_new(context.get());
  CHECK(raw != nullptr);
  BIO* bio = make_bio(socket);
  SSL_set_bio(raw, bio, bio);
  SSL_set_accept_state(raw);
  return std::unique_ptr<TlsSession>(new TlsSession(raw));
}

Result<std::unique_ptr<TlsSession>> TlsSession::connect(TlsContext& context, int socket, const std::string& host,
                                                        std::shared_ptr<TlsTickets> tickets) {
  SSL* raw = SSL_new(context.get());
  CHECK(raw != nullptr);
  std::unique_ptr<TlsSession> session(new TlsSession(raw));
  BIO* bio = make_bio(socket);
  SSL_set_bio(raw, bio, bio);
  SSL_set_connect_state(raw);
  X509_VERIFY_PARAM* expected = SSL_get0_param(raw);
  X509_VERIFY_PARAM_set_hostflags(expected, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  if (X509_VERIFY_PARAM_set1_ip_asc(expected, host.c_str()) != 1) {
    ERR_clear_error();
    if (SSL_set1_host(raw, host.c_str()) != 1 || SSL_set_tlsext_host_name(raw, host.c_str()) != 1) {
      return Error{ErrorCode::kInvalid, "\"" + host + "\" cannot be verified as a TLS host name"};
    }
  }
  if (tickets) {
    SSL_set_app_data(raw, tickets.get());
    if (tickets->newest_ != nullptr) SSL_set_session(raw, tickets->newest_);
    session->tickets_ = std::move(tickets);
  }
  return session;
}

TlsSession::~TlsSession() { SSL_free(session_); }

IoResult TlsSession::outcome(int returned) {
  wants_write_ = false;
  switch (SSL_get_error(session_, returned)) {
    case SSL_ERROR_WANT_READ: return {Io::kWouldBlock, 0};
    case SSL_ERROR_WANT_WRITE: wants_write_ = true; return {Io::kWouldBlock, 0};
    case SSL_ERROR_ZERO_RETURN: return {Io::kEnd, 0};
    case SSL_ERROR_SSL: {
      // A stream that ends without a goodbye is not distinguished from other failures: it may have been cut.
      const long verified = SSL_get_verify_result(session_);
      failure_ = verified != X509_V_OK ? X509_verify_cert_error_string(verified) : openssl_reason();
      break;
    }
    default: failure_ = "the connection was closed"; break;
  }
  ERR_clear_error();
  broken_ = true;
  return {Io::kFailed, 0};
}

IoResult TlsSession::handshake() {
  ERR_clear_error();
  const int returned = SSL_do_handshake(session_);
  if (returned == 1) {
    established_ = true;
    return {Io::kDone, 0};
  }
  return outcome(returned);
}

IoResult TlsSession::read(char* to, std::size_t bytes_max) {
  if (broken_) return {Io::kFailed, 0};
  ERR_clear_error();
  std::size_t count = 0;
  const int returned = SSL_read_ex(session_, to, bytes_max, &count);
  if (returned == 1) return {Io::kDone, count};
  return outcome(returned);
}

IoResult TlsSession::write(const char* from, std::size_t bytes) {
  if (broken_) return {Io::kFailed, 0};
  ERR_clear_error();
  std::size_t count = 0;
  const int returned = SSL_write_ex(session_, from, bytes, &count);
  if (returned == 1) return {Io::kDone, count};
  return outcome(returned);
}

bool TlsSession::quiet() {
  if (broken_) return false;
  ERR_clear_error();
  char byte = 0;
  std::size_t count = 0;
  const int returned = SSL_peek_ex(session_, &byte, 1, &count);
  return returned != 1 && outcome(returned).status == Io::kWouldBlock;
}

void TlsSession::close() {
  if (!established_ || broken_) return;
  established_ = false;
  ERR_clear_error();
  SSL_shutdown(session_);
  ERR_clear_error();
}

std::vector<std::string> TlsSession::peer_certificates() const {
  std::vector<std::string> list;
  // Owned by the session.
  const STACK_OF(X509)* const chain = SSL_get_peer_cert_chain(session_);
  const auto add = [&list](X509* certificate) {
    const int size = i2d_X509(certificate, nullptr);
    if (size <= 0) return;
    std::string der(static_cast<std::size_t>(size), '\0');
    auto* to = reinterpret_cast<unsigned char*>(der.data());
    i2d_X509(certificate, &to);
    list.push_back(std::move(der));
  };
  // OpenSSL leaves the client's own certificate out of the chain, on the server's side.
  if (X509* const own = SSL_get0_peer_certificate(session_); own != nullptr) add(own);
  for (int i = 0; i < sk_X509_num(chain); ++i) {
    X509* const one = sk_X509_value(chain, i);
    if (X509_cmp(one, SSL_get0_peer_certificate(session_)) != 0) add(one);
  }
  ERR_clear_error();
  return list;
}

std::string TlsSession::failure() const { return failure_.empty() ? "the connection was closed" : failure_; }

}  // namespace reeve::net
