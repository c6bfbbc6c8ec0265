// The quick looks at what a run decodes to.

#include "content/decode_sample.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "content/normalise.h"
#include "content/run_masks.h"

namespace reeve::content {

namespace {

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

constexpr bool is_shown(unsigned char c) { return (c >= 0x20 && c < 0x7F) || c == '\n' || c == '\r' || c == '\t'; }

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

/// What the first three bytes must be.
bool may_be_encoded(const char* run) {
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

constexpr std::uint32_t kNotHex = 1U << 31U;

/// The sieve reads eight decoded bytes at once. Tables by character: where its six bits are in a group of four, and
/// whether it is no digit of hex.
constexpr std::array<std::array<std::uint32_t, 256>, 4> make_placed_values() {
  std::array<std::array<std::uint32_t, 256>, 4> placed{};
  for (std::size_t c = 0; c < 128; ++c) {
    if (kBase64[c] < 0) continue;
    for (unsigned i = 0; i < 4; ++i) {
      const std::uint32_t group = static_cast<std::uint32_t>(kBase64[c]) << (18 - 6 * i);
      placed[i][c] = group >> 16U | (group & 0xFF00U) | (group & 0xFFU) << 16U;
      const bool is_hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
      if (!is_hex) placed[i][c] |= kNotHex;
    }
  }
  return placed;
}
constexpr std::array<std::array<std::uint32_t, 256>, 4> kPlaced = make_placed_values();

struct FirstBytes {
  std::uint64_t bytes = 0;  // eight, the first lowest
  bool may_be_hex = false;
};

[[gnu::always_inline]] inline FirstBytes first_bytes(const char* run) {
  const auto group = [run](std::size_t at) -> std::uint64_t {
    const auto placed = [&](std::size_t i) {
      return kPlaced.data()[i].data()[static_cast<unsigned char>(run[at + i])];
    };
    return placed(0) | placed(1) | placed(2) | placed(3);
  };
  const std::uint64_t first = group(0), second = group(4), third = group(8);
  constexpr std::uint64_t kBytes = 0xFFFFFF;
  return {(first & kBytes) | (second & kBytes) << 24U | third << 48U,
          ((first | second | third) & kNotHex) == 0 || (run[0] == '0' && (run[1] | 0x20) == 'x')};
}

/// Eight bits of a deflate stream, the first lowest, that are the fixed code of a character that shows.
constexpr std::array<bool, 256> make_fixed_codes() {
  std::array<bool, 256> codes{};
  for (unsigned bits = 0; bits < 256; ++bits) {
    unsigned code = 0;
    for (unsigned i = 0; i < 8; ++i) code = code * 2 + (bits >> i & 1U);
    codes[bits] = code >= 0x30 && code <= 0xBF && is_shown(static_cast<unsigned char>(code - 0x30));
  }
  return codes;
}
constexpr std::array<bool, 256> kFixedCodes = make_fixed_codes();

/// How much of a code three code lengths fill; 128 is all of it.
constexpr std::array<std::uint16_t, 512> make_fillings() {
  std::array<std::uint16_t, 512> fillings{};
  for (unsigned bits = 0; bits < 512; ++bits) {
    for (unsigned i = 0; i < 9; i += 3) {
      if (const unsigned length = bits >> i & 7U; length != 0) fillings[bits] += 128U >> length;
    }
  }
  return fillings;
}
constexpr std::array<std::uint16_t, 512> kFillings = make_fillings();

bool may_be_dynamic_deflate(std::uint64_t bytes) {
  constexpr unsigned kLengthsSeen = 15;
  if ((bytes >> 3U & 31U) > 29 || (bytes >> 8U & 31U) > 29) return false;
  const auto lengths = static_cast<unsigned>(bytes >> 13U & 15U) + 4;
  const std::uint64_t seen = (1ULL << (3 * std::min(lengths, kLengthsSeen))) - 1;
  const std::uint64_t fields = bytes >> 17U & seen;
  unsigned filled = 0;
  for (unsigned i = 0; i < kLengthsSeen * 3; i += 9) filled += kFillings[fields >> i & 511U];
  return lengths <= kLengthsSeen ? filled == 128 : filled <= 128;
}

/// False: look_at() sees nothing in what begins with these eight bytes and is twelve long. Few steps, and hardly a
/// branch that the processor could guess wrong.
[[gnu::always_inline]] inline bool may_look_like_something(std::uint64_t bytes) {
  constexpr std::uint64_t kHigh = 0x8080808080808080ULL, kLow7 = ~kHigh;
  // UTF-8: none of the bytes is a control character below 8 or from 16 on, and what follows bytes that want to be
  // followed, and only that, continues.
  const std::uint64_t high = bytes & kHigh;
  const std::uint64_t shown = ((bytes & 0x6060606060606060ULL) + kLow7) | bytes | bytes << 4U;
  const std::uint64_t lead = high & bytes << 1U, more = high & ~lead;
  const std::uint64_t wrong = (~shown & kHigh) | (more & ~(high << 8U)) | (lead << 8U & ~more);
  // UTF-16: of four units at most one has no zero byte, and they are all in the same place.
  const std::uint64_t zero = ~(((bytes & kLow7) + kLow7) | bytes) & kHigh;
  const bool wide = (zero & zero >> 16U) != 0;  // three of four: two of them side by side
  const bool zlib = (bytes & 0x208FU) == 8 || (bytes & 0xFFFFFFU) == 0x088B1FU;
  const bool fixed = (bytes & 6U) == 2 && kFixedCodes[bytes >> 3U & 255U] && kFixedCodes[bytes >> 11U & 255U] &&
                     kFixedCodes[bytes >> 19U & 255U];
  const bool plain = wrong == 0;
  if (static_cast<unsigned>(plain) | static_cast<unsigned>(wide) | static_cast<unsigned>(zlib) |
      static_cast<unsigned>(fixed)) {
    return true;
  }
  return (bytes & 7U) == 5 && may_be_dynamic_deflate(bytes);
}

/// The first eight bytes of hex, the first lowest.
std::uint64_t first_hex_bytes(const char* run) {
  if (run[0] == '0' && (run[1] | 0x20) == 'x') run += 2;
  const auto four = [run](std::size_t at) {
    std::uint64_t digits = 0;
    for (unsigned i = 0; i < 8; ++i)
      digits |= static_cast<std::uint64_t>(static_cast<unsigned char>(run[at + i])) << 8 * i;
    // A digit's value is its low half, a letter's nine more.
    digits = (digits & 0x0F0F0F0F0F0F0F0FULL) + 9 * (digits >> 6U & 0x0101010101010101ULL);
    digits = (digits << 4U | digits >> 8U) & 0x00FF00FF00FF00FFULL;
    digits = (digits | digits >> 8U) & 0x0000FFFF0000FFFFULL;
    return (digits | digits >> 16U) & 0xFFFFFFFFULL;
  };
  return four(0) | four(8) << 32U;
}

}  // namespace

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

Looks first_look(const char* run) {
  if (!may_be_encoded(run)) return Looks::kNothing;
  std::array<char, kFirstLook / 4 * 3> sample;
  return look_at(sample.data(), decode_base64({run, kFirstLook}, sample.data(), sample.size()));
}

bool passes_sieve(const char* run) { return may_look_like_something(first_bytes(run).bytes); }

namespace {

#if REEVE_BYTE_BLOCKS && defined(__x86_64__)

/// By character: its six bits, and the highest bit where it is no digit of hex.
constexpr std::array<std::uint8_t, 256> make_marked_values() {
  std::array<std::uint8_t, 256> marked{};
  for (std::size_t c = 0; c < 128; ++c) {
    if (kBase64[c] >= 0) marked[c] = static_cast<std::uint8_t>(kBase64[c] | ((kPlaced[0][c] & kNotHex) != 0 ? 128 : 0));
  }
  return marked;
}
constexpr std::array<std::uint8_t, 256> kMarkedValues = make_marked_values();

/// kFixedCodes by the lower seven bits.
constexpr std::array<std::uint8_t, 256> make_seven_bits_of_codes() {
  std::array<std::uint8_t, 256> seven{};
  for (std::size_t bits = 0; bits < 128; ++bits) seven[bits] = kFixedCodes[bits] || kFixedCodes[bits + 128] ? 255 : 0;
  return seven;
}
constexpr std::array<std::uint8_t, 256> kSevenBitsOfCodes = make_seven_bits_of_codes();

struct SieveTables {
  AsciiTable values, codes;
};

/// The first sixteen characters of four runs.
REEVE_TARGET_AVX512 [[gnu::always_inline]] inline __m512i load_four(const char* text, const std::uint32_t* places) {
  const auto load = [text, places](int i) { return reinterpret_cast<const __m128i*>(text + places[i]); };
  const __m512i first = _mm512_castsi128_si512(_mm_loadu_si128(load(0)));
  const __m512i second = _mm512_inserti32x4(first, _mm_loadu_si128(load(1)), 1);
  const __m512i third = _mm512_inserti32x4(second, _mm_loadu_si128(load(2)), 2);
  return _mm512_inserti32x4(third, _mm_loadu_si128(load(3)), 3);
}

/// Of four runs: their first twelve decoded bytes, and a bit for each character that is no digit of hex.
REEVE_TARGET_AVX512 [[gnu::always_inline]] inline __m512i decode_four(const __m512i& characters,
                                                                      const SieveTables& tables,
                                                                      std::uint64_t& not_hex) {
  const __m512i marked = look_up(tables.values, characters);
  not_hex = _mm512_movepi8_mask(marked);
  const __m512i values = _mm512_and_si512(marked, _mm512_set1_epi8(0x3F));
  const __m512i pairs = _mm512_maddubs_epi16(values, _mm512_set1_epi32(0x01400140));
  const __m512i groups = _mm512_madd_epi16(pairs, _mm512_set1_epi32(0x00011000));
  const __m128i order = _mm_setr_epi8(2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1);
  return _mm512_shuffle_epi8(groups, _mm512_broadcast_i32x4(order));
}

/// The lower half of each sixteen bytes.
REEVE_TARGET_AVX512 [[gnu::always_inline]] inline __m512i lower_halves(const __m512i& one, const __m512i& other) {
  return _mm512_permutex2var_epi64(one, _mm512_setr_epi64(0, 2, 4, 6, 8, 10, 12, 14), other);
}

REEVE_TARGET_AVX512 [[gnu::always_inline]] inline __mmask8 has_bits(const __m512i& bytes, long long bits,
                                                                    long long wanted) {
  return _mm512_cmpeq_epi64_mask(_mm512_and_si512(bytes, _mm512_set1_epi64(bits)), _mm512_set1_epi64(wanted));
}

/// A bit for each eight bytes that may_look_like_something() may keep, and for some others: the same steps, but for the
/// lengths of dynamic codes.
REEVE_TARGET_AVX512 [[gnu::always_inline]] inline __mmask8 may_look(const __m512i& bytes, const SieveTables& tables) {
  const __m512i all_high = _mm512_set1_epi8(static_cast<char>(0x80)), all_low7 = _mm512_set1_epi8(0x7F);
  const __m512i high = _mm512_and_si512(bytes, all_high);
  const __m512i sum = _mm512_add_epi64(_mm512_and_si512(bytes, _mm512_set1_epi8(0x60)), all_low7);
  const __m512i shown = _mm512_or_si512(_mm512_or_si512(sum, bytes), _mm512_slli_epi64(bytes, 4));
  const __m512i lead = _mm512_and_si512(high, _mm512_slli_epi64(bytes, 1));
  const __m512i more = _mm512_andnot_si512(lead, high);
  const __m512i alone = _mm512_andnot_si512(_mm512_slli_epi64(high, 8), more);
  const __m512i open = _mm512_andnot_si512(more, _mm512_slli_epi64(lead, 8));
  const __m512i wrong = _mm512_or_si512(_mm512_or_si512(_mm512_andnot_si512(shown, all_high), alone), open);
  const __mmask8 plain = _mm512_testn_epi64_mask(wrong, wrong);
  const __m512i filled = _mm512_or_si512(_mm512_add_epi64(_mm512_and_si512(bytes, all_low7), all_low7), bytes);
  const __m512i zero = _mm512_andnot_si512(filled, all_high);
  const __mmask8 wide = _mm512_test_epi64_mask(zero, _mm512_srli_epi64(zero, 16));
  const __mmask8 zlib = has_bits(bytes, 0x208F, 8) | has_bits(bytes, 0xFFFFFF, 0x088B1F);
  const __m512i windows = _mm512_multishift_epi64_epi8(_mm512_set1_epi64(0x130B03), bytes);
  const __m512i codes = _mm512_permutex2var_epi8(tables.codes.low, windows, tables.codes.high);
  const __m512i three = _mm512_set1_epi64(0xFFFFFF);
  const __mmask8 fixed = has_bits(bytes, 6, 2) & _mm512_cmpeq_epi64_mask(_mm512_and_si512(codes, three), three);
  return plain | wide | zlib | fixed | has_bits(bytes, 7, 5);
}

/// Bit i: all of the first twelve characters of run i are digits of hex. A bit a character, sixteen a run.
constexpr unsigned hex_runs(std::uint64_t not_hex) {
  unsigned runs = 0;
  for (unsigned run = 0; run < 4; ++run) runs |= (not_hex >> 16 * run & 0xFFFU) == 0 ? 1U << run : 0U;
  return runs;
}

/// A bit for each of eight places that sieve() may keep.
REEVE_TARGET_AVX512 [[gnu::always_inline]] inline unsigned look_at_eight(const char* text, const std::uint32_t* places,
                                                                         const SieveTables& tables) {
  const __m512i one = load_four(text, places), other = load_four(text, places + 4);
  std::uint64_t not_hex = 0, other_not_hex = 0;
  const __m512i decoded = decode_four(one, tables, not_hex), other_decoded = decode_four(other, tables, other_not_hex);
  const unsigned keep = may_look(lower_halves(decoded, other_decoded), tables);
  const __m512i begins = _mm512_or_si512(lower_halves(one, other), _mm512_set1_epi64(0x2000));
  return keep | hex_runs(not_hex) | hex_runs(other_not_hex) << 4U | has_bits(begins, 0xFFFF, '0' | 'x' << 8);
}

/// Drops most of the places that sieve() would, and none that it keeps: eight at a time.
REEVE_TARGET_AVX512 std::size_t sieve_coarsely(const char* text, std::span<std::uint32_t> places) {
  SieveTables tables;
  load_table(kMarkedValues, tables.values);
  load_table(kSevenBitsOfCodes, tables.codes);
  std::size_t kept = 0;
  for (std::size_t at = 0; at < places.size(); at += 8) {
    std::array<std::uint32_t, 8> eight{};
    const std::size_t count = std::min<std::size_t>(8, places.size() - at);
    if (count == 8) {
      std::memcpy(eight.data(), places.data() + at, sizeof eight);
    } else {
      for (std::size_t i = 0; i < eight.size(); ++i) eight[i] = places[at + std::min(i, count - 1)];
    }
    const unsigned keep = look_at_eight(text, eight.data(), tables) & ((1U << count) - 1);
    const __m256i here = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(eight.data()));
    const __m256i left = _mm256_maskz_compress_epi32(static_cast<__mmask8>(keep), here);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(eight.data()), left);
    const auto more = static_cast<std::size_t>(std::popcount(keep));
    // At the list's end there may be no room for eight.
    std::memcpy(places.data() + kept, eight.data(), count == 8 ? sizeof eight : more * sizeof eight[0]);
    kept += more;
  }
  return kept;
}

#endif

}  // namespace

std::size_t sieve(std::string_view text, const std::vector<std::uint64_t>& token, std::span<std::uint32_t> places) {
  return sieve(text, token, places, fastest_instructions());
}

std::size_t sieve(std::string_view text, const std::vector<std::uint64_t>& token, std::span<std::uint32_t> places,
                  InstructionSet set) {
#if REEVE_BYTE_BLOCKS && defined(__x86_64__)
  // NOLINTNEXTLINE(bugprone-suspicious-stringview-data-usage): 64 bytes behind it are readable
  if (set == InstructionSet::kAvx512) places = places.first(sieve_coarsely(text.data(), places));
#endif
  std::size_t kept = 0;
  for (const std::uint32_t place : places) {
    const FirstBytes first = first_bytes(text.data() + place);
    bool keep = may_look_like_something(first.bytes);
    if (first.may_be_hex && (~bits_from(token, place) & 0xFFFFFFFFU) == 0) {
      keep = keep || may_look_like_something(first_hex_bytes(text.data() + place));
    }
    places[kept] = place;
    kept += keep ? 1 : 0;
  }
  return kept;
}

}  // namespace reeve::content
