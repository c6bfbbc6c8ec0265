// Cells of tables whose heads are known, and rows of INSERTs.

#include <algorithm>
#include <array>
#include <bit>
#include <vector>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "content/check_digits.h"
#include "content/labelled_values.h"
#include "content/line_signs.h"

namespace reeve::content {

namespace {

constexpr std::size_t kValueMax = 160, kLineMax = 2000;

/// line_sign_of as a table.
constexpr std::array<bool, 256> kIsCode = [] {
  std::array<bool, 256> is_code{};
  for (unsigned c = 0; c < 256; ++c) is_code[c] = line_sign_of(static_cast<char>(c)) == LineSign::kCode;
  return is_code;
}();

struct Cell {
  std::size_t begin = 0, end = 0;
};

/// The cells of a line or of a bracketed list; quotes around them are left out, delimiters inside quotes do not count.
void cells_of(std::string_view text, std::size_t begin, std::size_t end, char delimiter, std::vector<Cell>& cells) {
  cells.clear();
  std::size_t from = begin;
  char quote = 0;
  for (std::size_t i = begin; i <= end; ++i) {
    const char c = i < end ? text[i] : delimiter;
    if (quote != 0 && i < end) {
      if (c == quote) quote = 0;
    } else if (i < end && (c == '"' || (c == '\'' && (i == from || text[i - 1] == ' ')))) {
      quote = c;
    } else if (c == delimiter) {
      Cell cell{from, i};
      while (cell.begin < cell.end && holds(" \t\"'`*[\r", text[cell.begin])) ++cell.begin;
      while (cell.end > cell.begin && holds(" \t\"'`*]\r", text[cell.end - 1])) --cell.end;
      cells.push_back(cell);
      from = i + 1;
    }
  }
}

bool is_head(std::string_view cell) {
  return cell.size() <= kKeyMax &&
         std::ranges::all_of(cell, [](char c) { return is_key_character(c) || holds(" .#/()", c); });
}

bool is_quote(char c) { return c == '"' || c == '\''; }
bool is_high(char c) { return static_cast<unsigned char>(c) >= 0x80; }

/// `text` is `word`, case aside.
bool is_word(std::string_view text, std::string_view word) { return std::ranges::equal(text, word, {}, lower_case); }

/// Eleven bytes: "insert into", with one sign between the words or behind them.
bool is_insert(std::string_view text) {
  constexpr std::string_view kWords = "insertinto";
  if (!is_word(text.substr(0, 6), kWords.substr(0, 6))) return false;
  std::size_t letters = 0;
  for (const char c : text.substr(0, kWords.size() + 1)) {
    if (!is_key_letter(c)) continue;
    if (letters == kWords.size() || lower_case(c) != kWords[letters]) return false;
    ++letters;
  }
  return letters == kWords.size();
}

/// "INSERT INTO people (": the line from its first bracket on. Empty: it is none.
std::string_view insert_columns(std::string_view line) {
  if (line.size() < 16 || !is_insert(line.substr(std::min(line.find_first_not_of(" \t"), line.size())))) return {};
  return line.substr(std::min(line.find('('), line.size()));
}

/// Coarse: no cell is longer than a head may be. Quotes leave it open.
bool may_have_heads(std::string_view line, char delimiter) {
  std::size_t letters = 0;
  for (const char c : line) {
    if (is_quote(c)) return true;
    if (c == delimiter) letters = 0;
    if (is_alphanumeric(c) && ++letters > kKeyMax) return false;
  }
  return true;
}

/// Looks for tables line by line, and reads their rows.
class Tables {
 public:
  Tables(const FinderText& input, const KnownKeys& keys, ValueTaker& taker)
      : input_(input), text_(input.text), keys_(keys), taker_(taker) {}

  void walk();
  void walk_plainly() {
    while (begin_ < text_.size()) line_from_begin();
  }

 private:
  struct Column {
    std::size_t index;
    KnownKeys::Match match;
  };
  class Borders;

