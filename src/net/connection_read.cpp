// The reading half of a server connection: heads, bodies, and the watch for a client that leaves.

#include <algorithm>
#include <utility>

#include "core/check.h"
#include "net/connection.h"
#include "net/server.h"

namespace reeve::net {

namespace {

constexpr std::size_t kReceiveRoomMin = 1024;
constexpr std::size_t kChunkedPieceBytes = 16UL << 10U;
// A sized body is not believed at once: memory is taken as it comes, doubled each time.
constexpr std::size_t kFirstBodyBytes = 256UL << 10U;
constexpr auto kWatchInterval = std::chrono::milliseconds(250);

constexpr char kNoBytes[kBufferPadding] = {};

}  // namespace

WaitSlot::Awaiter Connection::readable() {
  set_deadlines();
  transport_->arm_readable();
  return read_slot_.wait();
}

IoResult Connection::receive(Buffer& into, std::size_t bytes_max) {
  const std::size_t asked = std::min(into.room().size(), bytes_max);
  const IoResult result = transport_->read(into.room().data(), asked);
  into.commit(result.bytes);
  // Plain sockets tell by a short read that they are empty; under TLS only "would block" says so.
  socket_empty_ = result.status == Io::kWouldBlock ||
                  (result.status == Io::kDone && result.bytes < asked && transport_->tls() == nullptr);
  if (result.status == Io::kEnd || result.status == Io::kFailed) input_ended_ = true;
  return result;
}

// kIncomplete: the connection ended, or was idle for too long. kFailed: refusal_ says what to answer.
Task<ParseStatus> Connection::read_head() {
  const Moment began = server_->loop().now();
  phase_ = Phase::kIdle;
  read_deadline_ = began + server_->limits().idle_timeout;
  while (true) {
    if (!input_.empty()) {
      if (phase_ == Phase::kIdle) {
        phase_ = Phase::kHead;
        read_deadline_ = server_->loop().now() + server_->limits().header_timeout;
        head_.headers = server_->loop().take_headers();
      }
      const ParseStatus status = parser_.parse(input_.view(), head_);
      if (status == ParseStatus::kFailed) refusal_ = parser_.refusal();
      if (status != ParseStatus::kIncomplete) co_return status;
    }
    if (!socket_empty_) {
      input_.make_room(input_.empty() ? receive_bytes_ : kReceiveRoomMin);
      const IoResult result = receive(input_, input_.capacity());
      if (result.status == Io::kDone) continue;
      if (result.status != Io::kWouldBlock) co_return ParseStatus::kIncomplete;
    }
    if (input_.empty()) input_.release();
    const Wake wake = co_await readable();
    if (wake == Wake::kAborted || (wake == Wake::kTimeout && phase_ == Phase::kIdle))
      co_return ParseStatus::kIncomplete;
    if (wake == Wake::kTimeout) {
      refusal_ = {408, "the head of the request took too long"};
      co_return ParseStatus::kFailed;
    }
  }
}

Error Connection::body_failure(int status, ErrorCode code, std::string message) {
  body_state_ = BodyState::kFailed;
  body_refusal_status_ = status;
  return {code, std::move(message)};
}

Task<Result<std::string_view>> Connection::read_body() {
  if (body_state_ != BodyState::kUnread) {
    co_return Error{ErrorCode::kInvalid, "the body of this request was read before"};
  }
  if (!head_.has_body()) {
    body_state_ = BodyState::kComplete;
    co_return std::string_view(kNoBytes, 0);  // NOLINT(bugprone-string-constructor): readable bytes follow
  }
  const std::size_t limit = server_->limits().body_bytes_max;
  if (head_.content_length && *head_.content_length > limit) {
    co_return body_failure(
        413, ErrorCode::kTooLarge,
        "the body has " + std::to_string(*head_.content_length) + " bytes, the limit is " + std::to_string(limit));
  }
  body_state_ = BodyState::kReading;
  if (input_.size() == parser_.head_bytes() && parser_.expects_continue() && answer_ == Answer::kNone) {
    if (auto sent = co_await send_continue(); !sent) co_return std::move(sent).error();
  }
  phase_ = Phase::kBody;
  Result<std::string_view> body = head_.chunked
                                      ? co_await read_chunked_body(limit)
                                      : co_await read_sized_body(static_cast<std::size_t>(*head_.content_length));
  phase_ = Phase::kHandler;
  read_deadline_ = kNever;
  set_deadlines();
  if (body) body_state_ = BodyState::kComplete;
  co_return body;
}

// Waits for more of the body.
Task<Result<void>> Connection::body_readable() {
  if (input_ended_)
    co_return body_failure(400, ErrorCode::kClosed, "the client ended the connection before the body was complete");
  read_deadline_ = server_->loop().now() + server_->limits().body_timeout;
  switch (co_await readable()) {
    case Wake::kReady: co_return Result<void>();
    case Wake::kTimeout:
      co_return body_failure(408, ErrorCode::kTimeout, "the client sent nothing of the body for too long");
    case Wake::kAborted: break;
  }
  co_return body_failure(0, ErrorCode::kClosed, "the connection was closed before the body was complete");
}

Task<Result<std::string_view>> Connection::read_sized_body(std::size_t length) {
  const std::size_t head_bytes = parser_.head_bytes();
  const std::size_t present = std::min(input_.size() - head_bytes, length);
  body_in_input_ = present;
  if (input_.room().size() >= length - present) {
    // It fits behind its head, where nothing moves any more.
    while (body_in_input_ < length) {
      if (!socket_empty_) body_in_input_ += receive(input_, length - static_cast<std::size_t>(body_in_input_)).bytes;
      if (body_in_input_ == length) break;
      if (!socket_empty_ && !input_ended_) continue;
      if (auto ready = co_await body_readable(); !ready) co_return std::move(ready).error();
    }
    co_return input_.view().substr(head_bytes, length);
  }
  body_.make_room(std::min(length, std::max(kFirstBodyBytes, present)));
  body_.append(input_.view().substr(head_bytes, present));
  while (body_.size() < length) {
    if (body_.room().empty()) body_.make_room(std::min(body_.size(), length - body_.size()));
    if (!socket_empty_) receive(body_, length - body_.size());
    if (body_.size() == length) break;
    if (!socket_empty_ && !input_ended_) continue;
    if (auto ready = co_await body_readable(); !ready) co_return std::move(ready).error();
  }
  co_return body_.view();
}

// Takes the chunks out of `input` into body_; says how many bytes it used up.
Result<std::size_t> Connection::decode_chunks(std::string_view input, std::size_t limit, bool& done) {
  std::size_t used = 0;
  while (true) {
    const ChunkDecoder::Step step = chunks_.next(input.substr(used));
    used += step.consumed;
    switch (step.status) {
      case ChunkDecoder::Status::kNeedMore: return used;
      case ChunkDecoder::Status::kDone: done = true; return used;
      case ChunkDecoder::Status::kFailed: return body_failure(400, ErrorCode::kInvalid, std::string(chunks_.failure()));
      case ChunkDecoder::Status::kData:
        if (step.data.size() > limit - body_.size()) {
          return body_failure(413, ErrorCode::kTooLarge,
                              "the body has more than " + std::to_string(limit) + " bytes, which is the limit");
        }
        body_.append(step.data);
        break;
    }
  }
}

Task<Result<std::string_view>> Connection::read_chunked_body(std::size_t limit) {
  chunks_ = ChunkDecoder();
  bool done = false;
  Result<std::size_t> used = decode_chunks(input_.view().substr(parser_.head_bytes()), limit, done);
  if (!used) co_return std::move(used).error();
  chunked_used_ = *used;
  Buffer piece(server_->loop().buffers());
  while (!done) {
    if (!socket_empty_) {
      piece.make_room(kChunkedPieceBytes);
      receive(piece, kChunkedPieceBytes);
    }
    if (piece.empty()) {
      piece.release();
      if (!socket_empty_ && !input_ended_) continue;
      if (auto ready = co_await body_readable(); !ready) co_return std::move(ready).error();
      continue;
    }
    used = decode_chunks(piece.view(), limit, done);
    if (!used) co_return std::move(used).error();
    piece.consume(*used);
  }
  // What came behind the last chunk belongs to the next request; the head that the handler looks at must not move.
  if (!piece.empty()) carried_ = std::move(piece);
  // NOLINTNEXTLINE(bugprone-string-constructor): readable bytes follow
  if (!body_.has_memory()) co_return std::string_view(kNoBytes, 0);
  co_return body_.view();
}

Task<Result<void>> Connection::send_continue() {
  continue_sent_ = true;
  output_.append("HTTP/1.1 100 Continue\r\n\r\n");
  co_return co_await send({}, {}, server_->limits().buffered_write_bytes_max);
}

// Whether the rest of an unread body is worth reading, so that the connection can go on.
bool Connection::unread_body_is_small() const {
  if (!head_.has_body()) return true;
  if (parser_.expects_continue() && !continue_sent_) return false;  // the client may send it or not
  if (head_.chunked) return true;                                   // tried up to the limit
  const std::size_t present = input_.size() - parser_.head_bytes();
  return *head_.content_length <= present + kDiscardBytesMax;
}

// After the answer: reads a body that the handler left. False when the connection cannot go on.
Task<bool> Connection::discard_body() {
  if (!unread_body_is_small()) co_return false;
  phase_ = Phase::kBody;
  const Result<std::string_view> body = head_.chunked
                                            ? co_await read_chunked_body(kDiscardBytesMax)
                                            : co_await read_sized_body(static_cast<std::size_t>(*head_.content_length));
  read_deadline_ = kNever;
  set_deadlines();
  body_state_ = body ? BodyState::kComplete : BodyState::kFailed;
  co_return body.ok();
}

// While the handler runs the socket is only looked at: bytes of a next request stay in the kernel, which slows the
// client down by itself; an end of the stream behind them is found by looking again now and then.
void Connection::look_after_client() {
  switch (transport_->peer()) {
    case Transport::Peer::kLeft: client_gone(); break;
    case Transport::Peer::kQuiet: transport_->arm_readable(); break;
    case Transport::Peer::kSending:
      read_deadline_ = server_->loop().now() + kWatchInterval;
      set_deadlines();
      break;
  }
}

}  // namespace reeve::net
