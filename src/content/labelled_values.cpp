#include "content/labelled_values.h"

#include <algorithm>
#include <array>
#include <vector>

#include "content/check_digits.h"
#include "content/text_walk.h"

namespace reeve::content {

namespace {

constexpr std::size_t kKeyMax = 40, kValueMax = 160, kLineMax = 2000, kRowsMax = 20'000;

bool is_high(char c) { return static_cast<unsigned char>(c) >= 0x80; }
bool is_key_character(char c) { return is_alphanumeric(c) || c == '_' || c == '-' || is_high(c); }

using IsKnown = std::function<bool(std::string_view)>;
using Tell = std::function<void(const LabelledValue&)>;

/// The key that ends before an "=" or ":" at `at`: words of letters and what joins them, blanks too in prose.
std::string_view key_before(std::string_view text, std::size_t at) {
  std::size_t end = at;
  while (end > 0 && at - end < 4 && holds(" \t\"'`*])", text[end - 1])) --end;
  std::size_t begin = end;
  while (begin > 0 && end - begin < kKeyMax) {
    const char c = text[begin - 1];
    const bool blank_inside = c == ' ' && begin >= 2 && is_key_character(text[begin - 2]);
    if (!is_key_character(c) && !blank_inside) break;
    --begin;
  }
  while (begin < end && holds(" -", text[begin])) ++begin;
  return text.substr(begin, end - begin);
}

bool is_operator(std::string_view text, std::size_t at) {
  const char before = at > 0 ? text[at - 1] : ' ', after = at + 1 < text.size() ? text[at + 1] : ' ';
  if (text[at] == ':') return before == ':' || after == ':' || after == '/';
  return after == '=' || after == '~' || holds("=!<>+-*/%|&^~", before);
}

/// The value that begins at or after `at`, on the same line.
LabelledValue value_after(std::string_view text, std::size_t at) {
  LabelledValue value;
  if (at < text.size() && (text[at] == '=' || text[at] == '>')) ++at;  // ":=", "=>"
  const std::size_t from = at;
  while (at < text.size() && at - from < 12 && holds(" \t*", text[at])) ++at;
  const char quote = at < text.size() ? text[at] : ' ';
  if (holds("\"'`", quote)) {
    const auto close = text.substr(at + 1, kValueMax).find_first_of(std::string_view(&quote, 1));
    const auto line = text.substr(at + 1, kValueMax).find('\n');
    if (close == std::string_view::npos || close > line) return value;
    value.begin = at + 1;
    value.end = at + 1 + close;
    value.quoted = true;
    return value;
  }
  value.begin = at;
  std::size_t end = at;
  while (end < text.size() && end - at < kValueMax && !holds("\n\r\t;|<>{}[]\"&", text[end])) ++end;
  while (end > at && holds(" ,.*)", text[end - 1])) --end;
  value.end = end;
  return value;
}

/// `<input name="city">`: the name of a field, not of a person.
bool is_attribute_name(std::string_view text, std::string_view key) {
  if (joined_key(key) != "name") return false;
  const auto begin = static_cast<std::size_t>(key.data() - text.data());
  const auto head = text.substr(begin > 120 ? begin - 120 : 0, begin > 120 ? 120 : begin);
  const auto open = head.rfind('<');
  return open != std::string_view::npos && head.find('>', open) == std::string_view::npos;
}

void assignments(const FinderText& input, const IsKnown& is_known, const Tell& tell) {
  const std::string_view text = input.text;
  for (std::size_t at = next_place(input.masks.assign, 0, text.size()); at < text.size();
       at = next_place(input.masks.assign, at + 1, text.size())) {
    if (is_operator(text, at)) continue;
    const std::string_view key = key_before(text, at);
    if (key.size() < 2 || !is_known(key) || (text[at] == '=' && is_attribute_name(text, key))) continue;
    LabelledValue value = value_after(text, at + 1);
    if (value.end <= value.begin) continue;
    value.key = key;
    tell(value);
  }
}

struct Cell {
  std::size_t begin = 0, end = 0;
};

/// The cells of a line or of a bracketed list; quotes around them are left out, delimiters inside quotes do not count.
std::vector<Cell> cells_of(std::string_view text, std::size_t begin, std::size_t end, char delimiter) {
  std::vector<Cell> cells;
  std::size_t from = begin;
  char quote = 0;
  for (std::size_t i = begin; i <= end; ++i) {
    const char c = i < end ? text[i] : delimiter;
    if (quote != 0 && i < end) {
      if (c == quote) quote = 0;
      continue;
    }
    const bool opens = i == from || text[i - 1] == ' ';
    if (i < end && (c == '"' || (c == '\'' && opens))) {
      quote = c;
    } else if (c == delimiter) {
      Cell cell{from, i};
      while (cell.begin < cell.end && holds(" \t\"'`*[\r", text[cell.begin])) ++cell.begin;
      while (cell.end > cell.begin && holds(" \t\"'`*]\r", text[cell.end - 1])) --cell.end;
      cells.push_back(cell);
      from = i + 1;
    }
  }
  return cells;
}

std::string_view cut(std::string_view text, const Cell& cell) { return text.substr(cell.begin, cell.end - cell.begin); }

bool is_head(std::string_view cell) {
  return cell.empty() || (cell.size() <= kKeyMax && std::ranges::all_of(cell, [](char c) {
                            return is_key_character(c) || c == ' ' || c == '.' || c == '#' || c == '/' || c == '(' ||
                                   c == ')';
                          }));
}

/// Columns whose heads are known: their places and names.
std::vector<std::pair<std::size_t, std::string_view>> known_columns(std::string_view text,
                                                                    const std::vector<Cell>& heads,
                                                                    const IsKnown& is_known) {
  std::vector<std::pair<std::size_t, std::string_view>> columns;
  for (std::size_t i = 0; i < heads.size(); ++i) {
    const std::string_view head = cut(text, heads[i]);
    if (!is_head(head)) return {};
    if (head.size() >= 2 && is_known(head)) columns.emplace_back(i, head);
  }
  return columns;
}

/// Rows below the head line that ends at `at`, as long as they have as many cells. Returns where the table ends.
std::size_t rows(std::string_view text, std::size_t at, char delimiter, std::size_t cells_wanted,
                 const std::vector<std::pair<std::size_t, std::string_view>>& columns, const Tell& tell) {
  for (std::size_t row = 0; row < kRowsMax && at < text.size(); ++row) {
    const std::size_t begin = at + 1;
    if (begin >= text.size()) break;
    const auto line = text.substr(begin, kLineMax).find('\n');
    const std::size_t end = line == std::string_view::npos ? std::min(text.size(), begin + kLineMax) : begin + line;
    const std::vector<Cell> cells = cells_of(text, begin, end, delimiter);
    if (cells.size() != cells_wanted) break;
    for (const auto& [column, head] : columns) {
      const Cell& cell = cells[column];
      if (cell.end > cell.begin && cell.end - cell.begin <= kValueMax) tell({head, cell.begin, cell.end, true, true});
    }
    at = end;
  }
  return at;
}

/// "(a, b) VALUES ('x', 'y'), ('z', 'w')": `open` is the first bracket.
std::size_t insert(std::string_view text, std::size_t open, const IsKnown& is_known, const Tell& tell) {
  const auto close = text.substr(open, kLineMax).find(')');
  if (close == std::string_view::npos) return open;
  const std::vector<Cell> heads = cells_of(text, open + 1, open + close, ',');
  const auto columns = known_columns(text, heads, is_known);
  if (columns.empty()) return open;
  std::size_t at = open + close + 1;
  while (at < text.size() && holds(" \n\r\t", text[at])) ++at;
  if (joined_key(text.substr(at, 6)) != "values") return open;
  at += 6;
  for (std::size_t row = 0; row < kRowsMax; ++row) {
    while (at < text.size() && holds(" \n\r\t,", text[at])) ++at;
    if (at >= text.size() || text[at] != '(') break;
    std::size_t end = at + 1;
    bool quoted = false;
    while (end < text.size() && end - at < kLineMax && (quoted || text[end] != ')')) quoted ^= text[end++] == '\'';
    const std::vector<Cell> cells = cells_of(text, at + 1, end, ',');
    if (cells.size() != heads.size()) break;
    for (const auto& [column, head] : columns) {
      const Cell& cell = cells[column];
      if (cell.end > cell.begin && cell.end - cell.begin <= kValueMax) tell({head, cell.begin, cell.end, true, true});
    }
    at = end + 1;
  }
  return at;
}

/// Tables and INSERTs. A head line has a known name in it, so lines are looked at where a word ends that heads end in.
class Tables {
 public:
  Tables(std::string_view text, const IsKnown& is_known, const Tell& tell)
      : text_(text), is_known_(is_known), tell_(tell) {}

