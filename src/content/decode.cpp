#include "content/decode.h"

#include <zlib.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include <algorithm>
#include <bit>

namespace reeve::content {

namespace {

#if defined(__x86_64__)

struct Block {
  __m128i part[4];
};

Block load(const char* at) {
  Block block;
  for (int i = 0; i < 4; ++i) block.part[i] = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at) + i);
  return block;
}

/// Bit i: byte i is one of the three.
std::uint64_t any_of(const Block& block, char a, char b, char c) {
  const __m128i first = _mm_set1_epi8(a), second = _mm_set1_epi8(b), third = _mm_set1_epi8(c);
  std::uint64_t bits = 0;
  for (int i = 0; i < 4; ++i) {
    const __m128i& part = block.part[i];
    const __m128i same = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(part, first), _mm_cmpeq_epi8(part, second)),
                                      _mm_cmpeq_epi8(part, third));
    bits |= static_cast<std::uint64_t>(static_cast<std::uint32_t>(_mm_movemask_epi8(same))) << (16 * i);
  }
  return bits;
}

#else

struct Block {
  const char* bytes;
};

Block load(const char* at) { return {at}; }

std::uint64_t any_of(const Block& block, char a, char b, char c) {
  std::uint64_t bits = 0;
  for (unsigned i = 0; i < 64; ++i) {
    const char byte = block.bytes[i];
    if (byte == a || byte == b || byte == c) bits |= 1ULL << i;
  }
  return bits;
}

#endif

}  // namespace

void DecodeMasks::compute(std::string_view text, const TextMasks& masks) {
  const std::size_t words = (text.size() + 63) / 64 + 1;
  if (token.size() < words) {
    token.resize(words);
    word.resize(words);
    escape.resize(words);
    join.resize(words);
  }
  std::uint64_t zeros = 0;
  for (std::size_t i = 0; i + 1 < words; ++i) {
    const Block block = load(text.data() + i * 64);  // at most 63 bytes beyond: the padding
    const std::size_t left = text.size() - i * 64;
    const std::uint64_t inside = left >= 64 ? ~0ULL : (1ULL << left) - 1;
    token[i] =
        masks.letter[i] | masks.digit[i] | (inside & (any_of(block, '+', '/', '-') | any_of(block, '_', '_', '_')));
    word[i] = token[i] | masks.assign[i] | (inside & any_of(block, '.', '|', '|'));
    escape[i] = inside & any_of(block, '\\', '%', '&');
    join[i] = inside & any_of(block, '"', '\'', '\n');
    zeros |= inside & any_of(block, '\0', '\0', '\0');
  }
  token[words - 1] = word[words - 1] = escape[words - 1] = join[words - 1] = 0;
  has_zero = zeros != 0;
}

std::size_t end_of_run(const std::vector<std::uint64_t>& bits, std::size_t from, std::size_t size) {
  while (from < size) {
    const auto ones = static_cast<std::size_t>(std::countr_one(bits[from / 64] >> (from % 64)));
    const std::size_t left = 64 - from % 64;
    from += std::min(ones, left);
    if (ones < left) break;
  }
  return std::min(from, size);
}

bool any_bit(const std::vector<std::uint64_t>& bits, std::size_t start, std::size_t end) {
  while (start < end) {
    const std::size_t count = std::min<std::size_t>(64 - start % 64, end - start);
    const std::uint64_t wanted = count == 64 ? ~0ULL : (1ULL << count) - 1;
    if (((bits[start / 64] >> (start % 64)) & wanted) != 0) return true;
    start += count;
  }
  return false;
}

std::uint8_t hex_digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<std::uint8_t>(c - '0');
  const char lower = static_cast<char>(c | 0x20);
  if (lower >= 'a' && lower <= 'f') return static_cast<std::uint8_t>(lower - 'a' + 10);
  return 255;
}

void DecodeTask::add_whole(std::size_t start, std::size_t end, std::string_view decoded) {
  if (decoded.empty() || !budget.take(decoded.size())) return;
  static thread_local std::vector<Checkpoint> unused;
  unused.clear();
  Piece piece;
  piece.begin = deeper.buffer.size();
  normalise(decoded, false, deeper.buffer, unused);
  piece.end = deeper.buffer.size();
  deeper.buffer.push('\n');
  piece.parent = parent;
  piece.outer_start = static_cast<std::uint32_t>(start);
  piece.outer_end = static_cast<std::uint32_t>(end);
  deeper.pieces.push_back(piece);
}

namespace {

/// Whether a border at `at` goes through a word.
bool cuts_word(std::string_view text, std::size_t at) {
  return at > 0 && at < text.size() && is_token_byte(text[at - 1]) && is_token_byte(text[at]);
}

}  // namespace

void DecodeTask::begin_mapped(std::size_t start) {
  Piece piece;
  piece.begin = piece.end = deeper.buffer.size();
  piece.parent = parent;
  piece.outer_start = static_cast<std::uint32_t>(start);
  piece.origins = static_cast<std::uint32_t>(deeper.origins.size());
  piece.cut_start = cuts_word(text, start);
  deeper.pieces.push_back(piece);
}

bool DecodeTask::put(char byte, std::size_t start, std::size_t end) {
  if (!budget.take(1)) return false;
  deeper.buffer.push(byte);
  deeper.origins.push_back({static_cast<std::uint32_t>(start), static_cast<std::uint32_t>(end)});
  return true;
}

bool DecodeTask::put_character(std::uint32_t code_point, std::size_t start, std::size_t end) {
  if (code_point < 0x80) return put(static_cast<char>(code_point), start, end);
  const std::uint8_t fold = fold_code_point(code_point);
  if (fold == kStrip) return true;
  if (fold != kKeep) return put(static_cast<char>(fold), start, end);
  char bytes[4];
  const std::uint32_t size = write_utf8(code_point, bytes);
  for (std::uint32_t i = 0; i < size; ++i) {
    if (!put(bytes[i], start, end)) return false;
  }
  return true;
}

void DecodeTask::finish_mapped(std::size_t end) {
  Piece& piece = deeper.pieces.back();
  piece.end = deeper.buffer.size();
  piece.outer_end = static_cast<std::uint32_t>(end);
  piece.cut_end = cuts_word(text, end);
  deeper.buffer.push('\n');
}

void inflate_into(std::string_view bytes, bool raw, DecodeBudget& budget, std::vector<char>& out) {
  constexpr int kAnyHeader = 15 + 32, kNoHeader = -15;
  z_stream stream{};
  if (inflateInit2(&stream, raw ? kNoHeader : kAnyHeader) != Z_OK) return;
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));  // zlib does not write there
  stream.avail_in = static_cast<uInt>(std::min<std::size_t>(bytes.size(), 1U << 30U));
  int result = Z_OK;
  while (result == Z_OK) {
    constexpr std::size_t kStep = 16'384;
    if (out.size() >= budget.bytes) {
      budget.exhausted = true;
      break;
    }
    const std::size_t room = std::min<std::size_t>(kStep, budget.bytes - out.size());
    const std::size_t before = out.size();
    out.resize(before + room);
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + before);
    stream.avail_out = static_cast<uInt>(room);
    result = inflate(&stream, Z_NO_FLUSH);
    out.resize(before + room - stream.avail_out);
    if (stream.avail_out != 0 && result == Z_OK && stream.avail_in == 0) break;  // cut off: what came so far counts
  }
  inflateEnd(&stream);
}

void decode(DecodeTask& task) {
  decode_base64_and_hex(task);
  decode_escapes(task);
  decode_joins(task);
  if (task.masks.has_zero) decode_utf16(task);
}

}  // namespace reeve::content
