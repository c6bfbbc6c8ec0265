#include "content/literal_filter.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "content/required_literals.h"
#include "content/text_frequency.h"

namespace reeve::content {

namespace {

constexpr LiteralFilter::Pairs kPairsOfFour{{{0, 1}, {1, 2}, {0, 2}, {2, 3}, {1, 3}, {0, 3}}};
constexpr LiteralFilter::Pairs kPairsOfSix{{{0, 1}, {2, 3}, {4, 5}, {1, 2}, {3, 4}, {0, 5}}};

constexpr std::uint8_t class_of(std::uint8_t byte) { return static_cast<std::uint8_t>(fold_bytes(byte)) & 0x3FU; }

/// What stands for a pair in the tables.
constexpr std::uint8_t pair_sum(std::uint8_t first, std::uint8_t second) {
  return static_cast<std::uint8_t>(first + 2U * second) & 0x3FU;
}

/// How often pairs of each sum stand in text.
const std::array<double, LiteralFilter::kSums>& sum_frequencies() {
  static const auto kFrequencies = [] {
    std::array<double, LiteralFilter::kSums> bytes{}, sums{};
    for (unsigned byte = 0; byte < 256; ++byte) {
      bytes[class_of(static_cast<std::uint8_t>(byte))] += byte_frequency(static_cast<unsigned char>(byte));
    }
    for (unsigned first = 0; first < sums.size(); ++first) {
      for (unsigned second = 0; second < sums.size(); ++second) {
        sums[pair_sum(static_cast<std::uint8_t>(first), static_cast<std::uint8_t>(second))] +=
            bytes[first] * bytes[second];
      }
    }
    return sums;
  }();
  return kFrequencies;
}

const LiteralFilter::Pairs& pairs_of(std::size_t places) { return places == 4 ? kPairsOfFour : kPairsOfSix; }

/// 1 for the bytes of words.
constexpr std::array<std::uint8_t, 256> kWordBytes = [] {
  std::array<std::uint8_t, 256> all{};
  for (std::size_t byte = 0; byte < all.size(); ++byte)
    all[byte] = is_border_word_byte(static_cast<char>(byte)) ? 1 : 0;
  return all;
}();

using Borders = std::array<std::uint8_t, LiteralFilter::kGroups>;

template <const LiteralFilter::Pairs& kPairs>
void candidates_plain(const LiteralFilter::Tables& tables, const Borders& borders, const char* text, std::size_t words,
                      std::uint64_t* out) {
  for (std::size_t word = 0; word < words; ++word) {
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < 64; ++i) {
      const char* const at = text + word * 64 + i;
      std::array<std::uint8_t, LiteralFilter::kGroups> all{};
      const bool in_word = is_border_word_byte(at[-1]);
      for (std::size_t group = 0; group < all.size(); ++group) {
        all[group] = in_word ? static_cast<std::uint8_t>(~borders[group]) : 0xFF;
      }
      for (std::size_t look = 0; look < LiteralFilter::kLooks; ++look) {
        const std::uint8_t sum = pair_sum(class_of(static_cast<std::uint8_t>(at[kPairs[look][0]])),
                                          class_of(static_cast<std::uint8_t>(at[kPairs[look][1]])));
        for (std::size_t group = 0; group < LiteralFilter::kGroups; ++group) all[group] &= tables[group][look][sum];
      }
      const bool passes = std::ranges::any_of(all, [](std::uint8_t buckets) { return buckets != 0; });
      bits |= static_cast<std::uint64_t>(passes) << i;
    }
    out[word] = bits;
  }
}

#if REEVE_BYTE_BLOCKS && defined(__x86_64__)

/// The tables of a filter, and what the bytes of words are.
struct Tables512 {
  __m512i sums[LiteralFilter::kGroups][LiteralFilter::kLooks];
  __m512i within[LiteralFilter::kGroups];  // the buckets whose windows may begin inside a word
  AsciiTable word_bytes;
};

/// The places of 64 that pass: `bytes` from each place of a window on, and those in front.
template <const LiteralFilter::Pairs& kPairs>
REEVE_TARGET_AVX512 [[gnu::always_inline]] inline std::uint64_t look_512(
    const Tables512& tables, const __m512i (&bytes)[LiteralFilter::kPlacesMax], const __m512i& in_front) {
  constexpr std::size_t kGroups = LiteralFilter::kGroups, kLooks = LiteralFilter::kLooks;
  const __m512i bit6 = _mm512_set1_epi8(0x40), every = _mm512_set1_epi8(-1);
  __m512i once[LiteralFilter::kPlacesMax];
  for (std::size_t place = 0; place < LiteralFilter::kPlacesMax; ++place) {
    once[place] = _mm512_andnot_si512(_mm512_srli_epi16(_mm512_and_si512(bytes[place], bit6), 1), bytes[place]);
  }
  __m512i all[kGroups];
  const __mmask64 in_word = with_bits(look_up(tables.word_bytes, in_front), 1);
  for (std::size_t group = 0; group < kGroups; ++group) {
    all[group] = _mm512_mask_mov_epi8(every, in_word, tables.within[group]);
  }
  for (std::size_t look = 0; look < kLooks; ++look) {
    const __m512i second = once[kPairs[look][1]];
    const __m512i sum = _mm512_add_epi8(once[kPairs[look][0]], _mm512_add_epi8(second, second));
    for (std::size_t group = 0; group < kGroups; ++group) {
      all[group] = _mm512_and_si512(all[group], _mm512_permutexvar_epi8(sum, tables.sums[group][look]));
    }
  }
  __m512i any = all[0];
  for (std::size_t group = 1; group < kGroups; ++group) any = _mm512_or_si512(any, all[group]);
  return _mm512_test_epi8_mask(any, any);
}

/// Of a text's words from `from` on. Nothing outside of the text is read: of many texts the first word is the last,
/// too.
template <const LiteralFilter::Pairs& kPairs>
REEVE_TARGET_AVX512 void candidates_avx512(const LiteralFilter::Tables& tables, const Borders& borders,
                                           std::string_view text, std::size_t from, std::span<std::uint64_t> out) {
  constexpr std::size_t kPlaces = LiteralFilter::kPlacesMax;
  Tables512 table;
  for (std::size_t group = 0; group < LiteralFilter::kGroups; ++group) {
    for (std::size_t look = 0; look < LiteralFilter::kLooks; ++look) {
      table.sums[group][look] = _mm512_load_si512(&tables[group][look]);
    }
    table.within[group] = _mm512_set1_epi8(static_cast<char>(~borders[group]));
  }
  load_table(kWordBytes, table.word_bytes);
  __m512i bytes[kPlaces];
  std::size_t word = 0;
  for (; word < out.size(); ++word) {
    const std::size_t start = (from + word) * 64;
    const char* const at = text.data() + start;
    if (start > 0 && start + 64 + kPlaces <= text.size()) {
      for (std::size_t place = 0; place < kPlaces; ++place) bytes[place] = load_512(at + place);
      out.data()[word] = look_512<kPairs>(table, bytes, load_512(at - 1));
      continue;
    }
    const auto left = static_cast<std::ptrdiff_t>(text.size() - start);
    for (std::size_t place = 0; place < kPlaces; ++place) {
      bytes[place] = load_first_512(at + place, left - static_cast<std::ptrdiff_t>(place));
    }
    const __mmask64 in_front = (left >= 64 ? ~0ULL : _bzhi_u64(~0ULL, static_cast<unsigned>(left))) << 1U;
    const __mmask64 there = start > 0 ? in_front | 1U : in_front & ~1ULL;
    const std::uint64_t inside = left >= 64 ? ~0ULL : _bzhi_u64(~0ULL, static_cast<unsigned>(left));
    out.data()[word] = look_512<kPairs>(table, bytes, _mm512_maskz_loadu_epi8(there, at - 1)) & inside;
  }
}

/// A table of 64 as four of 16, of which the sum's upper two bits choose.
REEVE_TARGET_AVX2 __m256i look_up_avx2(const std::uint8_t* table, __m256i low, __m256i high) {
  __m256i all = _mm256_setzero_si256();
  for (int quarter = 0; quarter < 4; ++quarter) {
    const __m256i part = _mm256_broadcastsi128_si256(_mm_load_si128(reinterpret_cast<const __m128i*>(table) + quarter));
    const __m256i here = _mm256_cmpeq_epi8(high, _mm256_set1_epi8(static_cast<char>(quarter << 4)));
    all = _mm256_or_si256(all, _mm256_and_si256(here, _mm256_shuffle_epi8(part, low)));
  }
  return all;
}

REEVE_TARGET_AVX2 __m256i in_range_avx2(__m256i bytes, char first, char count) {
  const __m256i from = _mm256_sub_epi8(bytes, _mm256_set1_epi8(first));
  return _mm256_cmpeq_epi8(_mm256_min_epu8(from, _mm256_set1_epi8(static_cast<char>(count - 1))), from);
}

REEVE_TARGET_AVX2 __m256i word_bytes_avx2(__m256i bytes) {
  const __m256i letter = in_range_avx2(_mm256_or_si256(bytes, _mm256_set1_epi8(0x20)), 'a', 26);
  const __m256i other = _mm256_or_si256(in_range_avx2(bytes, '0', 10), _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('_')));
  return _mm256_or_si256(letter, other);
}

