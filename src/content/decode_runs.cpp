// base64, base64url and hex: runs of their characters whose first bytes decode to text, or to compressed text.

#include <algorithm>
#include <array>
#include <bit>

#include "content/decode.h"

namespace reeve::content {

namespace {

constexpr std::size_t kBase64Least = 16;  // characters
constexpr std::size_t kHexLeast = 32;
constexpr std::size_t kWrappedLineLeast = 40;  // a shorter line is not continued on the next
constexpr std::size_t kLinesMax = 20'000;

constexpr std::array<std::int8_t, 256> make_base64_values() {
  std::array<std::int8_t, 256> values{};
  values.fill(-1);
  for (std::size_t i = 0; i < 26; ++i) {
    values['A' + i] = static_cast<std::int8_t>(i);
    values['a' + i] = static_cast<std::int8_t>(26 + i);
  }
  for (std::size_t i = 0; i < 10; ++i) values['0' + i] = static_cast<std::int8_t>(52 + i);
  values['+'] = values['-'] = 62;
  values['/'] = values['_'] = 63;
  return values;
}
constexpr std::array<std::int8_t, 256> kBase64 = make_base64_values();

constexpr std::array<std::uint8_t, 256> make_hex_values() {
  std::array<std::uint8_t, 256> values{};
  values.fill(255);
  for (unsigned i = 0; i < 10; ++i) values['0' + i] = static_cast<std::uint8_t>(i);
  for (unsigned i = 0; i < 6; ++i) values['a' + i] = values['A' + i] = static_cast<std::uint8_t>(10 + i);
  return values;
}
constexpr std::array<std::uint8_t, 256> kHex = make_hex_values();

/// Decodes characters of base64, passing over all others, until `out` is full or the input ends.
std::size_t decode_base64(std::string_view run, char* out, std::size_t room) {
  std::uint32_t bits = 0, held = 0;
  std::size_t written = 0;
  for (const char c : run) {
    const std::int8_t value = kBase64[static_cast<unsigned char>(c)];
    if (value < 0) continue;
    bits = (bits << 6U) | static_cast<std::uint32_t>(value);
    held += 6;
    if (held < 8) continue;
    held -= 8;
    if (written == room) return written;
    out[written++] = static_cast<char>((bits >> held) & 0xFFU);
  }
  return written;
}

std::size_t decode_hex(std::string_view run, char* out, std::size_t room) {
  const std::size_t count = std::min(run.size() / 2, room);
  for (std::size_t i = 0; i < count; ++i) {
    out[i] = static_cast<char>(kHex[static_cast<unsigned char>(run[2 * i])] * 16 +
                               kHex[static_cast<unsigned char>(run[2 * i + 1])]);
  }
  return count;
}

/// The quick look at the first three bytes: nearly all runs of identifiers and paths end here.
bool may_be_encoded(std::string_view run) {
  const auto value = [&](std::size_t i) {
    return static_cast<std::uint32_t>(kBase64[static_cast<unsigned char>(run[i])]);
  };
  const std::uint32_t bits = (value(0) << 18U) | (value(1) << 12U) | (value(2) << 6U) | value(3);
  const std::uint32_t first = (bits >> 16U) & 0xFFU, second = (bits >> 8U) & 0xFFU, third = bits & 0xFFU;
  const auto shown = [](std::uint32_t c) { return (c >= 0x20 && c < 0x7F) || (c >= 9 && c <= 13); };
  if (shown(first))
    return (shown(second) && shown(third)) || second == 0 || second >= 0xC2 || (first & 7U) == 3 || (first & 7U) == 5 ||
           first == 0x78;
  if (first >= 0xC2) return (second & 0xC0U) == 0x80U || second >= 0xFE || (first & 7U) == 3 || (first & 7U) == 5;
  return first == 0 || first == 0x1F || (first & 7U) == 3 || (first & 7U) == 5 || (first & 0x0FU) == 8;
}

enum class Looks { kNothing, kText, kZlib, kDeflate };

bool is_shown(unsigned char c) { return (c >= 0x20 && c < 0x7F) || c == '\n' || c == '\r' || c == '\t'; }

/// UTF-8 with letters of ASCII in it, as far as the sample goes.
bool is_utf8_text(const char* bytes, std::size_t size) {
  std::size_t shown = 0, at = 0;
  while (at < size) {
    const auto byte = static_cast<unsigned char>(bytes[at]);
    if (byte < 0x80) {
      if (!is_shown(byte)) return false;
      ++shown;
      ++at;
      continue;
    }
    if (size - at < 4 && byte >= 0xC2) return shown >= 4;  // may be cut by the end of the sample
    const Utf8Character character = read_utf8(bytes + at, bytes + size);
    if (character.bytes == 0) return false;
    at += character.bytes;
  }
  return shown >= 4;
}

bool is_utf16_text(const char* bytes, std::size_t size) {
  for (const std::size_t zero : {0U, 1U}) {
    std::size_t fits = 0;
    for (std::size_t at = 0; at + 1 < size; at += 2) {
      const auto shown = static_cast<unsigned char>(bytes[at + 1 - zero]);
      if (bytes[at + zero] == 0 && is_shown(shown)) ++fits;
    }
    if (fits + 1 >= size / 2) return true;  // all, but for a byte order mark
  }
  return false;
}

/// A bare deflate stream of one block whose beginning makes sense. Only streams with fixed codes are looked at closely.
bool is_deflate(const char* bytes, std::size_t size) {
  const auto first = static_cast<unsigned char>(bytes[0]);
  const unsigned type = (first >> 1U) & 3U;
  if (type == 1) {
    std::size_t at = 3, shown = 0;
    const auto bit = [&](std::size_t i) { return (static_cast<unsigned char>(bytes[i / 8]) >> (i % 8)) & 1U; };
    for (; shown < 6 && at + 9 <= size * 8; ++shown) {
      unsigned code = 0;
      for (int i = 0; i < 8; ++i) code = code * 2 + bit(at + static_cast<std::size_t>(i));
      if (code < 0x30 || code > 0xBF) return false;  // no literal of ASCII
      if (!is_shown(static_cast<unsigned char>(code - 0x30))) return false;
      at += 8;
    }
    return shown >= 6;
  }
  if (type != 2 || (first & 1U) == 0) return false;
  // Dynamic codes: as many literal and distance codes as there can be, and code lengths that fill their code.
  const auto take = [&](std::size_t from, std::size_t count) {
    unsigned value = 0;
    for (std::size_t i = 0; i < count && (from + i) / 8 < size; ++i) {
      value |= ((static_cast<unsigned char>(bytes[(from + i) / 8]) >> ((from + i) % 8)) & 1U) << i;
    }
    return value;
  };
  if (take(3, 5) > 29 || take(8, 5) > 29) return false;
  const unsigned lengths = take(13, 4) + 4;
  unsigned filled = 0;
  for (unsigned i = 0; i < lengths && (17 + 3 * i + 3) <= size * 8; ++i) {
    const unsigned length = take(17 + 3 * i, 3);
    if (length != 0) filled += 128U >> length;
  }
  return filled == 128;
}

Looks look_at(const char* bytes, std::size_t size) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  std::size_t shown = 0;
  while (shown < size && is_shown(byte(shown))) ++shown;
  if (shown == size) return Looks::kText;
  if (size < 8) return Looks::kNothing;
  if (byte(0) == 0x1F && byte(1) == 0x8B && byte(2) == 8) return Looks::kZlib;
  if ((byte(0) & 0x0FU) == 8 && byte(0) <= 0x78 && (byte(0) * 256U + byte(1)) % 31 == 0 && (byte(1) & 0x20U) == 0) {
    return Looks::kZlib;
  }
  if (is_utf8_text(bytes, size) || is_utf16_text(bytes, size)) return Looks::kText;
  return is_deflate(bytes, size) ? Looks::kDeflate : Looks::kNothing;
}

class RunDecoder {
 public:
  explicit RunDecoder(DecodeTask& task) : task_(task) {}

