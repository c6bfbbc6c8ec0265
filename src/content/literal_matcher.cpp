#include "content/literal_matcher.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <numeric>
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
std::uint64_t LiteralMatcher::KeyForm::exact(const char* at) const { return (load(at) & bytes) | any | kExact; }

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

LiteralMatcher::Index::Entry LiteralMatcher::Index::entry_of(const RequiredLiteral& literal, const Draft& draft) {
  const LiteralFilter::Window& window = draft.window;
  const std::string& bytes = literal.bytes;
  Entry entry{.literal = draft.literal, .offset = static_cast<std::uint16_t>(draft.offset), .folded = literal.folded};
  KeyForm form;
  std::uint64_t folded = 0;
  const std::size_t places = window.bytes[4] == LiteralFilter::kAnyByte ? 4 : window.bytes.size();
  for (std::size_t place = 0; place < places; ++place) {
    const bool any = window.bytes[place] == LiteralFilter::kAnyByte;
    const auto here = any ? 0xFFU : static_cast<std::uint8_t>(bytes[draft.offset + place]);
    (any ? form.any : form.bytes) |= 0xFFULL << (8 * place);
    folded |= static_cast<std::uint64_t>(window.bytes[place]) << (8 * place);
    entry.key |= static_cast<std::uint64_t>(here) << (8 * place);
  }
  entry.key = literal.folded ? folded | KeyForm::kFolded : entry.key | KeyForm::kExact;
  add_known(folded);
  add_known(entry.key);
  const auto is_same = [&](const KeyForm& other) { return other.bytes == form.bytes; };
  if (std::ranges::none_of(forms, is_same)) forms.push_back(form);
  for (std::size_t at = 0; at < std::min<std::size_t>(8, bytes.size()); ++at) {
    entry.head |= static_cast<std::uint64_t>(static_cast<std::uint8_t>(bytes[at])) << (8 * at);
    entry.head_bytes |= 0xFFULL << (8 * at);
  }
  if (entry.folded) entry.head = fold_bytes(entry.head);
  return entry;
}

void LiteralMatcher::Index::add_known(std::uint64_t key) {
  const std::uint64_t bit = hash_of(key) >> (64 - kKnownBits);
  known[bit / 64] |= 1ULL << bit % 64;
}

/// The lowest bit says it.
inline std::uint64_t LiteralMatcher::Index::known_bit(std::uint64_t key) const {
  const std::uint64_t bit = hash_of(key) >> (64 - kKnownBits);
  return known.data()[bit / 64] >> bit % 64;
}

void LiteralMatcher::Index::build(const std::vector<RequiredLiteral>& literals, const std::vector<Draft>& drafts) {
  CHECK(drafts.size() < 0xFFFF);
  known.assign((1UL << kKnownBits) / 64, 0);
  for (const Draft& draft : drafts) entries.push_back(entry_of(literals[draft.literal], draft));
  std::ranges::sort(entries, {}, [](const Entry& entry) { return std::pair(entry.key, entry.literal); });
  fill_slots();
}

