// Values that were cut: "ab" + "cd", a backslash at a line's end, a token wrapped onto the next line, one written with
// a space behind each character. Only places where both sides look like parts of one value are joined.

#include <algorithm>
#include <bit>
#include <optional>

#include "content/decode.h"
#include "content/rarity.h"
#include "content/text_walk.h"

namespace reeve::content {

namespace {

constexpr std::size_t kGapMax = 160;     // bytes between two parts
constexpr std::size_t kPartMax = 2048;   // bytes of one part
constexpr std::size_t kPartsMax = 5000;  // of one value
constexpr std::size_t kBefore = 80;      // for words of context
constexpr std::size_t kMarksMax = 24;    // bytes before a line's text

bool is_value_byte(char c) { return is_token_byte(c) || c == '.' || c == '=' || c == '@' || c == ':'; }

/// What was cut out between two parts: [start, end) is left away.
struct Gap {
  std::size_t start = 0, end = 0;
};

class JoinDecoder {
 public:
  explicit JoinDecoder(DecodeTask& task) : task_(task), text_(task.text) {}

  void run() {
    for_each_place(task_.masks.join, text_.size(), [this](std::size_t at) {
      if (at < done_ || at == 0 || at + 1 >= text_.size() || task_.budget.exhausted) return;
      const auto gap = text_[at] == '\n' ? gap_of_line(at) : gap_of_literals(at);
      if (gap) write_joined(*gap);
    });
    if (task_.budget.exhausted) return;
    join_spaced();
  }

 private:
  static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
  static bool is_operator(char c) {
    return c == '+' || c == '.' || c == '&' || c == '|' || c == '<' || c == '>' || c == '~' || c == '^';
  }

  /// `at` is a quote that may end a literal: "ab" + "cd", 'ab' . 'cd', "ab" "cd", "ab" \ and a line break, ""
  std::optional<Gap> gap_of_literals(std::size_t at) const {
    const char quote = text_[at];
    std::size_t start = at;
    if (start > 0 && text_[start - 1] == '\\') --start;  // a literal inside a literal
    if (start == 0 || !is_value_byte(text_[start - 1])) return std::nullopt;
    const std::size_t to = std::min(at + 1 + kGapMax, text_.size());
    std::size_t next = at + 1, operators = 0, spaces = 0;
    while (next < to) {
      const char c = text_[next];
      if (is_space(c) || (c == '_' && operators > 0 && next + 1 < to && is_space(text_[next + 1]))) {
        ++spaces;
      } else if (const std::size_t bytes = comment_or_call(next, to)) {
        operators += text_[next] == '/' ? 0 : 1;
        next += bytes;
        continue;
      } else if (is_operator(c) && operators < 2) {
        ++operators;
      } else if (c == '\\' && next + 1 < to &&
                 (text_[next + 1] == '\n' || text_[next + 1] == quote || text_[next + 1] == 'n')) {
        if (text_[next + 1] == 'n') ++next;
      } else {
        break;
      }
      ++next;
    }
    // After an operator the other kind of quote may follow.
    const bool other = operators > 0 && next < to && (text_[next] == '"' || text_[next] == '\'');
    if (other && text_[next] != quote) return literal_at(start, next);
    // One letter may say what kind of literal follows: f"…", b'…'.
    if (next + 1 < to && text_[next + 1] == quote && (text_[next] | 0x20) >= 'a' && (text_[next] | 0x20) <= 'z') ++next;
    if (next + 1 >= to || text_[next] != quote || !is_value_byte(text_[next + 1])) return std::nullopt;
    // With nothing between them, "ab""cd" is how a shell joins; CSV and SQL write a quote so: both sides must be long.
    if (operators == 0 && spaces == 0 && !is_part(start, next + 1)) return std::nullopt;
    return Gap{start, next + 1};
  }

  std::optional<Gap> literal_at(std::size_t start, std::size_t quote) const {
    if (quote + 1 >= text_.size() || !is_value_byte(text_[quote + 1])) return std::nullopt;
    return Gap{start, quote + 1};
  }

