#include "content/column_names.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

#include "content/check_digits.h"

#if defined(__x86_64__)
#include <emmintrin.h>
#endif

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

#if defined(__x86_64__)

/// How often the delimiters stand in blocks of 16 bytes; at most 255 blocks. SSE2 is part of every x86-64.
struct ByteCounts {
  __m128i commas = _mm_setzero_si128(), semicolons = commas, tabs = commas, bars = commas;

  void add(const char* text) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text));
    const auto count = [&](__m128i& sum, char c) { sum = _mm_sub_epi8(sum, _mm_cmpeq_epi8(bytes, _mm_set1_epi8(c))); };
    count(commas, ',');
    count(semicolons, ';');
    count(tabs, '\t');
    count(bars, '|');
  }

  static std::size_t sum(__m128i counts) {
    const __m128i halves = _mm_sad_epu8(counts, _mm_setzero_si128());
    return static_cast<std::size_t>(_mm_cvtsi128_si64(_mm_add_epi64(halves, _mm_srli_si128(halves, 8))));
  }
};

static_assert(2 * kLineMax / 16 < 256);

#endif

/// The place behind the last of three characters; 0: none stands there.
std::size_t behind_last(std::string_view text, char one, char two, char three) {
  std::size_t at = text.size();
#if defined(__x86_64__)
  for (; at >= 16; at -= 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + at - 16));
    const auto is = [&](char c) { return _mm_cmpeq_epi8(bytes, _mm_set1_epi8(c)); };
    const auto found =
        static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(is(one), is(two)), is(three))));
    if (found != 0) return at - 16 + static_cast<std::size_t>(std::bit_width(found));
  }
#endif
  while (at > 0 && text[at - 1] != one && text[at - 1] != two && text[at - 1] != three) --at;
  return at;
}

/// The first bracket or semicolon from `at` on, before `end`; `end` when there is none.
std::size_t next_stop(std::string_view text, std::size_t at, std::size_t end) {
#if defined(__x86_64__)
  for (; at + 16 <= end; at += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + at));
    const auto is = [&](char c) { return _mm_cmpeq_epi8(bytes, _mm_set1_epi8(c)); };
    const auto found =
        static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(is('('), is(')')), is(';'))));
    if (found != 0) return at + static_cast<std::size_t>(std::countr_zero(found));
  }
#endif
  while (at < end && !holds("();", text[at])) ++at;
  return at;
}

/// The first place from `at` on, before `end`, where "values" may stand in any case; `end` when there is none.
std::size_t next_values(std::string_view text, std::size_t at, std::size_t end) {
#if defined(__x86_64__)
  const auto is = [&](std::size_t from, char letter) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + from));
    return _mm_cmpeq_epi8(_mm_or_si128(bytes, _mm_set1_epi8(0x20)), _mm_set1_epi8(letter));
  };
  for (; at < end && at + 21 <= text.size(); at += 16) {
    const auto found = static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_and_si128(is(at, 'v'), is(at + 5, 's'))));
    if (found != 0) return std::min(end, at + static_cast<std::size_t>(std::countr_zero(found)));
  }
#endif
  while (at < end && text[at] != 'v' && text[at] != 'V') ++at;
  return std::min(at, end);
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

/// Counts what stands outside quotes.
void ColumnNames::Line::count_in(std::string_view line) {
  bool quoted = false;
  for (const char c : line) {
    if (c == '"') quoted = !quoted;
    if (quoted) continue;
    commas += c == ',' ? 1 : 0;
    semicolons += c == ';' ? 1 : 0;
    tabs += c == '\t' ? 1 : 0;
    bars += c == '|' ? 1 : 0;
  }
}

ColumnNames::Line ColumnNames::line_around(std::size_t at) const {
  Line line;
  const std::size_t from = at > kLineMax ? at - kLineMax : 0;
  line.begin = from + behind_last(text_.substr(from, at - from), '\n', '\n', '\n');
  const std::string_view behind = text_.substr(at, kLineMax);
  line.end = at + std::min(behind.find('\n'), behind.size());
  const std::string_view bytes = text_.substr(line.begin, line.end - line.begin);
  std::size_t counted = 0;
#if defined(__x86_64__)
  if (bytes.find('"') == std::string_view::npos) {
    ByteCounts counts;
    for (; counted + 16 <= bytes.size(); counted += 16) counts.add(bytes.data() + counted);
    line.commas = ByteCounts::sum(counts.commas);
    line.semicolons = ByteCounts::sum(counts.semicolons);
    line.tabs = ByteCounts::sum(counts.tabs);
    line.bars = ByteCounts::sum(counts.bars);
  }
#endif
  line.count_in(bytes.substr(counted));
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
  if (at < line_.begin || at > line_.end || line_.end == 0) {
    line_ = line_around(at);
    is_in_none_ = false;
  }
  if (is_in_none_ || line_.end - line_.begin >= kLineMax) return {};
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
    is_in_none_ = delimiter_ == 0;
    if (is_in_none_) return {};
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
  const std::size_t end = at > kValues.size() ? at - kValues.size() : 0;
  for (; inserts_read_ < end; ++inserts_read_) {
    inserts_read_ = next_values(text_, inserts_read_, end);
    if (inserts_read_ == end) break;
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

/// The bracket or semicolon that stands last in front of `at`, or where looking for it was given up.
std::size_t ColumnNames::stop_before(std::size_t at) {
  constexpr std::size_t kRowMax = 2 * kLineMax;  // further than rows reach, so that it holds for places before, too
  const bool is_known = stop_ < at && at <= stop_known_to_;
  if (is_known) return stop_;
  if (at > stop_known_to_ && at <= next_stop_) {
    stop_known_to_ = at;
    return stop_;
  }
  // What lies further back was looked at for the place before.
  const bool goes_on = stop_known_to_ != 0 && at > stop_known_to_ && at - stop_known_to_ < kRowMax;
  const std::size_t least = goes_on ? stop_known_to_ : at > kRowMax ? at - kRowMax : 0;
  const std::size_t stop = least + behind_last(text_.substr(least, at - least), '(', ')', ';');
  if (stop > least) {
    stop_ = stop - 1;
  } else if (!goes_on) {
    stop_ = least;
  }
  // Places that stand close together are many: what lies in front of them is read ahead.
  constexpr std::size_t kClose = 64, kAhead = 256;
  next_stop_ = goes_on && at - stop_known_to_ < kClose ? next_stop(text_, at, std::min(text_.size(), at + kAhead)) : 0;
  stop_known_to_ = at;
  return stop_;
}

/// Coarse: whether a row of an INSERT may begin in front of `at`, with a bracket behind VALUES or behind another row.
bool ColumnNames::may_be_in_row(std::size_t at) {
  if (at == 0) return false;
  std::size_t before = stop_before(at);
  if (text_[before] != '(') return false;
  while (before > 0 && holds(" \n\r\t", text_[before - 1])) --before;
  return before > 0 && holds(",sS", text_[before - 1]);
}

std::string_view ColumnNames::insert_column(std::size_t at) {
  if (!may_be_in_row(at)) return {};
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
