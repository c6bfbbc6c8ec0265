// Cells of tables whose heads are known, and rows of INSERTs.

#include <algorithm>
#include <array>
#include <bit>
#include <span>
#include <vector>

#include "content/check_digits.h"
#include "content/labelled_values.h"
#include "content/line_signs.h"

namespace reeve::content {

namespace {

constexpr std::size_t kValueMax = 160, kLineMax = 2000;

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

/// "INSERT INTO people (": the line from its first bracket on. Empty: it is none.
std::string_view insert_columns(std::string_view line) {
  if (line.size() < 16) return {};
  // Eleven bytes: the words, and one sign between them or elsewhere.
  constexpr std::string_view kWords = "insertinto";
  std::size_t letters = 0;
  for (const char c : line.substr(std::min(line.find_first_not_of(" \t"), line.size())).substr(0, kWords.size() + 1)) {
    if (!is_key_letter(c)) continue;
    if (letters == kWords.size() || lower_case(c) != kWords[letters]) return {};
    ++letters;
  }
  if (letters != kWords.size()) return {};
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
      : text_(input.text), masks_(input.masks), keys_(keys), taker_(taker) {}

  void walk();
  void walk_plainly() {
    while (begin_ < text_.size()) line_from_begin();
  }

 private:
  struct Column {
    std::size_t index;
    KnownKeys::Match match;
  };
  class Lines;

  void first_word_with_i(std::size_t at);
  bool has_known_border(std::size_t begin, std::size_t end, const Lines& lines) const;
  void line(std::size_t begin, std::size_t end);
  void line_from_begin();
  std::size_t line_end(std::size_t begin) const { return std::min(text_.find('\n', begin), text_.size()); }
  std::size_t table_or_line(std::size_t begin, std::size_t end);
  void read_heads(std::size_t begin, std::size_t end, char delimiter);
  std::size_t rows(std::size_t at, char delimiter);
  std::size_t insert(std::size_t open, std::size_t end_of_line);
  bool take_row(std::size_t begin, std::size_t end, char delimiter);
  bool may_go_on(std::string_view line, std::size_t end, char delimiter) const;

  std::string_view text_;
  const TextMasks& masks_;
  const KnownKeys& keys_;
  ValueTaker& taker_;
  std::size_t begin_ = 0;  // of the next line that is to be looked at: all in front is done
  bool full_ = false;      // nothing more is wanted
  std::vector<Cell> heads_, cells_;
  std::vector<Column> columns_;
};

/// Signs of the words of a text, a block at a time. As many words as a head line has are kept in front of the block, so
/// that a line's borders are there when its end is met.
class Tables::Lines {
 public:
  explicit Lines(std::string_view text) : text_(text) {}
  /// Words are read in order.
  const LineSigns& read(std::size_t word) {
    if (word % kBlock == 0) {
      if (word > 0) std::copy(signs_.end() - kKept, signs_.end(), signs_.begin());
      first_ = word;
      const std::size_t words = (text_.size() + 63) / 64;
      read_line_signs(text_.data() + word * 64, std::min(kBlock, words - word), &signs_[kKept]);
    }
    return at(word);
  }
  const LineSigns& at(std::size_t word) const { return signs_[word + kKept - first_]; }

