// The answer's half of an upstream connection: its head, its body, and what becomes of the connection after it.

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/check.h"
#include "net/upstream.h"

namespace reeve::net {

namespace {

constexpr std::size_t kHeadReceiveBytes = 8UL << 10U;
constexpr std::size_t kBodyReceiveBytes = 16UL << 10U;
constexpr std::size_t kLargeBodyReceiveBytes = 64UL << 10U;
constexpr std::size_t kReceiveRoomMin = 1024;
constexpr std::size_t kBurstBytesMax = 256UL << 10U;
constexpr int kInterimAnswersMax = 16;

Error closed(std::string_view reason) { return {ErrorCode::kClosed, std::string(reason)}; }

}  // namespace

IoResult Upstream::receive(Buffer& into, std::size_t room) {
  into.make_room(room);
  const std::size_t asked = into.room().size();
  const IoResult result = transport_->read(into.room().data(), asked);
  into.commit(result.bytes);
  socket_empty_ = result.status == Io::kWouldBlock ||
                  (result.status == Io::kDone && result.bytes < asked && transport_->tls() == nullptr);
  filled_ = result.bytes == asked;
  burst_bytes_ += result.bytes;
  return result;
}

Error Upstream::receive_failure(IoResult result) {
  if (result.status == Io::kEnd) return closed("the upstream closed the connection before its answer was complete");
  return closed("the connection to the upstream broke");
}

// Reads what is there, as far as the head of the final answer.
Upstream::Step Upstream::receive_head(std::string_view method) {
  while (!socket_empty_) {
    const IoResult result = receive(head_input_, head_input_.empty() ? kHeadReceiveBytes : kReceiveRoomMin);
    if (result.status == Io::kWouldBlock) break;
    if (result.status != Io::kDone) {
      failure_ = receive_failure(result);
      return Step::kFailed;
    }
    answer_began_ = true;
    if (const Step step = take_head(method); step != Step::kNeedMore) return step;
  }
  if (head_input_.empty()) head_input_.release();
  return Step::kNeedMore;
}

Upstream::Step Upstream::take_head(std::string_view method) {
  while (!head_input_.empty()) {
    switch (parser_.parse(head_input_.view(), head_)) {
      case ParseStatus::kIncomplete: return Step::kNeedMore;
      case ParseStatus::kFailed:
        failure_ = Error{parser_.too_large() ? ErrorCode::kTooLarge : ErrorCode::kInvalid,
                         "the upstream sent " + std::string(parser_.failure())};
        return Step::kFailed;
      case ParseStatus::kComplete: break;
    }
    if (head_.status >= 200) {
      begin_body(method);
      return Step::kHead;
    }
    // Interim answers are passed over. 101 would end HTTP, and nobody asked for it.
    if (head_.status == 101 || ++interim_answers_ > kInterimAnswersMax) {
      failure_ = Error{ErrorCode::kInvalid, "the upstream sent an interim answer that was not asked for"};
      return Step::kFailed;
    }
    head_input_.consume(parser_.head_bytes());
    head_.headers.clear();
    parser_.begin();
  }
  return Step::kNeedMore;
}

void Upstream::begin_body(std::string_view method) {
  head_used_ = parser_.head_bytes();
  const Framing& framing = parser_.framing();
  if (method == "HEAD" || head_.status == 204 || head_.status == 304) {
    body_ = Body::kComplete;
  } else if (framing.chunked) {
    body_ = Body::kChunked;
    chunks_ = ChunkDecoder();
  } else if (framing.content_length) {
    body_left_ = *framing.content_length;
    body_ = body_left_ == 0 ? Body::kComplete : Body::kSized;
  } else {
    body_ = Body::kUntilClose;
  }
}

void Upstream::use(std::size_t count) {
  if (body_input_.empty()) {
    head_used_ += count;
  } else {
    body_input_.consume(count);
  }
}

Task<Result<std::string_view>> Upstream::read(UpstreamRef self) {
  Upstream& me = *self;
  while (true) {
    if (me.failure_) co_return *me.failure_;
    if (me.unread_size() > 0 && me.body_ != Body::kComplete) {
      Result<std::string_view> piece = me.take_piece();
      if (!piece) me.failure_ = piece.error();
      if (!piece || !piece->empty()) co_return piece;
      continue;
    }
    if (me.body_ == Body::kComplete) co_return std::string_view();
    if (!me.socket_empty_ && me.burst_bytes_ >= kBurstBytesMax) {
      // A stream that never runs dry must not keep the loop from everybody else.
      me.burst_bytes_ = 0;
      co_await me.client_->loop().sleep(Duration(0));
      continue;
    }
    if (!me.socket_empty_) {
      const IoResult result = me.receive(me.body_input_, me.filled_ ? kLargeBodyReceiveBytes : kBodyReceiveBytes);
      if (result.status == Io::kDone) continue;
      if (result.status == Io::kEnd && me.body_ == Body::kUntilClose) {
        me.body_ = Body::kComplete;
        continue;
      }
      if (result.status != Io::kWouldBlock) {
        me.failure_ = me.receive_failure(result);
        continue;
      }
    }
    me.body_input_.release();  // a stream that pauses holds no buffer
    me.burst_bytes_ = 0;
    me.transport_->arm_readable();
    const Wake wake = co_await me.wait_until(me.client_->loop().now() + me.client_->limits().read_timeout);
    if (wake == Wake::kTimeout) me.failure_ = Error{ErrorCode::kTimeout, "the upstream sent nothing for too long"};
    if (wake == Wake::kAborted && !me.failure_) me.failure_ = closed("the connection was closed");
  }
}

// The next piece of the body from what has come; empty when only framing was there.
Result<std::string_view> Upstream::take_piece() {
  if (body_ == Body::kChunked) return take_chunks();
  std::size_t count = unread_size();
  if (body_ == Body::kSized) {
    count = static_cast<std::size_t>(std::min<std::uint64_t>(count, body_left_));
    body_left_ -= count;
    if (body_left_ == 0) body_ = Body::kComplete;
  }
  const std::string_view piece(unread(), count);
  use(count);
  return piece;
}

// The data of all chunks that have come, moved together: one piece for the reader instead of one for each chunk.
Result<std::string_view> Upstream::take_chunks() {
  char* const bytes = unread();
  const std::size_t size = unread_size();
  char* out = nullptr;
  std::size_t out_size = 0;
  std::size_t used = 0;
  while (true) {
    const ChunkDecoder::Step step = chunks_.next({bytes + used, size - used});
    used += step.consumed;
    if (step.status == ChunkDecoder::Status::kFailed) {
      return Error{ErrorCode::kInvalid, "the upstream sent " + std::string(chunks_.failure())};
    }
    if (step.status == ChunkDecoder::Status::kData) {
      char* const data = bytes + (step.data.data() - bytes);
      if (out == nullptr) {
        out = data;
      } else {
        std::memmove(out + out_size, data, step.data.size());
      }
      out_size += step.data.size();
      continue;
    }
    if (step.status == ChunkDecoder::Status::kDone) body_ = Body::kComplete;
    break;
  }
  use(used);
  return std::string_view(out, out_size);
}

// ---- After the answer

void Upstream::let_go() {
  if (idle_) return;
  const UpstreamRef self(this);
  const bool reusable =
      body_ == Body::kComplete && sent_all_ && !failure_ && unread_size() == 0 && !parser_.framing().close &&
      !parser_.framing().http_1_0 &&
      !(head_.status != 204 && head_.status != 304 && !parser_.framing().chunked && !parser_.framing().content_length);
  if (reusable && client_->keep(self, *origin_)) return;
  abort("the answer was not read to its end");
}

// The armed event may not have been delivered yet, and bytes that came before a request must not pass for its answer.
bool Upstream::usable() { return transport_->quiet(); }

void Upstream::set_idle() {
  idle_ = true;
  head_input_.release();
  body_input_.release();
  output_.release();
  head_used_ = 0;
  client_->loop().give_back_headers(std::move(head_.headers));
  head_ = {};
  transport_->set_deadline(client_->loop().now() + client_->limits().pool_idle_timeout);
  transport_->arm_readable();
}

void Upstream::set_busy() {
  idle_ = false;
  reused_ = true;
  sent_any_ = false;
  sent_all_ = false;
  answer_began_ = false;
  interim_answers_ = 0;
  body_ = Body::kNone;
  head_.headers = client_->loop().take_headers();
  transport_->set_deadline(kNever);
}

void Upstream::on_readable() {
  socket_empty_ = false;
  if (idle_) {
    // Nothing may come now but TLS's own messages: the upstream ends the connection, or talks out of turn. What says
    // so may also be an event from before the last answer was read.
    if (transport_->quiet()) {
      transport_->arm_readable();
    } else {
      client_->drop_idle(*this, *origin_);
    }
    return;
  }
  slot_.wake(transport_->open() ? Wake::kReady : Wake::kAborted);
}

void Upstream::on_writable() {
  writable_ = true;
  slot_.wake(transport_->open() ? Wake::kReady : Wake::kAborted);
}

void Upstream::on_deadline() {
  if (idle_) {
    client_->drop_idle(*this, *origin_);
  } else {
    slot_.wake(Wake::kTimeout);
  }
}

void Upstream::on_abort() {
  if (idle_) {
    client_->drop_idle(*this, *origin_);
  } else {
    abort("the event loop was stopped");
  }
}

}  // namespace reeve::net
