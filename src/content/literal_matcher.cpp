#include "content/literal_matcher.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <tuple>

#include "content/text_frequency.h"
#include "core/check.h"

namespace reeve::content {

namespace {

constexpr unsigned kKnownBits = 16;
constexpr double kBorderShare = 0.2;
constexpr std::size_t kBlockWords = 64;

std::uint64_t load(const char* at) {
  std::uint64_t bytes = 0;
  std::memcpy(&bytes, at, sizeof bytes);
  if constexpr (std::endian::native == std::endian::big) bytes = __builtin_bswap64(bytes);
  return bytes;
}

std::uint64_t hash_of(std::uint64_t key) { return key * 0x9E3779B97F4A7C15U; }

/// Only blanks between a line's begin and `at`.
bool is_indented(std::string_view text, std::size_t at) {
  while (at > 0 && std::string_view(" \t\r\f\v").find(text[at - 1]) != std::string_view::npos) --at;
  return at == 0 || text[at - 1] == '\n';
}

bool matches_folded(const std::string& literal, const char* text) {
  for (std::size_t i = 0; i < literal.size(); ++i) {
    const char c = text[i];
    if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c) != literal[i]) return false;
  }
  return true;
}

}  // namespace

std::uint64_t LiteralMatcher::KeyForm::key(const char* at) const { return (fold_bytes(load(at)) & bytes) | any; }

LiteralMatcher::Index::Index(std::size_t places, const std::vector<RequiredLiteral>& literals,
                             std::vector<Draft> drafts)
    : filter(places, [&] {
        // Neighbours are alike; the shortest have buckets of their own, and so have those behind borders.
        std::ranges::sort(drafts, {}, [](const Draft& draft) {
          const auto any = std::ranges::count(draft.window.bytes, LiteralFilter::kAnyByte);
          return std::tuple(any, draft.window.border_before, draft.window, draft.literal);
        });
        std::vector<LiteralFilter::Window> all;
        all.reserve(drafts.size());
        for (const Draft& draft : drafts) all.push_back(draft.window);
        return all;
      }()) {
  build(literals, drafts);
}

void LiteralMatcher::Index::build(const std::vector<RequiredLiteral>& literals, const std::vector<Draft>& drafts) {
  CHECK(drafts.size() < 0xFFFF);
  for (const Draft& draft : drafts) {
    const LiteralFilter::Window& window = draft.window;
    const std::string& bytes = literals[draft.literal].bytes;
    Entry entry{.literal = draft.literal, .offset = static_cast<std::uint16_t>(draft.offset)};
    KeyForm form;
    const std::size_t places = window.bytes[4] == LiteralFilter::kAnyByte ? 4 : window.bytes.size();
    for (std::size_t place = 0; place < places; ++place) {
      const bool any = window.bytes[place] == LiteralFilter::kAnyByte;
      (any ? form.any : form.bytes) |= 0xFFULL << (8 * place);
      entry.key |= static_cast<std::uint64_t>(window.bytes[place]) << (8 * place);
    }
    const auto is_same = [&](const KeyForm& other) { return other.bytes == form.bytes; };
    if (std::ranges::none_of(forms, is_same)) forms.push_back(form);
    for (std::size_t at = 0; at < std::min<std::size_t>(8, bytes.size()); ++at) {
      entry.head |= static_cast<std::uint64_t>(static_cast<std::uint8_t>(bytes[at])) << (8 * at);
      entry.head_bytes |= 0xFFULL << (8 * at);
    }
    entry.folded = literals[draft.literal].folded;
    if (entry.folded) entry.head = fold_bytes(entry.head);
    entries.push_back(entry);
  }
  std::ranges::sort(entries, {}, [](const Entry& entry) { return std::pair(entry.key, entry.literal); });
  known.assign((1UL << kKnownBits) / 64, 0);
  slots.assign(std::bit_ceil(entries.size() * 4 + 1), 0);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    entries[i].has_next = i + 1 < entries.size() && entries[i + 1].key == entries[i].key;
    if (i > 0 && entries[i - 1].key == entries[i].key) continue;
    const std::uint64_t hash = hash_of(entries[i].key);
    const std::uint64_t bit = hash >> (64 - kKnownBits);
    known[bit / 64] |= 1ULL << bit % 64;
    std::size_t at = hash >> 20U & (slots.size() - 1);
    while (slots[at] != 0) at = (at + 1) & (slots.size() - 1);
    slots[at] = static_cast<std::uint16_t>(i + 1);
  }
}

const LiteralMatcher::Index::Entry* LiteralMatcher::Index::find(std::uint64_t key) const {
  for (std::size_t at = hash_of(key) >> 20U & (slots.size() - 1); slots[at] != 0; at = (at + 1) & (slots.size() - 1)) {
    const Entry* const entry = &entries[slots[at] - 1U];
    if (entry->key == key) return entry;
  }
  return nullptr;
}

