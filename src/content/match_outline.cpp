#include "content/match_outline.h"

#include <algorithm>
#include <bit>

#include "content/byte_blocks.h"

namespace reeve::content {

namespace {

constexpr char lower_of(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }
constexpr char upper_of(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c & ~0x20) : c; }

bool is_same(std::string_view text, std::string_view literal, bool folded) {
  if (!folded) return text == literal;
  return std::ranges::equal(text, literal, {}, lower_of);
}

/// Places of 64 where a literal of two bytes or more may begin.
std::uint64_t begins_at(const char* text, const std::string& literal, bool folded) {
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < 64; ++i) {
    bits |= static_cast<std::uint64_t>(is_same({text + i, 1}, {literal.data(), 1}, folded)) << i;
  }
  return bits;
}

#if REEVE_BYTE_BLOCKS && defined(__x86_64__)

REEVE_TARGET_AVX2 std::uint64_t begins_at_avx2(const char* text, const std::string& literal, bool folded) {
  const auto both = [folded](char c) { return folded ? upper_of(c) : c; };
  const __m256i first = _mm256_set1_epi8(literal[0]), first_too = _mm256_set1_epi8(both(literal[0]));
  const __m256i second = _mm256_set1_epi8(literal[1]), second_too = _mm256_set1_epi8(both(literal[1]));
  std::uint64_t bits = 0;
  for (unsigned half = 0; half < 64; half += 32) {
    const __m256i here = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(text + half));
    const __m256i next = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(text + half + 1));
    const __m256i one = _mm256_or_si256(_mm256_cmpeq_epi8(here, first), _mm256_cmpeq_epi8(here, first_too));
    const __m256i other = _mm256_or_si256(_mm256_cmpeq_epi8(next, second), _mm256_cmpeq_epi8(next, second_too));
    bits |= static_cast<std::uint64_t>(static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_and_si256(one, other))))
            << half;
  }
  return bits;
}

#endif

bool stands_in(const std::string& literal, std::string_view text, bool folded) {
  auto begins = begins_at;
#if REEVE_BYTE_BLOCKS && defined(__x86_64__)
  static const bool kQuickly = fastest_instructions() >= InstructionSet::kAvx2;
  if (kQuickly) begins = begins_at_avx2;
#endif
  for (std::size_t from = 0; from + literal.size() <= text.size(); from += 64) {
    for (std::uint64_t bits = begins(text.data() + from, literal, folded); bits != 0; bits &= bits - 1) {
      const std::size_t at = from + static_cast<std::size_t>(std::countr_zero(bits));
      if (at + literal.size() > text.size()) break;
      if (is_same(text.substr(at, literal.size()), literal, folded)) return true;
    }
  }
  return false;
}

}  // namespace

MatchOutline::MatchOutline(const EdgeBytes& head, LaterLiteral later) : later_(std::move(later)) {
  const std::size_t known = std::min<std::size_t>(head.least, EdgeBytes::kPlaces);
  static_assert(EdgeBytes::kPlaces <= 8);
  for (std::size_t place = 0; place < known; ++place) {
    for (std::size_t byte = 0; byte < begins_.size(); ++byte) {
      if (head.places[place][byte]) begins_[byte] |= static_cast<std::uint8_t>(1U << place);
    }
  }
  if (known > 0) last_ = static_cast<std::uint8_t>(1U << (known - 1));
}

std::optional<std::size_t> MatchOutline::next_begin(std::string_view text, std::size_t from, std::size_t last) const {
  if (last_ == 0) return from;
  // Bit i: the last i + 1 bytes may be the first of a match.
  const auto known = static_cast<std::size_t>(std::bit_width(last_));
  unsigned fitting = 0;
  for (std::size_t at = from; at < std::min(text.size(), last + known); ++at) {
    fitting = (fitting << 1U | 1U) & begins_[static_cast<unsigned char>(text[at])];
    if ((fitting & last_) != 0) return at + 1 - known;
  }
  return std::nullopt;
}

bool MatchOutline::may_go_on(std::string_view behind) const {
  constexpr std::size_t kLookedAtMost = 640;  // in more, an expression is as fast
  if (later_.any_of.empty() || behind.size() > kLookedAtMost) return true;
  return std::ranges::any_of(later_.any_of,
                             [&](const std::string& literal) { return stands_in(literal, behind, later_.folded); });
}

}  // namespace reeve::content
