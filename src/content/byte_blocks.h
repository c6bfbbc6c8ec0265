#pragma once

// 64 bytes at a time, and which instructions the machine has for them. One text of the work serves all: the compiler
// makes of 64 bytes what the instruction set it is told of can do. Private to the room.

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace reeve::content {

enum class InstructionSet : std::uint8_t {
  kPlain,     // byte by byte: what the faster ones are held against, and all there is for compilers without vectors
  kBaseline,  // what every machine of its kind has: SSE2
  kAvx2,
  kAvx512,  // with the look-up of bytes (VBMI) and their compression (VBMI2)
};
/// Those of this machine, the fastest last.
const std::vector<InstructionSet>& instruction_sets();
inline InstructionSet fastest_instructions() {
  static const InstructionSet kFastest = instruction_sets().back();
  return kFastest;
}

#if defined(__clang__) && defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define REEVE_BYTE_BLOCKS 1
#else
#define REEVE_BYTE_BLOCKS 0
#endif

#if REEVE_BYTE_BLOCKS

#if defined(__x86_64__)
#define REEVE_TARGET_AVX2 [[gnu::target("avx2,bmi,bmi2,lzcnt,popcnt")]]
#define REEVE_TARGET_AVX512 \
  [[gnu::target("avx2,bmi,bmi2,lzcnt,popcnt,avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx512vbmi2")]]
#endif

// Blocks go by reference: by value their way of being passed would depend on the instruction set.
using Bytes64 [[gnu::vector_size(64)]] = unsigned char;
using Bits64 __attribute__((ext_vector_type(64))) = bool;

[[gnu::always_inline]] inline void load_block(const char* from, Bytes64& block) {
  std::memcpy(&block, from, sizeof block);
}
[[gnu::always_inline]] inline std::uint64_t equal_bits(const Bytes64& block, char byte) {
  const auto same = block == static_cast<unsigned char>(byte);
  return std::bit_cast<std::uint64_t>(__builtin_convertvector(same, Bits64));
}
/// Bytes from `first` on, `count` of them.
[[gnu::always_inline]] inline std::uint64_t range_bits(const Bytes64& block, char first, unsigned char count) {
  const auto within = (block - static_cast<unsigned char>(first)) < count;
  return std::bit_cast<std::uint64_t>(__builtin_convertvector(within, Bits64));
}
[[gnu::always_inline]] inline std::uint64_t high_bits(const Bytes64& block) {
  const auto high = block >= static_cast<unsigned char>(0x80);
  return std::bit_cast<std::uint64_t>(__builtin_convertvector(high, Bits64));
}

/// Eight words of a mask at once.
using Words8 [[gnu::vector_size(64)]] = std::uint64_t;
[[gnu::always_inline]] inline void load_words(const std::uint64_t* from, Words8& words) {
  std::memcpy(&words, from, sizeof words);
}

#if defined(__x86_64__)

/// A table with a byte for each of ASCII: 64 bytes are looked up at once. Bytes from 0x80 give zero.
struct AsciiTable {
  __m512i low, high;
};
REEVE_TARGET_AVX512 inline __m512i load_512(const void* from) { return _mm512_loadu_si512(from); }
/// The first of 64 bytes: as many as `left` says, zeros behind them. What lies there is not touched.
REEVE_TARGET_AVX512 inline __m512i load_first_512(const void* from, std::ptrdiff_t left) {
  const std::uint64_t all = ~0ULL;
  return _mm512_maskz_loadu_epi8(left >= 64 ? all : left <= 0 ? 0 : _bzhi_u64(all, static_cast<unsigned>(left)), from);
}
/// The same with words of 64 bits.
REEVE_TARGET_AVX512 inline __mmask8 first_of_8(std::ptrdiff_t left) {
  return static_cast<__mmask8>(left >= 8 ? 0xFFU : left <= 0 ? 0 : _bzhi_u32(0xFF, static_cast<unsigned>(left)));
}
/// Eight words of a long number and eight of another, the lowest first, with a carry in and out: which words carry into
/// the next is told by a sum that has a bit for each.
REEVE_TARGET_AVX512 inline __m512i add_widely(const __m512i& one, const __m512i& other, unsigned& carry) {
  const __m512i all = _mm512_set1_epi64(-1), sum = _mm512_add_epi64(one, other);
  const unsigned over = _mm512_cmplt_epu64_mask(sum, one), full = _mm512_cmpeq_epi64_mask(sum, all);
  const unsigned chain = (over << 1U | carry) + full;
  carry = chain >> 8U & 1U;
  return _mm512_mask_sub_epi64(sum, static_cast<__mmask8>(chain ^ full), sum, all);
}
REEVE_TARGET_AVX512 inline void load_table(const std::array<std::uint8_t, 256>& from, AsciiTable& table) {
  table.low = load_512(from.data());
  table.high = load_512(from.data() + 64);
}
REEVE_TARGET_AVX512 inline __m512i look_up(const AsciiTable& table, const __m512i& bytes) {
  const __mmask64 ascii = ~_mm512_movepi8_mask(bytes);
  return _mm512_maskz_permutex2var_epi8(ascii, table.low, bytes, table.high);
}
/// Which bytes have one of the bits.
REEVE_TARGET_AVX512 inline std::uint64_t with_bits(const __m512i& bytes, std::uint8_t bits) {
  return _mm512_test_epi8_mask(bytes, _mm512_set1_epi8(static_cast<char>(bits)));
}

#endif
#endif

}  // namespace reeve::content