  void border(std::size_t at);
  void first_word_insert(std::size_t at);
  void line_around(std::size_t at);
  void line(std::size_t begin, std::size_t end);
  void line_from_begin();
  std::size_t line_end(std::size_t begin) const { return std::min(text_.find('\n', begin), text_.size()); }
  std::size_t table_or_line(std::size_t begin, std::size_t end);
  void read_heads(std::size_t begin, std::size_t end, char delimiter);
  std::size_t rows(std::size_t at, char delimiter);
  std::size_t insert(std::size_t open, std::size_t end_of_line);
  bool take_row(std::size_t begin, std::size_t end, char delimiter);
  bool may_go_on(std::string_view line, std::size_t end, char delimiter) const;

  const FinderText& input_;
  std::string_view text_;
  const KnownKeys& keys_;
  ValueTaker& taker_;
  std::size_t begin_ = 0;  // of the next line that is to be looked at: all in front is done
  bool full_ = false;      // nothing more is wanted
  std::vector<Cell> heads_, cells_;
  std::vector<Column> columns_;
};

static_assert(LineSigns::kWords == KeyEnds::kBlock);

/// One number added to another, the bit above carried to the next word.
inline std::uint64_t add_with_carry(std::uint64_t one, std::uint64_t other, bool& carry) {
  unsigned long long out = 0;
  const std::uint64_t sum = __builtin_addcll(one, other, carry ? 1 : 0, &out);
  carry = out != 0;
  return sum;
}

/// Bit by bit what a line is asked first of all, a block of words after the other.
class Tables::Borders {
 public:
  using Words = LineSigns::Words;
  Words cells;                                         // where a cell of a head may end
  const Words& inserts() const { return signs_.ins; }  // where INSERTs may begin

  /// False when there is nothing to be looked at.
  bool read(const FinderText& input, std::size_t first, std::size_t words) {
    const std::string_view text = input.text;
    read_line_signs(text.data() + first * 64, words, signs_);
    if ((first + words) * 64 > text.size()) {
      const std::uint64_t inside = ~0ULL >> ((first + words) * 64 - text.size());
      for (Words* mask : {&signs_.newline, &signs_.divider, &signs_.ins}) mask->data()[words - 1] &= inside;
    }
#if REEVE_BYTE_BLOCKS && defined(__x86_64__)
    if (fastest_instructions() == InstructionSet::kAvx512) {
      look_widely(input.masks, first, words);
    } else {
      look(input.masks, first, words);
    }
#else
    look(input.masks, first, words);
#endif
#if defined(__x86_64__)
    static const bool kCanDrop = __builtin_cpu_supports("bmi2") != 0 && __builtin_cpu_supports("popcnt") != 0;
    if (kCanDrop) drop_other_lines(words, (first + words) * 64 < text.size());
#endif
    std::uint64_t any = 0;
    for (std::size_t i = 0; i < words; ++i) any |= cells.data()[i] | signs_.ins.data()[i];
    return any != 0;
  }

  void look(const TextMasks& masks, std::size_t first, std::size_t words);
#if REEVE_BYTE_BLOCKS && defined(__x86_64__)
  void look_widely(const TextMasks& masks, std::size_t first, std::size_t words);
#endif

 private:
#if defined(__x86_64__)
  void drop_other_lines(std::size_t words, bool goes_on);
#endif