std::vector<LiteralMatcher::Index::Draft> LiteralMatcher::windows_of(const std::vector<RequiredLiteral>& literals,
                                                                     bool with_six) {
  std::vector<Index::Draft> all;
  const std::size_t places = with_six ? 6 : 4;
  for (std::uint32_t i = 0; i < literals.size(); ++i) {
    const std::string& bytes = literals[i].bytes;
    if ((bytes.size() >= 6) != with_six) continue;
    Index::Draft best;
    double least = 2;
    const std::size_t last = bytes.size() <= places ? 0 : bytes.size() - places;
    for (std::uint32_t offset = 0; offset <= last; ++offset) {
      Index::Draft draft{.literal = i, .offset = offset};
      // The filter knows borders only right before its windows.
      draft.window.border_before = offset == 0 && literals[i].border_before;
      draft.window.bytes.fill(LiteralFilter::kAnyByte);
      for (std::size_t place = 0; place < std::min(places, bytes.size()); ++place) {
        draft.window.bytes[place] =
            static_cast<std::uint8_t>(fold_bytes(static_cast<std::uint8_t>(bytes[offset + place])));
      }
      const double frequency = text_frequency(std::string_view(bytes).substr(offset, places)) *
                               (draft.window.border_before ? kBorderShare : 1);
      if (frequency < least) {
        least = frequency;
        best = draft;
      }
    }
    all.push_back(best);
  }
  return all;
}

LiteralMatcher::LiteralMatcher(std::vector<RequiredLiteral> literals)
    : literals_(std::move(literals)),
      six_(6, literals_, windows_of(literals_, true)),
      four_(4, literals_, windows_of(literals_, false)) {}

void LiteralMatcher::use(InstructionSet set) {
  set_ = set;
  six_.filter.use(set);
  four_.filter.use(set);
}

bool LiteralMatcher::stands_at(const RequiredLiteral& literal, std::string_view text, std::size_t start) const {
  const std::size_t end = start + literal.bytes.size();
  if (end > text.size()) return false;
  if (literal.border_before && start > 0 && is_border_word_byte(text[start - 1])) return false;
  if (literal.line_begin && start > 0 && text[start - 1] != '\n') return false;
  if (literal.folded ? !matches_folded(literal.bytes, text.data() + start)
                     : std::memcmp(literal.bytes.data(), text.data() + start, literal.bytes.size()) != 0) {
    return false;
  }
  if (literal.indented && !is_indented(text, start)) return false;
  return !literal.border_after || end == text.size() || !is_border_word_byte(text[end]);
}

void LiteralMatcher::look_up(const Index& index, std::uint64_t key, std::string_view text, std::size_t place,
                             std::vector<LiteralHit>& hits) const {
  const Index::Entry* entry = index.find(key);
  if (entry == nullptr) return;
  for (bool more = true; more; ++entry) {
    more = entry->has_next;
    if (entry->offset > place) continue;
    const std::size_t start = place - entry->offset;
    const std::uint64_t here = load(text.data() + start);
    if (((entry->folded ? fold_bytes(here) : here) & entry->head_bytes) != entry->head) continue;
    if (stands_at(literals_[entry->literal], text, start)) {
      hits.push_back({entry->literal, static_cast<std::uint32_t>(start)});
    }
  }
}

namespace {

/// Writes the places of a block's bits, `base` being that of bit 0, and gives back how many. `out` has room for sixteen
/// more than there are bits.
[[gnu::always_inline]] inline std::size_t gather_places(std::span<const std::uint64_t> block, std::uint32_t base,
                                                        std::uint32_t* out) {
  // Most words have few bits: so many are written without asking.
  constexpr std::size_t kUnasked = 2;
  const std::uint32_t* const begin = out;
  for (std::uint64_t bits : block) {
    const auto count = static_cast<std::size_t>(std::popcount(bits));
    for (std::size_t i = 0; i < kUnasked; ++i) {
      out[i] = base + static_cast<std::uint32_t>(std::countr_zero(bits));
      bits &= bits - 1;
    }
    for (std::size_t i = kUnasked; i < count; ++i) {
      out[i] = base + static_cast<std::uint32_t>(std::countr_zero(bits));
      bits &= bits - 1;
    }
    out += count;
    base += 64;
  }
  return static_cast<std::size_t>(out - begin);
}

#if REEVE_BYTE_BLOCKS && defined(__x86_64__)

REEVE_TARGET_AVX512 std::size_t gather_places_avx512(std::span<const std::uint64_t> block, std::uint32_t base,
                                                     std::uint32_t* out) {
  static constexpr auto kOffsets = [] {
    std::array<std::uint8_t, 64> all{};
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::uint8_t>(i);
    return all;
  }();
  const __m512i offsets = load_512(kOffsets.data());
  const std::uint32_t* const begin = out;
  for (const std::uint64_t bits : block) {
    __m512i places = _mm512_maskz_compress_epi8(bits, offsets);
    const auto count = static_cast<std::size_t>(std::popcount(bits));
    const __m512i first = _mm512_set1_epi32(static_cast<int>(base));
    for (std::size_t written = 0;;) {
      _mm512_storeu_si512(out + written, _mm512_add_epi32(first, _mm512_cvtepu8_epi32(_mm512_castsi512_si128(places))));
      written += 16;
      if (written >= count) [[likely]]
        break;
      places = _mm512_shuffle_i64x2(places, places, 0b11111001);  // the next sixteen
    }
    out += count;
    base += 64;
  }
  return static_cast<std::size_t>(out - begin);
}

#endif

std::size_t places_of(std::span<const std::uint64_t> block, std::uint32_t base, std::uint32_t* out,
                      InstructionSet set) {
#if REEVE_BYTE_BLOCKS && defined(__x86_64__)
  if (set == InstructionSet::kAvx512) return gather_places_avx512(block, base, out);
#endif
  return gather_places(block, base, out);
}

}  // namespace

