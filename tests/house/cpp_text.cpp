#include "cpp_text.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "source_tree.h"

namespace reeve::house {

namespace {

bool is_identifier(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }
bool is_space(char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; }

void blank(std::string& code, std::size_t begin, std::size_t end, char with = ' ') {
  for (std::size_t i = begin; i < std::min(end, code.size()); ++i) {
    if (code[i] != '\n') code[i] = with;
  }
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

/// The identifier that ends just before `end`; empty when there is none.
std::string_view word_before(std::string_view code, std::size_t end) {
  std::size_t begin = end;
  while (begin > 0 && is_identifier(code[begin - 1])) --begin;
  return code.substr(begin, end - begin);
}

std::size_t end_of_quoted(std::string_view text, std::size_t open) {
  for (std::size_t i = open + 1; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == text[open] || text[i] == '\n') {
      return i;
    }
  }
  return text.size();
}

/// `quote` is the '"' of R"delimiter(...)delimiter". Returns the offset of the closing quote.
std::size_t end_of_raw(std::string_view text, std::size_t quote) {
  const std::size_t paren = text.find('(', quote);
  if (paren == std::string_view::npos) return text.size();
  const std::string close = ")" + std::string(text.substr(quote + 1, paren - quote - 1)) + "\"";
  const std::size_t found = text.find(close, paren);
  return found == std::string_view::npos ? text.size() : found + close.size() - 1;
}

/// The offset of the bracket that closes the one at `open`, or npos.
std::size_t matching(std::string_view code, std::size_t open) {
  const char opening = code[open];
  const char closing = opening == '(' ? ')' : opening == '[' ? ']' : opening == '<' ? '>' : '}';
  std::size_t depth = 0;
  for (std::size_t i = open; i < code.size(); ++i) {
    if (code[i] == opening) ++depth;
    if (code[i] == closing && !(closing == '>' && code[i - 1] == '-') && --depth == 0) return i;
  }
  return std::string_view::npos;
}

std::size_t skip_spaces(std::string_view code, std::size_t at) {
  while (at < code.size() && is_space(code[at])) ++at;
  return at;
}

/// Macros may hold unbalanced braces, so directives and their continuations are blanked.
std::string without_directives(std::string_view code) {
  std::string out(code);
  std::size_t offset = 0;
  bool continued = false;
  for (const std::string_view line : lines_of(code)) {
    const bool directive = continued || trimmed(line).starts_with('#');
    continued = directive && trimmed(line).ends_with('\\');
    if (directive) blank(out, offset, offset + line.size());
    offset += line.size() + 1;
  }
  return out;
}

enum class BlockKind { kScope, kFunction, kOther };

/// What the brace after `head` opens, `head` being the text since the last ';', '{' or '}' at namespace or class scope.
BlockKind classify(std::string_view head) {
  head = trimmed(head);
  while (head.starts_with("template") || head.starts_with("requires")) {
    const std::size_t open = head.find(head.starts_with("template") ? '<' : '(');
    const std::size_t close = open == std::string_view::npos ? open : matching(head, open);
    if (close == std::string_view::npos) break;
    head = trimmed(head.substr(close + 1));
  }
  constexpr std::array<std::string_view, 5> kScopes = {"namespace", "class", "struct", "union", "enum"};
  int depth = 0;
  bool assigned = false, called = false, lambda = false;
  for (std::size_t i = 0; i < head.size(); ++i) {
    const char c = head[i];
    const char before = i > 0 ? head[i - 1] : ' ';
    if (c == '(') called = true;
    if (assigned && c == '[') lambda = true;
    if (c == '(' || c == '<') ++depth;
    if (c == ')' || (c == '>' && before != '-')) --depth;
    const char after = i + 1 < head.size() ? head[i + 1] : ' ';
    constexpr std::string_view kOperators = "=<>!+-*/&|^%";
    if (c == '=' && depth == 0 && after != '=' && kOperators.find(before) == std::string_view::npos &&
        word_before(head, i) != "operator") {
      assigned = true;
    }
    if (depth == 0 && !is_identifier(after) && is_identifier(c) && !called &&
        std::ranges::find(kScopes, word_before(head, i + 1)) != kScopes.end()) {
      return BlockKind::kScope;
    }
  }
  if (head.starts_with("extern") && !called) return BlockKind::kScope;
  if (assigned && !lambda) return BlockKind::kOther;
  return called ? BlockKind::kFunction : BlockKind::kOther;
}

/// The '{' of a lambda whose capture list ends at `close`, or npos when those brackets are no lambda.
std::size_t lambda_body(std::string_view code, std::size_t close) {
  std::size_t at = skip_spaces(code, close + 1);
  if (at < code.size() && code[at] == '<') {
    at = matching(code, at);
    if (at == std::string_view::npos) return at;
    at = skip_spaces(code, at + 1);
  }
  if (at < code.size() && code[at] == '(') {
    at = matching(code, at);
    if (at == std::string_view::npos) return at;
    at = skip_spaces(code, at + 1);
  } else if (at >= code.size() || (code[at] != '{' && !code.substr(at).starts_with("mutable"))) {
    return std::string_view::npos;
  }
  for (; at < code.size(); ++at) {
    if (code[at] == '{') return at;
    if (code[at] == '(') at = matching(code, at);  // noexcept(...), requires(...)
    if (at == std::string_view::npos || code[at] == ';' || code[at] == ')') return std::string_view::npos;
  }
  return std::string_view::npos;
}

bool begins_lambda(std::string_view code, std::size_t bracket) {
  if (bracket + 1 < code.size() && code[bracket + 1] == '[') return false;  // an attribute
  std::size_t end = bracket;
  while (end > 0 && is_space(code[end - 1])) --end;
  if (end == 0) return true;
  const char before = code[end - 1];
  if (before == ')' || before == ']' || before == '[') return false;
  if (!is_identifier(before)) return true;
  const std::string_view word = word_before(code, end);
  return word == "return" || word == "co_return" || word == "co_await" || word == "co_yield";
}

}  // namespace

std::string code_only(std::string_view text) {
  std::string code(text);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::string_view rest = text.substr(i);
    if (rest.starts_with("//")) {
      const std::size_t end = std::min(text.find('\n', i), text.size());
      blank(code, i, end);
      i = end;
    } else if (rest.starts_with("/*")) {
      const std::size_t close = text.find("*/", i + 2);
      const std::size_t end = close == std::string_view::npos ? text.size() : close + 2;
      blank(code, i, end);
      i = end - 1;
    } else if (text[i] == '"') {
      const bool raw = word_before(text, i).ends_with('R');
      const std::size_t end = raw ? end_of_raw(text, i) : end_of_quoted(text, i);
      blank(code, i + 1, end, raw ? kRawText : ' ');
      i = end;
    } else if (text[i] == '\'') {
      const std::string_view word = word_before(text, i);
      if (!word.empty() && std::isdigit(static_cast<unsigned char>(word.front())) != 0) continue;  // 1'000
      const std::size_t end = end_of_quoted(text, i);
      blank(code, i + 1, end);
      i = end;
    }
  }
  return code;
}

