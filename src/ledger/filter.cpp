#include <algorithm>
#include <array>

#include "core/bytes.h"
#include "core/json.h"
#include "ledger/entry_json.h"
#include "ledger/filter_nodes.h"

namespace reeve::ledger {

namespace {

using namespace filter;  // NOLINT: the parts of this file's own subject

constexpr std::size_t kConditionBytesMax = 16'384;
constexpr std::size_t kDepthMax = 64;

// CEL's reserved words cannot be names.
constexpr std::array<std::string_view, 20> kReserved{
    "true", "false",    "null", "in",     "as",   "break",   "const",     "continue", "else", "for",
    "if",   "function", "let",  "import", "loop", "package", "namespace", "return",   "var",  "void"};

struct OperationName {
  std::string_view text;
  Operation operation;
};
// Longer ones first: the first that fits is taken.
constexpr std::array<OperationName, 6> kRelations{{{"==", Operation::kEqual},
                                                   {"!=", Operation::kNotEqual},
                                                   {"<=", Operation::kLessOrEqual},
                                                   {">=", Operation::kGreaterOrEqual},
                                                   {"<", Operation::kLess},
                                                   {">", Operation::kGreater}}};
constexpr std::array<OperationName, 3> kMethods{
    {{"contains", Operation::kContains}, {"startsWith", Operation::kStartsWith}, {"endsWith", Operation::kEndsWith}}};

bool is_name_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Recursive descent. After the first error every step fails, and the error stays.
class Compiler {
 public:
  explicit Compiler(std::string_view text) : text_(text) {}

  Result<std::vector<Node>> compile() {
    if (text_.size() > kConditionBytesMax) return Error{ErrorCode::kTooLarge, "the condition is longer than 16 KiB"};
    disjunction();
    skip_spaces();
    if (!error_ && at_ < text_.size()) fail("expected && or || or the end");
    if (error_) return *std::move(error_);
    return std::move(nodes_);
  }

 private:
  void fail(std::string_view what) { fail_at(at_, what); }
  void fail_at(std::size_t at, std::string_view what) {
    if (error_) return;
    error_ = Error{ErrorCode::kInvalid, "column " + std::to_string(at + 1) + ": " + std::string(what)};
  }

  void skip_spaces() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos) ++at_;
  }
  bool take(std::string_view token) {
    skip_spaces();
    if (error_ || !text_.substr(at_).starts_with(token)) return false;
    at_ += token.size();
    return true;
  }
  void expect(std::string_view token) {
    if (!take(token)) fail("expected " + std::string(token));
  }
  std::string_view peek_name() {
    skip_spaces();
    std::size_t end = at_;
    while (end < text_.size() && (is_name_start(text_[end]) || (end > at_ && is_digit(text_[end])))) ++end;
    return text_.substr(at_, end - at_);
  }
  bool take_name(std::string_view name) {
    if (error_ || peek_name() != name) return false;
    at_ += name.size();
    return true;
  }

  std::size_t add(Node node) {
    nodes_.push_back(std::move(node));
    return nodes_.size() - 1;
  }

  std::size_t disjunction() {
    std::size_t left = conjunction();
    while (take("||")) left = add({.operation = Operation::kOr, .first = left, .second = conjunction()});
    return left;
  }
  std::size_t conjunction() {
    std::size_t left = condition();
    while (take("&&")) left = add({.operation = Operation::kAnd, .first = left, .second = condition()});
    return left;
  }

  std::size_t condition(bool negated = false) {
    if (++depth_ > kDepthMax) fail("nested too deeply");
    std::size_t result = 0;
    if (error_) {
    } else if (take("(")) {
      result = disjunction();
      expect(")");
    } else if (skip_spaces(), text_.substr(at_).starts_with("!") && !text_.substr(at_).starts_with("!=")) {
      ++at_;
      result = condition(true);
      result = add({.operation = Operation::kNot, .first = result});
    } else if (take_name("has")) {
      expect("(");
      Node node{.operation = Operation::kHas, .left = path()};
      expect(")");
      result = add(std::move(node));
    } else {
      result = relation(negated);
    }
    --depth_;
    return result;
  }

