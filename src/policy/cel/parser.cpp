// Recursive descent for what nests, loops for what repeats. Source of the grammar: the Common Expression Language
// specification, "Syntax". The first thing that is no grammar ends the parse, so that no fault follows from another.

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "core/bytes.h"
#include "policy/cel/ast.h"
#include "policy/cel/lexer.h"
#include "policy/cel/literal.h"
#include "policy/cel/macro.h"

namespace reeve::policy::cel {
namespace {

struct Operator {
  std::string_view symbol;
  std::string_view function;
};
constexpr std::array<Operator, 7> kRelations = {
    {{"==", "_==_"}, {"!=", "_!=_"}, {"<", "_<_"}, {"<=", "_<=_"}, {">", "_>_"}, {">=", "_>=_"}, {"in", "@in"}}};
constexpr std::array<Operator, 2> kSums = {{{"+", "_+_"}, {"-", "_-_"}}};
constexpr std::array<Operator, 3> kProducts = {{{"*", "_*_"}, {"/", "_/_"}, {"%", "_%_"}}};
/// From what binds loosest to what binds tightest.
constexpr std::array<std::span<const Operator>, 3> kLevels = {kRelations, kSums, kProducts};

constexpr std::string_view kNoMessages =
    "messages (Type{field: value}) are not supported; a map is written {\"field\": value}";
constexpr std::string_view kNoOptionals =
    "optional values (a.?b, a[?b], {?k: v}) are not supported; test with has(a.b)";
constexpr std::string_view kTooDeep = "the expression nests too deep; split it, or use fewer parentheses";

class Parser {
 public:
  Parser(Ast& ast, std::vector<Fault>& faults, const ParseLimits& limits)
      : ast_(ast), faults_(faults), limits_(limits), lexer_(ast.source, faults) {
    advance();
  }

  /// Null after a fault.
  Node* run() {
    Node* root = expression();
    if (root != nullptr && token_.kind != TokenKind::kEnd) root = unexpected("an operator or the end");
    return faults_.empty() ? root : nullptr;
  }

 private:
  Node* expression();
  Node* chain(std::string_view symbol, std::string_view function);
  Node* balanced(std::span<Node* const> terms, std::string_view function, std::uint32_t at);
  Node* binary(std::size_t level);
  Node* unary();
  Node* member(bool negative, std::uint32_t offset);
  Node* selected(Node* target, std::uint32_t offset);
  Node* indexed(Node* target, std::uint32_t offset);
  Node* primary();
  Node* named(bool leading_dot, std::uint32_t offset);
  Node* call(Node* target, std::string name, std::uint32_t offset, std::uint32_t at);
  Node* list();
  Node* map();
  Node* text();
  Node* number(bool negative, std::uint32_t offset);
  bool arguments(std::string_view closing, bool trailing_comma, std::vector<Node*>& into);

  void advance() {
    last_end_ = token_.end;
    token_ = lexer_.next();
  }
  bool accept(std::string_view symbol) {
    if (!token_.is(symbol)) return false;
    advance();
    return true;
  }
  bool expect(std::string_view symbol) {
    if (accept(symbol)) return true;
    unexpected("'" + std::string(symbol) + "'");
    return false;
  }
  Node* complain(std::uint32_t offset, std::string_view message) {
    faults_.push_back({offset, std::string(message)});
    return nullptr;
  }
  Node* unexpected(std::string_view wanted);
  Node* finish(Node* node);
  Node* operation(std::string_view function, std::vector<Node*> operands, std::uint32_t offset, std::uint32_t at);

