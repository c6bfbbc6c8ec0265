#include "policy/condition.h"

#include <algorithm>

#include "policy/cel/program.h"

namespace reeve::policy {

namespace {

using cel::Kind;
using cel::Node;
using cel::NodeKind;

bool is_call(const Node& node, std::string_view name) { return node.kind == NodeKind::kCall && node.name == name; }

std::optional<Fact> fact_of(const Node& node) {
  const bool names = node.kind == NodeKind::kName || node.kind == NodeKind::kSelect;
  if (!names || node.slot >= kFacts) return std::nullopt;
  return static_cast<Fact>(node.slot);
}

bool is_text(Fact fact) { return descriptor_of(fact).type == "string"; }
bool is_list_of_texts(Fact fact) { return descriptor_of(fact).type == "list(string)"; }

/// A constant that is not empty: the index takes an absent fact for fitting nothing, and "" is what it reads as.
std::optional<std::string> constant_text(const Node& node) {
  if (node.kind != NodeKind::kConstant || !node.value.is(Kind::kString) || node.value.text().empty())
    return std::nullopt;
  return std::string(node.value.text());
}

std::optional<std::vector<std::string>> constant_texts(const Node& node) {
  std::vector<std::string> texts;
  if (node.kind == NodeKind::kList) {
    for (const Node* item : node.operands) {
      auto text = constant_text(*item);
      if (!text) return std::nullopt;
      texts.push_back(*std::move(text));
    }
  } else if (node.kind == NodeKind::kConstant && node.value.is(Kind::kList)) {
    for (std::size_t i = 0; i < node.value.list->size; ++i) {
      const cel::Value& item = node.value.list->items[i];
      if (!item.is(Kind::kString) || item.text().empty()) return std::nullopt;
      texts.emplace_back(item.text());
    }
  }
  if (texts.empty()) return std::nullopt;
  return texts;
}

std::optional<IndexTerm> equality_term(const Node& node, bool negated) {
  for (const auto& [left, right] : {std::pair(0U, 1U), std::pair(1U, 0U)}) {
    const auto fact = fact_of(*node.operands[left]);
    const auto text = constant_text(*node.operands[right]);
    if (fact && text && is_text(*fact)) return IndexTerm{*fact, {*text}, true, negated};
  }
  return std::nullopt;
}

std::optional<IndexTerm> membership_term(const Node& node) {
  const Node& element = *node.operands[0];
  const Node& range = *node.operands[1];
  if (const auto fact = fact_of(element); fact && is_text(*fact)) {
    if (auto texts = constant_texts(range)) return IndexTerm{*fact, *std::move(texts), true, false};
  }
  if (const auto fact = fact_of(range); fact && is_list_of_texts(*fact)) {
    if (const auto text = constant_text(element)) return IndexTerm{*fact, {*text}, true, false};
  }
  return std::nullopt;
}

std::optional<IndexTerm> prefix_term(const Node& node) {
  if (!node.member || node.operands.size() != 2) return std::nullopt;
  const auto fact = fact_of(*node.operands[0]);
  const auto text = constant_text(*node.operands[1]);
  if (!fact || !text || !is_text(*fact) || text->find('*') != std::string::npos) return std::nullopt;
  return IndexTerm{*fact, {*text + "*"}, false, false};
}

/// a == "x" || a == "y" is one term when every side is about the same fact.
std::optional<IndexTerm> either_term(const Node& node) {
  std::optional<IndexTerm> whole;
  for (const Node* side : node.operands) {
    auto term = index_term(*side);
    if (!term || term->negated) return std::nullopt;
    if (!whole) {
      whole = std::move(term);
    } else if (whole->fact != term->fact || whole->literal != term->literal) {
      return std::nullopt;
    } else {
      whole->patterns.insert(whole->patterns.end(), term->patterns.begin(), term->patterns.end());
    }
  }
  return whole;
}

void collect(const Node& node, std::string_view name, std::vector<const Node*>& parts) {
  if (!is_call(node, name)) {
    parts.push_back(&node);
    return;
  }
  for (const Node* side : node.operands) collect(*side, name, parts);
}

class NoVariables final : public cel::Variables {
 public:
  NoVariables() : cel::Variables(0) {}