  void walk() {
    std::size_t begin = 0;
    while (begin < text_.size()) {
      const auto line = text_.substr(begin).find('\n');
      const std::size_t end = line == std::string_view::npos ? text_.size() : begin + line;
      std::size_t next = end;
      if (end - begin >= 5 && end - begin < kLineMax) next = std::max(next, head_line(begin, end));
      begin = next + 1;
    }
  }

 private:
  std::size_t head_line(std::size_t begin, std::size_t end) {
    const std::string_view line = text_.substr(begin, end - begin);
    if (!may_be_head(line)) return end;
    const char first =
        line[line.find_first_not_of(" \t|\"") == std::string_view::npos ? 0 : line.find_first_not_of(" \t|\"")];
    if (!is_letter(first) && !is_high(first) && first != '`' && first != '(') return end;
    if (const auto open = insert_columns(line); open != std::string_view::npos) {
      return insert(text_, begin + open, is_known_, tell_);
    }
    if (end >= text_.size() || line.find_first_of("={}:<>") != std::string_view::npos) return end;
    for (const char delimiter : {',', ';', '\t', '|'}) {
      if (line.find(delimiter) == std::string_view::npos) continue;
      const std::vector<Cell> heads = cells_of(text_, begin, end, delimiter);
      if (heads.size() < 2) continue;
      const auto columns = known_columns(text_, heads, is_known_);
      if (!columns.empty()) return rows(text_, end, delimiter, heads.size(), columns, tell_);
    }
    return end;
  }

