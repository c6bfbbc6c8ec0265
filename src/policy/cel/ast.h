#pragma once

// The tree of an expression, as the parser makes it and the checker annotates it. Private to the policy room.

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "policy/cel/arena.h"
#include "policy/cel/type.h"
#include "policy/cel/value.h"

namespace reeve::policy::cel {

enum class NodeKind : std::uint8_t {
  kConstant,  // value
  kName,      // name; ".name" when written with a leading dot
  kSelect,    // operands[0].name
  kHas,       // has(operands[0].name)
  kCall,      // name(operands...), or operands[0].name(operands[1...]) when `member`; operators too, see below
  kList,      // [operands...]
  kMap,       // {operands[0]: operands[1], ...}
  kLoop,      // a comprehension: operands[0].macro(variables..., rest); one variable is a list's element or a map's
              // key, two are a list's index and element or a map's key and value
  kBind,      // cel.bind(variable, operands[0], operands[1])
};

// Operators are calls of these names: "_&&_" "_||_" "!_" "-_" "_?_:_" "_==_" "_!=_" "_<_" "_<=_" "_>_" "_>=_" "@in"
// "_+_" "_-_" "_*_" "_/_" "_%_" "_[_]". A chain a && b && c, with or without parentheses, is one balanced tree of its
// terms in their order, and so is a chain of ||; other operators lean as they are written.

enum class Macro : std::uint8_t {
  kAll,  // operands: range, predicate
  kExists,
  kExistsOne,
  kFilter,         // range, predicate
  kMap,            // range, [predicate,] transform
  kTransformList,  // two variables; range, [predicate,] transform
  kTransformMap,
  kTransformMapEntry,
};

struct Node {
  NodeKind kind = NodeKind::kConstant;
  std::uint32_t offset = 0;  // where it begins in the source, in bytes
  std::uint32_t end = 0;     // where it ends
  std::uint32_t at = 0;      // its operator, or the name of its field or function: what faults point at
  std::uint32_t height = 1;  // of the tree that hangs from it; never above ParseLimits::depth_max
  Value value;               // kConstant; its text lies in the Ast
  std::string name;
  bool member = false;
  Macro macro = Macro::kAll;
  std::vector<std::string> variables;  // of kLoop (one or two) and kBind (one)
  std::vector<Node*> operands;

  // Written by the checker.
  Type type;  // dyn when unchecked
  static constexpr std::uint32_t kNoSlot = 0xFFFFFFFF;
  std::uint32_t slot = kNoSlot;         // kName and kSelect (and the inside of kHas) that name a declared variable
  std::uint32_t local = kNoSlot;        // kName of a loop's or bind's variable: its place in the frame
  std::uint32_t first_local = kNoSlot;  // kLoop and kBind: the place of its first variable
};

struct Ast {
  std::string source;
  std::deque<Node> nodes;         // owns; pointers stay good
  std::deque<std::string> texts;  // of constants
  Arena arena;                    // of lists, maps and texts that folding made
  Node* root = nullptr;
  std::uint32_t locals = 0;  // places that loops and binds need, after the check

  Node* make(NodeKind kind, std::uint32_t offset, std::uint32_t end);
  std::string_view keep(std::string text);  // gives the text a home
};

/// Something wrong with an expression, and where: a byte offset into the source.
struct Fault {
  std::uint32_t offset = 0;
  std::string message;
};

inline constexpr std::size_t kFaultsMax = 20;

struct ParseLimits {
  std::size_t source_bytes_max = 64UL << 10U;
  std::size_t depth_max = 250;  // the suite's own nesting must fit
  std::size_t nodes_max = 100'000;
};

/// The tree with macros recognised, unchecked. On any fault null is returned and `faults` says what is wrong, at most
/// kFaultsMax. The language is that of the specification without messages (T{...}) and optional values (a.?b).
std::unique_ptr<Ast> parse(std::string_view source, std::vector<Fault>& faults, const ParseLimits& limits = {});

enum class Strictness {
  kTyped,    // every operation must have a signature for its operands' types; dyn passes
  kDynamic,  // only resolves names; types are settled at run time. For inputs without declared types.
};

/// Resolves names to slots and locals, and infers types. Returns false, with faults, when something is wrong.
/// Undeclared names are faults when typed, run-time errors when dynamic. has() of a whole declared variable has that
/// variable's slot on the kHas node. Names of types become constants, and qualified functions ("math.abs") plain calls.
bool check(Ast& ast, const Declarations& declarations, Strictness strictness, std::vector<Fault>& faults);

/// Replaces what needs no facts by its value, where it is no error: 1 + 2, "a" + "b", true && x, [1, 2].
void fold_constants(Ast& ast);

/// The expression again as text, in one canonical way: single spaces, only the parentheses it needs, double quotes.
/// Parsing it again gives the same tree; of a folded tree, one of the same meaning.
std::string to_text(const Node& node);

/// Line and column, both from 1, columns in characters, of a byte offset.
struct Position {
  std::size_t line = 1;
  std::size_t column = 1;
};
Position position_of(std::string_view source, std::uint32_t offset);

}  // namespace reeve::policy::cel
