#include "content/normalise.h"

#include <algorithm>
#include <cstring>

#include "content/normalise_walk.h"
#include "core/check.h"

namespace reeve::content {

namespace {

constexpr std::uint8_t kNoHex = 0xFF;

std::uint8_t hex_value(char c) {
  if (c >= '0' && c <= '9') return static_cast<std::uint8_t>(c - '0');
  const char lower = static_cast<char>(c | 0x20);
  if (lower >= 'a' && lower <= 'f') return static_cast<std::uint8_t>(lower - 'a' + 10);
  return kNoHex;
}

/// The four digits of \uXXXX; above 0xFFFF when they are not.
std::uint32_t read_hex4(const char* at) {
  std::uint32_t value = 0;
  for (int i = 0; i < 4; ++i) {
    const std::uint8_t digit = hex_value(at[i]);
    if (digit == kNoHex) return 0x10000;
    value = value * 16 + digit;
  }
  return value;
}

Unit folded(std::uint32_t code_point, std::uint32_t raw) {
  Unit unit;
  unit.raw = raw;
  const std::uint8_t fold = fold_code_point(code_point);
  if (fold == kStrip) return unit;
  if (fold == kKeep) {
    unit.size = write_utf8(code_point, unit.bytes);
  } else {
    unit.size = 1;
    unit.bytes[0] = static_cast<char>(fold);
  }
  return unit;
}

Unit as_is(char byte) {
  Unit unit;
  unit.size = 1;
  unit.bytes[0] = byte;
  return unit;
}

Unit read_escape(const char* at, const char* end) {
  if (end - at < 2) return as_is(*at);
  if (const std::uint8_t simple = kSimpleEscapes[static_cast<unsigned char>(at[1])]; simple != 0) {
    Unit unit = as_is(static_cast<char>(simple));
    unit.raw = 2;
    return unit;
  }
  if (at[1] != 'u' || end - at < 6) return as_is(*at);
  const std::uint32_t high = read_hex4(at + 2);
  if (high > 0xFFFF) return as_is(*at);
  if (high >= 0xD800 && high <= 0xDBFF && end - at >= 12 && at[6] == '\\' && at[7] == 'u') {
    const std::uint32_t low = read_hex4(at + 8);
    if (low >= 0xDC00 && low <= 0xDFFF) return folded(0x10000 + ((high - 0xD800) << 10U) + (low - 0xDC00), 12);
  }
  return folded(high, 6);
}

}  // namespace

Unit read_unit(const char* at, const char* end, bool json_escapes) {
  const auto byte = static_cast<unsigned char>(*at);
  if (byte < 0x80) return json_escapes && *at == '\\' ? read_escape(at, end) : as_is(*at);
  const Utf8Character character = read_utf8(at, end);
  if (character.bytes == 0) return as_is(*at);
  const std::uint8_t fold = fold_code_point(character.code_point);
  Unit unit;
  unit.raw = character.bytes;
  if (fold == kStrip) return unit;
  if (fold == kKeep) {
    unit.size = character.bytes;
    for (std::uint32_t i = 0; i < character.bytes; ++i) unit.bytes[i] = at[i];
  } else {
    unit.size = 1;
    unit.bytes[0] = static_cast<char>(fold);
  }
  return unit;
}

void NormaliseWalk::take_special() {
  while (at < end && !is_plain(*at)) {
    mark();
    const Unit unit = read_unit(at, end, json_escapes);
    std::memcpy(to, unit.bytes, 4);
    to += unit.size;
    at += unit.raw;
  }
}

void NormaliseWalk::take_rest() {
  while (at < end) {
    while (at < end && is_plain(*at)) *to++ = *at++;
    take_special();
  }
}

char* Buffer::reserve(std::size_t more) {
  const std::size_t needed = size_ + more + kPadding;
  if (needed > capacity_) {
    const std::size_t capacity = std::max(needed, capacity_ * 2);
    auto larger = std::make_unique_for_overwrite<char[]>(capacity);
    if (size_ != 0) std::memcpy(larger.get(), data_.get(), size_);
    data_ = std::move(larger);
    capacity_ = capacity;
  }
  return data_.get() + size_;
}

void Buffer::append(std::string_view bytes) {
  char* to = reserve(bytes.size());
  if (!bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());
  size_ += bytes.size();
}

void Buffer::finish() { std::memset(reserve(0), 0, kPadding); }

void Buffer::release_above(std::size_t bytes) {
  if (capacity_ <= bytes) return;
  data_ = nullptr;
  size_ = capacity_ = 0;
}

void normalise(std::string_view raw, bool json_escapes, Buffer& out, std::vector<Checkpoint>& checkpoints,
               InstructionSet set) {
  CHECK(raw.size() <= (1UL << 30U));
  // No unit gives more bytes than it takes; a block is written as a whole.
  char* const to = out.reserve(raw.size() + 64);
  NormaliseWalk walk{raw.data(), raw.data() + raw.size(), to, json_escapes, checkpoints};
  walk_by_blocks(walk, set);
  out.grow(static_cast<std::size_t>(walk.to - to));
}

void normalise(std::string_view raw, bool json_escapes, Buffer& out, std::vector<Checkpoint>& checkpoints) {
  normalise(raw, json_escapes, out, checkpoints, fastest_instructions());
}

namespace {

/// How many bytes from `at` on, at most `most`, become one byte each: ASCII, no escape.
std::size_t plain_bytes(const char* at, std::size_t most, bool json_escapes) {
  constexpr std::uint64_t kOnes = 0x0101010101010101U, kHigh = 0x8080808080808080U;
  std::size_t count = 0;
  for (; count + 8 <= most; count += 8) {
    std::uint64_t bytes = 0;
    std::memcpy(&bytes, at + count, sizeof bytes);
    const std::uint64_t other = bytes ^ kOnes * '\\';  // zero where a backslash is
    if (((bytes | (json_escapes ? (other - kOnes) & ~other : 0)) & kHigh) != 0) break;
  }
  const auto is_plain = [&](char c) { return static_cast<unsigned char>(c) < 0x80 && !(json_escapes && c == '\\'); };
  while (count < most && is_plain(at[count])) ++count;
  return count;
}

/// Walks from the last checkpoint at or before `normal` to the unit that gives the byte at `normal`: the places of its
/// first raw byte and the one behind its last.
RawSpan unit_at(std::string_view raw, bool json_escapes, const Checkpoint* checkpoints, std::size_t count,
                std::size_t normal) {
  const Checkpoint* const after =
      std::upper_bound(checkpoints, checkpoints + count, normal,
                       [](std::size_t place, const Checkpoint& checkpoint) { return place < checkpoint.normal; });
  // Before the first checkpoint nothing was changed.
  if (after == checkpoints) return {normal, normal + 1};
  const Checkpoint from = after[-1];
  const char* at = raw.data() + from.raw;
  const char* const end = raw.data() + raw.size();
  const char* const last = raw.data() + std::min<std::size_t>(raw.size(), from.raw + kCheckpointBytes);
  std::size_t place = from.normal;
  while (at < end) {
    if (at >= last) {
      // What is changed this far behind a checkpoint has a checkpoint of its own: all is plain until there.
      at += normal - place;
      break;
    }
    const std::size_t most = std::min(static_cast<std::size_t>(last - at), normal - place);
    if (const std::size_t plain = plain_bytes(at, most, json_escapes); plain != 0) {
      at += plain;
      place += plain;
      continue;
    }
    const Unit unit = read_unit(at, end, json_escapes);
    if (place + unit.size > normal) break;
    place += unit.size;
    at += unit.raw;
  }
  const auto start = static_cast<std::size_t>(at - raw.data());
  const std::size_t taken = at < end ? read_unit(at, end, json_escapes).raw : 0;
  return {start, start + taken};
}

}  // namespace

RawSpan raw_span(std::string_view raw, bool json_escapes, const Checkpoint* checkpoints, std::size_t count,
                 std::size_t start, std::size_t end) {
  if (count == 0 || start >= end) {
    const RawSpan at = count == 0 ? RawSpan{start, end} : unit_at(raw, json_escapes, checkpoints, count, start);
    return count == 0 ? at : RawSpan{at.start, at.start};
  }
  return {unit_at(raw, json_escapes, checkpoints, count, start).start,
          unit_at(raw, json_escapes, checkpoints, count, end - 1).end};
}

std::string normalised(std::string_view text) {
  Buffer out;
  std::vector<Checkpoint> checkpoints;
  normalise(text, false, out, checkpoints);
  return std::string(out.view());
}

}  // namespace reeve::content
