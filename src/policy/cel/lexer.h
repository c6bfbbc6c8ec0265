#pragma once

// The tokens of an expression. Source: the Common Expression Language specification, "Syntax" (lexis).

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "policy/cel/ast.h"

namespace reeve::policy::cel {

enum class TokenKind : std::uint8_t {
  kEnd,
  kBad,      // a fault was added
  kName,     // also the reserved words
  kKeyword,  // true false null in
  kQuoted,   // `a-b`
  kInt,      // without a sign
  kUint,
  kDouble,
  kString,
  kBytes,
  kSymbol,
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  std::uint32_t offset = 0;
  std::uint32_t end = 0;
  std::string_view text;  // as written, quotes and suffix included

  bool is(std::string_view symbol_or_keyword) const {
    return (kind == TokenKind::kSymbol || kind == TokenKind::kKeyword) && text == symbol_or_keyword;
  }
};

class Lexer {
 public:
  /// The source is UTF-8 of less than 4 GiB and must outlive the tokens.
  Lexer(std::string_view source, std::vector<Fault>& faults) : source_(source), faults_(faults) {}

  /// The next token, and kEnd for ever after the last.
  Token next();

 private:
  Token token(TokenKind kind, std::size_t begin, std::size_t end);
  Token bad(std::size_t begin, std::size_t end, std::string message);
  void skip_space_and_comments();
  Token name();
  Token number();
  Token quoted_name();
  Token text(std::size_t prefix_bytes, TokenKind kind, bool raw);
  Token symbol();
  char at(std::size_t index) const { return index < source_.size() ? source_[index] : '\0'; }

  std::string_view source_;
  std::vector<Fault>& faults_;
  std::size_t place_ = 0;
};

/// Words that later versions may use: not allowed as names of variables and functions, but as fields and methods.
bool is_reserved(std::string_view word);
/// Letters, digits and underscores, not beginning with a digit; keywords are such words, too.
bool is_plain_word(std::string_view word);
/// What `...` may hold.
bool is_quotable(std::string_view name);

}  // namespace reeve::policy::cel
