#include "net/upstream.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "core/check.h"
#include "net/http_characters.h"
#include "net/http_text.h"

namespace reeve::net {

namespace {

// A kept connection that the peer had closed says so within a round trip. Who ends it later has worked on the request.
constexpr auto kStaleMax = std::chrono::seconds(1);

char* put(char* to, std::string_view text) {
  // An empty value has no bytes to point at, and memcpy must not be given such a place.
  if (!text.empty()) std::memcpy(to, text.data(), text.size());
  return to + text.size();
}

Error closed(std::string_view reason) { return {ErrorCode::kClosed, std::string(reason)}; }

bool is_path(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return in(kTarget, c); });
}

}  // namespace

Upstream::Upstream(ClientCore::Ref client, OriginRef origin)
    : client_(std::move(client)),
      origin_(std::move(origin)),
      output_(client_->loop().buffers()),
      head_input_(client_->loop().buffers()),
      body_input_(client_->loop().buffers()),
      parser_(client_->limits().header_bytes_max) {
  ++origin_->open;
}

Upstream::~Upstream() { close(); }

void Upstream::close() {
  if (transport_) {
    transport_->detach();
    transport_->close();
  }
  if (std::exchange(counted_, false)) client_->connection_ended(*origin_);
}

void Upstream::abort(std::string_view reason) {
  aborted_ = true;
  if (!failure_) failure_ = closed(reason);
  idle_ = false;
  if (!slot_.waiting()) {
    close();
    return;
  }
  // The armed event fires later, from the loop, and wakes what waits.
  transport_->close();
  if (std::exchange(counted_, false)) client_->connection_ended(*origin_);
}

// ---- Connecting

Upstream::Wait Upstream::wait_until(Moment deadline) {
  transport_->set_deadline(deadline);
  return Wait(*this);
}

Wake Upstream::Wait::await_resume() noexcept {
  const Wake wake = awaiter_.await_resume();
  upstream_.transport_->set_deadline(kNever);
  return upstream_.transport_->open() ? wake : Wake::kAborted;
}

Task<Result<void>> Upstream::connect(UpstreamRef self, std::vector<Endpoint> endpoints, Moment deadline) {
  Result<void> outcome = Error{ErrorCode::kUnavailable, self->origin_->authority + " has no address"};
  for (std::size_t index = 0; index < endpoints.size(); ++index) {
    // An address that answers nothing must not use up the time of the others.
    const Moment now = self->client_->loop().now();
    const auto share = (deadline - now) / static_cast<std::int64_t>(endpoints.size() - index);
    outcome = co_await self->connect_to(endpoints[index], now + share);
    if (outcome.ok() || self->failure_) break;
  }
  if (!outcome) co_return outcome;
  if (self->origin_->url.tls) co_return co_await self->handshake(deadline);
  co_return outcome;
}

Task<Result<void>> Upstream::connect_to(const Endpoint& endpoint, Moment deadline) {
  const auto unreachable = [&](const char* reason) {
    return Error{ErrorCode::kUnavailable,
                 "cannot connect to " + origin_->authority + " (" + endpoint_text(endpoint) + "): " + reason};
  };
  const int socket = make_socket(endpoint.address.ss_family);
  if (socket < 0) co_return unreachable(std::strerror(errno));
  const int returned = ::connect(socket, reinterpret_cast<const sockaddr*>(&endpoint.address), endpoint.size);
  if (returned != 0 && errno != EINPROGRESS) {
    const Error error = unreachable(std::strerror(errno));
    ::close(socket);
    co_return error;
  }
  const bool connected = returned == 0;
  if (transport_) transport_->detach();
  transport_ = Transport::adopt(client_->loop(), socket, this);
  if (!transport_) co_return unreachable("the loop cannot watch another socket");
  if (connected) co_return Result<void>();
  transport_->arm_writable();
  switch (co_await wait_until(deadline)) {
    case Wake::kReady: break;
    case Wake::kTimeout:
      transport_->close();
      co_return Error{ErrorCode::kTimeout,
                      "connecting to " + origin_->authority + " (" + endpoint_text(endpoint) + ") took too long"};
    case Wake::kAborted: co_return failure_.value_or(closed("the connection was closed"));
  }
  int error = 0;
  socklen_t size = sizeof(error);
  ::getsockopt(transport_->socket(), SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) {
    transport_->close();
    co_return unreachable(std::strerror(error));
  }
  co_return Result<void>();
}

Task<Result<void>> Upstream::handshake(Moment deadline) {
  auto context = client_->tls_context();
  if (!context) co_return std::move(context).error();
  auto session = TlsSession::connect(**context, transport_->socket(), origin_->url.host, origin_->tickets);
  if (!session) co_return std::move(session).error();
  transport_->use_tls(*std::move(session));
  while (true) {
    const IoResult result = transport_->handshake();
    if (result.status == Io::kDone) co_return Result<void>();
    if (result.status != Io::kWouldBlock) {
      co_return Error{ErrorCode::kUnavailable,
                      "TLS with " + origin_->authority + " failed: " + transport_->tls()->failure()};
    }
    switch (co_await wait_until(deadline)) {
      case Wake::kReady: break;
      case Wake::kTimeout:
        co_return Error{ErrorCode::kTimeout, "the TLS handshake with " + origin_->authority + " took too long"};
      case Wake::kAborted: co_return failure_.value_or(closed("the connection was closed"));
    }
  }
}

