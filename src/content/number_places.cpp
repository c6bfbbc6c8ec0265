#include "content/number_places.h"

#if defined(__x86_64__)
#include <emmintrin.h>
#endif

namespace reeve::content {

namespace {

/// The ones that end runs of ones in which a bit of `marks` stands: adding carries each mark to the end of its run,
/// into the zero behind it. The carry goes on to the next word.
std::uint64_t ends_of_marked_runs(std::uint64_t runs, std::uint64_t marks, bool& carry) {
  const std::uint64_t sum = runs + marks, whole = sum + (carry ? 1 : 0);
  carry = sum < runs || whole < sum;
  return whole & ~runs;
}

}  // namespace

NumberWords::Signs NumberWords::signs_in(std::size_t word) const {
  Signs signs;
  signs.others = masks_.dash[word] | masks_.dot[word];
  const std::size_t from = word * 64;
  if (from >= text_.size()) return signs;
  const char* text = text_.data() + from;  // the text is followed by 64 readable bytes
#if defined(__x86_64__)
  const auto bits_of = [](__m128i mask) { return static_cast<std::uint32_t>(_mm_movemask_epi8(mask)); };
  for (unsigned part = 0; part < 4; ++part) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text) + part);
    const auto is = [&](char c) { return _mm_cmpeq_epi8(bytes, _mm_set1_epi8(c)); };
    signs.blanks |= static_cast<std::uint64_t>(bits_of(is(' '))) << 16U * part;
    signs.others |= static_cast<std::uint64_t>(bits_of(_mm_or_si128(_mm_or_si128(is('/'), is('+')), is('('))))
                    << 16U * part;
  }
#else
  for (unsigned i = 0; i < 64; ++i) {
    const char c = text[i];
    signs.blanks |= static_cast<std::uint64_t>(c == ' ') << i;
    signs.others |= static_cast<std::uint64_t>(c == '/' || c == '+' || c == '(') << i;
  }
#endif
  return signs;
}

std::uint64_t NumberWords::ends_in(std::size_t word, Carries& carries) const {
  const MaskWord both = both_around(word);
  if (all_) return ends_of_marked_runs(both.here, masks_.digit[word], carries.digit);
  const Signs signs = signs_in(word);
  // Behind "letter, blank or hyphen". Across the border it is not told which sign it was; what looks closer does.
  const std::uint64_t letters_before = word > 0 ? masks_.letter[word - 1] : 0;
  const std::uint64_t behind_letters = masks_.letter[word] << 2U | letters_before >> 62U;
  const std::uint64_t behind_signs = (signs.blanks | masks_.dash[word]) << 1U | 1U;
  const std::uint64_t fronts = both.here & ~both.behind(1) & behind_letters & behind_signs;
  const std::uint64_t front_ends = ends_of_marked_runs(both.here, fronts, carries.front);
  const std::uint64_t ends = ends_of_marked_runs(both.here, masks_.digit[word], carries.digit);
  if (ends == 0) return 0;
  // Runs of two, four, seven bits that end here; of the word before only its last bits are needed.
  const std::uint64_t two = both.here & both.behind(1), two_before = both.before & both.before << 1U;
  const std::uint64_t four = two & (two << 2U | two_before >> 62U), four_before = two_before & two_before << 2U;
  const std::uint64_t seven = four & (four << 3U | four_before >> 61U), seven_before = four_before & four_before << 3U;
  const std::uint64_t joined = (signs.blanks | signs.others) & both.ahead(1);
  return ends & ((seven << 1U | seven_before >> 63U) | joined | front_ends);
}

}  // namespace reeve::content