  /// Bytes of a comment between two literals, or of a call that joins them.
  std::size_t comment_or_call(std::size_t at, std::size_t to) const {
    const std::string_view rest = text_.substr(at, to - at);
    for (const std::string_view call : {".concat(", ").concat("}) {
      if (rest.starts_with(call)) return call.size();
    }
    if (!rest.starts_with("/*") && !rest.starts_with("//")) return 0;
    const std::string_view closing = rest[1] == '*' ? "*/" : "\n";
    const std::size_t end = rest.find(closing, 2);
    return end == std::string_view::npos ? 0 : end + closing.size();
  }

  bool is_part(std::size_t before, std::size_t after) const { return run_before(before) >= 3 && run_after(after) >= 3; }
  /// Token bytes right before `end`, 64 at most.
  std::size_t run_before(std::size_t end) const {
    const std::vector<std::uint64_t>& token = task_.masks.token;
    if (end == 0) return 0;
    const std::size_t word = (end - 1) / 64, behind = 63 - (end - 1) % 64;
    const auto here = static_cast<std::size_t>(std::countl_one(token[word] << behind));
    if (here < 64 - behind || word == 0) return here;
    return std::min<std::size_t>(64, here + static_cast<std::size_t>(std::countl_one(token[word - 1])));
  }
  /// Token bytes from `start` on, 64 at most.
  std::size_t run_after(std::size_t start) const {
    return end_of_run(task_.masks.token, start, std::min(start + 64, text_.size())) - start;
  }
  bool is_number(const RawSpan& part) const {
    return std::ranges::all_of(text_.substr(part.start, part.end - part.start), is_digit_byte);
  }
  bool is_unlike_words(const RawSpan& part) const {
    constexpr double kRare = 0.4;
    return rarity(text_.substr(part.start, part.end - part.start)) > kRare;
  }
  /// Whether both are. The part behind one gap is often the one before the next: it is looked at once. And it is looked
  /// at first: most lines begin with a word.
  bool are_unlike_words(const RawSpan& one, const RawSpan& other) {
    const bool is_known = one.start == judged_.start && one.end == judged_.end;
    if (is_known && !judged_rare_) return false;
    judged_ = other;
    judged_rare_ = is_unlike_words(other);
    return judged_rare_ && (is_known || is_unlike_words(one));
  }

  /// Words in small letters at a line's end are let go at once.
  bool may_be_cut(std::size_t end) const {
    constexpr std::uint64_t kEight = 0xFF;
    if (end < 8) return false;
    return (~bits_from(task_.masks.token, end - 8) & kEight) == 0 &&
           (bits_from(task_.masks.odd, end - 8) & kEight) != 0;
  }

  std::size_t behind_spaces(std::size_t at) const {
    const std::size_t to = std::min(at + kMarksMax, text_.size());
    while (at < to && (text_[at] == ' ' || text_[at] == '\t')) ++at;
    return at;
  }
  std::size_t behind_same(std::size_t at) const {
    std::size_t to = at;
    while (to < text_.size() && to - at < 3 && text_[to] == text_[at]) ++to;
    return to;
  }

  /// Behind what mail, comments, diffs and tables put before a line that begins at `at`. What values may begin with, or
  /// code, must stand before the line that ends at `end`, too.
  std::size_t behind_marks(std::size_t at, std::size_t end) const {
    at = behind_spaces(at);
    if (at >= text_.size()) return at;
    const char mark = text_[at];
    if (mark == '>' || mark == '#' || mark == '*') {
      std::size_t to = behind_spaces(at + 1);
      if (mark == '>' && to < text_.size() && text_[to] == '>') to = behind_spaces(to + 1);
      return to;
    }
    if (mark != '/' && mark != '-' && mark != '+' && mark != ';' && mark != '%') return at;
    constexpr std::size_t kLineMax = 400;
    const std::size_t from = end > kLineMax ? end - kLineMax : 0;
    const std::size_t before = text_.substr(from, end - from).rfind('\n');
    if (before == std::string_view::npos && from > 0) return at;
    const std::size_t line = behind_spaces(before == std::string_view::npos ? 0 : from + before + 1);
    const std::size_t size = behind_same(at) - at;
    if (line >= end || text_[line] != mark || behind_same(line) - line != size) return at;
    return behind_spaces(at + size);
  }