 protected:
  cel::Value load(std::uint32_t, cel::Arena&) override { return cel::Value::null(); }
};

/// Parts of a folded tree that fail whatever the facts are, such as timestamp("tomorrow").
void find_failing_parts(const cel::Ast& ast, const Node& node, std::vector<cel::Fault>& faults) {
  const auto is_constant = [](const Node* operand) { return operand->kind == NodeKind::kConstant; };
  for (const Node* operand : node.operands) find_failing_parts(ast, *operand, faults);
  if (node.kind != NodeKind::kCall || !std::all_of(node.operands.begin(), node.operands.end(), is_constant)) return;
  const auto program = cel::Program::compile(ast, node, faults);
  if (program == nullptr) return;
  cel::Arena arena;
  NoVariables variables;
  cel::Frame frame{.arena = arena, .variables = variables, .locals = {}};
  const cel::Value value = program->run(frame);
  if (!value.is_error() || value.error->kind == cel::ErrorKind::kCostExceeded) return;
  faults.push_back(
      {node.offset, in_quotes(cel::to_text(node)) + " always fails: " + std::string(value.error->message)});
}

/// Where a fault is at a name: that this is a fact of other decision points, if it is one.
std::optional<std::string> elsewhere(std::string_view text, std::size_t offset, Point point) {
  const auto is_part = [](char c) { return c == '.' || c == '_' || (c >= 'a' && c <= 'z'); };
  std::size_t end = offset;
  while (end < text.size() && is_part(text[end])) ++end;
  for (std::string_view name = text.substr(std::min(offset, text.size()), end - offset); !name.empty();) {
    const FactDescriptor* fact = find_fact(name);
    if (fact != nullptr && (fact->points & point_bit(point)) == 0) {
      return "the fact " + in_quotes(name) + " is not there on " + std::string(point_name(point));
    }
    const std::size_t dot = name.rfind('.');
    name = dot == std::string_view::npos ? std::string_view() : name.substr(0, dot);
  }
  return std::nullopt;
}

}  // namespace

std::vector<const cel::Node*> conjuncts_of(const cel::Node& node) {
  std::vector<const Node*> parts;
  collect(node, "_&&_", parts);
  return parts;
}

std::vector<const cel::Node*> predicates_of(const cel::Node& node) {
  if (!is_call(node, "_&&_") && !is_call(node, "_||_") && !is_call(node, "!_")) return {&node};
  std::vector<const Node*> leaves;
  for (const Node* side : node.operands) {
    const auto inner = predicates_of(*side);
    leaves.insert(leaves.end(), inner.begin(), inner.end());
  }
  return leaves;
}

std::optional<IndexTerm> index_term(const cel::Node& node) {
  if (is_call(node, "_==_")) return equality_term(node, false);
  if (is_call(node, "_!=_")) return equality_term(node, true);
  if (is_call(node, "@in")) return membership_term(node);
  if (is_call(node, "startsWith")) return prefix_term(node);
  if (is_call(node, "_||_")) return either_term(node);
  if (is_call(node, "!_")) {
    auto inner = index_term(*node.operands[0]);
    if (inner) inner->negated = !inner->negated;
    return inner;
  }
  return std::nullopt;
}

std::unique_ptr<cel::Ast> read_expression(const std::string& text, const YamlValue& source, Point point,
                                          cel::Kind wanted, std::vector<Diagnostic>& complaints) {
  std::vector<cel::Fault> faults;
  auto ast = cel::parse(text, faults);
  if (ast && cel::check(*ast, declarations_of(point), cel::Strictness::kTyped, faults)) {
    const cel::Type& type = ast->root->type;
    if (!type.is_dyn() && !type.is_plain(wanted)) {
      faults.push_back({ast->root->offset,
                        "expected " + std::string(cel::type_name(wanted)) + ", but this is " + cel::type_text(type)});
    }
  }
  if (ast && faults.empty()) {
    cel::fold_constants(*ast);
    find_failing_parts(*ast, *ast->root, faults);
  }
  for (const cel::Fault& fault : faults) {
    // What is missing is missing behind the last word, not on the next line.
    const std::size_t end = text.find_last_not_of(" \r\n") + 1;
    const std::size_t offset = std::min<std::size_t>(fault.offset, end);
    const cel::Position position = cel::position_of(text, static_cast<std::uint32_t>(offset));
    std::string message = elsewhere(text, fault.offset, point).value_or(fault.message);
    if (source.line() == 0) {
      message += " (line " + std::to_string(position.line) + ", column " + std::to_string(position.column) + " of '" +
                 text.substr(0, 60) + "')";
    }
    complaints.push_back(source.complain_at(offset, message));
  }
  if (!faults.empty()) return nullptr;
  return ast;
}

}  // namespace reeve::policy
