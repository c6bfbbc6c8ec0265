// The steps of winnowing on AVX-512, in registers: a value that a later stage needs from further on is waited for, one
// vector a stage, rather than stored and read again.

#if defined(__x86_64__)

#include <immintrin.h>

#include <bit>

#include "content/fingerprint.h"
#include "content/fingerprint_steps.h"

namespace reeve::content {

namespace {

#define REEVE_AVX512 gnu::target("avx512f,avx512bw,avx512vl,avx512vbmi2,bmi,bmi2,popcnt")

constexpr std::size_t kLanes = 16;

/// The vector that begins `shift` values into `low`, and goes on in `high`.
template <int shift>
[[REEVE_AVX512]] inline __m512i from(__m512i low, __m512i high) {
  return _mm512_alignr_epi32(high, low, shift);
}

[[REEVE_AVX512]] std::size_t normalise(std::string_view text, std::size_t begin, std::size_t end,
                                       std::uint8_t* characters, std::uint32_t* places, std::size_t count) {
  const __m512i lane = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  for (std::size_t at = begin; at < end; at += 64) {
    const std::size_t left = end - at;
    const __mmask64 inside = left >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << left) - 1;
    // Digits have the bit that makes a letter lower case.
    const __m512i lower = _mm512_or_si512(_mm512_maskz_loadu_epi8(inside, text.data() + at), _mm512_set1_epi8(0x20));
    const __m512i read = _mm512_maskz_loadu_epi8(inside, text.data() + at);
    const __mmask64 letters =
        _mm512_cmplt_epu8_mask(_mm512_sub_epi8(lower, _mm512_set1_epi8('a')), _mm512_set1_epi8(26));
    const __mmask64 digits = _mm512_cmplt_epu8_mask(_mm512_sub_epi8(read, _mm512_set1_epi8('0')), _mm512_set1_epi8(10));
    const std::uint64_t kept = letters | digits;
    _mm512_storeu_si512(characters + count, _mm512_maskz_compress_epi8(kept, lower));
    for (unsigned part = 0; part < 64; part += kLanes) {
      const auto mask = static_cast<__mmask16>(kept >> part);
      const __m512i place = _mm512_add_epi32(lane, _mm512_set1_epi32(static_cast<int>(at + part)));
      _mm512_storeu_si512(places + count, _mm512_maskz_compress_epi32(mask, place));
      count += static_cast<std::size_t>(std::popcount(mask));
    }
  }
  return count;
}

[[REEVE_AVX512]] inline __m512i join(__m512i left, __m512i right) {
  const __m512i mixed = _mm512_xor_si512(left, _mm512_rol_epi32(right, 13));
  return _mm512_add_epi32(_mm512_mullo_epi32(mixed, _mm512_set1_epi32(static_cast<int>(0x9E3779B1U))), right);
}

[[REEVE_AVX512]] inline __m512i finish(__m512i hash) {
  hash = _mm512_xor_si512(hash, _mm512_srli_epi32(hash, 15));
  hash = _mm512_mullo_epi32(hash, _mm512_set1_epi32(0x2C1B3C6D));
  return _mm512_xor_si512(hash, _mm512_srli_epi32(hash, 16));
}

[[REEVE_AVX512]] void hash(const std::uint8_t* characters, std::size_t grams, std::uint32_t* hashes) {
  constexpr std::size_t kDelay = 4;  // vectors between a character's and its gram's
  const std::size_t vectors = (grams + kLanes - 1) / kLanes;
  __m512i single = _mm512_setzero_si512(), pair = single, four = single, eight = single;
  for (std::size_t i = 0; i < vectors + kDelay; ++i) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(characters + i * kLanes));
    const __m512i next_single =
        _mm512_mullo_epi32(_mm512_add_epi32(_mm512_cvtepu8_epi32(bytes), _mm512_set1_epi32(0x51)),
                           _mm512_set1_epi32(static_cast<int>(0x85EBCA6BU)));
    const __m512i next_pair = join(single, from<1>(single, next_single));
    const __m512i next_four = join(pair, from<2>(pair, next_pair));
    const __m512i next_eight = join(four, from<4>(four, next_four));
    const __m512i sixteen = join(eight, from<8>(eight, next_eight));
    if (i >= kDelay) _mm512_storeu_si512(hashes + (i - kDelay) * kLanes, finish(join(sixteen, four)));
    single = next_single;
    pair = next_pair;
    four = next_four;
    eight = next_eight;
  }
}
static_assert(kGram == 16 + 4);

[[REEVE_AVX512]] std::size_t choose(const std::uint32_t* hashes, std::size_t begin, std::size_t end,
                                    std::uint32_t* chosen) {
  constexpr std::size_t kDelay = 8;
  const std::uint32_t* const before = hashes - (kWindow - 1);
  const __m512i lane = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  const std::size_t vectors = (end + kLanes - 1) / kLanes;
  __m512i hash = _mm512_setzero_si512(), low2 = hash, low4 = hash, low8 = hash;
  __m512i low = hash, high2 = hash, high4 = hash, high8 = hash;
  std::size_t count = 0;
  for (std::size_t i = 0; i < vectors + kDelay; ++i) {
    const __m512i next_hash = _mm512_loadu_si512(before + i * kLanes);
    const __m512i next_low2 = _mm512_min_epu32(hash, from<1>(hash, next_hash));
    const __m512i next_low4 = _mm512_min_epu32(low2, from<2>(low2, next_low2));
    const __m512i next_low8 = _mm512_min_epu32(low4, from<4>(low4, next_low4));
    const __m512i next_low = _mm512_min_epu32(_mm512_min_epu32(low8, from<8>(low8, next_low8)), next_low8);
    const __m512i next_high2 = _mm512_max_epu32(low, from<1>(low, next_low));
    const __m512i next_high4 = _mm512_max_epu32(high2, from<2>(high2, next_high2));
    const __m512i next_high8 = _mm512_max_epu32(high4, from<4>(high4, next_high4));
    if (i >= kDelay) {
      const __m512i high = _mm512_max_epu32(_mm512_max_epu32(high8, from<8>(high8, next_high8)), next_high8);
      const std::size_t at = (i - kDelay) * kLanes;
      std::uint32_t mask = _mm512_cmpeq_epi32_mask(high, _mm512_loadu_si512(hashes + at));
      if (at + kLanes > end) mask &= (1U << (end - at)) - 1;
      if (at < begin) mask &= begin - at >= kLanes ? 0U : ~0U << (begin - at);
      const __m512i place = _mm512_add_epi32(lane, _mm512_set1_epi32(static_cast<int>(at)));
      _mm512_storeu_si512(chosen + count, _mm512_maskz_compress_epi32(static_cast<__mmask16>(mask), place));
      count += static_cast<std::size_t>(std::popcount(mask));
    }
    hash = next_hash, low2 = next_low2, low4 = next_low4, low8 = next_low8;
    low = next_low, high2 = next_high2, high4 = next_high4, high8 = next_high8;
  }
  return count;
}
static_assert(kWindow == 24 && kStepRoom >= 10 * kLanes + kWindow);

}  // namespace

const FingerprintSteps* fingerprint_steps_avx512() {
  static constexpr FingerprintSteps kSteps{normalise, hash, choose};
  const bool able = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                    __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vbmi2");
  return able ? &kSteps : nullptr;
}

}  // namespace reeve::content

#endif
