// Masks of a text: one bit a byte, 64 bytes a step.

#include <array>
#include <cstring>

#include "content/finders.h"

namespace reeve::content {

const std::vector<InstructionSet>& instruction_sets() {
  static const std::vector<InstructionSet> kSets = [] {
    std::vector<InstructionSet> sets{InstructionSet::kPlain};
#if REEVE_BYTE_BLOCKS
    sets.push_back(InstructionSet::kBaseline);
#if defined(__x86_64__)
    const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
                      __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt") &&
                      __builtin_cpu_supports("lzcnt");
    if (avx2) sets.push_back(InstructionSet::kAvx2);
    if (avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512vbmi2")) {
      sets.push_back(InstructionSet::kAvx512);
    }
#endif
#endif
    return sets;
  }();
  return kSets;
}

namespace {

/// What each byte is; bytes from 0x80 have no class but `upper`.
enum ByteClass : std::uint8_t { kDigit = 1, kLetter = 2, kAt = 4, kAssign = 8, kDot = 16, kDash = 32 };

constexpr std::array<std::uint8_t, 256> make_classes() {
  std::array<std::uint8_t, 256> classes{};
  for (std::size_t c = '0'; c <= '9'; ++c) classes[c] = kDigit;
  for (std::size_t c = 'a'; c <= 'z'; ++c) classes[c] = classes[c - 0x20] = kLetter;
  classes['@'] = kAt;
  classes['='] = classes[':'] = kAssign;
  classes['.'] = kDot;
  classes['-'] = kDash;
  return classes;
}
constexpr std::array<std::uint8_t, 256> kClasses = make_classes();

/// A rare pair is two bytes with a bit in common, the first's in the first table, the second's in the second.
struct PairTables {
  std::array<std::uint8_t, 256> first{}, second{};
  constexpr void add(std::string_view one, std::string_view other, std::uint8_t bit) {
    for (const char c : one) first[static_cast<unsigned char>(c)] |= bit;
    for (const char c : other) second[static_cast<unsigned char>(c)] |= bit;
  }
};
constexpr PairTables make_rare_pairs() {
  PairTables tables;
  tables.add("y", "J", 1);
  tables.add("K", "I", 2);
  tables.add("B", "E", 4);
  tables.add(":", "/", 8);
  tables.add("hH", "rR", 16);
  tables.add("mM", "nN", 32);
  return tables;
}
constexpr PairTables kRarePairs = make_rare_pairs();

struct MaskWords {
  std::uint64_t digit = 0, letter = 0, at = 0, assign = 0, upper = 0, dot = 0, dash = 0, rare_pair = 0;
};

/// Where masks go, from a word on.
class MaskWriter {
 public:
  MaskWriter(TextMasks& masks, std::size_t word)
      : digit_(masks.digit.data() + word),
        letter_(masks.letter.data() + word),
        at_(masks.at.data() + word),
        assign_(masks.assign.data() + word),
        upper_(masks.upper.data() + word),
        dot_(masks.dot.data() + word),
        dash_(masks.dash.data() + word),
        rare_pair_(masks.rare_pair.data() + word) {}
  [[gnu::always_inline]] void put(std::size_t word, const MaskWords& bits) const {
    digit_[word] = bits.digit;
    letter_[word] = bits.letter;
    at_[word] = bits.at;
    assign_[word] = bits.assign;
    upper_[word] = bits.upper;
    dot_[word] = bits.dot;
    dash_[word] = bits.dash;
    rare_pair_[word] = bits.rare_pair;
  }

