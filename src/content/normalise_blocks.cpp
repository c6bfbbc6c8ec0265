// Normalising 64 bytes a step: plain bytes are copied, escapes of one character undone in place, and only what is left
// is read unit by unit.

#include <bit>
#include <cstring>

#include "content/normalise_walk.h"

namespace reeve::content {

#if REEVE_BYTE_BLOCKS

namespace {

constexpr std::size_t kBlock = 64;

/// Copies plain bytes until one block with others, which it begins with a checkpoint; then each stretch by itself.
template <bool kJson>
[[gnu::always_inline]] inline void walk_blocks(NormaliseWalk& walk) {
  // A copied stretch may begin at the block's end and is read as a whole block.
  while (walk.end - walk.at >= static_cast<std::ptrdiff_t>(2 * kBlock + 2)) {
    Bytes64 bytes;
    load_block(walk.at, bytes);
    std::memcpy(walk.to, &bytes, kBlock);
    std::uint64_t special = high_bits(bytes) | (kJson ? equal_bits(bytes, '\\') : 0);
    if (special == 0) {
      walk.at += kBlock;
      walk.to += kBlock;
      continue;
    }
    walk.mark();
    const char *from = walk.at, *const block = walk.at;
    bool stopped = false;
    while (special != 0) {
      const char* const place = block + std::countr_zero(special);
      walk.to += place - from;
      const std::uint8_t simple = kJson && *place == '\\' ? kSimpleEscapes[static_cast<unsigned char>(place[1])] : 0;
      from = place;
      stopped = simple == 0;
      if (stopped) break;
      *walk.to++ = static_cast<char>(simple);
      from += 2;
      std::memcpy(walk.to, from, kBlock);
      special &= from < block + kBlock ? ~0ULL << (from - block) : 0;
    }
    walk.at = from;
    if (stopped) {
      walk.take_special();
      continue;
    }
    if (from < block + kBlock) {
      walk.to += block + kBlock - from;
      walk.at = block + kBlock;
    }
  }
  walk.take_rest();
}

void walk_baseline(NormaliseWalk& walk) {
  return walk.json_escapes ? walk_blocks<true>(walk) : walk_blocks<false>(walk);
}

#if defined(__x86_64__)

REEVE_TARGET_AVX2 void walk_avx2(NormaliseWalk& walk) {
  return walk.json_escapes ? walk_blocks<true>(walk) : walk_blocks<false>(walk);
}

/// Of a block's backslashes, those that begin an escape: the others stand behind one that does.
std::uint64_t escape_begins(std::uint64_t backslashes) {
  if ((backslashes & backslashes << 1U) == 0) return backslashes;
  std::uint64_t begins = 0;
  while (backslashes != 0) {
    const std::uint64_t first = backslashes & (0 - backslashes);
    begins |= first;
    backslashes &= ~(first | first << 1U);
  }
  return begins;
}

/// Escapes of one character cost nothing extra here: their backslashes fall out as the block is compressed.
template <bool kJson>
REEVE_TARGET_AVX512 inline void walk_compressing(NormaliseWalk& walk) {
  AsciiTable simple;
  load_table(kSimpleEscapes, simple);
  const char* at = walk.at;
  char* to = walk.to;
  while (at < walk.end) {
    const auto left = static_cast<std::size_t>(walk.end - at);
    const auto size = static_cast<unsigned>(left < kBlock ? left : kBlock);
    const __mmask64 inside = ~0ULL >> (kBlock - size);
    __m512i bytes = _mm512_maskz_loadu_epi8(inside, at);
    const std::uint64_t high = _mm512_movepi8_mask(bytes);
    std::uint64_t begins = kJson ? _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('\\')) : 0;
    if ((high | begins) == 0) {
      _mm512_storeu_si512(to, bytes);
      at += size;
      to += size;
      continue;
    }
    walk.at = at;
    walk.to = to;
    walk.mark();
    // Up to the first byte that is no plain one nor of a simple escape that is there as a whole.
    std::uint64_t taken = inside & (high == 0 ? ~0ULL : (high & (0 - high)) - 1);
    if constexpr (kJson) {
      begins = escape_begins(begins);
      const __m512i undone = look_up(simple, bytes);
      const std::uint64_t can_end = _mm512_test_epi8_mask(undone, undone) & taken;
      const std::uint64_t cut = begins & ~(can_end >> 1U);
      if (cut != 0) taken &= (cut & (0 - cut)) - 1;
      begins &= taken;
      bytes = _mm512_mask_mov_epi8(bytes, begins << 1U, undone);
      _mm512_storeu_si512(to, _mm512_maskz_compress_epi8(taken & ~begins, bytes));
      to += std::popcount(taken & ~begins);
    } else {
      _mm512_storeu_si512(to, bytes);
      to += std::popcount(taken);
    }
    // Most blocks are taken whole. Said by a branch, the next need not wait for what is counted here.
    if (taken == ~0ULL) {
      at += kBlock;
      continue;
    }
    at += std::popcount(taken);
    // The last byte alone may be left for what stands behind it: the next block has both.
    if (taken == ~0ULL >> 1U || taken == inside) continue;
    walk.at = at;
    walk.to = to;
    walk.take_special();
    at = walk.at;
    to = walk.to;
  }
  walk.at = at;
  walk.to = to;
}

REEVE_TARGET_AVX512 void walk_avx512(NormaliseWalk& walk) {
  return walk.json_escapes ? walk_compressing<true>(walk) : walk_compressing<false>(walk);
}

#endif

}  // namespace

#endif

void walk_by_blocks(NormaliseWalk& walk, InstructionSet set) {
  switch (set) {
#if REEVE_BYTE_BLOCKS
    case InstructionSet::kBaseline: return walk_baseline(walk);
#if defined(__x86_64__)
    case InstructionSet::kAvx2: return walk_avx2(walk);
    case InstructionSet::kAvx512: return walk_avx512(walk);
#endif
#endif
    default: return walk.take_rest();
  }
}

}  // namespace reeve::content