void LiteralMatcher::Index::fill_slots() {
  slots.assign(std::bit_ceil(entries.size() * 4 + 1), 0);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    entries[i].has_next = i + 1 < entries.size() && entries[i + 1].key == entries[i].key;
    if (i > 0 && entries[i - 1].key == entries[i].key) continue;
    std::size_t at = hash_of(entries[i].key) >> 20U & (slots.size() - 1);
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
      four_(4, literals_, windows_of(literals_, false)) {
  choose_nearby();
}

std::uint16_t LiteralMatcher::place_of_set(const ByteSet& bytes) {
  std::array<std::uint64_t, 4> set{};
  for (std::size_t byte = 0; byte < bytes.size(); ++byte) {
    if (bytes[byte]) set[byte / 64] |= 1ULL << byte % 64;
  }
  const auto known = std::ranges::find(sets_, set);
  if (known != sets_.end()) return static_cast<std::uint16_t>(known - sets_.begin());
  sets_.push_back(set);
  CHECK(sets_.size() <= 0xFFFF);
  return static_cast<std::uint16_t>(sets_.size() - 1);
}

/// For each literal the places where the fewest bytes fit.
void LiteralMatcher::choose_nearby() {
  constexpr double kShareMax = 0.7;  // where more bytes than that fit, looking is not worth it
  for (const RequiredLiteral& literal : literals_) {
    std::vector<std::tuple<double, int, ByteSet>> all;
    const auto add = [&](const EdgeBytes& edge, bool is_before) {
      for (std::size_t place = 0; place < std::min<std::size_t>(edge.least, EdgeBytes::kPlaces); ++place) {
        ByteSet bytes = edge.places[place];
        // Behind a word that was taken out of its text stands a line feed in place of what ends it there.
        if (bytes.count() >= 128) bytes.set('\n');
        double share = 0;
        for (std::size_t byte = 0; byte < bytes.size(); ++byte) {
          share += bytes[byte] ? byte_frequency(static_cast<unsigned char>(byte)) : 0;
        }
        const int offset = static_cast<int>(place);
        const int size = static_cast<int>(literal.bytes.size());
        if (share <= kShareMax) all.emplace_back(share, is_before ? -1 - offset : size + offset, bytes);
      }
    };
    add(literal.before, true);
    add(literal.behind, false);
    std::ranges::sort(all, {}, [](const auto& one) { return std::pair(std::get<0>(one), std::get<1>(one)); });
    Nearby& nearby = nearby_.emplace_back();
    nearby.is_of_one_byte = literal.bytes.find_first_not_of(literal.bytes[0]) == std::string::npos;
    alike_ += nearby.is_of_one_byte ? 1 : 0;
    reach_ = std::max(reach_, literal.bytes.size() + EdgeBytes::kPlaces);
    nearby.count = static_cast<std::uint32_t>(std::min(all.size(), nearby.bytes.size()));
    for (std::size_t i = 0; i < nearby.count; ++i) {
      const auto& [share, offset, bytes] = all[i];
      nearby.bytes[i] = {static_cast<std::int16_t>(offset), place_of_set(bytes)};
    }
  }
}

bool LiteralMatcher::fits_around(const Nearby& nearby, std::string_view text, std::size_t start) const {
  for (std::uint32_t i = 0; i < nearby.count; ++i) {
    const std::size_t at = start + static_cast<std::size_t>(std::ptrdiff_t{nearby.bytes[i].offset});
    if (at >= text.size()) return false;  // before its begin, too
    const auto byte = static_cast<unsigned char>(text[at]);
    if ((sets_[nearby.bytes[i].set][byte / 64] >> byte % 64 & 1U) == 0) return false;
  }
  return true;
}

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

void LiteralMatcher::look_up(const Index& index, const KeyForm& form, std::string_view text, std::size_t place,
                             std::vector<LiteralHit>& hits) const {
  const char* const at = text.data() + place;
  if (const auto* const entry = index.find(form.exact(at))) compare(entry, text, place, hits);
  if (const auto* const entry = index.find(form.key(at) | KeyForm::kFolded)) compare(entry, text, place, hits);
}

/// The literals of a key, from its first on.
void LiteralMatcher::compare(const Index::Entry* entry, std::string_view text, std::size_t place,
                             std::vector<LiteralHit>& hits) const {
  for (bool more = true; more; ++entry) {
    more = entry->has_next;
    if (entry->offset > place) continue;
    const std::size_t start = place - entry->offset;
    const std::uint64_t here = load(text.data() + start);
    if (((entry->folded ? fold_bytes(here) : here) & entry->head_bytes) != entry->head) continue;
    if (!fits_around(nearby_[entry->literal], text, start)) continue;
    if (stands_at(literals_[entry->literal], text, start)) {
      take_down(entry->literal, start, hits);
    }
  }
}

/// Whether all that is asked of literals at `place` and at the one before it sees one byte over and over, that is no
/// blank. Nearly always the first eight bytes say no.
bool LiteralMatcher::is_amid_flood(std::string_view text, std::size_t place, ByteRun& run) const {
  const auto byte = static_cast<unsigned char>(text[place]);
  if (load(text.data() + place) != byte * 0x0101010101010101U || byte <= ' ') return false;
  if (place < run.begin || place >= run.end) {
    run = {place, place + 1};
    while (run.begin > 0 && place - run.begin <= reach_ + 1 && text[run.begin - 1] == text[place]) --run.begin;
    while (run.end < text.size() && text[run.end] == text[place]) ++run.end;
  }
  return place >= run.begin + reach_ + 1 && place + reach_ < run.end;
}

/// What stands at the place before stands here, too. A literal of one byte has its window at its begin: all are alike.
void LiteralMatcher::go_on(std::size_t place, std::vector<LiteralHit>& hits) const {
  for (std::size_t i = 1; i <= std::min(alike_, hits.size()); ++i) {
    LiteralHit& hit = hits[hits.size() - i];
    if (hit.last + 1 == place && nearby_[hit.literal].is_of_one_byte) hit.last = static_cast<std::uint32_t>(place);
  }
}

void LiteralMatcher::take_down(std::uint32_t literal, std::size_t start, std::vector<LiteralHit>& hits) const {
  const auto place = static_cast<std::uint32_t>(start);
  if (nearby_[literal].is_of_one_byte) {
    for (std::size_t i = 1; i <= std::min(alike_, hits.size()); ++i) {
      LiteralHit& before = hits[hits.size() - i];
      if (before.literal != literal || before.last + 1 != place) continue;
      before.last = place;
      return;
    }
  }
  hits.push_back({literal, place, place});
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
  for (const std::uint32_t place : places) {
    out[count] = place;
    count += known_bit(form.key(text.data() + place)) & 1U;
  }
  return count;
}

/// Of those, where it knows a key of bytes as they are, or one of any case. They are few.
std::size_t LiteralMatcher::Index::sieve_closely(std::string_view text, const KeyForm& form,
                                                 std::span<std::uint32_t> places) const {
  std::size_t count = 0;
  for (const std::uint32_t place : places) {
    const char* const at = text.data() + place;
    places[count] = place;
    count += (known_bit(form.exact(at)) | known_bit(form.key(at) | KeyForm::kFolded)) & 1U;
  }
  return count;
}

bool LiteralMatcher::find_with(const Index& index, std::string_view text, std::vector<LiteralHit>& hits,
                               std::size_t most) const {
  std::array<std::uint64_t, kBlockWords> block;
  std::array<std::uint32_t, kBlockWords * 64 + 16> places, known;
  ByteRun run;
  const std::size_t words = (text.size() + 63) / 64;
  for (std::size_t from = 0; from < words; from += kBlockWords) {
    const std::size_t count = std::min(kBlockWords, words - from);
    const std::span<std::uint64_t> bits = std::span(block).first(count);
    index.filter.candidates(text, from, bits);
    const std::size_t size = places_of(bits, static_cast<std::uint32_t>(from * 64), places.data(), set_);
    const std::span<const std::uint32_t> all = std::span<const std::uint32_t>(places).first(size);
    for (const KeyForm& form : index.forms) {
      const std::size_t likely = index.sieve(text, form, all, known.data());
      const std::size_t found = index.sieve_closely(text, form, std::span(known).first(likely));
      for (std::size_t i = 0; i < found; ++i) {
        if (is_amid_flood(text, known[i], run)) {
          go_on(known[i], hits);
        } else {
          look_up(index, form, text, known[i], hits);
        }
      }
    }
    if (hits.size() > most) return false;
  }
  return true;
}

namespace {

std::uint64_t place_of(const LiteralHit& hit) { return static_cast<std::uint64_t>(hit.start) << 32U | hit.literal; }

/// By start, then by literal. Floods give hits by the hundred thousand, and comparing them would cost more than finding
/// them did: they are dealt into piles by some bits of their starts, the lowest first.
void sort_by_place(std::vector<LiteralHit>& hits, std::size_t text_size) {
  constexpr std::size_t kFewHits = 4096;
  constexpr unsigned kPileBits = 11;
  if (std::ranges::is_sorted(hits, {}, place_of)) return;
  if (hits.size() <= kFewHits) {
    std::ranges::sort(hits, {}, place_of);
    return;
  }
  std::vector<LiteralHit> dealt(hits.size());
  for (unsigned shift = 0; text_size >> shift != 0; shift += kPileBits) {
    std::array<std::size_t, 1UL << kPileBits> ends{};
    const auto pile = [shift, &ends](const LiteralHit& hit) -> std::size_t& {
      return ends.data()[hit.start >> shift & (ends.size() - 1)];
    };
    for (const LiteralHit& hit : hits) ++pile(hit);
    std::exclusive_scan(ends.begin(), ends.end(), ends.begin(), std::size_t{0});
    for (const LiteralHit& hit : hits) dealt.data()[pile(hit)++] = hit;
    hits.swap(dealt);
  }
  // Of one start there are few.
  for (std::size_t i = 1; i < hits.size(); ++i) {
    for (std::size_t at = i; at > 0 && place_of(hits[at]) < place_of(hits[at - 1]); --at) {
      std::swap(hits[at], hits[at - 1]);
    }
  }
}

}  // namespace

bool LiteralMatcher::find(std::string_view text, std::vector<LiteralHit>& hits, std::size_t most) const {
  hits.clear();
  bool complete = true;
  if (!six_.filter.empty()) complete = find_with(six_, text, hits, most);
  if (!four_.filter.empty()) complete = find_with(four_, text, hits, most) && complete;
  sort_by_place(hits, text.size());
  return complete;
}

}  // namespace reeve::content
