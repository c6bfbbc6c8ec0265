#include <cmath>
#include <utility>

#include "policy/cel/ast.h"
#include "policy/cel/program.h"

namespace reeve::policy::cel {
namespace {

/// What folding one part may cost, and folding a whole tree: a constant that takes longer is left to run time, where
/// the rule that has it pays for it.
constexpr std::uint64_t kPartCost = 10'000;
constexpr std::uint64_t kWholeCost = 1'000'000;
/// How many elements a constant may have, all levels together.
constexpr std::size_t kElementsMax = 10'000;

class NoVariables final : public Variables {
 public:
  NoVariables() : Variables(0) {}

 protected:
  Value load(std::uint32_t, Arena&) override { return Value::null(); }
};

class Folder {
 public:
  explicit Folder(Ast& ast) : ast_(ast) {}

  void run() { fold(*ast_.root); }

 private:
  /// How many nodes a part has whose value needs no facts, 0 for any other part. `bound` is the first place in the
  /// frame that a loop or bind inside of the part fills.
  static std::size_t closed_nodes(const Node& node, std::uint32_t bound) {
    if (node.slot != Node::kNoSlot) return 0;
    if (node.kind == NodeKind::kName && (node.local == Node::kNoSlot || node.local < bound)) return 0;
    std::size_t nodes = 1;
    for (const Node* operand : node.operands) {
      const std::size_t below = closed_nodes(*operand, bound);
      if (below == 0) return 0;
      nodes += below;
    }
    return nodes;
  }

  /// From the outside in: what has a value as a whole needs no look at its parts.
  void fold(Node& node) {
    if (node.kind == NodeKind::kConstant || node.kind == NodeKind::kName) return;
    const std::size_t nodes = closed_nodes(node, locals_);
    if (nodes > 0 && nodes < kPartCost && evaluate(node)) return;
    const bool opens = node.kind == NodeKind::kLoop || node.kind == NodeKind::kBind;
    for (std::size_t i = 0; i < node.operands.size(); ++i) {
      const std::uint32_t outside = locals_;
      if (opens && i > 0) locals_ += static_cast<std::uint32_t>(node.variables.size());
      fold(*node.operands[i]);
      locals_ = outside;
    }
    simplify(node);
  }

  bool evaluate(Node& node) {
    if (cost_left_ < kPartCost) return false;
    std::vector<Fault> faults;
    const auto program = Program::compile(ast_, node, faults);
    if (program == nullptr) return false;
    Arena arena;
    NoVariables variables;
    Frame frame{.arena = arena, .variables = variables, .cost_left = kPartCost, .locals = {}};
    const Value value = program->run(frame);
    cost_left_ -= kPartCost - frame.cost_left;
    std::size_t elements_left = kElementsMax;
    if (!is_literal(value, elements_left)) return false;
    become_constant(node, keep(value));
    return true;
  }

  /// Errors are left to run time, and so is what no literal stands for.
  static bool is_literal(const Value& value, std::size_t& elements_left) {
    // One list that stands in another many times is as many elements of the constant.
    if (elements_left == 0) return false;
    --elements_left;
    if (value.is_error() || value.is_unknown()) return false;
    if (value.is(Kind::kDouble)) return std::isfinite(value.real);
    if (value.is(Kind::kList)) {
      for (std::size_t i = 0; i < value.list->size; ++i) {
        if (!is_literal(value.list->items[i], elements_left)) return false;
      }
    }
    if (value.is(Kind::kMap)) {
      for (std::size_t i = 0; i < value.map->size; ++i) {
        if (!is_literal(value.map->entries[i].value, elements_left)) return false;
      }
    }
    return true;
  }

  /// The same value in the tree's own memory.
  Value keep(const Value& value) {
    switch (value.kind) {
      case Kind::kString: return Value::of_string(ast_.arena.copy(value.text()));
      case Kind::kBytes: return Value::of_bytes(ast_.arena.copy(value.text()));
      case Kind::kType: return Value::of_type(ast_.arena.copy(value.text()));
      case Kind::kList: {
        std::vector<Value> items;
        items.reserve(value.list->size);
        for (std::size_t i = 0; i < value.list->size; ++i) items.push_back(keep(value.list->items[i]));
        return make_list(ast_.arena, items);
      }
      case Kind::kMap: {
        std::vector<MapEntry> entries;
        entries.reserve(value.map->size);
        for (std::size_t i = 0; i < value.map->size; ++i) {
          const MapEntry& entry = value.map->entries[i];
          entries.push_back({keep(entry.key), keep(entry.value)});
        }
        return make_map(ast_.arena, entries);
      }
      default: return value;
    }
  }

  static void become_constant(Node& node, const Value& value) {
    node.kind = NodeKind::kConstant;
    node.value = value;
    node.name.clear();
    node.member = false;
    node.variables.clear();
    node.operands.clear();
  }

  static bool is_constant(const Node& node, bool flag) {
    return node.kind == NodeKind::kConstant && (flag ? node.value.is_true() : node.value.is_false());
  }

  /// true && x is x where x is a bool for sure; false && x is false whatever x is, as an error is absorbed, too.
  static void simplify(Node& node) {
    if (node.kind != NodeKind::kCall) return;
    if (node.name == "_?_:_" && node.operands[0]->kind == NodeKind::kConstant) {
      const Value& condition = node.operands[0]->value;
      if (condition.is(Kind::kBool)) become(node, *node.operands[condition.is_true() ? 1 : 2]);
      return;
    }
    if (node.name != "_&&_" && node.name != "_||_") return;
    const bool neutral = node.name == "_&&_";
    for (std::size_t i = 0; i < 2; ++i) {
      const Node& other = *node.operands[1 - i];
      if (is_constant(*node.operands[i], !neutral)) return become_constant(node, Value::of_bool(!neutral));
      if (is_constant(*node.operands[i], neutral) && other.type.is_plain(Kind::kBool)) return become(node, other);
    }
  }

  static void become(Node& node, const Node& part) {
    Node copy = part;
    node = std::move(copy);
  }

  Ast& ast_;
  std::uint32_t locals_ = 0;  // that are filled around the part in hand
  std::uint64_t cost_left_ = kWholeCost;
};

}  // namespace

void fold_constants(Ast& ast) { Folder(ast).run(); }

}  // namespace reeve::policy::cel
