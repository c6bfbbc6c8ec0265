#include "policy/cel/lexer.h"

#include <algorithm>
#include <array>

namespace reeve::policy::cel {
namespace {

constexpr std::array<std::string_view, 4> kKeywords = {"true", "false", "null", "in"};
constexpr std::array<std::string_view, 17> kReserved = {"as",        "break",  "const",  "continue", "else", "for",
                                                        "function",  "if",     "import", "let",      "loop", "package",
                                                        "namespace", "return", "var",    "void",     "while"};
constexpr std::array<std::string_view, 8> kPairs = {"&&", "||", "==", "!=", "<=", ">=", ".?", "[?"};
constexpr std::string_view kSingles = "+-*/%!<>?:.,()[]{}";

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex_digit(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool is_word(char c) { return is_letter(c) || is_digit(c); }
bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'; }

/// How many bytes the character that begins at `index` has, so that no message cuts one in two.
std::size_t character_bytes(std::string_view text, std::size_t index) {
  std::size_t end = index + 1;
  while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) ++end;
  return end - index;
}

}  // namespace

bool is_reserved(std::string_view word) { return std::ranges::find(kReserved, word) != kReserved.end(); }

bool is_plain_word(std::string_view word) {
  return !word.empty() && is_letter(word.front()) && std::ranges::all_of(word, is_word);
}

bool is_quotable(std::string_view name) {
  return !name.empty() &&
         std::ranges::all_of(name, [](char c) { return is_word(c) || c == '.' || c == '-' || c == '/' || c == ' '; });
}

Token Lexer::token(TokenKind kind, std::size_t begin, std::size_t end) {
  place_ = end;
  return {kind, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end), source_.substr(begin, end - begin)};
}

Token Lexer::bad(std::size_t begin, std::size_t end, std::string message) {
  faults_.push_back({static_cast<std::uint32_t>(begin), std::move(message)});
  return token(TokenKind::kBad, begin, end);
}

void Lexer::skip_space_and_comments() {
  while (place_ < source_.size()) {
    if (is_space(source_[place_])) {
      ++place_;
    } else if (source_.substr(place_, 2) == "//") {
      place_ = std::min(source_.find('\n', place_), source_.size());
    } else {
      return;
    }
  }
}

Token Lexer::next() {
  skip_space_and_comments();
  if (place_ >= source_.size()) return token(TokenKind::kEnd, source_.size(), source_.size());
  const char c = source_[place_];
  if (is_letter(c)) return name();
  if (is_digit(c) || (c == '.' && is_digit(at(place_ + 1)))) return number();
  if (c == '"' || c == '\'') return text(0, TokenKind::kString, false);
  if (c == '`') return quoted_name();
  return symbol();
}

Token Lexer::name() {
  std::size_t end = place_;
  while (is_word(at(end))) ++end;
  const std::string_view word = source_.substr(place_, end - place_);
  if (const char quote = at(end); (quote == '"' || quote == '\'') && word.size() <= 2) {
    const auto is_either = [](char c, char lower) { return c == lower || c == lower - 'a' + 'A'; };
    const bool has_b = std::ranges::count_if(word, [&](char c) { return is_either(c, 'b'); }) == 1;
    const bool has_r = std::ranges::count_if(word, [&](char c) { return is_either(c, 'r'); }) == 1;
    if (word.size() == (has_b ? 1U : 0U) + (has_r ? 1U : 0U)) {
      return text(word.size(), has_b ? TokenKind::kBytes : TokenKind::kString, has_r);
    }
  }
  const bool keyword = std::ranges::find(kKeywords, word) != kKeywords.end();
  return token(keyword ? TokenKind::kKeyword : TokenKind::kName, place_, end);
}

Token Lexer::number() {
  const std::size_t begin = place_;
  std::size_t end = begin;
  TokenKind kind = TokenKind::kInt;
  if (at(begin) == '0' && (at(begin + 1) == 'x' || at(begin + 1) == 'X') && is_hex_digit(at(begin + 2))) {
    end = begin + 2;
    while (is_hex_digit(at(end))) ++end;
  } else {
    while (is_digit(at(end))) ++end;
    if (at(end) == '.' && is_digit(at(end + 1))) {
      kind = TokenKind::kDouble;
      ++end;
      while (is_digit(at(end))) ++end;
    }
    if (at(end) == 'e' || at(end) == 'E') {
      const std::size_t digits = end + (at(end + 1) == '+' || at(end + 1) == '-' ? 2 : 1);
      if (is_digit(at(digits))) {
        kind = TokenKind::kDouble;
        end = digits;
        while (is_digit(at(end))) ++end;
      }
    }
  }
  if (kind == TokenKind::kInt && (at(end) == 'u' || at(end) == 'U')) {
    kind = TokenKind::kUint;
    ++end;
  }
  if (is_word(at(end))) {
    while (is_word(at(end))) ++end;
    return bad(begin, end, "'" + std::string(source_.substr(begin, end - begin)) + "' is neither a number nor a name");
  }
  return token(kind, begin, end);
}

Token Lexer::quoted_name() {
  const std::size_t close = source_.find('`', place_ + 1);
  if (close == std::string_view::npos) return bad(place_, source_.size(), "this ` has no closing `");
  if (!is_quotable(source_.substr(place_ + 1, close - place_ - 1))) {
    return bad(place_, close + 1, "between ` and ` stand letters, digits, spaces, and any of _ . - / only");
  }
  return token(TokenKind::kQuoted, place_, close + 1);
}

Token Lexer::text(std::size_t prefix_bytes, TokenKind kind, bool raw) {
  const std::size_t begin = place_;
  const std::size_t open = begin + prefix_bytes;
  const char quote = source_[open];
  const bool triple = at(open + 1) == quote && at(open + 2) == quote;
  const std::string_view closing = source_.substr(open, triple ? 3 : 1);
  for (std::size_t i = open + closing.size(); i < source_.size(); ++i) {
    if (source_.substr(i, closing.size()) == closing) return token(kind, begin, i + closing.size());
    if (!triple && (source_[i] == '\n' || source_[i] == '\r')) {
      return bad(begin, i, "this text is not closed on its line; close it, or use three quotes for several lines");
    }
    if (source_[i] == '\\' && !raw) ++i;  // whatever is escaped does not close
  }
  return bad(begin, source_.size(), "this text has no closing " + std::string(closing));
}

Token Lexer::symbol() {
  const std::string_view two = source_.substr(place_, 2);
  if (std::ranges::find(kPairs, two) != kPairs.end()) return token(TokenKind::kSymbol, place_, place_ + 2);
  if (kSingles.find(source_[place_]) != std::string_view::npos) return token(TokenKind::kSymbol, place_, place_ + 1);
  const std::size_t end = place_ + character_bytes(source_, place_);
  const std::string_view found = source_.substr(place_, end - place_);
  std::string message = "an expression has no '" + std::string(found) + "'";
  if (found == "=") message = "a single '=' has no meaning here; '==' compares";
  if (found == "&") message = "a single '&' has no meaning here; '&&' is and";
  if (found == "|") message = "a single '|' has no meaning here; '||' is or";
  if (static_cast<unsigned char>(found.front()) < 0x20 || found == "\x7F") message = "a control character";
  return bad(place_, end, std::move(message));
}

}  // namespace reeve::policy::cel
