#include "content/column_names.h"

#include <algorithm>
#include <array>

#include "content/check_digits.h"

namespace reeve::content {

namespace {

constexpr std::size_t kLineMax = 2000;
constexpr std::size_t kHeadMax = 48;
constexpr std::string_view kValues = "values";

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kAround = " \t\r\"'`*[]";
  const auto begin = text.find_first_not_of(kAround);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kAround) - begin + 1);
}

/// Where the blocks of 64 bytes end, from `at` on, in which the letters "va" do not begin, case aside; all bytes up to
/// `end` and one more must be readable. Written for the vectoriser: one pass without branches.
[[gnu::always_inline]] inline const char* skip_blocks(const char* at, const char* end) {
  for (; end - at >= 64; at += 64) {
    unsigned char found = 0;
    for (std::size_t i = 0; i < 64; ++i) {
      const auto first = static_cast<unsigned char>((at[i] | 0x20) ^ 'v');
      const auto second = static_cast<unsigned char>((at[i + 1] | 0x20) ^ 'a');
      found = static_cast<unsigned char>(found | static_cast<unsigned char>((first | second) == 0));
    }
    if (found != 0) break;
  }
  return at;
}

#if defined(__x86_64__)
[[gnu::target("avx2")]] const char* skip_blocks_by_avx2(const char* at, const char* end) {
  return skip_blocks(at, end);
}
#endif

const char* skip_without_va(const char* at, const char* end) {
#if defined(__x86_64__)
  static const bool kHasAvx2 = __builtin_cpu_supports("avx2");
  if (kHasAvx2) return skip_blocks_by_avx2(at, end);
#endif
  return skip_blocks(at, end);
}

/// Written for the vectoriser, as most lines hold none.
bool holds_delimiter(std::string_view line) {
  unsigned char found = 0;
  for (const char c : line) {
    found = static_cast<unsigned char>(found | static_cast<unsigned char>(c == ',') |
                                       static_cast<unsigned char>(c == ';') | static_cast<unsigned char>(c == '\t') |
                                       static_cast<unsigned char>(c == '|'));
  }
  return found != 0;
}

/// Words, not data: some letter, few digits.
bool is_head(std::string_view cell) {
  return !cell.empty() && cell.size() <= kHeadMax && std::ranges::count_if(cell, is_digit) < 3 &&
         std::ranges::any_of(
             cell, [](char c) { return is_letter(c) || static_cast<unsigned char>(c) >= 0x80; }) &&
         cell.find('=') == std::string_view::npos && cell.find(':') == std::string_view::npos &&
         cell.find('(') == std::string_view::npos;
}

}  // namespace

std::size_t ColumnNames::Line::count(char delimiter) const {
  switch (delimiter) {
    case ',': return commas;
    case ';': return semicolons;
    case '\t': return tabs;
    default: return bars;
  }
}

ColumnNames::Line ColumnNames::line_around(std::size_t at) const {
  Line line;
  line.begin = at;
  while (line.begin > 0 && text_[line.begin - 1] != '\n' && at - line.begin < kLineMax) --line.begin;
  const std::string_view behind = text_.substr(at, kLineMax);
  line.end = at + std::min(behind.find('\n'), behind.size());
  if (!holds_delimiter(text_.substr(line.begin, line.end - line.begin))) return line;
  bool quoted = false;
  for (std::size_t i = line.begin; i < line.end; ++i) {
    const char c = text_[i];
    if (c == '"') quoted = !quoted;
    if (quoted) continue;
    line.commas += c == ',' ? 1 : 0;
    line.semicolons += c == ';' ? 1 : 0;
    line.tabs += c == '\t' ? 1 : 0;
    line.bars += c == '|' ? 1 : 0;
  }
  return line;
}

std::string_view ColumnNames::cell(std::string_view line, char delimiter, std::size_t index) {
  bool quoted = false;
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= line.size(); ++i) {
    if (i < line.size() && line[i] == '"') quoted = !quoted;
    if (i < line.size() && (quoted || line[i] != delimiter)) continue;
    if (index == 0) return trimmed(line.substr(begin, i - begin));
    --index;
    begin = i + 1;
  }
  return {};
}