template <const LiteralFilter::Pairs& kPairs>
REEVE_TARGET_AVX2 void candidates_avx2(const LiteralFilter::Tables& tables, const Borders& borders, const char* text,
                                       std::size_t words, std::uint64_t* out) {
  constexpr std::size_t kGroups = LiteralFilter::kGroups, kLooks = LiteralFilter::kLooks;
  constexpr std::size_t kPlaces = LiteralFilter::kPlacesMax;
  const __m256i bit6 = _mm256_set1_epi8(0x40);
  const __m256i low_bits = _mm256_set1_epi8(0x0F), high_bits = _mm256_set1_epi8(0x30);
  for (std::size_t half = 0; half < words * 2; ++half) {
    __m256i once[kPlaces];
    for (std::size_t place = 0; place < kPlaces; ++place) {
      const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(text + half * 32 + place));
      once[place] = _mm256_andnot_si256(_mm256_srli_epi16(_mm256_and_si256(bytes, bit6), 1), bytes);
    }
    const __m256i in_word = word_bytes_avx2(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(text + half * 32 - 1)));
    __m256i all[kGroups];
    for (std::size_t group = 0; group < kGroups; ++group) {
      const __m256i outside = _mm256_and_si256(in_word, _mm256_set1_epi8(static_cast<char>(borders[group])));
      all[group] = _mm256_xor_si256(outside, _mm256_set1_epi8(-1));
    }
    for (std::size_t look = 0; look < kLooks; ++look) {
      const __m256i second = once[kPairs[look][1]];
      const __m256i sum = _mm256_add_epi8(once[kPairs[look][0]], _mm256_add_epi8(second, second));
      const __m256i low = _mm256_and_si256(sum, low_bits), high = _mm256_and_si256(sum, high_bits);
      for (std::size_t group = 0; group < kGroups; ++group) {
        all[group] = _mm256_and_si256(all[group], look_up_avx2(tables[group][look].data(), low, high));
      }
    }
    __m256i any = all[0];
    for (std::size_t group = 1; group < kGroups; ++group) any = _mm256_or_si256(any, all[group]);
    const auto none = static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(any, _mm256_setzero_si256())));
    const std::uint64_t bits = ~none;
    out[half / 2] = half % 2 == 0 ? bits : out[half / 2] | bits << 32U;
  }
}

