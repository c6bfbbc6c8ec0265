#include "content/normalise.h"

#include <algorithm>
#include <cstring>
#include <span>

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

/// A unit of a raw text: where its first byte is, and which byte of the result is its first.
struct UnitPlace {
  std::size_t raw = 0, normal = 0;
};

/// Finds units of a text by walking from checkpoints, or from the unit that was found last.
class UnitWalk {
 public:
  UnitWalk(std::string_view raw, bool json_escapes, std::span<const Checkpoint> checkpoints)
      : raw_(raw), json_escapes_(json_escapes), checkpoints_(checkpoints) {}

  /// The unit that gives the byte at `normal`: the places of its first raw byte and the one behind its last. `normal`
  /// is never less than it was before.
  RawSpan at(std::size_t normal) {
    const auto after = std::ranges::upper_bound(checkpoints_, normal, {}, &Checkpoint::normal);
    // Before the first checkpoint nothing was changed.
    if (after == checkpoints_.begin()) return {normal, normal + 1};
    const Checkpoint& from = after[-1];
    if (from.normal >= found_.normal) found_ = {from.raw, from.normal};
    walk_to(normal, std::min<std::size_t>(raw_.size(), from.raw + kCheckpointBytes));
    const std::size_t taken = found_.raw < raw_.size() ? unit().raw : 0;
    return {found_.raw, found_.raw + taken};
  }

 private:
  Unit unit() const { return read_unit(raw_.data() + found_.raw, raw_.data() + raw_.size(), json_escapes_); }

  void walk_to(std::size_t normal, std::size_t last) {
    while (found_.raw < raw_.size()) {
      if (found_.raw >= last) {
        // What is changed this far behind a checkpoint has a checkpoint of its own: all is plain until there.
        found_ = {found_.raw + (normal - found_.normal), normal};
        return;
      }
      const std::size_t most = std::min(last - found_.raw, normal - found_.normal);
      if (const std::size_t plain = plain_bytes(raw_.data() + found_.raw, most, json_escapes_); plain != 0) {
        found_ = {found_.raw + plain, found_.normal + plain};
        continue;
      }
      const Unit here = unit();
      if (found_.normal + here.size > normal) return;
      found_ = {found_.raw + here.raw, found_.normal + here.size};
    }
  }

  std::string_view raw_;
  bool json_escapes_;
  std::span<const Checkpoint> checkpoints_;
  UnitPlace found_;
};

}  // namespace

RawSpan raw_span(std::string_view raw, bool json_escapes, const Checkpoint* checkpoints, std::size_t count,
                 std::size_t start, std::size_t end) {
  if (count == 0) return {start, end};
  UnitWalk walk(raw, json_escapes, {checkpoints, count});
  const RawSpan first = walk.at(start);
  if (start >= end) return {first.start, first.start};
  return {first.start, walk.at(end - 1).end};
}

std::string normalised(std::string_view text) {
  Buffer out;
  std::vector<Checkpoint> checkpoints;
  normalise(text, false, out, checkpoints);
  return std::string(out.view());
}

}  // namespace reeve::content
