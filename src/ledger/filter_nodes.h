#pragma once

// A compiled condition over entries: private to the filter, and to the index that narrows down with it.

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "ledger/ledger.h"

namespace reeve::ledger {

namespace filter {

using Value = std::variant<std::string, std::int64_t, bool>;

struct Path {
  std::string dotted;  // "principal.id"
};
using Operand = std::variant<Path, Value, std::vector<Value>>;

enum class Operation {
  kOr,  // these three over conditions
  kAnd,
  kNot,
  kEqual,  // from here on over operands
  kNotEqual,
  kLess,
  kLessOrEqual,
  kGreater,
  kGreaterOrEqual,
  kIn,
  kContains,  // these three: left a path, right a text
  kStartsWith,
  kEndsWith,
  kHas,  // these two: left only
  kTruth,
};

/// Nodes refer to their parts by number. Parts come before the whole, so the last node is the condition.
struct Node {
  Operation operation = Operation::kTruth;
  std::size_t first = 0;
  std::size_t second = 0;
  Operand left;
  Operand right;
};

}  // namespace filter

struct EntryFilter::Program {
  std::vector<filter::Node> nodes;
};

}  // namespace reeve::ledger
