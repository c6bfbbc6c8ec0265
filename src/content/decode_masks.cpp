// Masks for decoding: where runs, escapes and cut values may be. One bit a byte, 64 bytes a step.

#include <array>
#include <cstring>

#include "content/decode.h"

namespace reeve::content {

namespace {

enum ByteClass : std::uint8_t {
  kToken = 1,
  kWord = 2,
  kValue = 4,  // what may stand at the borders of parts of a value: token bytes and . = @ :
  kOdd = 8,    // token bytes that words in small letters do not have
  kBackslash = 16,
  kSlash = 32,
  kLineFeed = 64,
  kReturn = 128,
};

constexpr std::array<std::uint8_t, 256> make_classes() {
  std::array<std::uint8_t, 256> classes{};
  const auto add = [&classes](std::string_view bytes, std::uint8_t is) {
    for (const char c : bytes) classes[static_cast<unsigned char>(c)] |= is;
  };
  for (std::size_t c = 0; c < 128; ++c) {
    if (is_token_byte(static_cast<char>(c))) classes[c] = kToken | kWord | kValue;
    if (is_token_byte(static_cast<char>(c)) && c < 'a' && c != '_' && c != '-') classes[c] |= kOdd;
  }
  add(".:|=", kWord);
  add(".=@:", kValue);
  add("\\", kBackslash);
  add("/", kSlash);
  add("\n", kLineFeed);
  add("\r", kReturn);
  return classes;
}
constexpr std::array<std::uint8_t, 256> kClasses = make_classes();

/// Two bytes with a bit in common, the first's in the first table, the second's in the second.
enum Pair : std::uint8_t {
  kPercentEscape = 1,    // % and the first digit of what shows
  kEntity = 2,           // & and what names of entities that stand for value bytes begin with
  kBackslashEscape = 4,  // \ and what may glue to a value or hide a character of one
  kEscapes = kPercentEscape | kEntity | kBackslashEscape,
  kAfterQuote = 8,    // a quote and what may stand between two literals
  kLetterAfter = 16,  // a quote and a letter: the kind of the next literal, when a quote follows
  kPrintable = 32,    // = and what follows it in quoted-printable at least once
  kAfterEqual = 64,   // = and what may follow it there
};

constexpr std::string_view kPercentSeconds = "23456789abcdefABCDEFu", kEntitySeconds = "#lUsphda",
                           kBackslashSeconds = "uUx01ntr/\"_-.N", kQuoteSeconds = " \t\n\r+.&|<>~^/\\\"'",
                           kLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

struct PairTables {
  std::array<std::uint8_t, 256> first{}, second{};
  constexpr void add(std::string_view one, std::string_view other, std::uint8_t bit) {
    for (const char c : one) first[static_cast<unsigned char>(c)] |= bit;
    for (const char c : other) second[static_cast<unsigned char>(c)] |= bit;
  }
};
constexpr PairTables make_pairs() {
  PairTables tables;
  tables.add("%", kPercentSeconds, kPercentEscape);
  tables.add("&", kEntitySeconds, kEntity);
  tables.add("\\", kBackslashSeconds, kBackslashEscape);
  tables.add("\"'", kQuoteSeconds, kAfterQuote);
  tables.add("\"'", kLetters, kLetterAfter);
  tables.add("=", "3\r\n", kPrintable);
  tables.add("=", "\r\n0123456789ABCDEF", kAfterEqual);
  return tables;
}
constexpr PairTables kPairs = make_pairs();

constexpr std::uint8_t pair_of(char first, char second) {
  return kPairs.first[static_cast<unsigned char>(first)] & kPairs.second[static_cast<unsigned char>(second)];
}

/// What one block's masks are made of.
struct Seen {
  std::uint64_t token = 0, slash = 0, word = 0, value = 0, odd = 0, backslash = 0, line_feed = 0, carriage_return = 0;
  std::uint64_t escape = 0;  // pairs
  std::uint64_t printable = 0;
  std::uint64_t literal = 0;  // pairs; a quote with a letter only where a quote follows it
};

/// Line feeds behind eight token bytes of which one is odd, or behind a token byte and a backslash. What stands in the
/// word before is not known: it counts as fitting.
[[gnu::always_inline]] inline std::uint64_t cut_lines(const Seen& seen) {
  std::uint64_t tokens = seen.token, odd = seen.odd;
  for (unsigned by = 1; by <= 4; by *= 2) {
    tokens &= tokens << by | ((1U << by) - 1);
    odd |= odd << by | ((1U << by) - 1);
  }
  const std::uint64_t continued = seen.backslash & (seen.token << 1U | 1);
  const std::uint64_t behind = ((tokens & odd) | continued) << 1U | 1;
  return seen.line_feed & (behind | (seen.carriage_return & behind) << 1U | 1);
}

/// Quotes behind a value byte, or behind one and a backslash.
[[gnu::always_inline]] inline std::uint64_t cut_literals(const Seen& seen) {
  const std::uint64_t behind = seen.value << 1U | 1;
  return seen.literal & (behind | (seen.backslash & behind) << 1U | 1);
}

/// Where masks go, from a word on.
class MaskWriter {
 public:
  MaskWriter(DecodeMasks& masks, std::size_t from)
      : token_(masks.token.data() + from),
        inner_(masks.token_inner.data() + from),
        word_(masks.word.data() + from),
        odd_(masks.odd.data() + from),
        escape_(masks.escape.data() + from),
        join_(masks.join.data() + from),
        printable_(masks.printable.data() + from) {}
  [[gnu::always_inline]] void put(std::size_t word, const Seen& seen) const {
    token_[word] = seen.token;
    inner_[word] = seen.token & ~seen.slash;
    word_[word] = seen.word;
    odd_[word] = seen.odd;
    escape_[word] = seen.escape;
    join_[word] = cut_lines(seen) | cut_literals(seen);
    printable_[word] = seen.printable;
  }
  void put_none(std::size_t word) const {
    for (std::uint64_t* const mask : {token_, inner_, word_, odd_, escape_, join_, printable_}) mask[word] = 0;
  }

