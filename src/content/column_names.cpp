#include "content/column_names.h"

#include <algorithm>
#include <array>

#include "content/check_digits.h"

namespace reeve::content {

namespace {

constexpr std::size_t kLineMax = 2000;
constexpr std::size_t kHeadMax = 48;

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kAround = " \t\r\"'`*[]";
  const auto begin = text.find_first_not_of(kAround);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kAround) - begin + 1);
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
  line.end = at;
  while (line.end < text_.size() && text_[line.end] != '\n' && line.end - at < kLineMax) ++line.end;
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
  constexpr std::string_view kValues = "values";
  for (; inserts_read_ + kValues.size() < at; ++inserts_read_) {
    const char first = text_[inserts_read_];
    if (first != 'v' && first != 'V') continue;
    const auto word = text_.substr(inserts_read_, kValues.size());
    if (!std::ranges::equal(word, kValues, {}, lower_case)) continue;
    // "(a, b, c) VALUES": the list in front of the word.
    std::size_t close = inserts_read_;
    while (close > 0 && (text_[close - 1] == ' ' || text_[close - 1] == '\n' || text_[close - 1] == '\r')) --close;
    if (close == 0 || text_[close - 1] != ')') continue;
    const std::size_t from = close > kLineMax ? close - kLineMax : 0;
    const auto open = text_.substr(from, close - from).rfind('(');
    if (open == std::string_view::npos) continue;
    columns_begin_ = from + open + 1;
    columns_end_ = close - 1;
    values_ = inserts_read_ + kValues.size();
  }
}

/// Behind the last bracket or semicolon in front of `at`. 0: there is none as far as a row may reach.
std::size_t ColumnNames::row_begin(std::size_t at) {
  const std::size_t least = at > kLineMax ? at - kLineMax : 0;
  std::size_t begin = at;
  while (begin > least) {
    // What was looked at for the place before is not looked at again.
    if (begin >= clear_begin_ && begin <= clear_end_ && clear_begin_ < clear_end_) {
      begin = std::max(clear_begin_, least);
      if (begin == least) break;
    }
    if (holds("();", text_[begin - 1])) break;
    --begin;
  }
  const bool joins = begin <= clear_end_ && at >= clear_begin_;
  clear_begin_ = joins ? std::min(begin, clear_begin_) : begin;
  clear_end_ = joins ? std::max(at, clear_end_) : at;
  return begin == least ? 0 : begin;
}

std::string_view ColumnNames::insert_column(std::size_t at) {
  constexpr std::string_view kValues = "values";
  const std::size_t row = row_begin(at);
  if (row == 0 || text_[row - 1] != '(') return {};
  const std::size_t open = row - 1;
  std::size_t before = open;
  while (before > 0 && open - before < kLineMax && holds(" \n\r\t", text_[before - 1])) --before;
  // Cheap first: most brackets are those of calls. Only behind a row or the word is the text read for INSERTs.
  const std::string_view word = text_.substr(before < kValues.size() ? 0 : before - kValues.size(), kValues.size());
  const bool behind_word = before >= kValues.size() && std::ranges::equal(word, kValues, {}, lower_case);
  if (!behind_word && (before == 0 || text_[before - 1] != ',')) return {};
  read_inserts_until(at);
  if (values_ == 0 || open < values_ || (behind_word && before != values_)) return {};
  const auto commas = std::ranges::count(text_.substr(row, at - row), ',');
  return cell(text_.substr(columns_begin_, columns_end_ - columns_begin_), ',', static_cast<std::size_t>(commas));
}

std::string_view ColumnNames::at(std::size_t at) {
  const auto column = insert_column(at);
  return column.empty() ? table_head(at) : column;
}

}  // namespace reeve::content