 private:
  std::uint64_t *digit_, *letter_, *at_, *assign_, *upper_, *dot_, *dash_, *rare_pair_;
};

// Each reads one byte more than its blocks have: a pair may reach over the last.

void write_plain(const char* text, std::size_t blocks, const MaskWriter& out) {
  for (std::size_t word = 0; word < blocks; ++word, text += 64) {
    MaskWords words;
    for (std::size_t i = 0; i < 64; ++i) {
      const auto byte = static_cast<unsigned char>(text[i]), next = static_cast<unsigned char>(text[i + 1]);
      const auto bit = [&](bool is) { return static_cast<std::uint64_t>(is) << i; };
      const std::uint8_t is = kClasses[byte];
      words.digit |= bit((is & kDigit) != 0);
      words.letter |= bit((is & kLetter) != 0);
      words.at |= bit((is & kAt) != 0);
      words.assign |= bit((is & kAssign) != 0);
      words.upper |= bit(byte >= 0x80);
      words.dot |= bit((is & kDot) != 0);
      words.dash |= bit((is & kDash) != 0);
      words.rare_pair |= bit((kRarePairs.first[byte] & kRarePairs.second[next]) != 0);
    }
    out.put(word, words);
  }
}

#if REEVE_BYTE_BLOCKS

[[gnu::always_inline]] inline std::uint64_t rare_pairs(const Bytes64& first, const Bytes64& second) {
  constexpr unsigned char kCase = 0x20;
  const Bytes64 lower_first = first | kCase, lower_second = second | kCase;
  return (equal_bits(first, 'y') & equal_bits(second, 'J')) | (equal_bits(first, 'K') & equal_bits(second, 'I')) |
         (equal_bits(first, 'B') & equal_bits(second, 'E')) | (equal_bits(first, ':') & equal_bits(second, '/')) |
         (equal_bits(lower_first, 'h') & equal_bits(lower_second, 'r')) |
         (equal_bits(lower_first, 'm') & equal_bits(lower_second, 'n'));
}

[[gnu::always_inline]] inline void write_blocks(const char* text, std::size_t blocks, const MaskWriter& out) {
  for (std::size_t word = 0; word < blocks; ++word, text += 64) {
    Bytes64 bytes, next;
    load_block(text, bytes);
    load_block(text + 1, next);
    const Bytes64 lower = bytes | static_cast<unsigned char>(0x20);
    MaskWords words;
    words.digit = range_bits(bytes, '0', 10);
    words.letter = range_bits(lower, 'a', 26);
    words.at = equal_bits(bytes, '@');
    words.assign = equal_bits(bytes, '=') | equal_bits(bytes, ':');
    words.upper = high_bits(bytes);
    words.dot = equal_bits(bytes, '.');
    words.dash = equal_bits(bytes, '-');
    words.rare_pair = rare_pairs(bytes, next);
    out.put(word, words);
  }
}

void write_baseline(const char* text, std::size_t blocks, const MaskWriter& out) { write_blocks(text, blocks, out); }

#if defined(__x86_64__)

REEVE_TARGET_AVX2 void write_avx2(const char* text, std::size_t blocks, const MaskWriter& out) {
  write_blocks(text, blocks, out);
}

struct Tables512 {
  AsciiTable classes, firsts, seconds;
};
REEVE_TARGET_AVX512 [[gnu::always_inline]] inline void put_512(const Tables512& tables, const __m512i& bytes,
                                                               const __m512i& next, std::size_t word,
                                                               const MaskWriter& out) {
  const __m512i is = look_up(tables.classes, bytes);
  MaskWords words;
  words.digit = with_bits(is, kDigit);
  words.letter = with_bits(is, kLetter);
  words.at = with_bits(is, kAt);
  words.assign = with_bits(is, kAssign);
  words.upper = _mm512_movepi8_mask(bytes);
  words.dot = with_bits(is, kDot);
  words.dash = with_bits(is, kDash);
  words.rare_pair = _mm512_test_epi8_mask(look_up(tables.firsts, bytes), look_up(tables.seconds, next));
  out.put(word, words);
}

/// All words of a text: what stands behind it is not read. Short texts are many: their rest is not copied either.
REEVE_TARGET_AVX512 void write_avx512(std::string_view text, std::size_t words, const MaskWriter& to) {
  Tables512 tables;
  load_table(kClasses, tables.classes);
  load_table(kRarePairs.first, tables.firsts);
  load_table(kRarePairs.second, tables.seconds);
  const MaskWriter out = to;
  const std::size_t whole = text.empty() ? 0 : (text.size() - 1) / 64;
  const char* at = text.data();
  std::size_t word = 0;
  for (; word < whole; ++word, at += 64) put_512(tables, load_512(at), load_512(at + 1), word, out);
  if (word + 1 < words) {
    const auto left = static_cast<std::ptrdiff_t>(text.size() - word * 64);
    put_512(tables, load_first_512(at, left), load_first_512(at + 1, left - 1), word, out);
  }
  out.put(words - 1, {});
}

#endif
#endif

void write_masks(InstructionSet set, const char* text, std::size_t blocks, const MaskWriter& out) {
  switch (set) {
#if REEVE_BYTE_BLOCKS
    case InstructionSet::kBaseline: return write_baseline(text, blocks, out);
#if defined(__x86_64__)
    case InstructionSet::kAvx2: return write_avx2(text, blocks, out);
#endif
#endif
    default: return write_plain(text, blocks, out);
  }
}

}  // namespace

void TextMasks::compute(std::string_view text) { compute(text, fastest_instructions()); }

void TextMasks::compute(std::string_view text, InstructionSet set) {
  const std::size_t words = (text.size() + 63) / 64 + 1;
  for (auto* mask : {&digit, &letter, &at, &assign, &upper, &dot, &dash, &rare_pair}) mask->resize(words);
  const MaskWriter out(*this, 0);
#if REEVE_BYTE_BLOCKS && defined(__x86_64__)
  if (set == InstructionSet::kAvx512) return write_avx512(text, words, out);
#endif
  // The last block is looked at with zeros behind it: what stands behind the text is no part of it.
  const std::size_t whole = text.empty() ? 0 : (text.size() - 1) / 64;
  // NOLINTNEXTLINE(bugprone-suspicious-stringview-data-usage): the size goes with it
  write_masks(set, text.data(), whole, out);
  char last[64 + 1] = {};
  if (!text.empty()) std::memcpy(last, text.data() + whole * 64, text.size() - whole * 64);
  write_masks(set, last, 1, MaskWriter(*this, whole));
  out.put(words - 1, {});
}

}  // namespace reeve::content
