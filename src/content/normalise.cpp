#include "content/normalise.h"

#include <immintrin.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "core/check.h"

namespace reeve::content {

namespace {

/// One unit of raw text: a character or an escape, and what becomes of it.
struct Unit {
  std::uint32_t raw = 1;   // bytes taken, at least one
  std::uint32_t size = 0;  // bytes given
  char bytes[4] = {};
};

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

/// What stands for the character after a backslash; 0: not such an escape.
constexpr std::array<char, 256> make_simple_escapes() {
  std::array<char, 256> simple{};
  simple['n'] = '\n';
  simple['t'] = '\t';
  simple['r'] = '\r';
  simple['b'] = '\b';
  simple['f'] = '\f';
  for (const char c : {'"', '\\', '/'}) simple[static_cast<unsigned char>(c)] = c;
  return simple;
}
constexpr std::array<char, 256> kSimpleEscapes = make_simple_escapes();
char simple_escape(char c) { return kSimpleEscapes[static_cast<unsigned char>(c)]; }

Unit read_escape(const char* at, const char* end) {
  if (end - at < 2) return as_is(*at);
  if (const char simple = simple_escape(at[1])) {
    Unit unit = as_is(simple);
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

/// The one definition of what normalising is; the fast path below only skips over bytes that this leaves as they are.
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

/// Copies bytes that stay as they are, 16 at a time, until one that may not: returns how many. May write up to 15 bytes
/// beyond them. SSE2 is part of every x86-64.
template <bool kJson>
std::size_t copy_plain(const char* from, const char* end, char* to) {
  const char* at = from;
#if defined(__x86_64__)
  const __m128i backslash = _mm_set1_epi8('\\');
  while (end - at >= 32) {
    const __m128i first = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const __m128i second = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at + 16));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), first);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to + 16), second);
    __m128i special_first = first, special_second = second;
    if constexpr (kJson) {
      special_first = _mm_or_si128(first, _mm_cmpeq_epi8(first, backslash));
      special_second = _mm_or_si128(second, _mm_cmpeq_epi8(second, backslash));
    }
    const auto low = static_cast<std::uint32_t>(_mm_movemask_epi8(special_first));
    const std::uint32_t special = low | (static_cast<std::uint32_t>(_mm_movemask_epi8(special_second)) << 16U);
    if (special != 0) return static_cast<std::size_t>(at - from) + static_cast<std::size_t>(std::countr_zero(special));
    at += 32;
    to += 32;
  }
#endif
  while (at < end && static_cast<unsigned char>(*at) < 0x80 && !(kJson && *at == '\\')) *to++ = *at++;
  return static_cast<std::size_t>(at - from);
}

template <bool kJson>
std::size_t normalise_into(std::string_view raw, char* out, std::vector<Checkpoint>& checkpoints) {
  const char* const begin = raw.data();
  const char* const end = begin + raw.size();
  const char* at = begin;
  char* to = out;
  std::size_t next_checkpoint = 0;
  while (true) {
    const std::size_t plain = copy_plain<kJson>(at, end, to);
    at += plain;
    to += plain;
    if (at >= end) break;
    // Between two checkpoints where something changed lie at most kCheckpointBytes, or plain bytes only.
    if (static_cast<std::size_t>(at - begin) >= next_checkpoint) {
      checkpoints.push_back({static_cast<std::uint32_t>(to - out), static_cast<std::uint32_t>(at - begin)});
      next_checkpoint = static_cast<std::size_t>(at - begin) + kCheckpointBytes;
    }
    // Line feeds and quotes: nearly all escapes there are, often several in a row.
    if constexpr (kJson) {
      bool simple = false;
      while (end - at >= 2 && *at == '\\' && simple_escape(at[1]) != 0) {
        *to++ = simple_escape(at[1]);
        at += 2;
        simple = true;
      }
      if (simple) continue;
    }
    const Unit unit = read_unit(at, end, kJson);
    std::memcpy(to, unit.bytes, 4);
    to += unit.size;
    at += unit.raw;
  }
  return static_cast<std::size_t>(to - out);
}

}  // namespace

char* Buffer::reserve(std::size_t more) {
  const std::size_t needed = size_ + more + kPadding;
  if (needed > data_.size()) data_.resize(std::max(needed, data_.size() * 2));
  return data_.data() + size_;
}

void Buffer::push(char byte) {
  *reserve(1) = byte;
  ++size_;
}

void Buffer::append(std::string_view bytes) {
  char* to = reserve(bytes.size());
  if (!bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());
  size_ += bytes.size();
}

void Buffer::finish() { std::memset(reserve(0), 0, kPadding); }

void Buffer::release_above(std::size_t bytes) {
  if (data_.size() <= bytes) return;
  data_ = {};
  size_ = 0;
}

void normalise(std::string_view raw, bool json_escapes, Buffer& out, std::vector<Checkpoint>& checkpoints) {
  CHECK(raw.size() <= (1UL << 30U));
  // No unit gives more bytes than it takes; the fast path writes up to 32 bytes beyond.
  char* to = out.reserve(raw.size() + 32);
  out.grow(json_escapes ? normalise_into<true>(raw, to, checkpoints) : normalise_into<false>(raw, to, checkpoints));
}

namespace {

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
  std::size_t place = from.normal;
  while (at < end) {
    if (static_cast<std::size_t>(at - raw.data()) >= from.raw + kCheckpointBytes) {
      // What is changed this far behind a checkpoint has a checkpoint of its own: all is plain until there.
      at += normal - place;
      break;
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
