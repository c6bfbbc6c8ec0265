#include "content/labelled_values.h"

#include <algorithm>
#include <array>
#include <span>
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

/// Coarse: the last characters before an "=" or ":" can end a known key.
bool may_end_key(std::string_view text, std::size_t at, const KeyEndings& endings) {
  std::size_t end = at;
  while (end > 0 && at - end < 4 && holds(" \t\"'`*])", text[end - 1])) --end;
  std::array<char, 3> last{};
  std::size_t count = 3;
  for (std::size_t i = end; i > 0 && end - i < kKeyMax && count > 0; --i) {
    const char c = text[i - 1];
    if (is_alphanumeric(c) || is_high(c)) {
      last[--count] = c;
    } else if (!is_key_character(c) && (c != ' ' || i < 2 || !is_key_character(text[i - 2]))) {
      break;
    }
  }
  // Of a key of three letters and more the last three tell; shorter ones are asked for by name.
  return count > 0 || endings.may_be(std::string_view(last.data(), 3));
}

void assignments(const FinderText& input, const KeyEndings& endings, const IsKnown& is_known, const Tell& tell) {
  const std::string_view text = input.text;
  for (std::size_t at = next_place(input.masks.assign, 0, text.size()); at < text.size();
       at = next_place(input.masks.assign, at + 1, text.size())) {
    if (is_operator(text, at) || !may_end_key(text, at, endings)) continue;
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
  Tables(const FinderText& input, const IsKnown& is_known, const Tell& tell)
      : text_(input.text), assign_(input.masks.assign), is_known_(is_known), tell_(tell) {}

  void walk() {
    std::size_t begin = 0;
    while (begin < text_.size()) {
      const auto line = text_.substr(begin).find('\n');
      const std::size_t end = line == std::string_view::npos ? text_.size() : begin + line;
      std::size_t next = end;
      if (end - begin >= 5 && end - begin < kLineMax && may_be_head(begin, end))
        next = std::max(next, head_line(begin, end));
      begin = next + 1;
    }
  }

 private:
  /// Cheap first: a head line begins with a word, has something that divides columns, and none of the signs that
  /// most lines of code have. The line of an INSERT may have them.
  bool may_be_head(std::size_t begin, std::size_t end) const {
    if (starts_insert(begin, end)) return true;
    if (next_place(assign_, begin, end) < end) return false;
    bool begun = false, divided = false;
    for (std::size_t i = begin; i < end; ++i) {
      const char c = text_[i];
      const std::uint8_t kind = kSigns[static_cast<unsigned char>(c)];
      if (!begun && !holds(" \t|\"", c)) {
        if (!is_letter(c) && !is_high(c) && c != '`' && c != '(') return false;
        begun = true;
      }
      if (kind == kBad) return false;
      divided = divided || kind == kDivider;
    }
    return divided;
  }

  bool starts_insert(std::size_t begin, std::size_t end) const {
    while (begin < end && (text_[begin] == ' ' || text_[begin] == '\t')) ++begin;
    return begin < end && lower_case(text_[begin]) == 'i';
  }

  enum Sign : std::uint8_t { kOther, kDivider, kBad };
  static constexpr std::array<std::uint8_t, 256> kSigns = [] {
    std::array<std::uint8_t, 256> signs{};
    for (const char c : {',', ';', '\t', '|'}) signs[static_cast<unsigned char>(c)] = kDivider;
    for (const char c : {'=', '{', '}', ':', '<', '>', '+', '!', '?', '@'}) signs[static_cast<unsigned char>(c)] = kBad;
    return signs;
  }();

  std::size_t head_line(std::size_t begin, std::size_t end) {
    const std::string_view line = text_.substr(begin, end - begin);
    const char first =
        line[line.find_first_not_of(" \t|\"") == std::string_view::npos ? 0 : line.find_first_not_of(" \t|\"")];
    if (!is_letter(first) && !is_high(first) && first != '`' && first != '(') return end;
    if (const auto open = insert_columns(line); open != std::string_view::npos) {
      return insert(text_, begin + open, is_known_, tell_);
    }
    // A head has none of the signs that code and sentences have.
    if (end >= text_.size() || line.back() == '.' || line.find_first_of("={}:<>+!?@\\") != std::string_view::npos)
      return end;
    for (const char delimiter : {',', ';', '\t', '|'}) {
      if (line.find(delimiter) == std::string_view::npos) continue;
      // Cheap first: a head has none of these, code mostly has.
      if (std::ranges::any_of(line, [](char c) { return holds("={}:<>+!?@", c); })) return end;
      if (!may_have_heads(line, delimiter) || !may_go_on(line, end, delimiter)) continue;
      const std::vector<Cell> heads = cells_of(text_, begin, end, delimiter);
      if (heads.size() < 2) continue;
      const auto columns = known_columns(text_, heads, is_known_);
      if (!columns.empty()) return rows(text_, end, delimiter, heads.size(), columns, tell_);
    }
    return end;
  }

  /// Coarse: no cell is longer than a head may be. Quotes leave it open.
  static bool may_have_heads(std::string_view line, char delimiter) {
    std::size_t letters = 0;
    for (const char c : line) {
      if (c == '"' || c == '\'') return true;
      if (c == delimiter) letters = 0;
      if (is_alphanumeric(c) && ++letters > kKeyMax) return false;
    }
    return true;
  }

  /// Coarse: the line behind `end` has cells, too; as many, where no quotes stand in either line.
  bool may_go_on(std::string_view line, std::size_t end, char delimiter) const {
    const std::string_view rest = text_.substr(end + 1, kLineMax);
    const std::string_view next = rest.substr(0, rest.find('\n'));
    const auto is_quote = [](char c) { return c == '"' || c == '\''; };
    const auto wanted = std::ranges::count(line, delimiter), given = std::ranges::count(next, delimiter);
    if (wanted == given) return true;
    return given > 0 && (std::ranges::any_of(line, is_quote) || std::ranges::any_of(next, is_quote));
  }

  static std::size_t insert_columns(std::string_view line) {
    if (line.size() < 16) return std::string_view::npos;
    const auto word = line.substr(line.find_first_not_of(" \t"));
    if (lower_case(word[0]) != 'i' || joined_key(word.substr(0, 11)) != "insertinto") return std::string_view::npos;
    return line.find('(');
  }

  std::string_view text_;
  std::span<const std::uint64_t> assign_;
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

std::size_t KeyEndings::number_of(std::string_view joined) {
  std::size_t number = joined.size() < 3 ? 1U : 0U;
  for (std::size_t i = joined.size() - std::min<std::size_t>(joined.size(), 3); i < joined.size(); ++i) {
    number = number * 37 + static_cast<unsigned char>(lower_case(joined[i]));
  }
  return number & 0xffffU;
}

void for_each_labelled_value(const FinderText& input, const KeyEndings& endings,
                             const std::function<bool(std::string_view)>& is_known,
                             const std::function<void(const LabelledValue&)>& tell) {
  assignments(input, endings, is_known, tell);
  Tables(input, is_known, tell).walk();
}

}  // namespace reeve::content