// ---- Sending

Result<void> Upstream::write_head(const Url& url, const ClientRequest& request) {
  std::string_view path = request.path_and_query;
  if (!is_token(request.method) || !is_path(url.path) || !is_path(path)) {
    return Error{ErrorCode::kInvalid, "a method or path with characters that are not allowed"};
  }
  std::size_t size = request.method.size() + url.path.size() + path.size() + origin_->authority.size() + 128;
  for (const Header& field : request.headers) {
    // One bad byte here would let whoever chose the value write a request of his own.
    if (!is_token(field.name) || !is_field_value(field.value)) {
      return Error{ErrorCode::kInvalid, "a header field with characters that are not allowed"};
    }
    size += field.name.size() + field.value.size() + 4;
  }
  output_.make_room(size);
  char* const begin = output_.room().data();
  char* at = put(begin, request.method);
  *at++ = ' ';
  at = put(at, url.path);
  at = put(at, path);
  if (url.path.empty() && !path.starts_with('/')) {
    // Nothing but a query, or nothing at all: the root.
    at -= path.size();
    *at++ = '/';
    at = put(at, path);
  }
  at = put(at, " HTTP/1.1\r\nHost: ");
  at = put(at, origin_->authority);
  at = put(at, "\r\n");
  for (const Header& field : request.headers) {
    if (is_connection_header(field.name) || (field.name.size() == 4 && same_name(field.name, "host"))) continue;
    at = put(at, field.name);
    at = put(at, ": ");
    at = put(at, field.value);
    at = put(at, "\r\n");
  }
  const bool wants_length = request.method == "POST" || request.method == "PUT" || request.method == "PATCH";
  if (wants_length || !request.body.empty()) {
    at = put(at, "Content-Length: ");
    at = write_decimal(at, request.body.size());
    at = put(at, "\r\n");
  }
  at = put(at, "\r\n");
  output_.commit(static_cast<std::size_t>(at - begin));
  return {};
}

SendFailure Upstream::failure(Error error) const {
  SendFailure failed;
  const bool at_once = !sent_all_ || client_->loop().now() - sent_at_ <= kStaleMax;
  failed.stale_connection = reused_ && !answer_began_ && !aborted_ && at_once && error.code == ErrorCode::kClosed;
  failed.request_sent = sent_any_;
  failed.request_complete = sent_all_;
  failed.error = std::move(error);
  return failed;
}

// Head and body leave together.
IoResult Upstream::write_some(std::string_view& body) {
  std::array<iovec, 2> parts;
  int count = 0;
  if (!output_.empty()) parts[static_cast<std::size_t>(count++)] = {output_.data(), output_.size()};
  if (!body.empty()) parts[static_cast<std::size_t>(count++)] = {const_cast<char*>(body.data()), body.size()};
  const IoResult result = transport_->write(parts.data(), count);
  if (result.bytes > 0) sent_any_ = true;
  const std::size_t of_head = std::min(result.bytes, output_.size());
  output_.consume(of_head);
  body.remove_prefix(result.bytes - of_head);
  if (output_.empty()) output_.release();
  return result;
}

// Writes what the connection takes. False when it broke before a byte of the request left; a connection that breaks
// later may still hold an answer that says why.
bool Upstream::advance_request(std::string_view& body, Moment& deadline) {
  const Moment now = client_->loop().now();
  const IoResult result = write_some(body);
  writable_ = false;
  sent_all_ = output_.empty() && body.empty();
  if (sent_all_) {
    sent_at_ = now;
    deadline = now + client_->limits().response_timeout;
  } else if (result.status == Io::kFailed) {
    broken_ = true;
  } else {
    transport_->arm_writable();
    if (result.bytes > 0 || deadline == kNever) deadline = now + client_->limits().write_timeout;
  }
  return !broken_ || sent_any_;
}

Task<std::optional<SendFailure>> Upstream::send(UpstreamRef self, const Url& url, const ClientRequest& request) {
  Upstream& me = *self;
  if (auto written = me.write_head(url, request); !written) co_return me.failure(std::move(written).error());
  std::string_view body = request.body;
  bool answered = false;
  Moment deadline = kNever;
  me.parser_.begin();
  me.writable_ = true;
  while (true) {
    if (me.failure_) co_return me.failure(*me.failure_);
    if (!me.sent_all_ && !me.broken_ && me.writable_ && !me.advance_request(body, deadline)) {
      co_return me.failure(closed("the upstream closed the connection"));
    }
    if (!answered) {
      const Step step = me.receive_head(request.method);
      if (step == Step::kFailed) co_return me.failure(*me.failure_);
      answered = step == Step::kHead;
    }
    // An error that comes while the body is still on its way says that the rest is not wanted.
    if (answered && (me.sent_all_ || me.broken_ || me.status() >= 400)) co_return std::nullopt;
    if (!answered) me.transport_->arm_readable();
    switch (co_await me.wait_until(deadline)) {
      case Wake::kReady: break;
      case Wake::kTimeout:
        co_return me.failure({ErrorCode::kTimeout, me.sent_all_ ? "the upstream gave no answer in time"
                                                                : "the upstream took too long to take the request"});
      case Wake::kAborted: co_return me.failure(me.failure_.value_or(closed("the connection was closed")));
    }
  }
}

}  // namespace reeve::net