 private:
  std::uint64_t *token_, *inner_, *word_, *odd_, *escape_, *join_, *printable_;
};

/// What a text may have that is rarely there at all.
struct Rare {
  bool zero = false, terminal = false, printable = false;
};

constexpr char kTerminalEscape = '\x1b';

// Each reads two bytes more than its blocks have.

Rare write_plain(const char* text, std::size_t blocks, const MaskWriter& out) {
  Rare rare;
  for (std::size_t word = 0; word < blocks; ++word, text += 64) {
    Seen seen;
    for (std::size_t i = 0; i < 64; ++i) {
      const std::uint8_t is = kClasses[static_cast<unsigned char>(text[i])], pair = pair_of(text[i], text[i + 1]);
      const auto bit = [&](bool set) { return static_cast<std::uint64_t>(set) << i; };
      const bool quote_follows = text[i + 2] == '"' || text[i + 2] == '\'';
      seen.token |= bit((is & kToken) != 0);
      seen.slash |= bit((is & kSlash) != 0);
      seen.word |= bit((is & kWord) != 0);
      seen.value |= bit((is & kValue) != 0);
      seen.odd |= bit((is & kOdd) != 0);
      seen.backslash |= bit((is & kBackslash) != 0);
      seen.line_feed |= bit((is & kLineFeed) != 0);
      seen.carriage_return |= bit((is & kReturn) != 0);
      seen.escape |= bit((pair & kEscapes) != 0);
      seen.printable |= bit((pair & kAfterEqual) != 0);
      seen.literal |= bit((pair & kAfterQuote) != 0 || ((pair & kLetterAfter) != 0 && quote_follows));
      rare.zero = rare.zero || text[i] == 0;
      rare.terminal = rare.terminal || text[i] == kTerminalEscape;
      rare.printable = rare.printable || (pair & kPrintable) != 0;
    }
    out.put(word, seen);
  }
  return rare;
}

#if REEVE_BYTE_BLOCKS

/// Of the places in `bits`, those whose byte and the next are such a pair. They are few.
[[gnu::always_inline]] inline std::uint64_t with_pair(const char* text, std::uint64_t bits) {
  std::uint64_t kept = 0;
  for (; bits != 0; bits &= bits - 1) {
    const char* const at = text + std::countr_zero(bits);
    const std::uint8_t pair = pair_of(at[0], at[1]);
    const bool is_kind = (pair & kLetterAfter) != 0 && (at[2] == '"' || at[2] == '\'');
    if ((pair & (kEscapes | kAfterQuote)) != 0 || is_kind) kept |= bits & (0 - bits);
  }
  return kept;
}

[[gnu::always_inline]] inline Rare write_blocks(const char* text, std::size_t blocks, const MaskWriter& out) {
  std::uint64_t zeros = 0, terminal = 0, printable = 0;
  for (std::size_t word = 0; word < blocks; ++word, text += 64) {
    Bytes64 bytes;
    load_block(text, bytes);
    const Bytes64 lower = bytes | static_cast<unsigned char>(0x20);
    Seen seen;
    const std::uint64_t plus = equal_bits(bytes, '+');
    const std::uint64_t digit = range_bits(bytes, '0', 10);
    seen.slash = equal_bits(bytes, '/');
    seen.token =
        range_bits(lower, 'a', 26) | digit | seen.slash | plus | equal_bits(bytes, '-') | equal_bits(bytes, '_');
    const std::uint64_t border = equal_bits(bytes, '.') | equal_bits(bytes, ':') | equal_bits(bytes, '=');
    seen.word = seen.token | border | equal_bits(bytes, '|');
    seen.value = seen.token | border | equal_bits(bytes, '@');
    seen.odd = range_bits(bytes, 'A', 26) | digit | seen.slash | plus;
    seen.backslash = equal_bits(bytes, '\\');
    seen.line_feed = equal_bits(bytes, '\n');
    seen.carriage_return = equal_bits(bytes, '\r');
    seen.escape = with_pair(text, seen.backslash | equal_bits(bytes, '%') | equal_bits(bytes, '&'));
    seen.literal = with_pair(text, equal_bits(bytes, '"') | equal_bits(bytes, '\''));
    zeros |= equal_bits(bytes, '\0');
    terminal |= equal_bits(bytes, kTerminalEscape);
    Bytes64 next;
    load_block(text + 1, next);
    const std::uint64_t equal = equal_bits(bytes, '='), line_end = equal_bits(next, '\r') | equal_bits(next, '\n');
    printable |= equal & (equal_bits(next, '3') | line_end);
    seen.printable = equal & (range_bits(next, '0', 10) | range_bits(next, 'A', 6) | line_end);
    out.put(word, seen);
  }
  return {zeros != 0, terminal != 0, printable != 0};
}

Rare write_baseline(const char* text, std::size_t blocks, const MaskWriter& out) {
  return write_blocks(text, blocks, out);
}

#if defined(__x86_64__)

/// A set of ASCII bytes: by the low half of a byte, a bit for each high half with which it is in the set.
struct HalfTable {
  alignas(16) std::array<std::uint8_t, 16> low{};
};
constexpr HalfTable half_table(const std::array<std::uint8_t, 256>& from, std::uint8_t bits) {
  HalfTable table;
  for (unsigned c = 0; c < 128; ++c) {
    if ((from[c] & bits) != 0) table.low[c % 16] |= static_cast<std::uint8_t>(1U << (c / 16));
  }
  return table;
}
constexpr HalfTable kTokens = half_table(kClasses, kToken), kWords = half_table(kClasses, kWord),
                    kValues = half_table(kClasses, kValue), kOdds = half_table(kClasses, kOdd);
constexpr HalfTable kPercents = half_table(kPairs.second, kPercentEscape),
                    kEntities = half_table(kPairs.second, kEntity),
                    kBackslashes = half_table(kPairs.second, kBackslashEscape),
                    kAfterQuotes = half_table(kPairs.second, kAfterQuote),
                    kLettersAfter = half_table(kPairs.second, kLetterAfter),
                    kAfterEquals = half_table(kPairs.second, kPrintable),
                    kBehindEquals = half_table(kPairs.second, kAfterEqual);

/// 32 bytes, and for each the bit of its high half.
struct Halves {
  __m256i bytes, high_bit;
};
REEVE_TARGET_AVX2 inline void load_halves(const char* from, Halves& to) {
  const __m256i bits = _mm256_broadcastsi128_si256(_mm_setr_epi8(1, 2, 4, 8, 16, 32, 64, -128, 0, 0, 0, 0, 0, 0, 0, 0));
  to.bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
  to.high_bit = _mm256_shuffle_epi8(bits, _mm256_and_si256(_mm256_srli_epi16(to.bytes, 4), _mm256_set1_epi8(15)));
}
/// Zero for each byte that is not in the set.
REEVE_TARGET_AVX2 inline __m256i in_set(const Halves& halves, const HalfTable& table) {
  const __m128i low = _mm_load_si128(reinterpret_cast<const __m128i*>(table.low.data()));
  return _mm256_and_si256(_mm256_shuffle_epi8(_mm256_broadcastsi128_si256(low), halves.bytes), halves.high_bit);
}
REEVE_TARGET_AVX2 inline __m256i is_byte(const Halves& halves, char byte) {
  return _mm256_cmpeq_epi8(halves.bytes, _mm256_set1_epi8(byte));
}
REEVE_TARGET_AVX2 inline std::uint64_t set_bits(const __m256i& bytes) {
  return static_cast<std::uint32_t>(_mm256_movemask_epi8(bytes));
}
REEVE_TARGET_AVX2 inline std::uint64_t nonzero_bits(const __m256i& bytes) {
  return static_cast<std::uint32_t>(~_mm256_movemask_epi8(_mm256_cmpeq_epi8(bytes, _mm256_setzero_si256())));
}

REEVE_TARGET_AVX2 inline __m256i is_quote(const Halves& halves) {
  return _mm256_or_si256(is_byte(halves, '"'), is_byte(halves, '\''));
}

/// Nonzero where there is something rare; `least` is zero where there is a zero byte.
struct RareHalves {
  __m256i least, terminal, printable;
};
/// The masks of 32 bytes at `shift` of the block.
REEVE_TARGET_AVX2 inline void see_half(const char* text, unsigned shift, Seen& seen, RareHalves& rare) {
  Halves here, next, third;
  load_halves(text, here);
  load_halves(text + 1, next);
  load_halves(text + 2, third);
  const __m256i backslash = is_byte(here, '\\');
  seen.token |= nonzero_bits(in_set(here, kTokens)) << shift;
  seen.slash |= set_bits(is_byte(here, '/')) << shift;
  seen.word |= nonzero_bits(in_set(here, kWords)) << shift;
  seen.value |= nonzero_bits(in_set(here, kValues)) << shift;
  seen.odd |= nonzero_bits(in_set(here, kOdds)) << shift;
  seen.backslash |= set_bits(backslash) << shift;
  seen.line_feed |= set_bits(is_byte(here, '\n')) << shift;
  seen.carriage_return |= set_bits(is_byte(here, '\r')) << shift;
  const __m256i percent = _mm256_and_si256(is_byte(here, '%'), in_set(next, kPercents));
  const __m256i entity = _mm256_and_si256(is_byte(here, '&'), in_set(next, kEntities));
  const __m256i escape = _mm256_and_si256(backslash, in_set(next, kBackslashes));
  seen.escape |= nonzero_bits(_mm256_or_si256(_mm256_or_si256(percent, entity), escape)) << shift;
  const __m256i kind = _mm256_and_si256(in_set(next, kLettersAfter), is_quote(third));
  const __m256i literal = _mm256_and_si256(is_quote(here), _mm256_or_si256(in_set(next, kAfterQuotes), kind));
  seen.literal |= nonzero_bits(literal) << shift;
  rare.least = _mm256_min_epu8(rare.least, here.bytes);
  rare.terminal = _mm256_or_si256(rare.terminal, is_byte(here, kTerminalEscape));
  const __m256i equal = is_byte(here, '=');
  seen.printable |= nonzero_bits(_mm256_and_si256(equal, in_set(next, kBehindEquals))) << shift;
  rare.printable = _mm256_or_si256(rare.printable, _mm256_and_si256(equal, in_set(next, kAfterEquals)));
}

REEVE_TARGET_AVX2 Rare write_avx2(const char* text, std::size_t blocks, const MaskWriter& to) {
  const MaskWriter out = to;
  RareHalves rare{_mm256_set1_epi8(1), _mm256_setzero_si256(), _mm256_setzero_si256()};
  for (std::size_t word = 0; word < blocks; ++word, text += 64) {
    Seen seen;
    see_half(text, 0, seen, rare);
    see_half(text + 32, 32, seen, rare);
    out.put(word, seen);
  }
  return {nonzero_bits(rare.least) != 0xFFFFFFFFU, nonzero_bits(rare.terminal) != 0, nonzero_bits(rare.printable) != 0};
}

struct Tables512 {
  AsciiTable classes, firsts, seconds;
};
/// What a text may have that is rarely there, over all blocks.
struct Rare512 {
  __m512i pairs;
  __mmask64 zero, terminal;
};
REEVE_TARGET_AVX512 [[gnu::always_inline]] inline void put_512(const Tables512& tables, const __m512i& bytes,
                                                               const __m512i& next, const __m512i& third,
                                                               std::size_t word, Rare512& rare, const MaskWriter& out) {
  const __m512i is = look_up(tables.classes, bytes);
  const __m512i pairs = _mm512_and_si512(look_up(tables.firsts, bytes), look_up(tables.seconds, next));
  const __mmask64 quote_third =
      _mm512_cmpeq_epi8_mask(third, _mm512_set1_epi8('"')) | _mm512_cmpeq_epi8_mask(third, _mm512_set1_epi8('\''));
  Seen seen;
  seen.token = with_bits(is, kToken);
  seen.slash = with_bits(is, kSlash);
  seen.word = with_bits(is, kWord);
  seen.value = with_bits(is, kValue);
  seen.odd = with_bits(is, kOdd);
  seen.backslash = with_bits(is, kBackslash);
  seen.line_feed = with_bits(is, kLineFeed);
  seen.carriage_return = with_bits(is, kReturn);
  seen.escape = with_bits(pairs, kEscapes);
  seen.literal = with_bits(pairs, kAfterQuote) | (with_bits(pairs, kLetterAfter) & quote_third);
  seen.printable = with_bits(pairs, kAfterEqual);
  rare.pairs = _mm512_or_si512(rare.pairs, pairs);
  rare.terminal |= _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(kTerminalEscape));
  out.put(word, seen);
}

/// All words of a text: what stands behind it is not read. Short texts are many: their rest is not copied either.
REEVE_TARGET_AVX512 Rare write_avx512(std::string_view text, std::size_t words, const MaskWriter& to) {
  Tables512 tables;
  load_table(kClasses, tables.classes);
  load_table(kPairs.first, tables.firsts);
  load_table(kPairs.second, tables.seconds);
  const MaskWriter out = to;
  Rare512 rare{_mm512_setzero_si512(), 0, 0};
  __m512i least = _mm512_set1_epi8(1);
  const std::size_t whole = text.size() < 2 ? 0 : (text.size() - 2) / 64;
  const char* at = text.data();
  std::size_t word = 0;
  for (; word < whole; ++word, at += 64) {
    const __m512i bytes = load_512(at);
    least = _mm512_min_epu8(least, bytes);
    put_512(tables, bytes, load_512(at + 1), load_512(at + 2), word, rare, out);
  }
  for (; word + 1 < words; ++word, at += 64) {
    const auto left = static_cast<std::ptrdiff_t>(text.size() - word * 64);
    const __m512i bytes = load_first_512(at, left);
    // Of zeros, only those of the text.
    const __mmask64 zero = _mm512_cmpeq_epi8_mask(bytes, _mm512_setzero_si512());
    rare.zero |= left >= 64 ? zero : _bzhi_u64(zero, static_cast<unsigned>(left));
    put_512(tables, bytes, load_first_512(at + 1, left - 1), load_first_512(at + 2, left - 2), word, rare, out);
  }
  out.put_none(word);
  rare.zero |= _mm512_cmpeq_epi8_mask(least, _mm512_setzero_si512());
  return {rare.zero != 0, rare.terminal != 0, with_bits(rare.pairs, kPrintable) != 0};
}

#endif
#endif

Rare write_masks(InstructionSet set, const char* text, std::size_t blocks, const MaskWriter& out) {
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

/// All words of a text, the last of them behind it.
Rare write_words(DecodeMasks& masks, std::string_view text, std::size_t words, InstructionSet set) {
#if REEVE_BYTE_BLOCKS && defined(__x86_64__)
  if (set == InstructionSet::kAvx512) return write_avx512(text, words, MaskWriter(masks, 0));
#endif
  // What is not sure to have two more bytes of the text behind it is looked at with zeros there.
  const std::size_t whole = text.size() < 2 ? 0 : (text.size() - 2) / 64;
  // NOLINTNEXTLINE(bugprone-suspicious-stringview-data-usage): the size goes with it
  const Rare most = write_masks(set, text.data(), whole, MaskWriter(masks, 0));
  const std::string_view rest = text.substr(whole * 64);
  char last[3 * 64 + 2] = {};
  if (!rest.empty()) std::memcpy(last, rest.data(), rest.size());
  const Rare end = write_masks(set, last, words - whole, MaskWriter(masks, whole));
  return {most.zero || rest.find('\0') != std::string_view::npos, most.terminal || end.terminal,
          most.printable || end.printable};
}

}  // namespace

void DecodeMasks::compute(std::string_view text) { compute(text, fastest_instructions()); }

void DecodeMasks::compute(std::string_view text, InstructionSet set) {
  const std::size_t words = (text.size() + 63) / 64 + 1;
  if (token.size() < words) {
    for (auto* mask : {&token, &token_inner, &word, &odd, &escape, &join, &printable, &token_run, &word_run}) {
      mask->resize(words);
    }
  }
  const Rare rare = write_words(*this, text, words, set);
  has_zero = rare.zero;
  may_have_terminal = rare.terminal;
  may_have_printable = rare.printable;
  find_long_runs(token.data(), token_inner.data(), words, kBase64Least, token_run.data(), set);
  find_long_runs(word.data(), word.data(), words, kLongWord, word_run.data(), set);
  has_turns = content::has_turns(token.data(), words, set);
}

}  // namespace reeve::content