  Ast& ast_;
  std::vector<Fault>& faults_;
  const ParseLimits& limits_;
  Lexer lexer_;
  Token token_;
  std::uint32_t last_end_ = 0;
  std::size_t nesting_ = 0;
};

/// What was met in place of what was wanted. A bad token has its own fault.
Node* Parser::unexpected(std::string_view wanted) {
  if (token_.kind == TokenKind::kBad) return nullptr;
  if (token_.is(".?") || token_.is("[?")) return complain(token_.offset, kNoOptionals);
  std::string message = token_.kind == TokenKind::kEnd
                            ? "the expression ends too early"
                            : "'" + std::string(token_.text.substr(0, 40)) + "' does not fit here";
  if (token_.text.size() > 40) message = "this does not fit here";
  return complain(token_.offset, message + "; expected is " + std::string(wanted));
}

/// A node with its operands in place: counts it and its height.
Node* Parser::finish(Node* node) {
  if (node == nullptr) return nullptr;
  for (const Node* operand : node->operands) node->height = std::max(node->height, operand->height + 1);
  if (node->height > limits_.depth_max) return complain(node->at, kTooDeep);
  if (ast_.nodes.size() > limits_.nodes_max) return complain(node->at, "the expression has too many parts");
  return node;
}

Node* Parser::operation(std::string_view function, std::vector<Node*> operands, std::uint32_t offset,
                        std::uint32_t at) {
  Node* node = ast_.make(NodeKind::kCall, offset, last_end_);
  node->at = at;
  node->name = function;
  node->operands = std::move(operands);
  return finish(node);
}

Node* Parser::expression() {
  if (++nesting_ > limits_.depth_max) return complain(token_.offset, kTooDeep);
  const std::uint32_t offset = token_.offset;
  Node* result = chain("||", "_||_");
  if (result != nullptr && token_.is("?")) {
    const std::uint32_t at = token_.offset;
    advance();
    Node* yes = chain("||", "_||_");
    Node* no = yes != nullptr && expect(":") ? expression() : nullptr;
    result = no == nullptr ? nullptr : operation("_?_:_", {result, yes, no}, offset, at);
  }
  --nesting_;
  return result;
}

/// Adds a term, or the terms of a chain of the same operator that stood in parentheses.
void gather(Node* term, std::string_view function, std::vector<Node*>& terms) {
  if (term->kind != NodeKind::kCall || term->name != function) return terms.push_back(term);
  for (Node* operand : term->operands) gather(operand, function, terms);
}

Node* Parser::chain(std::string_view symbol, std::string_view function) {
  const auto tighter = [&] { return symbol == "||" ? chain("&&", "_&&_") : binary(0); };
  const std::uint32_t offset = token_.offset;
  Node* first = tighter();
  if (first == nullptr || !token_.is(symbol)) return first;
  const std::uint32_t at = token_.offset;
  std::vector<Node*> terms;
  gather(first, function, terms);
  while (accept(symbol)) {
    Node* next = tighter();
    if (next == nullptr) return nullptr;
    gather(next, function, terms);
  }
  Node* result = balanced(terms, function, at);
  if (result != nullptr) {
    result->offset = offset;
    result->end = last_end_;
  }
  return result;
}

Node* Parser::balanced(std::span<Node* const> terms, std::string_view function, std::uint32_t at) {
  if (terms.size() == 1) return terms[0];
  const std::size_t half = terms.size() / 2;
  Node* left = balanced(terms.first(half), function, at);
  Node* right = balanced(terms.subspan(half), function, at);
  if (left == nullptr || right == nullptr) return nullptr;
  Node* node = operation(function, {left, right}, left->offset, at);
  if (node != nullptr) node->end = right->end;
  return node;
}

Node* Parser::binary(std::size_t level) {
  if (level == kLevels.size()) return unary();
  const std::uint32_t offset = token_.offset;
  Node* left = binary(level + 1);
  while (left != nullptr) {
    const auto found = std::ranges::find_if(kLevels[level], [this](const Operator& o) { return token_.is(o.symbol); });
    if (found == kLevels[level].end()) break;
    const std::uint32_t at = token_.offset;
    advance();
    Node* right = binary(level + 1);
    left = right == nullptr ? nullptr : operation(found->function, {left, right}, offset, at);
  }
  return left;
}

/// A minus right before a number belongs to the number.
Node* Parser::unary() {
  std::vector<Token> operators;
  while (token_.is("!") || token_.is("-")) {
    operators.push_back(token_);
    advance();
    if (operators.size() > limits_.depth_max) return complain(token_.offset, kTooDeep);
  }
  const bool is_number =
      token_.kind == TokenKind::kInt || token_.kind == TokenKind::kUint || token_.kind == TokenKind::kDouble;
  const bool negative = is_number && !operators.empty() && operators.back().is("-");
  const std::uint32_t offset = negative ? operators.back().offset : token_.offset;
  if (negative) operators.pop_back();
  Node* node = member(negative, offset);
  for (auto i = operators.rbegin(); i != operators.rend() && node != nullptr; ++i) {
    node = operation(i->is("!") ? "!_" : "-_", {node}, i->offset, i->offset);
  }
  return node;
}

Node* Parser::member(bool negative, std::uint32_t offset) {
  const bool is_name = token_.kind == TokenKind::kName || token_.is(".");
  Node* node = negative ? number(true, offset) : primary();
  bool could_be_type = is_name;
  while (node != nullptr) {
    if (token_.is(".")) {
      node = selected(node, offset);
      could_be_type = could_be_type && node != nullptr && node->kind == NodeKind::kSelect;
    } else if (token_.is("[")) {
      node = indexed(node, offset);
      could_be_type = false;
    } else if (token_.is("{") && could_be_type && (node->kind == NodeKind::kName || node->kind == NodeKind::kSelect)) {
      return complain(token_.offset, kNoMessages);
    } else if (token_.is(".?") || token_.is("[?")) {
      return complain(token_.offset, kNoOptionals);
    } else {
      break;
    }
  }
  return node;
}

Node* Parser::selected(Node* target, std::uint32_t offset) {
  advance();
  const Token name = token_;
  if (name.kind != TokenKind::kName && name.kind != TokenKind::kQuoted) {
    if (name.kind == TokenKind::kKeyword) {
      return complain(name.offset, "'" + std::string(name.text) + "' is a word of the language; as a field write `" +
                                       std::string(name.text) + "`");
    }
    return unexpected("a field's name");
  }
  advance();
  if (name.kind == TokenKind::kName && token_.is("(")) return call(target, std::string(name.text), offset, name.offset);
  Node* node = ast_.make(NodeKind::kSelect, offset, last_end_);
  node->at = name.offset;
  node->name = name.kind == TokenKind::kQuoted ? name.text.substr(1, name.text.size() - 2) : name.text;
  node->operands = {target};
  return finish(node);
}

Node* Parser::indexed(Node* target, std::uint32_t offset) {
  const std::uint32_t at = token_.offset;
  advance();
  Node* index = expression();
  if (index == nullptr || !expect("]")) return nullptr;
  return operation("_[_]", {target, index}, offset, at);
}

Node* Parser::primary() {
  const std::uint32_t offset = token_.offset;
  switch (token_.kind) {
    case TokenKind::kInt:
    case TokenKind::kUint:
    case TokenKind::kDouble: return number(false, offset);
    case TokenKind::kString:
    case TokenKind::kBytes: return text();
    case TokenKind::kName: return named(false, offset);
    case TokenKind::kKeyword: {
      if (token_.text == "in") return unexpected("a value");
      Node* node = ast_.make(NodeKind::kConstant, offset, token_.end);
      if (token_.text != "null") node->value = Value::of_bool(token_.text == "true");
      advance();
      return finish(node);
    }
    case TokenKind::kQuoted:
      return complain(offset, "only fields are written between ` and `, as in headers.`content-type`");
    default: break;
  }
  if (accept("(")) {
    Node* inside = expression();
    return inside != nullptr && expect(")") ? inside : nullptr;
  }
  if (token_.is("[")) return list();
  if (token_.is("{")) return map();
  if (accept(".")) return named(true, offset);
  return unexpected("a value");
}

Node* Parser::named(bool leading_dot, std::uint32_t offset) {
  if (token_.kind != TokenKind::kName) return unexpected("a name");
  if (is_reserved(token_.text)) {
    return complain(token_.offset, "'" + std::string(token_.text) + "' is a reserved word and cannot be a name");
  }
  const std::uint32_t at = token_.offset;
  std::string name = (leading_dot ? "." : "") + std::string(token_.text);
  advance();
  if (token_.is("(")) return call(nullptr, std::move(name), offset, at);
  Node* node = ast_.make(NodeKind::kName, offset, last_end_);
  node->at = at;
  node->name = std::move(name);
  return finish(node);
}

Node* Parser::call(Node* target, std::string name, std::uint32_t offset, std::uint32_t at) {
  WrittenCall written{.target = target, .name = name, .arguments = {}, .offset = offset, .end = 0, .at = at};
  advance();
  if (!arguments(")", false, written.arguments)) return nullptr;
  written.end = last_end_;
  const std::size_t faults_before = faults_.size();
  if (Node* macro = recognise_macro(ast_, written, faults_)) return finish(macro);
  if (faults_.size() != faults_before) return nullptr;
  Node* node = ast_.make(NodeKind::kCall, offset, last_end_);
  node->at = at;
  node->member = target != nullptr;
  if (target != nullptr) node->operands.push_back(target);
  node->operands.insert(node->operands.end(), written.arguments.begin(), written.arguments.end());
  node->name = std::move(name);
  return finish(node);
}

/// Up to and with the closing symbol.
bool Parser::arguments(std::string_view closing, bool trailing_comma, std::vector<Node*>& into) {
  if (accept(closing)) return true;
  if (trailing_comma && accept(",")) return expect(closing);  // [,] is an empty list
  while (true) {
    if (token_.is("?")) complain(token_.offset, kNoOptionals);
    Node* argument = token_.is("?") ? nullptr : expression();
    if (argument == nullptr) return false;
    into.push_back(argument);
    if (accept(closing)) return true;
    if (!accept(",")) {
      unexpected("',' or '" + std::string(closing) + "'");
      return false;
    }
    if (trailing_comma && accept(closing)) return true;
  }
}

Node* Parser::list() {
  const std::uint32_t offset = token_.offset;
  advance();
  std::vector<Node*> elements;
  if (!arguments("]", true, elements)) return nullptr;
  Node* node = ast_.make(NodeKind::kList, offset, last_end_);
  node->operands = std::move(elements);
  return finish(node);
}

Node* Parser::map() {
  const std::uint32_t offset = token_.offset;
  advance();
  std::vector<Node*> entries;
  if (accept(",")) {
    if (!expect("}")) return nullptr;
  } else {
    while (!accept("}")) {
      if (token_.is("?")) return complain(token_.offset, kNoOptionals);
      Node* key = expression();
      if (key == nullptr || !expect(":")) return nullptr;
      Node* value = expression();
      if (value == nullptr) return nullptr;
      entries.push_back(key);
      entries.push_back(value);
      if (token_.is("}")) continue;
      if (!token_.is(",")) return unexpected("',' or '}'");
      advance();
    }
  }
  Node* node = ast_.make(NodeKind::kMap, offset, last_end_);
  node->operands = std::move(entries);
  return finish(node);
}

Node* Parser::text() {
  auto decoded = text_of_literal(token_);
  if (auto* fault = std::get_if<Fault>(&decoded)) return complain(fault->offset, fault->message);
  Node* node = ast_.make(NodeKind::kConstant, token_.offset, token_.end);
  const std::string_view kept = ast_.keep(std::get<std::string>(std::move(decoded)));
  node->value = token_.kind == TokenKind::kBytes ? Value::of_bytes(kept) : Value::of_string(kept);
  advance();
  return finish(node);
}

Node* Parser::number(bool negative, std::uint32_t offset) {
  auto decoded = number_of_literal(token_, negative);
  if (auto* fault = std::get_if<Fault>(&decoded)) return complain(offset, fault->message);
  Node* node = ast_.make(NodeKind::kConstant, offset, token_.end);
  node->value = std::get<Value>(decoded);
  advance();
  return finish(node);
}

}  // namespace

std::unique_ptr<Ast> parse(std::string_view source, std::vector<Fault>& faults, const ParseLimits& limits) {
  std::vector<Fault> found;
  auto ast = std::make_unique<Ast>();
  if (source.size() > limits.source_bytes_max) {
    found.push_back({0, "the expression is longer than " + std::to_string(limits.source_bytes_max) + " bytes"});
  } else if (!is_utf8(source)) {
    found.push_back({0, "the expression is not UTF-8 text"});
  } else {
    ast->source = source;
    ast->root = Parser(*ast, found, limits).run();
  }
  faults.insert(faults.end(), found.begin(), found.end());
  return ast->root == nullptr ? nullptr : std::move(ast);
}

}  // namespace reeve::policy::cel