  bool code_ = false, divided_ = false;  // the line that goes on from the block before has such a sign
  std::uint64_t border_ = 1;             // the block before ends with a border: what is empty is no known name
  std::uint64_t letter_ = 0;             // or with a letter
  LineSigns signs_;                      // the ends of all lines are its newlines
  Words divided_lines_;                  // the ends of those with cells
  Words heads_;                          // of those that have the signs of heads
};

void Tables::Borders::look(const TextMasks& masks, std::size_t first, std::size_t words) {
  for (std::size_t i = 0; i < words; ++i) {
    const std::uint64_t newline = signs_.newline.data()[i], divider = signs_.divider.data()[i];
    const std::uint64_t code = signs_.code.data()[i], letter = masks.letter.data()[first + i];
    // A sum carries the bit of a sign through its line to the line's end: there it says whether the line has the
    // sign, and of the bits in front of the line's first sign it leaves all.
    const std::uint64_t behind_code = add_with_carry(code, ~newline, code_);
    const std::uint64_t behind_divider = add_with_carry(divider, ~newline, divided_);
    const std::uint64_t borders = divider | newline;
    const std::uint64_t behind_border = borders << 1U | border_;
    border_ = borders >> 63U;
    cells.data()[i] = ((divider & behind_code & ~code) | (newline & ~behind_code & behind_divider)) & ~behind_border;
    divided_lines_.data()[i] = newline & behind_divider;
    heads_.data()[i] = newline & behind_divider & ~behind_code & ~(masks.dot.data()[first + i] << 1U);
    signs_.ins.data()[i] &= ~(letter << 1U | letter_);
    letter_ = letter >> 63U;
  }
}

#if REEVE_BYTE_BLOCKS && defined(__x86_64__)

/// Each bit's neighbour before it. `last` holds the words before.
REEVE_TARGET_AVX512 inline __m512i moved_by_one(const __m512i& here, const __m512i& last) {
  const __m512i before = _mm512_alignr_epi64(here, last, 7);
  return _mm512_or_si512(_mm512_slli_epi64(here, 1), _mm512_srli_epi64(before, 63));
}

/// As look, eight words at a time.
REEVE_TARGET_AVX512 void Tables::Borders::look_widely(const TextMasks& masks, std::size_t first, std::size_t words) {
  unsigned code_carry = code_ ? 1 : 0, divider_carry = divided_ ? 1 : 0;
  __m512i last_borders = _mm512_slli_epi64(_mm512_set1_epi64(static_cast<std::int64_t>(border_)), 63);
  __m512i last_letters = _mm512_slli_epi64(_mm512_set1_epi64(static_cast<std::int64_t>(letter_)), 63);
  for (std::size_t i = 0; i < words; i += 8) {
    const __mmask8 there = first_of_8(static_cast<std::ptrdiff_t>(words - i));
    const __m512i newline = _mm512_maskz_loadu_epi64(there, &signs_.newline[i]),
                  divider = _mm512_maskz_loadu_epi64(there, &signs_.divider[i]),
                  code = _mm512_maskz_loadu_epi64(there, &signs_.code[i]);
    const __m512i letters = _mm512_maskz_loadu_epi64(there, masks.letter.data() + first + i),
                  dots = _mm512_maskz_loadu_epi64(there, masks.dot.data() + first + i);
    const __m512i in_line = _mm512_xor_si512(newline, _mm512_set1_epi64(-1));
    const __m512i behind_code = add_widely(code, in_line, code_carry);
    const __m512i behind_divider = add_widely(divider, in_line, divider_carry);
    const __m512i borders = _mm512_or_si512(divider, newline);
    const __m512i divided = _mm512_and_si512(newline, behind_divider);
    const __m512i heads = _mm512_andnot_si512(behind_code, divided);
    const __m512i before_code = _mm512_andnot_si512(code, behind_code);
    const __m512i ends = _mm512_or_si512(_mm512_and_si512(divider, before_code), heads);
    _mm512_storeu_si512(&cells[i], _mm512_andnot_si512(moved_by_one(borders, last_borders), ends));
    _mm512_storeu_si512(&divided_lines_[i], divided);
    _mm512_storeu_si512(&heads_[i], _mm512_andnot_si512(_mm512_slli_epi64(dots, 1), heads));
    _mm512_storeu_si512(&signs_.ins[i], _mm512_andnot_si512(moved_by_one(letters, last_letters),
                                                            _mm512_maskz_loadu_epi64(there, &signs_.ins[i])));
    last_borders = borders;
    last_letters = letters;
  }
  // A block that is not full is the text's last.
  code_ = code_carry != 0;
  divided_ = divider_carry != 0;
  border_ = static_cast<std::uint64_t>(_mm512_cmplt_epi64_mask(last_borders, _mm512_setzero_si512())) >> 7U;
  letter_ = static_cast<std::uint64_t>(_mm512_cmplt_epi64_mask(last_letters, _mm512_setzero_si512())) >> 7U;
}

#endif

#if defined(__x86_64__)
/// Leaves of the cells those whose line has the signs of a head and whose next line has cells, too. Where the text goes
/// on behind the block, so may the last lines. A text's last line is no head.
[[gnu::target("bmi2,popcnt")]] void Tables::Borders::drop_other_lines(std::size_t words, bool goes_on) {
  std::uint64_t is_head = goes_on ? 1 : 0;  // the line that goes on behind the word
  std::uint64_t is_next_divided = goes_on || divided_ ? 1 : 0;
  for (std::size_t word = words; word-- > 0;) {
    const std::uint64_t ends = signs_.newline.data()[word];
    const auto count = static_cast<unsigned>(std::popcount(ends));
    // A bit for each line of the word, in order.
    const std::uint64_t divided = _pext_u64(divided_lines_.data()[word], ends);
    const std::uint64_t next_divided = divided >> 1U | is_next_divided << (count + 63U) % 64U;
    // A bit more for the line that goes on; in two steps, as a word may have 64 lines.
    const std::uint64_t heads = (_pext_u64(heads_.data()[word], ends) & next_divided) | is_head << count / 2
                                                                                                << (count - count / 2);
    // From each head's begin to the next line's.
    const std::uint64_t begins = ends << 1U | 1U;
    cells.data()[word] &= _pdep_u64(heads << 1U, begins) - _pdep_u64(heads, begins);
    is_head = heads & 1U;
    is_next_divided = count > 0 ? divided & 1U : is_next_divided;
  }
}
#endif

void Tables::walk() {
  Borders borders;
  KeyEnds::Places places;
  const std::size_t words = (text_.size() + 63) / 64;
  for (std::size_t first = 0; first < words && begin_ < text_.size(); first += KeyEnds::kBlock) {
    const std::size_t count = std::min(words - first, KeyEnds::kBlock);
    if (!borders.read(input_, first, count)) continue;
    keys_.ends().find(input_, first, borders.cells.data(), count, places);
    // Both in the order of their places: what a line begins may take in the next ones.
    std::size_t next = 0;
    for (std::size_t word = 0; word < count; ++word) {
      for (std::uint64_t left = borders.inserts().data()[word]; left != 0; left &= left - 1) {
        const std::size_t at = (first + word) * 64 + static_cast<std::size_t>(std::countr_zero(left));
        for (; next < places.count && first * 64 + places.at[next] < at; ++next) border(first * 64 + places.at[next]);
        first_word_insert(at);
      }
    }
    for (; next < places.count; ++next) border(first * 64 + places.at[next]);
  }
}

/// `at` may be the end of a cell that is a known key: its line may be a head.
void Tables::border(std::size_t at) {
  if (at < begin_) return;
  const auto gap = static_cast<std::size_t>(std::countl_zero(KeyEnds::letters_before(input_.masks, at)));
  if (gap < 60 && !keys_.ends_known(text_, at - gap, at)) return;
  line_around(at);
}

/// `at` begins with "ins": its line may be an INSERT.
void Tables::first_word_insert(std::size_t at) {
  if (at < begin_ || text_.size() - at < 10) return;
  if (at == 0 || holds(" \t\n", text_[at - 1])) {
    if (is_insert(text_.substr(at))) line_around(at);
  }
}

/// The line that `at` stands in, of which nothing was looked at before.
void Tables::line_around(std::size_t at) {
  std::size_t begin = at;
  for (const char* const bytes = text_.data(); begin > begin_ && at - begin < kLineMax && bytes[begin - 1] != '\n';) {
    --begin;
  }
  // Longer ones are none of a table: their rest is no line of its own.
  if (at - begin >= kLineMax) {
    begin_ = line_end(at) + 1;
  } else {
    line(begin, line_end(at));
  }
}

/// What stands behind a table is a line again, or, behind an INSERT, the rest of one.
void Tables::line(std::size_t begin, std::size_t end) {
  begin_ = table_or_line(begin, end) + 1;
  while (begin_ < text_.size() && text_[begin_ - 1] != '\n') line_from_begin();
}

void Tables::line_from_begin() { begin_ = table_or_line(begin_, line_end(begin_)) + 1; }

/// Where the line ends, or the table that begins with it.
std::size_t Tables::table_or_line(std::size_t begin, std::size_t end) {
  if (end - begin < 5 || end - begin >= kLineMax) return end;
  const std::string_view line = text_.substr(begin, end - begin);
  const auto first = line.find_first_not_of(" \t|\"");
  if (first == std::string_view::npos) return end;
  if (!is_letter(line[first]) && !is_high(line[first]) && !holds("`(", line[first])) return end;
  if (const std::string_view columns = insert_columns(line); !columns.empty()) {
    return std::max(end, insert(static_cast<std::size_t>(columns.data() - text_.data()), end));
  }
  // A head has none of the signs that code and sentences have.
  const auto is_code = [](char c) { return kIsCode.data()[static_cast<unsigned char>(c)]; };
  if (end >= text_.size() || line.back() == '.' || std::ranges::any_of(line, is_code)) return end;
  for (const char delimiter : {',', ';', '\t', '|'}) {
    if (line.find(delimiter) == std::string_view::npos) continue;
    if (!may_have_heads(line, delimiter) || !may_go_on(line, end, delimiter)) continue;
    read_heads(begin, end, delimiter);
    if (heads_.size() >= 2 && !columns_.empty()) return std::max(end, rows(end, delimiter));
  }
  return end;
}

/// Coarse: the line behind `end` has cells, too; as many, where no quotes stand in either line.
bool Tables::may_go_on(std::string_view line, std::size_t end, char delimiter) const {
  const std::string_view rest = text_.substr(end + 1, kLineMax);
  const std::string_view next = rest.substr(0, rest.find('\n'));
  const auto wanted = std::ranges::count(line, delimiter), given = std::ranges::count(next, delimiter);
  if (wanted == given) return true;
  return given > 0 && (std::ranges::any_of(line, is_quote) || std::ranges::any_of(next, is_quote));
}

/// The cells of a head, and the columns among them that are known. No columns where a cell is no name.
void Tables::read_heads(std::size_t begin, std::size_t end, char delimiter) {
  columns_.clear();
  cells_of(text_, begin, end, delimiter, heads_);
  for (std::size_t i = 0; i < heads_.size(); ++i) {
    const std::string_view head = text_.substr(heads_[i].begin, heads_[i].end - heads_[i].begin);
    if (!is_head(head)) return columns_.clear();
    const KnownKeys::Match match = head.size() >= 2 ? keys_.find(head) : KnownKeys::Match{};
    if (match) columns_.push_back({i, match});
  }
}

/// False where there are not as many cells as heads: no row of the table.
bool Tables::take_row(std::size_t begin, std::size_t end, char delimiter) {
  cells_of(text_, begin, end, delimiter, cells_);
  if (cells_.size() != heads_.size()) return false;
  for (const Column& column : columns_) {
    const Cell& cell = cells_[column.index];
    if (cell.end <= cell.begin || cell.end - cell.begin > kValueMax) continue;
    full_ = full_ || !taker_.take({column.match, cell.begin, cell.end, true});
  }
  return true;
}

/// Rows below the head line that ends at `at`, as long as they have as many cells. Returns where the table ends.
std::size_t Tables::rows(std::size_t at, char delimiter) {
  while (at + 1 < text_.size()) {
    const std::string_view row = text_.substr(at + 1, kLineMax);
    const std::size_t end = at + 1 + std::min(row.find('\n'), row.size());
    if (!take_row(at + 1, end, delimiter)) break;
    if (full_) return text_.size();
    at = end;
  }
  return at;
}

/// "(a, b) VALUES ('x', 'y'), ('z', 'w')": `open` is the first bracket. Returns where the last row ends.
std::size_t Tables::insert(std::size_t open, std::size_t end_of_line) {
  // A head is no name when it has a line's end in it.
  const auto close = text_.substr(open, end_of_line - open).find(')');
  if (close == std::string_view::npos) return open;
  read_heads(open + 1, open + close, ',');
  if (columns_.empty()) return open;
  std::size_t at = open + close + 1;
  while (at < text_.size() && holds(" \n\r\t", text_[at])) ++at;
  if (!is_word(text_.substr(at, 6), "values")) return open;
  at += 6;
  while (true) {
    while (at < text_.size() && holds(" \n\r\t,", text_[at])) ++at;
    if (at >= text_.size() || text_[at] != '(') return at;
    std::size_t end = at + 1;
    bool quoted = false;
    while (end < text_.size() && end - at < kLineMax && (quoted || text_[end] != ')')) quoted ^= text_[end++] == '\'';
    if (!take_row(at + 1, end, ',')) return at;
    if (full_) return text_.size();
    at = end + 1;
  }
}

}  // namespace

void for_each_cell(const FinderText& input, const KnownKeys& keys, ValueTaker& taker, LabelledWalk walk) {
  Tables tables(input, keys, taker);
  if (walk == LabelledWalk::kFast) {
    tables.walk();
  } else {
    tables.walk_plainly();
  }
}

}  // namespace reeve::content