std::vector<Include> find_includes(std::string_view text, std::string_view code) {
  std::vector<Include> includes;
  const std::vector<std::string_view> raw = lines_of(text);
  const std::vector<std::string_view> lines = lines_of(code);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    std::string_view line = trimmed(lines[i]);
    if (!line.starts_with('#')) continue;
    line = trimmed(line.substr(1));
    if (!line.starts_with("include")) continue;
    const std::size_t open = raw[i].find_first_of("\"<");
    const std::size_t close = raw[i].find_first_of("\">", open + 1);
    if (open == std::string_view::npos || close == std::string_view::npos) continue;
    includes.push_back({std::string(raw[i].substr(open + 1, close - open - 1)), i + 1});
  }
  return includes;
}

std::vector<FunctionExtent> find_functions(std::string_view code_with_directives) {
  const std::string code = without_directives(code_with_directives);
  std::vector<FunctionExtent> functions;
  std::size_t head = 0;   // where the current declaration begins
  std::size_t depth = 0;  // braces open inside the current function or initializer; 0 at namespace and class scope
  BlockKind kind = BlockKind::kOther;
  for (std::size_t i = 0; i < code.size(); ++i) {
    const char c = code[i];
    if (depth > 0) {
      if (c == '{') ++depth;
      if (c != '}' || --depth > 0) continue;
      const std::size_t next = skip_spaces(code, i + 1);
      const bool goes_on = next < code.size() && (code[next] == ',' || code[next] == '{');
      if (goes_on && kind == BlockKind::kFunction) continue;  // Name() : member_{1}, other_{2} { body }
      if (kind == BlockKind::kFunction) {
        const std::size_t begin = skip_spaces(code, head);
        std::string text;
        std::ranges::unique_copy(code.substr(begin, code.find('{', begin) - begin), std::back_inserter(text),
                                 [](char left, char right) { return is_space(left) && is_space(right); });
        std::ranges::replace(text, '\n', ' ');
        functions.push_back({std::string(trimmed(text)), line_at(code, begin), line_at(code, i)});
      }
      head = i + 1;
    } else if (c == ';' || c == '}') {
      head = i + 1;
    } else if (c == '{') {
      kind = classify(std::string_view(code).substr(head, i - head));
      if (kind == BlockKind::kScope) {
        head = i + 1;
      } else {
        depth = 1;
      }
    }
  }
  return functions;
}

std::vector<Lambda> find_lambdas(std::string_view code) {
  std::vector<Lambda> lambdas;
  for (std::size_t i = 0; i < code.size(); ++i) {
    if (code[i] != '[' || !begins_lambda(code, i)) continue;
    const std::size_t close = matching(code, i);
    if (close == std::string_view::npos) continue;
    const std::size_t body = lambda_body(code, close);
    const std::size_t end = body == std::string_view::npos ? body : matching(code, body);
    if (end == std::string_view::npos) continue;
    lambdas.push_back({std::string(trimmed(code.substr(i + 1, close - i - 1))), i, body, end, false});
  }
  for (Lambda& lambda : lambdas) {
    std::string own(code.substr(lambda.body_begin, lambda.body_end - lambda.body_begin));
    for (const Lambda& inner : lambdas) {
      if (inner.begin > lambda.body_begin && inner.body_end < lambda.body_end) {
        blank(own, inner.begin - lambda.body_begin, inner.body_end - lambda.body_begin + 1);
      }
    }
    for (const std::string_view word : {"co_await", "co_return", "co_yield"}) {
      lambda.is_coroutine = lambda.is_coroutine || !find_word(own, word).empty();
    }
  }
  return lambdas;
}

std::vector<std::size_t> find_word(std::string_view code, std::string_view word) {
  std::vector<std::size_t> places;
  for (std::size_t at = code.find(word); at != std::string_view::npos; at = code.find(word, at + 1)) {
    const bool starts = at == 0 || !is_identifier(code[at - 1]);
    const std::size_t end = at + word.size();
    if (starts && (end == code.size() || !is_identifier(code[end]))) places.push_back(at);
  }
  return places;
}

}  // namespace reeve::house
