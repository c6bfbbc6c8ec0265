// The writing half of a server connection: heads, framing, and what waits for the socket.

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "core/check.h"
#include "net/connection.h"
#include "net/http_characters.h"
#include "net/http_text.h"
#include "net/server.h"

namespace reeve::net {

namespace {

constexpr std::string_view kLineEnd = "\r\n";
constexpr std::string_view kLastChunk = "0\r\n\r\n";
constexpr std::string_view kChunkEndAndLastChunk = "\r\n0\r\n\r\n";
// Status line, Date, Content-Length or Transfer-Encoding, Connection and the empty line, generously.
constexpr std::size_t kFixedHeadBytes = 256;

char* put(char* to, std::string_view text) {
  // An empty value has no bytes to point at, and memcpy must not be given such a place.
  if (!text.empty()) std::memcpy(to, text.data(), text.size());
  return to + text.size();
}

bool has_no_body(int status) { return status == 204 || status == 304 || status < 200; }

}  // namespace

void Connection::set_deadlines() { transport_->set_deadline(std::min(read_deadline_, write_deadline_)); }

Error Connection::gone() const {
  return output_error_ ? *output_error_ : Error{ErrorCode::kClosed, "the client closed the connection"};
}

// The head goes to output_ and leaves with the first bytes that are sent.
void Connection::append_head(int status, const Headers& headers, std::optional<std::uint64_t> content_length) {
  std::size_t size = kFixedHeadBytes;
  for (const Header& field : headers) size += field.name.size() + field.value.size() + 4;
  output_.make_room(size);
  char* const begin = output_.room().data();
  char* at = put(begin, "HTTP/1.1 ");
  at = write_decimal(at, static_cast<std::uint64_t>(status));
  *at++ = ' ';
  at = put(at, reason_phrase(status));
  at = put(at, kLineEnd);
  bool dated = false;
  for (const Header& field : headers) {
    if (is_connection_header(field.name)) continue;
    dated = dated || same_name(field.name, "date");
    at = put(at, field.name);
    at = put(at, ": ");
    at = put(at, field.value);
    at = put(at, kLineEnd);
  }
  if (!dated) at = put(at, server_->loop().date_field());
  if (content_length && status != 204 && status != 304) {
    at = put(at, "Content-Length: ");
    at = write_decimal(at, *content_length);
    at = put(at, kLineEnd);
  } else if (answer_chunked_) {
    at = put(at, "Transfer-Encoding: chunked\r\n");
  }
  if (close_after_) at = put(at, "Connection: close\r\n");
  at = put(at, kLineEnd);
  output_.commit(static_cast<std::size_t>(at - begin));
}

Result<void> Connection::begin_answer(int status, const Headers& headers, std::optional<std::uint64_t> content_length) {
  if (answer_ != Answer::kNone) return Error{ErrorCode::kInvalid, "this request was answered before"};
  if (status < 200 || status > 999) return Error{ErrorCode::kInvalid, "no final status: " + std::to_string(status)};
  for (const Header& field : headers) {
    // One bad byte here would let whoever chose the value write our next answer.
    if (!is_token(field.name) || !is_field_value(field.value)) {
      return Error{ErrorCode::kInvalid, "a header field with characters that are not allowed"};
    }
  }
  if (output_error_ || client_gone_) return gone();
  const Framing& framing = parser_.framing();
  if (framing.close || framing.http_1_0 || body_state_ == BodyState::kFailed) close_after_ = true;
  if (body_state_ == BodyState::kUnread && !unread_body_is_small()) close_after_ = true;
  answer_bodiless_ = head_.method == Method::kHead || has_no_body(status);
  answer_chunked_ = !content_length && !framing.http_1_0 && !has_no_body(status);
  answer_left_ = content_length;
  answer_ = Answer::kStarted;
  append_head(status, headers, content_length);
  return {};
}

Task<Result<void>> Connection::respond(int status, const Headers& headers, std::string_view body) {
  if (auto begun = begin_answer(status, headers, body.size()); !begun) co_return begun;
  answer_left_ = 0;
  answer_ = Answer::kFinished;
  if (answer_bodiless_) body = {};
  std::string_view tail;
  if (send_now(body, tail)) co_return Result<void>();
  co_return co_await send(body, tail, server_->limits().buffered_write_bytes_max);
}

Task<Result<void>> Connection::start(int status, const Headers& headers, std::optional<std::uint64_t> content_length,
                                     bool flush) {
  if (auto begun = begin_answer(status, headers, content_length); !begun || !flush) co_return begun;
  co_return co_await send({}, {}, server_->limits().buffered_write_bytes_max);
}

Task<Result<void>> Connection::write(std::string_view bytes) { return write_body(bytes, false); }

Task<Result<void>> Connection::finish() { return write_body({}, true); }

Task<Result<void>> Connection::finish(std::string_view last_bytes) { return write_body(last_bytes, true); }

Task<Result<void>> Connection::flush() {
  if (output_error_) co_return gone();
  if (output_.empty()) co_return Result<void>();
  co_return co_await send({}, {}, 0);
}

Task<Result<void>> Connection::write_body(std::string_view bytes, bool last) {
  if (answer_ != Answer::kStarted) {
    co_return Error{ErrorCode::kInvalid, "bytes of an answer that was not started or is finished"};
  }
  if (output_error_ || client_gone_) co_return gone();
  if (answer_left_) {
    // Left as started, so that the connection is cut and the client sees an incomplete answer.
    if (bytes.size() > *answer_left_) co_return Error{ErrorCode::kInvalid, "more bytes than the stated length"};
    *answer_left_ -= bytes.size();
    if (last && *answer_left_ > 0 && !answer_bodiless_) {
      co_return Error{ErrorCode::kInvalid, "fewer bytes than the stated length"};
    }
  }
  if (last) answer_ = Answer::kFinished;
  std::string_view tail;
  if (answer_bodiless_) {
    bytes = {};
  } else if (answer_chunked_) {
    if (!bytes.empty()) {
      std::array<char, 24> size;
      char* end = write_hex(size.data(), bytes.size());
      end = put(end, kLineEnd);
      output_.append({size.data(), static_cast<std::size_t>(end - size.data())});
    }
    tail = bytes.empty() ? (last ? kLastChunk : std::string_view()) : (last ? kChunkEndAndLastChunk : kLineEnd);
  }
  if (send_now(bytes, tail)) co_return Result<void>();
  co_return co_await send(bytes, tail, server_->limits().buffered_write_bytes_max);
}

// Writes what is pending, then `bytes`, then `tail`, as far as the socket takes it, and shortens the views by that.
// True when nothing is left.
bool Connection::send_now(std::string_view& bytes, std::string_view& tail) {
  if (output_error_ || output_blocked_) return false;
  const std::array<std::string_view*, 2> views = {&bytes, &tail};
  std::array<iovec, 3> parts;
  int count = 0;
  std::size_t total = output_.size();
  if (!output_.empty()) parts[0] = {output_.data(), output_.size()}, count = 1;
  for (const std::string_view* view : views) {
    if (view->empty()) continue;
    parts[static_cast<std::size_t>(count++)] = {const_cast<char*>(view->data()), view->size()};
    total += view->size();
  }
  if (total == 0) return true;
  const IoResult result = transport_->write(parts.data(), count);
  if (result.status == Io::kFailed || result.status == Io::kEnd) {
    output_failed(ErrorCode::kClosed, "the client closed the connection");
    return false;
  }
  std::size_t sent = result.bytes;
  const std::size_t from_output = std::min(sent, output_.size());
  output_.consume(from_output);
  sent -= from_output;
  for (std::string_view* view : views) {
    const std::size_t step = std::min(sent, view->size());
    view->remove_prefix(step);
    sent -= step;
  }
  if (result.bytes == total) {
    output_.release();
    if (write_deadline_ != kNever) {
      write_deadline_ = kNever;
      set_deadlines();
    }
    return true;
  }
  output_blocked_ = true;
  if (result.bytes > 0 || write_deadline_ == kNever) {
    write_deadline_ = server_->loop().now() + server_->limits().write_timeout;
    set_deadlines();
  }
  transport_->arm_writable();
  return false;
}

// Sends, keeps what does not leave at once up to `kept_max` bytes, and waits above that.
Task<Result<void>> Connection::send(std::string_view bytes, std::string_view tail, std::size_t kept_max) {
  while (!send_now(bytes, tail)) {
    if (output_error_) co_return gone();
    if (output_.size() + bytes.size() + tail.size() <= kept_max) {
      output_.append(bytes);
      output_.append(tail);
      break;
    }
    co_await write_slot_.wait();
  }
  co_return Result<void>();
}

void Connection::on_writable() {
  output_blocked_ = false;
  if (phase_ == Phase::kHandshake) {
    read_slot_.wake(transport_->open() ? Wake::kReady : Wake::kAborted);
    return;
  }
  if (!transport_->open()) {
    output_failed(ErrorCode::kClosed, "the connection was closed");
    return;
  }
  if (write_slot_.waiting()) {
    write_slot_.wake(Wake::kReady);
    return;
  }
  std::string_view bytes;
  std::string_view tail;
  send_now(bytes, tail);
}

void Connection::output_failed(ErrorCode code, std::string_view message) {
  if (!output_error_) output_error_ = Error{code, std::string(message)};
  output_.release();
  transport_->close();
  // Later: the handler may be the one that is writing.
  server_->loop().post([self = Ref(this)] {
    self->client_gone();
    self->write_slot_.wake(Wake::kAborted);
  });
}

}  // namespace reeve::net