 private:
  static constexpr std::size_t kBlock = 64, kKept = kLineMax / 64 + 2;
  std::string_view text_;
  std::array<LineSigns, kKept + kBlock> signs_;
  std::size_t first_ = 0;  // which word of the text signs_[kKept] is
};

/// One number added to another, bits above carried to the next word.
std::uint64_t add_with_carry(std::uint64_t one, std::uint64_t other, bool& carry) {
  const std::uint64_t sum = one + other;
  const std::uint64_t whole = sum + (carry ? 1 : 0);
  carry = sum < one || whole < sum;
  return whole;
}

/// 64 bytes at a time what `line` asks first of all: lines with a divider and none of code's signs, where one of the
/// borders stands behind the end of a known key, and lines that may begin with INSERT.
void Tables::walk() {
  Lines lines(text_);
  bool code = false, divided = false, blanks = false, starts = true;  // carried from the word before
  std::size_t line_begin = 0;
  const std::size_t words = (text_.size() + 63) / 64;
  for (std::size_t word = 0; word < words; ++word) {
    const LineSigns& here = lines.read(word);
    const bool cut = word + 1 == words && text_.size() % 64 != 0;
    const std::uint64_t inside = cut ? (1ULL << text_.size() % 64) - 1 : ~0ULL;
    const std::uint64_t newline = here.newline & inside;
    // A sum carries the bit of a sign through its line to the line's end: there it says whether the line has the sign.
    const std::uint64_t has_code = add_with_carry(here.code, ~newline, code);
    const std::uint64_t has_divider = add_with_carry(here.divider, ~newline, divided);
    const std::uint64_t ends = newline & has_divider & ~has_code;
    // In the same way the bit of a line's start is carried through blanks to the line's first word.
    const std::uint64_t line_starts = newline << 1U | (starts ? 1U : 0U);
    const std::uint64_t firsts = add_with_carry(line_starts, here.blank, blanks) & ~here.blank;
    const std::uint64_t with_i = firsts & here.letter_i & inside;
    for (std::uint64_t left = ends | with_i; left != 0; left &= left - 1) {
      const auto bit = static_cast<unsigned>(std::countr_zero(left));
      const std::size_t at = word * 64 + bit;
      if ((with_i >> bit & 1U) != 0) {
        first_word_with_i(at);
        continue;
      }
      const std::uint64_t below = newline & ((1ULL << bit) - 1);
      const std::size_t begin =
          below == 0 ? line_begin : (word + 1) * 64 - static_cast<std::size_t>(std::countl_zero(below));
      if (begin >= begin_ && has_known_border(begin, at, lines)) line(begin, at);
    }
    if (begin_ >= text_.size()) return;
    starts = newline >> 63U != 0;
    if (newline != 0) line_begin = (word + 1) * 64 - static_cast<std::size_t>(std::countl_zero(newline));
  }
}

void Tables::first_word_with_i(std::size_t at) {
  if (text_.size() - at < 10 || lower_case(text_[at + 1]) != 'n' || lower_case(text_[at + 2]) != 's') return;
  std::size_t begin = at;
  while (begin > 0 && at - begin < kLineMax && text_[begin - 1] != '\n') --begin;
  if (begin < begin_) return;
  const std::size_t end = std::min(line_end(begin), text_.size());
  if (!insert_columns(text_.substr(begin, end - begin)).empty()) line(begin, end);
}

/// Coarse: a cell's end may be that of a known key.
bool Tables::has_known_border(std::size_t begin, std::size_t end, const Lines& lines) const {
  if (end - begin >= kLineMax) return false;
  const auto known = [&](std::size_t at) {
    const std::size_t word = at / 64;
    const std::uint64_t before =
        letters_before(key_letters(masks_, word), word > 0 ? key_letters(masks_, word - 1) : 0, at % 64);
    const auto gap = static_cast<std::size_t>(std::countl_zero(before));
    if (gap >= 60) return true;
    if (at >= 68 && !keys_.may_end_before(text_.data() + at, before)) return false;
    return keys_.ends_known(text_, at - gap, at);
  };
  for (std::size_t word = begin / 64; word <= end / 64; ++word) {
    std::uint64_t left = lines.at(word).divider;
    if (word == begin / 64) left &= ~0ULL << begin % 64;
    if (word == end / 64) left &= (1ULL << end % 64) - 1;
    for (; left != 0; left &= left - 1) {
      if (known(word * 64 + static_cast<std::size_t>(std::countr_zero(left)))) return true;
    }
  }
  return known(end);
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
  const auto is_code = [](char c) { return line_sign_of(c) == LineSign::kCode; };
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