/// Where the bit map knows the bytes at `places`; the others are written over. Returns how many.
std::size_t LiteralMatcher::Index::sieve(std::string_view text, const KeyForm& form,
                                         std::span<const std::uint32_t> places, std::uint32_t* out) const {
  std::size_t count = 0;
  const std::uint64_t* const bits = known.data();
  for (const std::uint32_t place : places) {
    const std::uint64_t bit = hash_of(form.key(text.data() + place)) >> (64 - kKnownBits);
    out[count] = place;
    count += bits[bit / 64] >> bit % 64 & 1U;
  }
  return count;
}

namespace {

/// The candidates of as many words from word `from` on. The first and the last word are copied: before the text and
/// behind it something else may stand.
void look_at_block(const LiteralFilter& filter, std::string_view text, std::size_t from,
                   std::span<std::uint64_t> block) {
  const std::size_t words = (text.size() + 63) / 64;
  const std::size_t begin = from == 0 ? 1 : from, end = std::min(from + block.size(), words - 1);
  if (begin < end) filter.candidates(text.data() + begin * 64, end - begin, &block[begin - from]);
  const auto look_at_copy = [&](std::size_t word) {
    std::array<char, 1 + 64 + 8> copy{'\n'};
    const std::size_t start = word * 64, before = word == 0 ? 0 : 1;
    const std::size_t size = std::min(text.size() - start, copy.size() - 1);
    std::memcpy(copy.data() + 1 - before, text.data() + start - before, size + before);
    std::uint64_t& bits = block[word - from];
    filter.candidates(copy.data() + 1, 1, &bits);
    if (size < 64) bits &= ~0ULL >> (64 - size);
  };
  if (from == 0) look_at_copy(0);
  if (from + block.size() == words && words > 1) look_at_copy(words - 1);
}

}  // namespace

bool LiteralMatcher::find_with(const Index& index, std::string_view text, std::vector<LiteralHit>& hits,
                               std::size_t most) const {
  std::array<std::uint64_t, kBlockWords> block;
  std::array<std::uint32_t, kBlockWords * 64 + 16> places, known;
  const std::size_t words = (text.size() + 63) / 64;
  for (std::size_t from = 0; from < words; from += kBlockWords) {
    const std::size_t count = std::min(kBlockWords, words - from);
    look_at_block(index.filter, text, from, std::span(block).first(count));
    const std::span<const std::uint64_t> bits = std::span(block).first(count);
    const std::size_t size = places_of(bits, static_cast<std::uint32_t>(from * 64), places.data(), set_);
    const std::span<const std::uint32_t> all = std::span<const std::uint32_t>(places).first(size);
    for (const KeyForm& form : index.forms) {
      const std::size_t found = index.sieve(text, form, all, known.data());
      for (std::size_t i = 0; i < found; ++i) look_up(index, form.key(text.data() + known[i]), text, known[i], hits);
    }
    if (hits.size() > most) return false;
  }
  return true;
}

bool LiteralMatcher::find(std::string_view text, std::vector<LiteralHit>& hits, std::size_t most) const {
  hits.clear();
  bool complete = true;
  if (!six_.filter.empty()) complete = find_with(six_, text, hits, most);
  if (!four_.filter.empty()) complete = find_with(four_, text, hits, most) && complete;
  std::ranges::sort(hits, {}, [](const LiteralHit& hit) { return std::pair(hit.start, hit.literal); });
  return complete;
}

}  // namespace reeve::content
