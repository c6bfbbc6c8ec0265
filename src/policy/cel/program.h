#pragma once

// A checked expression made ready to run, and what it runs in. Private to the policy room.
//
// A program is a tree of closures: each step is a function pointer with its operands beside it, specialised by the
// types that the checker found. Running one allocates nothing but what the expression itself makes, and that in the
// frame's arena.

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "policy/cel/ast.h"
#include "policy/cel/value.h"

namespace reeve::policy::cel {

/// Where a program's variables come from. get() asks load() once per evaluation and slot. The owner calls begin() for
/// every new set of facts.
class Variables {
 public:
  explicit Variables(std::size_t slots) : values_(slots), loaded_((slots + 63) / 64) {}
  virtual ~Variables() = default;

  Value get(std::uint32_t slot, Arena& arena) {
    std::uint64_t& word = loaded_[slot / 64];
    const std::uint64_t bit = 1ULL << (slot % 64);
    if ((word & bit) == 0) {
      values_[slot] = load(slot, arena);
      word |= bit;
    }
    return values_[slot];
  }
  /// Forgets what was loaded.
  void begin() { std::fill(loaded_.begin(), loaded_.end(), 0); }

 protected:
  /// An absent variable is its type's zero value (has() is then false), unknown, or an error: the source decides.
  virtual Value load(std::uint32_t slot, Arena& arena) = 0;

 private:
  std::vector<Value> values_;
  std::vector<std::uint64_t> loaded_;
};

/// Answers `variable.matches("constant")` for all patterns of a bundle at once. Given to compile() by whoever wants one
/// pass over a fact for many patterns; without it every pattern is matched by itself.
class PatternIndex {
 public:
  virtual ~PatternIndex() = default;
  /// At compile time: a number for this pattern on this variable. The pattern is valid RE2.
  virtual std::uint32_t add(std::uint32_t slot, std::string_view pattern) = 0;
};
class PatternMatches {
 public:
  virtual ~PatternMatches() = default;
  virtual bool matches(std::uint32_t pattern, std::string_view text) = 0;
};

/// Cost: one a step, and one more for every 16 bytes or 4 elements that a step reads or makes. The steps of a program
/// are charged at its start and those of a loop's body with each turn, taken or not, so that what an expression costs
/// does not depend on which side of an `||` came first.
inline constexpr std::uint64_t kCostLimit = 1'000'000;

struct Frame {
  Arena& arena;
  Variables& variables;
  PatternMatches* patterns = nullptr;  // must be there when the program was compiled with a PatternIndex
  std::uint64_t cost_left = kCostLimit;
  std::vector<Value> locals;  // grown to the program's need once, then kept
  // The running program's part of `locals`: a variable's source may run another program in the same frame.
  std::size_t locals_begin = 0;
  std::size_t locals_end = 0;
};

class Program {
 public:
  /// From a tree that check() passed. Invalid constant patterns are faults (nullptr is returned).
  static std::unique_ptr<const Program> compile(const Ast& ast, std::vector<Fault>& faults,
                                                PatternIndex* patterns = nullptr);
  /// The same for a part of a tree.
  static std::unique_ptr<const Program> compile(const Ast& ast, const Node& part, std::vector<Fault>& faults,
                                                PatternIndex* patterns = nullptr);
  virtual ~Program() = default;

  /// Thread-safe as long as each thread has a frame of its own. The value lives as long as the frame's arena is not
  /// reset, the variables' sources live, and the program itself. Spends the frame's cost; when it is used up the value
  /// is an error of kCostExceeded, which nothing absorbs.
  virtual Value run(Frame& frame) const = 0;
};

}  // namespace reeve::policy::cel