#endif

}  // namespace

/// The share of places that pass for a bucket whose windows are added one by one.
class LiteralFilter::BucketShare {
 public:
  explicit BucketShare(const Pairs& pairs) : pairs_(pairs) {}
  void add(const Window& window) {
    border_before_ = border_before_ && window.border_before;
    for (std::size_t look = 0; look < kLooks; ++look) {
      const std::uint8_t first = window.bytes[pairs_[look][0]], second = window.bytes[pairs_[look][1]];
      if (first == kAnyByte || second == kAnyByte) {
        share_[look] = 1;
        continue;
      }
      const std::uint8_t sum = pair_sum(first, second);
      if ((seen_[look] >> sum & 1U) == 0) {
        seen_[look] |= 1ULL << sum;
        share_[look] = std::min(1.0, share_[look] + sum_frequencies()[sum]);
      }
    }
  }
  /// Of the places at most one in five begins a word.
  double share() const {
    double all = border_before_ ? 0.2 : 1;
    for (const double one : share_) all *= one;
    return all;
  }

 private:
  const Pairs& pairs_;
  std::array<std::uint64_t, kLooks> seen_{};
  std::array<double, kLooks> share_{};
  bool border_before_ = true;
};

LiteralFilter::LiteralFilter(std::size_t places, const std::vector<Window>& windows)
    : pairs_(pairs_of(places)), empty_(windows.empty()), set_(fastest_instructions()) {
  cut_into_buckets(windows);
}

