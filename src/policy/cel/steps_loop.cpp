#include <algorithm>
#include <string>

#include "policy/cel/step.h"

// The macros that go through a list or a map.

namespace reeve::policy::cel {
namespace {

struct Loop : Step {
  Operand range;
  Operand predicate;  // true when there is none
  Operand transform;  // of map and the transforms
  std::uint32_t first_local = 0;
  bool two_variables = false;
  std::uint64_t turn_cost = 0;
};

/// A range being gone through: puts each element into the loop's variables.
class Turns {
 public:
  Turns(const Loop& loop, Frame& frame) : loop_(loop), frame_(frame), range_(loop.range.value(frame)) {}

  /// False when there is nothing to go through; outcome() is then the loop's result.
  bool begin() {
    if (range_.is(Kind::kList)) {
      size_ = range_.list->size;
      return true;
    }
    if (range_.is(Kind::kMap)) {
      size_ = range_.map->size;
      return true;
    }
    outcome_ = range_;
    if (is_plain(range_)) {
      outcome_ = fail_with(frame_, ErrorKind::kNoSuchOverload,
                           "only lists and maps can be gone through, not " + std::string(type_name(range_.kind)));
    }
    return false;
  }
  /// Sets the variables to the next element. False at the end, or when the cost is used up.
  bool next() {
    if (place_ == size_) return false;
    if (!charge(frame_, loop_.turn_cost)) {
      outcome_ = cost_exceeded();
      return false;
    }
    Value* locals = frame_.locals.data() + frame_.locals_begin + loop_.first_local;
    if (range_.is(Kind::kList)) {
      const Value& item = range_.list->items[place_];
      if (loop_.two_variables) {
        locals[0] = Value::of_int(static_cast<std::int64_t>(place_));
        locals[1] = item;
      } else {
        locals[0] = item;
      }
    } else {
      const MapEntry& entry = range_.map->entries[place_];
      locals[0] = entry.key;
      if (loop_.two_variables) locals[1] = entry.value;
    }
    ++place_;
    return true;
  }
  std::size_t size() const { return size_; }
  /// Of a loop with one variable: what it stands for. Of one with two: the first.
  Value key() const {
    if (range_.is(Kind::kMap)) return range_.map->entries[place_ - 1].key;
    if (loop_.two_variables) return Value::of_int(static_cast<std::int64_t>(place_ - 1));
    return range_.list->items[place_ - 1];
  }
  const Value& outcome() const { return outcome_; }
  bool used_up() const { return outcome_.is_error(); }