  std::size_t relation(bool negated) {
    const std::size_t begin = at_;
    Node node{.left = operand()};
    if (const auto method = take_method()) {
      node.operation = *method;
      expect("(");
      Operand text = operand();
      if (!error_ && !is_text(text)) fail("expected a text");
      node.right = std::move(text);
      expect(")");
      return add(std::move(node));
    }
    skip_spaces();
    const std::size_t relation_at = at_;
    if (const auto relation = take_relation()) {
      // In CEL ! binds to the left side alone, which cannot be meant.
      if (negated) fail_at(relation_at, "put the comparison after ! in parentheses");
      node.operation = *relation;
      node.right = operand();
      if (*relation == Operation::kIn) check_in(node, relation_at);
      return add(std::move(node));
    }
    const auto* value = std::get_if<Value>(&node.left);
    if (value != nullptr && !std::holds_alternative<bool>(*value)) fail_at(begin, "expected a condition, not a value");
    node.operation = Operation::kTruth;
    return add(std::move(node));
  }

  static bool is_text(const Operand& operand) {
    const auto* value = std::get_if<Value>(&operand);
    return value != nullptr && std::holds_alternative<std::string>(*value);
  }
  void check_in(const Node& node, std::size_t at) {
    if (std::holds_alternative<Value>(node.right)) fail_at(at, "expected a list or a member after in");
  }

  std::optional<Operation> take_relation() {
    for (const OperationName& relation : kRelations) {
      if (take(relation.text)) return relation.operation;
    }
    if (take_name("in")) return Operation::kIn;
    return std::nullopt;
  }

  /// After a path that ended in ".contains" and the like; path() stops before it.
  std::optional<Operation> take_method() {
    const std::size_t begin = at_;
    if (take(".")) {
      for (const OperationName& method : kMethods) {
        if (take_name(method.text)) return method.operation;
      }
      at_ = begin;
    }
    return std::nullopt;
  }

  Operand operand() {
    skip_spaces();
    if (at_ >= text_.size()) {
      fail("expected a member or a value");
      return Path{};
    }
    const char c = text_[at_];
    if (c == '[') return list();
    if (c == '"' || c == '\'' || is_digit(c) || c == '-' || peek_name() == "true" || peek_name() == "false") {
      return value();
    }
    return path();
  }

  Path path() {
    skip_spaces();
    const std::size_t begin = at_;
    Path result;
    do {
      const std::string_view name = peek_name();
      if (name.empty() || std::find(kReserved.begin(), kReserved.end(), name) != kReserved.end()) {
        fail("expected the name of a member");
        return result;
      }
      if (result.dotted.empty() && !is_entry_member(name)) {
        fail_at(begin, "an entry has no member '" + std::string(name) + "'; it has " + entry_member_names());
      }
      if (!result.dotted.empty()) result.dotted += '.';
      result.dotted += name;
      at_ += name.size();
    } while (!error_ && !method_follows() && take("."));
    return result;
  }
  bool method_follows() {
    const std::size_t begin = at_;
    const bool method = take_method().has_value() && (skip_spaces(), text_.substr(at_).starts_with("("));
    at_ = begin;
    return method;
  }

  Operand list() {
    std::vector<Value> values;
    expect("[");
    if (take("]")) return values;
    do {
      values.push_back(value());
    } while (take(","));
    expect("]");
    return values;
  }

  Value value() {
    skip_spaces();
    if (take_name("true")) return true;
    if (take_name("false")) return false;
    if (at_ < text_.size() && (text_[at_] == '"' || text_[at_] == '\'')) return text();
    const std::size_t begin = at_;
    if (at_ < text_.size() && text_[at_] == '-') ++at_;
    while (at_ < text_.size() && is_digit(text_[at_])) ++at_;
    const auto number = parse_int(text_.substr(begin, at_ - begin));
    const bool goes_on = at_ < text_.size() && (is_name_start(text_[at_]) || text_[at_] == '.');
    if (!number || goes_on) {
      fail_at(begin, "expected a text in quotes, an integer, true or false");
      return false;
    }
    return *number;
  }