  /// `at` is a line feed.
  std::optional<Gap> gap_of_line(std::size_t at) {
    std::size_t start = at;
    if (start > 0 && text_[start - 1] == '\r') --start;
    const bool continued = start > 0 && text_[start - 1] == '\\';
    if (continued) --start;
    if (start == 0 || !is_token_byte(text_[start - 1])) return std::nullopt;
    if (!continued && !may_be_cut(start)) return std::nullopt;
    std::size_t next = at + 1;
    next = continued ? behind_spaces(next) : behind_marks(next, start);
    if (next >= text_.size() || !is_token_byte(text_[next])) return std::nullopt;
    if (continued) return Gap{start, next};
    const std::size_t before = run_before(start), after = run_after(next);
    if (before < 8 || after < 4) return std::nullopt;
    const RawSpan one{start - before, start}, other{next, next + after};
    // Two lines of a table of numbers are two numbers.
    if (!are_unlike_words(one, other) || (is_number(one) && is_number(other))) return std::nullopt;
    return Gap{start, next};
  }

  /// From the gap on, as long as another follows.
  void write_joined(const Gap& first) {
    const std::size_t earliest = std::max(done_, first.start > kPartMax ? first.start - kPartMax : 0);
    std::size_t start = first.start;
    while (start > earliest && is_value_byte(text_[start - 1])) --start;
    const std::size_t context = std::max(done_, start > kBefore ? start - kBefore : 0);
    start = text_.substr(context, start - context).rfind('\n') == std::string_view::npos
                ? context
                : context + text_.substr(context, start - context).rfind('\n') + 1;
    task_.begin_mapped(start);
    task_.copy(start, first.start);
    Gap gap = first;
    for (std::size_t parts = 0; parts < kPartsMax; ++parts) {
      std::size_t end = gap.end;
      while (end < text_.size() && end - gap.end < kPartMax && is_value_byte(text_[end])) ++end;
      task_.copy(gap.end, end);
      done_ = end;
      if (end + 1 >= text_.size()) break;
      std::optional<Gap> next;
      if (text_[end] == '"' || text_[end] == '\'') next = gap_of_literals(end);
      if (text_[end] == '\\' && (text_[end + 1] == '"' || text_[end + 1] == '\'')) next = gap_of_literals(end + 1);
      if (text_[end] == '\n') next = gap_of_line(end);
      if ((text_[end] == '\\' || text_[end] == '\r') && text_[end + 1] == '\n') next = gap_of_line(end + 1);
      if (!next || next->start < end) break;
      gap = *next;
    }
    task_.finish_mapped(done_);
  }

  /// "g h p _ …": token bytes and one separator by turns, at least 16 of them.
  void join_spaced() {
    if (!task_.masks.has_turns) return;
    const std::vector<std::uint64_t>& token = task_.masks.token;
    const std::size_t words = (text_.size() + 63) / 64;
    std::size_t done = 0;
    for (std::size_t word = 0; word < words; ++word) {
      for (const bool odd : {true, false}) {
        const std::uint64_t turns = turns_from(token[word], odd);
        if (turns == 0) continue;
        const std::size_t at = word * 64 + static_cast<std::size_t>(std::countr_zero(turns));
        if (at >= done) done = write_spaced(at);
        if (task_.budget.exhausted) return;
      }
    }
  }

  std::size_t write_spaced(std::size_t at) {
    if (!is_token_byte(text_[at])) ++at;
    if (at + 1 >= text_.size()) return at + 1;
    const char separator = text_[at + 1];
    if (separator != ' ' && separator != '.' && separator != '|' && separator != '\n') return at + 1;
    std::size_t start = at;
    while (start >= 2 && text_[start - 1] == separator && is_token_byte(text_[start - 2]) &&
           (start == 2 || !is_token_byte(text_[start - 3]))) {
      start -= 2;
    }
    std::size_t end = at + 1;
    while (end + 1 < text_.size() && text_[end] == separator && is_token_byte(text_[end + 1]) &&
           (end + 2 >= text_.size() || !is_token_byte(text_[end + 2]))) {
      end += 2;
    }
    if (end - start < 31) return end;
    task_.begin_mapped(start);
    for (std::size_t i = start; i < end; i += 2) {
      if (!task_.put(text_[i], i, i + 1)) break;
    }
    task_.finish_mapped(end);
    return end;
  }

  DecodeTask& task_;
  std::string_view text_;
  std::size_t done_ = 0;
  RawSpan judged_{};
  bool judged_rare_ = false;
};

}  // namespace

void decode_joins(DecodeTask& task) { JoinDecoder(task).run(); }

}  // namespace reeve::content