  /// One pass: a head has a delimiter and none of the signs that code and sentences have.
  static bool may_be_head(std::string_view line) {
    enum : std::uint8_t { kOrdinary, kDelimiter, kNever };
    static const std::array<std::uint8_t, 256> kSigns = [] {
      std::array<std::uint8_t, 256> signs{};
      for (const char c : std::string_view("={}:<>+!?@\\")) signs[static_cast<unsigned char>(c)] = kNever;
      for (const char c : std::string_view(",;\t|")) signs[static_cast<unsigned char>(c)] = kDelimiter;
      return signs;
    }();
    bool delimited = false;
    for (const char c : line) {
      const std::uint8_t sign = kSigns[static_cast<unsigned char>(c)];
      if (sign == kNever) return line.size() > 16 && lower_case(line[line.find_first_not_of(" \t")]) == 'i';
      delimited = delimited || sign == kDelimiter;
    }
    return delimited && line.back() != '.';
  }

  static std::size_t insert_columns(std::string_view line) {
    if (line.size() < 16) return std::string_view::npos;
    const auto word = line.substr(line.find_first_not_of(" \t"));
    if (lower_case(word[0]) != 'i' || joined_key(word.substr(0, 11)) != "insertinto") return std::string_view::npos;
    return line.find('(');
  }

  std::string_view text_;
  const IsKnown& is_known_;
  const Tell& tell_;
};

}  // namespace

std::string joined_key(std::string_view key) {
  std::string joined;
  for (const char c : key) {
    if (is_alphanumeric(c) || is_high(c)) joined += lower_case(c);
  }
  return joined;
}

void for_each_labelled_value(const FinderText& input, const std::function<bool(std::string_view)>& is_known,
                             const std::function<void(const LabelledValue&)>& tell) {
  assignments(input, is_known, tell);
  Tables(input.text, is_known, tell).walk();
}

}  // namespace reeve::content