 private:
  const Loop& loop_;
  Frame& frame_;
  Value range_;
  Value outcome_;
  std::size_t size_ = 0;
  std::size_t place_ = 0;
};

Value predicate_of(const Loop& loop, Frame& frame) {
  const Value value = loop.predicate.value(frame);
  if (value.is(Kind::kBool) || !is_plain(value)) return value;
  return fail_with(frame, ErrorKind::kNoSuchOverload,
                   "a condition is a bool, not " + std::string(type_name(value.kind)));
}

/// exists (decided by a true) and all (decided by a false).
template <bool decisive>
Value run_quantifier(const Step& step, Frame& frame) {
  const auto& loop = static_cast<const Loop&>(step);
  Turns turns(loop, frame);
  if (!turns.begin()) return turns.outcome();
  Value result = Value::of_bool(!decisive);
  while (turns.next()) {
    const Value value = predicate_of(loop, frame);
    if (value.is(Kind::kBool)) [[likely]] {
      if (value.boolean == decisive) return value;
    } else {
      keep_trouble(result, value);
    }
  }
  return turns.used_up() ? turns.outcome() : result;
}

/// Errors are not absorbed, even where two are found already.
Value run_exists_one(const Step& step, Frame& frame) {
  const auto& loop = static_cast<const Loop&>(step);
  Turns turns(loop, frame);
  if (!turns.begin()) return turns.outcome();
  std::size_t found = 0;
  Value trouble;
  while (turns.next()) {
    const Value value = predicate_of(loop, frame);
    if (!is_plain(value)) keep_trouble(trouble, value);
    if (value.is_true()) ++found;
  }
  if (turns.used_up()) return turns.outcome();
  return is_plain(trouble) ? Value::of_bool(found == 1) : trouble;
}

Value run_filter(const Step& step, Frame& frame) {
  const auto& loop = static_cast<const Loop&>(step);
  Turns turns(loop, frame);
  if (!turns.begin()) return turns.outcome();
  Value trouble;
  Value* items = make_elements(frame, turns.size(), trouble);
  if (items == nullptr) return trouble;
  std::size_t kept = 0;
  while (turns.next()) {
    const Value value = predicate_of(loop, frame);
    if (!is_plain(value)) keep_trouble(trouble, value);
    if (value.is_true()) items[kept++] = turns.key();
  }
  if (turns.used_up()) return turns.outcome();
  return is_plain(trouble) ? Value::of_list(frame.arena.make(List{items, kept})) : trouble;
}

/// What the transform makes of an element that the predicate takes: false when there is none.
bool transformed(const Loop& loop, Frame& frame, Value& trouble, Value& result) {
  const Value taken = predicate_of(loop, frame);
  if (!is_plain(taken)) keep_trouble(trouble, taken);
  if (!taken.is_true()) return false;
  result = loop.transform.value(frame);
  if (is_plain(result)) return true;
  keep_trouble(trouble, result);
  return false;
}

/// map and transformList.
Value run_map_to_list(const Step& step, Frame& frame) {
  const auto& loop = static_cast<const Loop&>(step);
  Turns turns(loop, frame);
  if (!turns.begin()) return turns.outcome();
  Value trouble;
  Value* items = make_elements(frame, turns.size(), trouble);
  if (items == nullptr) return trouble;
  std::size_t made = 0;
  while (turns.next()) {
    if (transformed(loop, frame, trouble, items[made])) ++made;
  }
  if (turns.used_up()) return turns.outcome();
  return is_plain(trouble) ? Value::of_list(frame.arena.make(List{items, made})) : trouble;
}

Value run_map_values(const Step& step, Frame& frame) {
  const auto& loop = static_cast<const Loop&>(step);
  Turns turns(loop, frame);
  if (!turns.begin()) return turns.outcome();
  if (!charge_elements(frame, turns.size() * 2)) return cost_exceeded();
  const std::span<MapEntry> entries = frame.arena.make_array<MapEntry>(turns.size());
  std::size_t made = 0;
  Value trouble;
  while (turns.next()) {
    Value value;
    if (transformed(loop, frame, trouble, value)) entries[made++] = {turns.key(), value};
  }
  if (turns.used_up()) return turns.outcome();
  return is_plain(trouble) ? make_map(frame.arena, entries.first(made)) : trouble;
}

/// transformMapEntry: each element becomes a map, and the result is all of their entries.
Value run_map_entries(const Step& step, Frame& frame) {
  const auto& loop = static_cast<const Loop&>(step);
  Turns turns(loop, frame);
  if (!turns.begin()) return turns.outcome();
  Value trouble;
  Value* maps = make_elements(frame, turns.size(), trouble);
  if (maps == nullptr) return trouble;
  std::size_t made = 0;
  std::size_t size = 0;
  while (turns.next()) {
    if (!transformed(loop, frame, trouble, maps[made])) continue;
    if (!maps[made].is(Kind::kMap)) {
      keep_trouble(trouble, fail(frame, ErrorKind::kNoSuchOverload, "transformMapEntry() makes maps of elements"));
      continue;
    }
    size += maps[made++].map->size;
  }
  if (turns.used_up()) return turns.outcome();
  if (!is_plain(trouble)) return trouble;
  if (size > kElementsMax) return fail(frame, ErrorKind::kOutOfRange, "a map would have more than 100,000 elements");
  if (!charge_elements(frame, size * 2)) return cost_exceeded();
  const std::span<MapEntry> entries = frame.arena.make_array<MapEntry>(size);
  auto* out = entries.data();
  for (std::size_t i = 0; i < made; ++i) out = std::copy_n(maps[i].map->entries, maps[i].map->size, out);
  return make_map(frame.arena, entries);
}

auto run_of(Macro macro) {
  switch (macro) {
    case Macro::kAll: return run_quantifier<false>;
    case Macro::kExists: return run_quantifier<true>;
    case Macro::kExistsOne: return run_exists_one;
    case Macro::kFilter: return run_filter;
    case Macro::kMap:
    case Macro::kTransformList: return run_map_to_list;
    case Macro::kTransformMap: return run_map_values;
    case Macro::kTransformMapEntry: return run_map_entries;
  }
  return run_filter;
}

bool has_transform(Macro macro) {
  return macro != Macro::kAll && macro != Macro::kExists && macro != Macro::kExistsOne && macro != Macro::kFilter;
}

}  // namespace

Operand compile_loop(Compiler& compiler, const Node& node) {
  Loop loop;
  loop.run = run_of(node.macro);
  loop.first_local = node.first_local;
  loop.two_variables = node.variables.size() == 2;
  loop.range = compiler.compile(*node.operands[0]);
  const std::uint64_t before = compiler.take_cost();
  const bool with_transform = has_transform(node.macro);
  const bool with_predicate = !with_transform || node.operands.size() == 3;
  loop.predicate = with_predicate ? compiler.compile(*node.operands[1]) : Operand::of_constant(Value::of_bool(true));
  if (with_transform) loop.transform = compiler.compile(*node.operands.back());
  loop.turn_cost = compiler.take_cost();
  compiler.add_cost(before);
  return compiler.keep(loop);
}

}  // namespace reeve::policy::cel