  /// A run of token bytes. Returns where looking goes on: behind what was decoded.
  std::size_t look(std::size_t start, std::size_t end) {
    if (try_hex(start, end)) return end;
    // A path may stand before it, of characters that base64 has, too.
    constexpr int kTriesMax = 4;
    std::size_t from = start;
    for (int tries = 0; tries < kTriesMax && end - from >= kBase64Least; ++tries) {
      if (const std::size_t decoded_to = try_base64(from, end)) return decoded_to;
      while (from < end && task_.text[from] != '/') ++from;
      if (from < end) ++from;
    }
    return end;
  }

 private:
  static constexpr std::size_t kSample = 48;  // bytes; a text shorter than that is looked at whole

  bool try_hex(std::size_t start, std::size_t end) {
    if (end - start > 2 && task_.text[start] == '0' && (task_.text[start + 1] | 0x20) == 'x') start += 2;
    const std::size_t size = end - start;
    if (size < kHexLeast || size % 2 != 0) return false;
    std::array<char, kSample> sample;
    const std::string_view run = task_.text.substr(start, size);
    if (std::any_of(run.begin(), run.end(), [](char c) { return kHex[static_cast<unsigned char>(c)] == 255; })) {
      return false;
    }
    const std::size_t count = decode_hex(run, sample.data(), kSample);
    const Looks looks = look_at(sample.data(), count);
    if (looks == Looks::kNothing) return true;  // hex, but nothing to read: no base64 either
    bytes_.resize(size / 2);
    decode_hex(run, bytes_.data(), bytes_.size());
    give(start, end, looks);
    return true;
  }

