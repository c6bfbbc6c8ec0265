#include "net/http_characters.h"
#include "net/http_parser.h"

namespace reeve::net {

namespace {

constexpr std::size_t kExtensionBytesMax = 1024;
constexpr std::size_t kTrailerBytesMax = 16UL << 10U;
constexpr std::uint8_t kSizeDigitsMax = 15;  // always fits, and no chunk is that long

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

ChunkDecoder::Step ChunkDecoder::fail(std::string_view reason) {
  state_ = State::kFailed;
  failure_ = reason;
  return {Status::kFailed, 0, {}};
}

ChunkDecoder::Step ChunkDecoder::next(std::string_view input) {
  std::size_t at = 0;
  while (true) {
    if (state_ == State::kDone) return {Status::kDone, at, {}};
    if (state_ == State::kFailed) return {Status::kFailed, at, {}};
    if (at == input.size()) return {Status::kNeedMore, at, {}};
    if (state_ == State::kData) {
      const std::size_t count = left_ < input.size() - at ? static_cast<std::size_t>(left_) : input.size() - at;
      left_ -= count;
      if (left_ == 0) state_ = State::kDataCr;
      return {Status::kData, at + count, input.substr(at, count)};
    }
    if (!take(input[at])) return fail(failure_.empty() ? std::string_view("a malformed chunk") : failure_);
    ++at;
  }
}

bool ChunkDecoder::take(char byte) {
  switch (state_) {
    case State::kSize:
    case State::kExtension:
    case State::kSizeLf: return take_size(byte);
    case State::kDataCr: state_ = State::kDataLf; return byte == '\r';
    case State::kDataLf:
      state_ = State::kSize;
      digits_ = 0;
      overhead_ = 0;
      return byte == '\n';
    default: return take_trailer(byte);
  }
}

bool ChunkDecoder::take_size(char byte) {
  if (state_ == State::kSizeLf) {
    if (byte != '\n') return false;
    state_ = left_ == 0 ? State::kTrailerStart : State::kData;
    overhead_ = 0;
    return true;
  }
  if (state_ == State::kSize) {
    if (const int digit = hex_digit(byte); digit >= 0) {
      if (++digits_ > kSizeDigitsMax) return false;
      left_ = left_ * 16 + static_cast<std::uint64_t>(digit);
      return true;
    }
    if (digits_ == 0) return false;
    if (byte == ';') {
      state_ = State::kExtension;
      return true;
    }
  }
  if (byte == '\r') {
    state_ = State::kSizeLf;
    return true;
  }
  if (state_ != State::kExtension || is_control(byte)) return false;
  return ++overhead_ <= kExtensionBytesMax;
}

bool ChunkDecoder::take_trailer(char byte) {
  if (++overhead_ > kTrailerBytesMax) {
    failure_ = "trailer fields larger than the limit";
    return false;
  }
  switch (state_) {
    case State::kTrailerStart:
      state_ = byte == '\r' ? State::kEndLf : State::kTrailerName;
      return byte == '\r' || in(kToken, byte);
    case State::kTrailerName:
      if (byte == ':') state_ = State::kTrailerValue;
      return byte == ':' || in(kToken, byte);
    case State::kTrailerValue:
      if (byte == '\r') state_ = State::kTrailerLf;
      return byte == '\r' || !is_control(byte);
    case State::kTrailerLf: state_ = State::kTrailerStart; return byte == '\n';
    case State::kEndLf: state_ = State::kDone; return byte == '\n';
    default: return false;
  }
}

}  // namespace reeve::net