void LiteralFilter::add(const Window& window, std::size_t bucket) {
  const auto bit = static_cast<std::uint8_t>(1U << bucket % kBucketsAGroup);
  for (std::size_t look = 0; look < kLooks; ++look) {
    auto& table = tables_[bucket / kBucketsAGroup][look];
    const std::uint8_t first = window.bytes[pairs_[look][0]], second = window.bytes[pairs_[look][1]];
    if (first == kAnyByte || second == kAnyByte) {
      for (std::uint8_t& entry : table) entry |= bit;
    } else {
      table[pair_sum(first, second)] |= bit;
    }
  }
}

/// Cuts the windows into as many stretches as there are buckets, so that the fewest places pass.
void LiteralFilter::cut_into_buckets(const std::vector<Window>& windows) {
  constexpr std::size_t kBuckets = kGroups * kBucketsAGroup;
  constexpr double kNever = std::numeric_limits<double>::max();
  const std::size_t count = windows.size();
  // cost[b][j]: of the first j windows in b + 1 buckets; cut[b][j]: where the last of these begins.
  std::vector<std::vector<double>> cost(kBuckets, std::vector<double>(count + 1, kNever));
  std::vector<std::vector<std::uint32_t>> cut(kBuckets, std::vector<std::uint32_t>(count + 1, 0));
  for (auto& row : cost) row[0] = 0;
  for (std::uint32_t from = 0; from < count; ++from) {
    BucketShare share(pairs_);
    for (std::uint32_t to = from + 1; to <= count; ++to) {
      share.add(windows[to - 1]);
      const double here = share.share();
      if (from == 0) cost[0][to] = here;
      for (std::size_t bucket = 1; bucket < kBuckets; ++bucket) {
        if (cost[bucket - 1][from] + here < cost[bucket][to]) {
          cost[bucket][to] = cost[bucket - 1][from] + here;
          cut[bucket][to] = from;
        }
      }
    }
  }
  std::size_t to = count;
  for (std::size_t bucket = kBuckets; bucket-- > 0 && to > 0;) {
    const std::size_t from = cut[bucket][to];
    bool border_before = true;
    for (std::size_t i = from; i < to; ++i) {
      add(windows[i], bucket);
      border_before = border_before && windows[i].border_before;
    }
    if (border_before) borders_[bucket / kBucketsAGroup] |= static_cast<std::uint8_t>(1U << bucket % kBucketsAGroup);
    to = from;
  }
}

void LiteralFilter::candidates(const char* text, std::size_t words, std::uint64_t* out) const {
  const bool four = &pairs_ == &kPairsOfFour;
#if REEVE_BYTE_BLOCKS && defined(__x86_64__)
  if (set_ == InstructionSet::kAvx2) {
    return (four ? candidates_avx2<kPairsOfFour> : candidates_avx2<kPairsOfSix>)(tables_, borders_, text, words, out);
  }
#endif
  (four ? candidates_plain<kPairsOfFour> : candidates_plain<kPairsOfSix>)(tables_, borders_, text, words, out);
}

/// The first and the last word are copied: before the text and behind it something else may stand.
void LiteralFilter::candidates_with_copies(std::string_view text, std::size_t from,
                                           std::span<std::uint64_t> out) const {
  const std::size_t words = (text.size() + 63) / 64;
  const std::size_t begin = from == 0 ? 1 : from, end = std::min(from + out.size(), words - 1);
  if (begin < end) candidates(text.data() + begin * 64, end - begin, &out[begin - from]);
  const auto look_at_copy = [&](std::size_t word) {
    std::array<char, 1 + 64 + 8> copy{'\n'};
    const std::size_t start = word * 64, before = word == 0 ? 0 : 1;
    const std::size_t size = std::min(text.size() - start, copy.size() - 1);
    std::memcpy(copy.data() + 1 - before, text.data() + start - before, size + before);
    std::uint64_t& bits = out[word - from];
    candidates(copy.data() + 1, 1, &bits);
    if (size < 64) bits &= ~0ULL >> (64 - size);
  };
  if (from == 0) look_at_copy(0);
  if (from + out.size() == words && words > 1) look_at_copy(words - 1);
}

void LiteralFilter::candidates(std::string_view text, std::size_t from, std::span<std::uint64_t> out) const {
#if REEVE_BYTE_BLOCKS && defined(__x86_64__)
  if (set_ == InstructionSet::kAvx512) {
    const bool four = &pairs_ == &kPairsOfFour;
    return (four ? candidates_avx512<kPairsOfFour> : candidates_avx512<kPairsOfSix>)(tables_, borders_, text, from,
                                                                                     out);
  }
#endif
  candidates_with_copies(text, from, out);
}

}  // namespace reeve::content