  std::size_t try_base64(std::size_t start, std::size_t end) {
    const std::string_view run = task_.text.substr(start, end - start);
    if (!may_be_encoded(run)) return 0;
    std::array<char, kSample> sample;
    std::size_t count = decode_base64(run.substr(0, 16), sample.data(), 12);
    // The first twelve bytes decide nearly always.
    const Looks first = look_at(sample.data(), count);
    if (first == Looks::kNothing) return 0;
    count = decode_base64(run.substr(0, kSample / 3 * 4), sample.data(), kSample);
    const Looks looks = look_at(sample.data(), count);
    if (looks == Looks::kNothing && first != Looks::kText) return 0;
    const std::size_t whole_end = end_of_lines(start, end);
    const std::string_view whole = task_.text.substr(start, whole_end - start);
    bytes_.resize(whole.size() / 4 * 3 + 3);
    bytes_.resize(decode_base64(whole, bytes_.data(), bytes_.size()));
    give(start, whole_end, looks == Looks::kNothing ? first : looks);
    return whole_end;
  }

  /// The end of a run that goes on over lines of equal length, and of its padding.
  std::size_t end_of_lines(std::size_t start, std::size_t end) const {
    const std::string_view text = task_.text;
    std::size_t line_start = start;
    for (std::size_t lines = 0; lines < kLinesMax && end - line_start >= kWrappedLineLeast; ++lines) {
      std::size_t next = end;
      if (next < text.size() && text[next] == '\r') ++next;
      if (next + 1 < text.size() && text[next] == '\\' && text[next + 1] == 'n') {
        next += 2;
      } else if (next < text.size() && text[next] == '\n') {
        ++next;
      } else {
        break;
      }
      while (next < text.size() && (text[next] == ' ' || text[next] == '\t')) ++next;
      std::size_t to = next;
      while (to < text.size() && is_token_byte(text[to])) ++to;
      if (to == next || to - next > end - line_start) break;
      line_start = next;
      end = to;
    }
    for (int padding = 0; padding < 2 && end < text.size() && text[end] == '='; ++padding) ++end;
    return end;
  }

  void give(std::size_t start, std::size_t end, Looks looks) {
    if (looks == Looks::kText) {
      task_.add_whole(start, end, {bytes_.data(), bytes_.size()});
      return;
    }
    inflated_.clear();
    inflate_into({bytes_.data(), bytes_.size()}, looks == Looks::kDeflate, task_.budget, inflated_);
    task_.add_whole(start, end, {inflated_.data(), inflated_.size()});
  }

  DecodeTask& task_;
  std::vector<char> bytes_, inflated_;
};

}  // namespace

void decode_base64_and_hex(DecodeTask& task) {
  RunDecoder decoder(task);
  const std::vector<std::uint64_t>& token = task.masks.token;
  const std::size_t words = (task.text.size() + 63) / 64;
  std::size_t from = 0;
  // A run of 16 has eight in a row within one word at least: words without are passed over.
  for (std::size_t word = 0; word < words; ++word) {
    const std::uint64_t bits = token[word];
    std::uint64_t runs = bits & (bits >> 1U);
    runs &= runs >> 2U;
    runs &= runs >> 4U;  // bit i: eight ones from i on
    while (runs != 0) {
      const std::size_t in_run = word * 64 + static_cast<std::size_t>(std::countr_zero(runs));
      std::size_t end = in_run + 8;
      if (in_run >= from) {
        std::size_t start = in_run;
        if (start % 64 == 0 && word > 0) {
          // Fewer than eight of its bytes may stand at the end of the word before.
          start -= static_cast<std::size_t>(std::countl_one(token[word - 1]));
          start = std::max(start, from);
        }
        end = end_of_run(token, end, task.text.size());
        from = end - start >= kBase64Least ? decoder.look(start, end) : end;
        if (task.budget.exhausted) return;
      }
      const std::size_t next = std::max(from, end);
      if (next >= (word + 1) * 64) break;
      runs &= ~0ULL << (next - word * 64);
    }
  }
}

}  // namespace reeve::content
