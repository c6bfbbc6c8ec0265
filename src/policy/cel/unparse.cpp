#include <array>
#include <span>
#include <utility>

#include "policy/cel/ast.h"
#include "policy/cel/lexer.h"
#include "policy/cel/literal.h"
#include "policy/cel/macro.h"

namespace reeve::policy::cel {
namespace {

/// How tight each form binds; what binds looser than its place allows goes into parentheses.
enum Binding { kTernary, kOr, kAnd, kRelation, kSum, kProduct, kUnary, kMember };

struct Infix {
  std::string_view function;
  std::string_view symbol;
  Binding binding;
  Binding right;  // what may stand at the right without parentheses
};
constexpr std::array<Infix, 14> kInfixes = {{
    {"_||_", "||", kOr, kOr},
    {"_&&_", "&&", kAnd, kAnd},
    {"_==_", "==", kRelation, kSum},
    {"_!=_", "!=", kRelation, kSum},
    {"_<_", "<", kRelation, kSum},
    {"_<=_", "<=", kRelation, kSum},
    {"_>_", ">", kRelation, kSum},
    {"_>=_", ">=", kRelation, kSum},
    {"@in", "in", kRelation, kSum},
    {"_+_", "+", kSum, kProduct},
    {"_-_", "-", kSum, kProduct},
    {"_*_", "*", kProduct, kUnary},
    {"_/_", "/", kProduct, kUnary},
    {"_%_", "%", kProduct, kUnary},
}};

class Unparser {
 public:
  void write(const Node& node, Binding place) {
    if (binding_of(node) < place) {
      out_ += '(';
      write_bare(node);
      out_ += ')';
    } else {
      write_bare(node);
    }
  }
  std::string take() { return std::move(out_); }

 private:
  static const Infix* infix_of(const Node& node) {
    for (const Infix& infix : kInfixes) {
      if (node.kind == NodeKind::kCall && node.name == infix.function) return &infix;
    }
    return nullptr;
  }

  static Binding binding_of(const Node& node) {
    if (node.kind != NodeKind::kCall) return kMember;
    if (const Infix* infix = infix_of(node)) return infix->binding;
    if (node.name == "_?_:_") return kTernary;
    return node.name == "!_" || node.name == "-_" ? kUnary : kMember;
  }

  void write_bare(const Node& node) {
    switch (node.kind) {
      case NodeKind::kConstant: return write_value(node.value);
      case NodeKind::kName: out_ += node.name; return;
      case NodeKind::kSelect: return write_field(*node.operands[0], node.name);
      case NodeKind::kHas:
        out_ += "has(";
        write_field(*node.operands[0], node.name);
        out_ += ')';
        return;
      case NodeKind::kCall: return write_call(node);
      case NodeKind::kList: return write_enclosed("[", node.operands, "]");
      case NodeKind::kMap: return write_map(node);
      case NodeKind::kLoop:
        write(*node.operands[0], kMember);
        out_ += '.';
        out_ += macro_name(node.macro, node.variables.size());
        return write_with_variables(node, std::span(node.operands).subspan(1));
      case NodeKind::kBind: out_ += "cel.bind"; return write_with_variables(node, node.operands);
    }
  }

  void write_field(const Node& target, const std::string& name) {
    write(target, kMember);
    const bool is_keyword = name == "true" || name == "false" || name == "null" || name == "in";
    out_ += '.';
    out_ += is_plain_word(name) && !is_keyword ? name : '`' + name + '`';
  }

  void write_call(const Node& node) {
    if (const Infix* infix = infix_of(node)) {
      write(*node.operands[0], infix->binding);
      out_ += ' ';
      out_ += infix->symbol;
      out_ += ' ';
      return write(*node.operands[1], infix->right);
    }
    if (node.name == "_?_:_") {
      write(*node.operands[0], kOr);
      out_ += " ? ";
      write(*node.operands[1], kOr);
      out_ += " : ";
      return write(*node.operands[2], kTernary);
    }
    if (node.name == "!_") {
      out_ += '!';
      return write(*node.operands[0], kUnary);
    }
    if (node.name == "-_") return write_negation(*node.operands[0]);
    if (node.name == "_[_]") {
      write(*node.operands[0], kMember);
      return write_enclosed("[", std::span(node.operands).subspan(1), "]");
    }
    std::span<Node* const> arguments = node.operands;
    if (node.member) {
      write(*arguments[0], kMember);
      out_ += '.';
      arguments = arguments.subspan(1);
    }
    out_ += node.name;
    write_enclosed("(", arguments, ")");
  }

  /// A minus before a digit would be read as part of the number.
  void write_negation(const Node& operand) {
    out_ += '-';
    const std::size_t begin = out_.size();
    write(operand, kUnary);
    if (out_[begin] < '0' || out_[begin] > '9') return;
    out_.insert(begin, 1, '(');
    out_ += ')';
  }

  void write_enclosed(std::string_view opening, std::span<Node* const> nodes, std::string_view closing) {
    out_ += opening;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      if (i > 0) out_ += ", ";
      write(*nodes[i], kTernary);
    }
    out_ += closing;
  }

  void write_with_variables(const Node& node, std::span<Node* const> rest) {
    out_ += '(';
    for (const std::string& variable : node.variables) out_ += variable + ", ";
    write_enclosed("", rest, ")");
  }

  void write_map(const Node& node) {
    out_ += '{';
    for (std::size_t i = 0; i < node.operands.size(); i += 2) {
      if (i > 0) out_ += ", ";
      write(*node.operands[i], kTernary);
      out_ += ": ";
      write(*node.operands[i + 1], kTernary);
    }
    out_ += '}';
  }

  void write_value(const Value& value) {
    switch (value.kind) {
      case Kind::kNull: out_ += "null"; return;
      case Kind::kBool: out_ += value.boolean ? "true" : "false"; return;
      case Kind::kInt: out_ += std::to_string(value.integer); return;
      case Kind::kUint: out_ += std::to_string(value.unsigned_integer) + 'u'; return;
      case Kind::kDouble: out_ += double_literal(value.real); return;
      case Kind::kString: out_ += string_literal(value.text()); return;
      case Kind::kBytes: out_ += bytes_literal(value.text()); return;
      case Kind::kType: out_ += value.text(); return;
      case Kind::kList:
        out_ += '[';
        for (std::size_t i = 0; i < value.list->size; ++i) {
          if (i > 0) out_ += ", ";
          write_value(value.list->items[i]);
        }
        out_ += ']';
        return;
      case Kind::kMap:
        out_ += '{';
        for (std::size_t i = 0; i < value.map->size; ++i) {
          if (i > 0) out_ += ", ";
          write_value(value.map->entries[i].key);
          out_ += ": ";
          write_value(value.map->entries[i].value);
        }
        out_ += '}';
        return;
      case Kind::kTimestamp:
      case Kind::kDuration: out_ += to_display(value); return;
      case Kind::kError:
      case Kind::kUnknown: out_ += "null"; return;  // never constants
    }
  }

  std::string out_;
};

}  // namespace

std::string to_text(const Node& node) {
  Unparser unparser;
  unparser.write(node, kTernary);
  return unparser.take();
}

}  // namespace reeve::policy::cel
