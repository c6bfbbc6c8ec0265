#include "net/connection.h"

#include <algorithm>
#include <utility>

#include "core/check.h"
#include "net/http_text.h"
#include "net/server.h"

namespace reeve::net {

namespace {

// A connection that ends while the client may still be sending is not closed at once: the kernel would answer the
// unread bytes with a reset, which can destroy our answer before the client has read it.
constexpr auto kLingerTime = std::chrono::seconds(5);
constexpr std::size_t kLingerBytesMax = 64UL << 20U;
constexpr std::size_t kLingerPieceBytes = 64UL << 10U;
constexpr std::size_t kFirstReceiveBytes = 8UL << 10U;
constexpr std::size_t kReceiveBytesMax = 256UL << 10U;
constexpr std::size_t kReceiveSlackBytes = 1024;
constexpr unsigned kServedAtOnce = 64;

}  // namespace

Connection::Connection(std::shared_ptr<LoopServer> server, std::string peer_address)
    : server_(std::move(server)),
      peer_address_(std::move(peer_address)),
      input_(server_->loop().buffers()),
      body_(server_->loop().buffers()),
      carried_(server_->loop().buffers()),
      parser_(server_->limits().header_bytes_max, server_->limits().header_count_max),
      receive_bytes_(kFirstReceiveBytes),
      output_(server_->loop().buffers()) {
  server_->connection_began(*this);
}

Connection::~Connection() {
  if (transport_) {
    transport_->detach();
    transport_->close();
  }
  // Before the server hears of it: whoever waits for its last connection may destroy it at once.
  ConnectionHook::unlink();
  server_->connection_ended();
}

bool Connection::over_tls() const { return transport_ && transport_->tls() != nullptr; }

std::vector<std::string> Connection::peer_certificates() const {
  return over_tls() ? transport_->tls()->peer_certificates() : std::vector<std::string>();
}

Loop& Connection::loop() { return server_->loop(); }

void Connection::start(const Ref& self, int socket) {
  self->transport_ = Transport::adopt(self->server_->loop(), socket, self.get());
  if (!self->transport_) return;
  start_detached(serve(self));
}

Task<void> Connection::serve(Ref self) {
  if (self->server_->shared().tls && !co_await self->handshake()) co_return;
  for (unsigned served = 1; co_await self->serve_one(); ++served) {
    // Pipelined requests with quick answers never wait for anything; others want their turn.
    if (served % kServedAtOnce != 0) continue;
    co_await self->server_->loop().sleep(Duration(0));
    if (self->draining_ && (self->input_.empty() || !self->transport_->open())) break;
  }
  self->transport_->close();
}

Task<bool> Connection::handshake() {
  transport_->use_tls(TlsSession::accept(*server_->shared().tls, transport_->socket()));
  phase_ = Phase::kHandshake;
  read_deadline_ = server_->loop().now() + server_->limits().header_timeout;
  set_deadlines();
  while (true) {
    const IoResult result = transport_->handshake();
    if (result.status == Io::kDone) co_return true;
    if (result.status != Io::kWouldBlock) co_return false;
    if (co_await read_slot_.wait() != Wake::kReady || !transport_->open()) co_return false;
  }
}

// One request and its answer. False when the connection is over.
Task<bool> Connection::serve_one() {
  begin_exchange();
  switch (co_await read_head()) {
    case ParseStatus::kIncomplete: co_return false;  // the client left, or the time between two requests is over
    case ParseStatus::kFailed:
      server_->shared().stats.bad_requests.fetch_add(1, std::memory_order_relaxed);
      co_await refuse(refusal_);
      co_return false;
    case ParseStatus::kComplete: break;
  }
  server_->shared().stats.requests.fetch_add(1, std::memory_order_relaxed);
  phase_ = Phase::kHandler;
  read_deadline_ = kNever;
  set_deadlines();
  co_await server_->shared().handler(*this);
  on_client_gone_ = nullptr;
  const bool goes_on = co_await end_exchange();
  release_request();
  co_return goes_on;
}

void Connection::begin_exchange() {
  parser_.begin();
  body_in_input_ = 0;
  chunked_used_ = 0;
  body_refusal_status_ = 0;
  body_state_ = BodyState::kUnread;
  continue_sent_ = false;
  answer_ = Answer::kNone;
  answer_left_.reset();
  answer_chunked_ = false;
  answer_bodiless_ = false;
  close_after_ = draining_;
}

// Gives everything of the request back, so that an idle connection holds next to nothing.
void Connection::release_request() {
  const std::size_t used = parser_.head_bytes() + static_cast<std::size_t>(body_in_input_) + chunked_used_;
  // The next request is likely to be like this one: room for all of it saves a read.
  receive_bytes_ = std::clamp(used + body_.size() + kReceiveSlackBytes, kFirstReceiveBytes, kReceiveBytesMax);
  DCHECK(used <= input_.size());
  input_.consume(used);
  if (carried_.has_memory()) input_ = std::move(carried_);
  if (input_.empty()) input_.release();
  body_.release();
  server_->loop().give_back_headers(std::move(head_.headers));
  head_ = {};
}

// What remains to be done after the handler returned. False when the connection is over.
Task<bool> Connection::end_exchange() {
  if (answer_ == Answer::kNone) {
    const int status = body_refusal_status_ != 0 ? body_refusal_status_ : 500;
    co_await refuse({status, status == 500 ? "no answer was made" : "the body could not be read"});
    co_return false;
  }
  if (answer_ == Answer::kStarted) {
    // The client must not take a part for the whole. Without a length only a reset says so.
    if (answer_chunked_ || answer_left_) {
      (void)co_await send({}, {}, 0);
      transport_->close();
    } else {
      transport_->reset();
    }
    co_return false;
  }
  if (!head_.has_body()) body_state_ = BodyState::kComplete;
  if (body_state_ == BodyState::kUnread && !close_after_ && !co_await discard_body()) close_after_ = true;
  if (body_state_ == BodyState::kFailed) close_after_ = true;
  if (!output_.empty() && !co_await send({}, {}, 0)) co_return false;
  if (output_error_ || !transport_->open()) co_return false;
  if (!close_after_ && !parser_.framing().close && !parser_.framing().http_1_0) co_return true;
  const std::size_t used = parser_.head_bytes() + static_cast<std::size_t>(body_in_input_) + chunked_used_;
  if (body_state_ != BodyState::kComplete || input_.size() > used) co_await linger();
  co_return false;
}

// An answer that the server gives by itself; the connection ends with it.
Task<void> Connection::refuse(Refusal refusal) {
  if (client_gone_ || !transport_->open()) co_return;
  close_after_ = true;
  const RefusalText text = refusal_text(server_->shared().options, refusal, head_.path);
  const Headers headers{{"Content-Type", text.content_type}};
  if (!co_await respond(refusal.status, headers, text.body)) co_return;
  if (!co_await send({}, {}, 0)) co_return;
  co_await linger();
}

Task<void> Connection::linger() {
  transport_->shutdown_write();
  phase_ = Phase::kLinger;
  read_deadline_ = server_->loop().now() + kLingerTime;
  set_deadlines();
  Buffer trash(server_->loop().buffers());
  for (std::size_t discarded = 0; discarded < kLingerBytesMax && transport_->open();) {
    trash.make_room(kLingerPieceBytes);
    const IoResult result = transport_->read(trash.data(), kLingerPieceBytes);
    if (result.status == Io::kDone) {
      discarded += result.bytes;
      continue;
    }
    if (result.status != Io::kWouldBlock) break;
    trash.release();
    transport_->arm_readable();
    if (co_await read_slot_.wait() != Wake::kReady) break;
  }
}

void Connection::drain() {
  draining_ = true;
  close_after_ = true;
  if (phase_ == Phase::kIdle || phase_ == Phase::kHandshake) kill();
}

void Connection::kill() {
  draining_ = true;
  if (!transport_ || !transport_->open()) return;
  transport_->close();  // the armed events fire later, from the loop, and wake what waits
  closed_by_us();
}

void Connection::abandon() {
  if (!transport_ || !transport_->open()) return;
  transport_->reset();
  closed_by_us();
}

void Connection::closed_by_us() {
  // Who reads next, with nothing armed, finds the end instead of waiting for it.
  socket_empty_ = false;
  input_ended_ = true;
  client_gone();
}

// The client's leave, told once to a handler that wants to know.
void Connection::client_gone() {
  client_gone_ = true;
  if (const auto callback = std::exchange(on_client_gone_, nullptr)) callback();
}

void Connection::on_client_gone(std::function<void()> callback) {
  on_client_gone_ = std::move(callback);
  if (!on_client_gone_) return;
  if (client_gone_ || input_ended_) {
    server_->loop().post([self = Ref(this)] { self->client_gone(); });
    return;
  }
  transport_->arm_readable();
}

void Connection::on_readable() {
  socket_empty_ = false;
  if (read_slot_.waiting()) {
    read_slot_.wake(transport_->open() ? Wake::kReady : Wake::kAborted);
    return;
  }
  if (phase_ == Phase::kHandler && on_client_gone_) look_after_client();
}

void Connection::on_deadline() {
  const Moment now = server_->loop().now();
  if (write_deadline_ <= now) {
    output_failed(ErrorCode::kTimeout, "the client took no byte for too long");
    return;
  }
  if (read_deadline_ > now) {
    set_deadlines();
    return;
  }
  read_deadline_ = kNever;
  set_deadlines();
  if (read_slot_.waiting()) {
    read_slot_.wake(Wake::kTimeout);
  } else if (phase_ == Phase::kHandler && on_client_gone_) {
    look_after_client();
  }
}

}  // namespace reeve::net
