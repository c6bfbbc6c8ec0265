// Masks of a text: one bit a byte, 64 bytes a step.

#include <array>
#include <bit>
#include <cstring>

#include "content/finders.h"
#include "content/rare_shapes.h"

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

/// A rare triple is three bytes with a bit in common, each one's in its table: the bit of RareSign.
struct TripleTables {
  using Table = std::array<std::uint8_t, 256>;
  Table first{}, second{}, third{};
  constexpr void add(std::string_view one, std::string_view two, std::string_view three, RareSign sign) {
    const auto put = [sign](Table& table, std::string_view bytes) {
      for (const char c : bytes) table[static_cast<unsigned char>(c)] |= static_cast<std::uint8_t>(sign);
    };
    put(first, one);
    put(second, two);
    put(third, three);
  }
};
constexpr TripleTables make_rare_triples() {
  TripleTables tables;
  tables.add("y", "J", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.", RareSign::kWebToken);
  tables.add("K", "I", "A", RareSign::kKeyId);
  tables.add("B", "E", "G", RareSign::kKeyBlock);
  tables.add(":", "/", "/", RareSign::kUrl);
  tables.add("hH", "rR", "aA", RareSign::kPhrase);
  tables.add("mM", "nN", "eE", RareSign::kMnemonic);
  return tables;
}
constexpr TripleTables kRareTriples = make_rare_triples();

/// The bits of what three bytes tell.
std::uint8_t triple_at(const char* bytes) {
  const auto byte = [bytes](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  return static_cast<std::uint8_t>(kRareTriples.first[byte(0)] & kRareTriples.second[byte(1)] &
                                   kRareTriples.third[byte(2)]);
}

struct MaskWords {
  std::uint64_t digit = 0, letter = 0, at = 0, assign = 0, upper = 0, dot = 0, dash = 0, rare_triple = 0;
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
        rare_triple_(masks.rare_triple.data() + word) {}
  [[gnu::always_inline]] void put(std::size_t word, const MaskWords& bits) const {
    digit_[word] = bits.digit;
    letter_[word] = bits.letter;
    at_[word] = bits.at;
    assign_[word] = bits.assign;
    upper_[word] = bits.upper;
    dot_[word] = bits.dot;
    dash_[word] = bits.dash;
    rare_triple_[word] = bits.rare_triple;
  }

  std::uint64_t* rare_triple() const { return rare_triple_; }

 private:
  std::uint64_t *digit_, *letter_, *at_, *assign_, *upper_, *dot_, *dash_, *rare_triple_;
};

// Each reads two bytes more than its blocks have, as a triple may reach over the last, and gives back the bits of the
// triples that stand there.

std::uint8_t write_plain(const char* text, std::size_t blocks, const MaskWriter& out) {
  std::uint8_t rare = 0;
  for (std::size_t word = 0; word < blocks; ++word, text += 64) {
    MaskWords words;
    for (std::size_t i = 0; i < 64; ++i) {
      const auto byte = static_cast<unsigned char>(text[i]);
      const auto bit = [&](bool is) { return static_cast<std::uint64_t>(is) << i; };
      const std::uint8_t is = kClasses[byte];
      words.digit |= bit((is & kDigit) != 0);
      words.letter |= bit((is & kLetter) != 0);
      words.at |= bit((is & kAt) != 0);
      words.assign |= bit((is & kAssign) != 0);
      words.upper |= bit(byte >= 0x80);
      words.dot |= bit((is & kDot) != 0);
      words.dash |= bit((is & kDash) != 0);
      const std::uint8_t triple = triple_at(text + i);
      words.rare_triple |= bit(triple != 0);
      rare |= triple;
    }
    out.put(word, words);
  }
  return rare;
}

#if REEVE_BYTE_BLOCKS

/// The first two bytes of the triples.
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
    words.rare_triple = rare_pairs(bytes, next);
    out.put(word, words);
  }
}

/// Leaves of the pairs in the mask of triples those that are triples. Few words have a pair.
std::uint8_t keep_triples(const char* text, std::size_t blocks, std::uint64_t* mask) {
  std::uint8_t rare = 0;
  for (std::size_t word = 0; word < blocks; ++word, text += 64) {
    for (std::uint64_t pairs = mask[word]; pairs != 0; pairs &= pairs - 1) {
      const std::uint8_t triple = triple_at(text + std::countr_zero(pairs));
      if (triple == 0) mask[word] ^= pairs & -pairs;
      rare |= triple;
    }
  }
  return rare;
}

std::uint8_t write_baseline(const char* text, std::size_t blocks, const MaskWriter& out) {
  write_blocks(text, blocks, out);
  return keep_triples(text, blocks, out.rare_triple());
}