  std::string text() {
    const std::size_t begin = at_;
    const char quote = text_[at_++];
    std::string result;
    while (at_ < text_.size() && text_[at_] != quote && text_[at_] != '\n') {
      char c = text_[at_++];
      if (c == '\\') {
        constexpr std::string_view kEscapes = "\\\"'nrt";
        constexpr std::string_view kMeanings = "\\\"'\n\r\t";
        const std::size_t escape = at_ < text_.size() ? kEscapes.find(text_[at_]) : std::string_view::npos;
        if (escape == std::string_view::npos) {
          fail("expected one of \\ \" ' n r t after the backslash");
          return result;
        }
        c = kMeanings[escape];
        ++at_;
      }
      result += c;
    }
    if (at_ >= text_.size() || text_[at_] != quote) fail_at(begin, "this text does not end");
    ++at_;
    return result;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0;
  std::vector<Node> nodes_;
  std::optional<Error> error_;
};

// ---- Evaluation

/// A member as a value; nothing when it is absent or neither text, integer nor boolean.
std::optional<Value> to_value(JsonValue member) {
  if (const auto text = member.as_string()) return Value(std::string(*text));
  if (const auto flag = member.as_bool()) return Value(*flag);
  if (const auto number = member.as_int()) return Value(*number);
  return std::nullopt;
}

std::optional<Value> resolve(const Operand& operand, JsonValue entry) {
  if (const auto* path = std::get_if<Path>(&operand)) return to_value(entry.at(path->dotted));
  if (const auto* value = std::get_if<Value>(&operand)) return *value;
  return std::nullopt;
}

bool compare(Operation operation, const Value& left, const Value& right) {
  // As in CEL, values of different types are different and have no order.
  if (operation == Operation::kEqual) return left == right;
  if (operation == Operation::kNotEqual) return left != right;
  if (left.index() != right.index()) return false;
  switch (operation) {
    case Operation::kLess: return left < right;
    case Operation::kLessOrEqual: return left <= right;
    case Operation::kGreater: return left > right;
    default: return left >= right;
  }
}

bool is_in(const Value& value, const Operand& where, JsonValue entry) {
  if (const auto* values = std::get_if<std::vector<Value>>(&where)) {
    return std::find(values->begin(), values->end(), value) != values->end();
  }
  const auto items = entry.at(std::get<Path>(where).dotted).items();
  return std::any_of(items.begin(), items.end(), [&](JsonValue item) { return to_value(item) == value; });
}

bool holds_for_texts(Operation operation, std::string_view text, std::string_view part) {
  switch (operation) {
    case Operation::kContains: return text.find(part) != std::string_view::npos;
    case Operation::kStartsWith: return text.starts_with(part);
    default: return text.ends_with(part);
  }
}

bool holds(const std::vector<Node>& nodes, std::size_t number, JsonValue entry) {
  const Node& node = nodes[number];
  switch (node.operation) {
    case Operation::kOr: return holds(nodes, node.first, entry) || holds(nodes, node.second, entry);
    case Operation::kAnd: return holds(nodes, node.first, entry) && holds(nodes, node.second, entry);
    case Operation::kNot: return !holds(nodes, node.first, entry);
    case Operation::kHas: return entry.at(std::get<Path>(node.left).dotted).present();
    case Operation::kTruth: return resolve(node.left, entry) == Value(true);
    default: break;
  }
  const auto left = resolve(node.left, entry);
  if (!left) return false;
  if (node.operation == Operation::kIn) return is_in(*left, node.right, entry);
  const auto right = resolve(node.right, entry);
  if (!right) return false;
  switch (node.operation) {
    case Operation::kContains:
    case Operation::kStartsWith:
    case Operation::kEndsWith: {
      const auto* text = std::get_if<std::string>(&*left);
      return text != nullptr && holds_for_texts(node.operation, *text, std::get<std::string>(*right));
    }
    default: return compare(node.operation, *left, *right);
  }
}

}  // namespace

Result<EntryFilter> EntryFilter::compile(std::string_view condition) {
  auto nodes = Compiler(condition).compile();
  if (!nodes) return std::move(nodes).error();
  return EntryFilter(std::make_shared<const Program>(Program{*std::move(nodes)}));
}

bool EntryFilter::matches(std::string_view entry) const {
  const auto document = JsonDocument::parse(entry);
  return document && matches(document->root());
}

bool EntryFilter::matches(const JsonValue& entry) const {
  return holds(program_->nodes, program_->nodes.size() - 1, entry);
}

}  // namespace reeve::ledger