std::string_view ColumnNames::table_head(std::size_t at) {
  if (at < line_.begin || at > line_.end || line_.end == 0) line_ = line_around(at);
  if (line_.end - line_.begin >= kLineMax) return {};
  const bool known = delimiter_ != 0 && line_.count(delimiter_) == count_ &&
                     (line_.begin == table_end_ || (line_.begin > head_begin_ && line_.begin < table_end_));
  if (!known) {
    delimiter_ = 0;
    for (const char delimiter : {'\t', '|', ';', ','}) {
      const std::size_t count = line_.count(delimiter);
      if (count == 0) continue;
      std::size_t begin = line_.begin, head = line_.begin;
      Line above;
      while (begin > 0 && walked_ < text_.size() * 4 + kLineMax) {
        above = line_around(begin - 1);
        walked_ += above.end - above.begin + 1;
        if (above.end - above.begin >= kLineMax || above.count(delimiter) != count) break;
        head = begin = above.begin;
      }
      if (head == line_.begin) continue;
      delimiter_ = delimiter;
      count_ = count;
      head_begin_ = head;
      head_end_ = std::min(text_.find('\n', head), text_.size());
      break;
    }
    if (delimiter_ == 0) return {};
  }
  table_end_ = std::max(table_end_, line_.end + 1);
  std::size_t column = 0;
  bool quoted = false;
  for (std::size_t i = line_.begin; i < at; ++i) {
    if (text_[i] == '"') quoted = !quoted;
    if (!quoted && text_[i] == delimiter_) ++column;
  }
  const auto head = cell(text_.substr(head_begin_, head_end_ - head_begin_), delimiter_, column);
  return is_head(head) ? head : std::string_view{};
}

void ColumnNames::read_inserts_until(std::size_t at) {
  const std::size_t end = at > kValues.size() ? at - kValues.size() : 0;
  while (inserts_read_ < end) {
    const char* const unread = text_.data() + inserts_read_;
    inserts_read_ += static_cast<std::size_t>(skip_without_va(unread, text_.data() + end) - unread);
    const std::size_t block_end = std::min(inserts_read_ + 64, end);
    for (; inserts_read_ < block_end; ++inserts_read_) {
      if ((text_.data()[inserts_read_] | 0x20) == 'v') read_insert_at(inserts_read_);
    }
  }
}

/// "(a, b, c) VALUES": the list in front of the word.
void ColumnNames::read_insert_at(std::size_t word) {
  if (!std::ranges::equal(text_.substr(word, kValues.size()), kValues, {}, lower_case)) return;
  std::size_t close = word;
  while (close > 0 && (text_[close - 1] == ' ' || text_[close - 1] == '\n' || text_[close - 1] == '\r')) --close;
  if (close == 0 || text_[close - 1] != ')') return;
  const std::size_t from = close > kLineMax ? close - kLineMax : 0;
  const auto open = text_.substr(from, close - from).rfind('(');
  if (open == std::string_view::npos) return;
  columns_begin_ = from + open + 1;
  columns_end_ = close - 1;
  values_ = word + kValues.size();
}

std::string_view ColumnNames::insert_column(std::size_t at) {
  read_inserts_until(at);
  if (values_ == 0) return {};
  // The row that `at` stands in: back to its bracket.
  std::size_t open = at, commas = 0;
  while (open > values_ && at - open < kLineMax) {
    const char c = text_[--open];
    if (c == '(') break;
    if (c == ',') ++commas;
    if (c == ')' || c == ';') return {};
  }
  if (text_[open] != '(') return {};
  std::size_t before = open;
  while (before > values_ && holds(" \n\r\t", text_[before - 1])) --before;
  if (before != values_ && text_[before - 1] != ',') return {};
  return cell(text_.substr(columns_begin_, columns_end_ - columns_begin_), ',', commas);
}

std::string_view ColumnNames::at(std::size_t at) {
  const auto column = insert_column(at);
  return column.empty() ? table_head(at) : column;
}

}  // namespace reeve::content