#if defined(__x86_64__)

REEVE_TARGET_AVX2 std::uint8_t write_avx2(const char* text, std::size_t blocks, const MaskWriter& out) {
  write_blocks(text, blocks, out);
  return keep_triples(text, blocks, out.rare_triple());
}

struct Tables512 {
  AsciiTable classes, firsts, seconds, thirds;
};
struct Block512 {
  __m512i bytes, second, third;  // and what follows each byte
};
/// Adds the bits of the triples there to `rare`.
REEVE_TARGET_AVX512 [[gnu::always_inline]] inline void put_512(const Tables512& tables, const Block512& block,
                                                               std::size_t word, const MaskWriter& out, __m512i& rare) {
  const __m512i& bytes = block.bytes;
  const __m512i is = look_up(tables.classes, bytes);
  MaskWords words;
  words.digit = with_bits(is, kDigit);
  words.letter = with_bits(is, kLetter);
  words.at = with_bits(is, kAt);
  words.assign = with_bits(is, kAssign);
  words.upper = _mm512_movepi8_mask(bytes);
  words.dot = with_bits(is, kDot);
  words.dash = with_bits(is, kDash);
  const __m512i two = _mm512_and_si512(look_up(tables.firsts, bytes), look_up(tables.seconds, block.second));
  const __m512i triples = _mm512_and_si512(two, look_up(tables.thirds, block.third));
  words.rare_triple = _mm512_test_epi8_mask(triples, triples);
  rare = _mm512_or_si512(rare, triples);
  out.put(word, words);
}

/// All words of a text: what stands behind it is not read. Short texts are many: their rest is not copied either.
REEVE_TARGET_AVX512 std::uint8_t write_avx512(std::string_view text, std::size_t words, const MaskWriter& to) {
  Tables512 tables;
  load_table(kClasses, tables.classes);
  load_table(kRareTriples.first, tables.firsts);
  load_table(kRareTriples.second, tables.seconds);
  load_table(kRareTriples.third, tables.thirds);
  __m512i rare = _mm512_setzero_si512();
  const MaskWriter out = to;
  const std::size_t whole = text.size() < 2 ? 0 : (text.size() - 2) / 64;
  const char* at = text.data();
  std::size_t word = 0;
  for (; word < whole; ++word, at += 64) {
    put_512(tables, {load_512(at), load_512(at + 1), load_512(at + 2)}, word, out, rare);
  }
  for (; word + 1 < words; ++word, at += 64) {
    const auto left = static_cast<std::ptrdiff_t>(text.size() - word * 64);
    put_512(tables, {load_first_512(at, left), load_first_512(at + 1, left - 1), load_first_512(at + 2, left - 2)},
            word, out, rare);
  }
  out.put(words - 1, {});
  std::uint64_t all = static_cast<std::uint64_t>(_mm512_reduce_or_epi64(rare));
  for (unsigned by = 32; by >= 8; by /= 2) all |= all >> by;
  return static_cast<std::uint8_t>(all);
}

#endif
#endif

std::uint8_t write_masks(InstructionSet set, const char* text, std::size_t blocks, const MaskWriter& out) {
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

/// The bits of the triples that stand in the text.
std::uint8_t write_all(TextMasks& masks, std::string_view text, std::size_t words, InstructionSet set) {
  const MaskWriter out(masks, 0);
#if REEVE_BYTE_BLOCKS && defined(__x86_64__)
  if (set == InstructionSet::kAvx512) return write_avx512(text, words, out);
#endif
  // The last bytes are looked at with zeros behind them: what stands behind the text is no part of it.
  const std::size_t whole = text.size() < 2 ? 0 : (text.size() - 2) / 64;
  // NOLINTNEXTLINE(bugprone-suspicious-stringview-data-usage): the size goes with it
  std::uint8_t rare = write_masks(set, text.data(), whole, out);
  std::array<char, 2 * 64 + 2> last{};
  if (!text.empty()) std::memcpy(last.data(), text.data() + whole * 64, text.size() - whole * 64);
  rare |= write_masks(set, last.data(), words - 1 - whole, MaskWriter(masks, whole));
  out.put(words - 1, {});
  return rare;
}

}  // namespace

void TextMasks::compute(std::string_view text) { compute(text, fastest_instructions()); }

void TextMasks::compute(std::string_view text, InstructionSet set) {
  const std::size_t words = (text.size() + 63) / 64 + 1;
  for (auto* mask : {&digit, &letter, &at, &assign, &upper, &dot, &dash, &rare_triple}) mask->resize(words);
  const std::uint8_t triples = write_all(*this, text, words, set);
  rare = static_cast<std::uint16_t>(triples | rare_shapes_of(*this, set));
}

}  // namespace reeve::content
