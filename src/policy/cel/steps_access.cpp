#include <string>

#include "policy/cel/step.h"

// Fields, and whether they are there.

namespace reeve::policy::cel {
namespace {

struct Field : Step {
  Operand target;
  std::string_view name;
  bool of_structure = false;
  Value zero;  // of a structure: what an absent field reads as
};

Value no_fields(Frame& frame, const Value& target, std::string_view name) {
  if (!is_plain(target)) return target;
  return fail_with(frame, ErrorKind::kNoSuchOverload,
                   "a value of type " + std::string(type_name(target.kind)) + " has no field " + std::string(name));
}

Value run_map_field(const Step& step, Frame& frame) {
  const auto& field = static_cast<const Field&>(step);
  const Value target = field.target.value(frame);
  if (!target.is(Kind::kMap)) [[unlikely]]
    return no_fields(frame, target, field.name);
  if (const Value* found = find_field(*target.map, field.name)) return *found;
  return fail_with(frame, ErrorKind::kNoSuchKey, "no such key: " + to_display(Value::of_string(field.name), 80));
}

Value run_structure_field(const Step& step, Frame& frame) {
  const auto& field = static_cast<const Field&>(step);
  const Value target = field.target.value(frame);
  if (target.is(Kind::kNull)) return field.zero;
  if (!target.is(Kind::kMap)) [[unlikely]]
    return no_fields(frame, target, field.name);
  const Value* found = find_field(*target.map, field.name);
  return found == nullptr ? field.zero : *found;
}

Value run_has_field(const Step& step, Frame& frame) {
  const auto& field = static_cast<const Field&>(step);
  const Value target = field.target.value(frame);
  if (field.of_structure && target.is(Kind::kNull)) return Value::of_bool(false);
  if (!target.is(Kind::kMap)) [[unlikely]]
    return no_fields(frame, target, field.name);
  const Value* found = find_field(*target.map, field.name);
  return Value::of_bool(found != nullptr && !(field.of_structure && is_zero(*found)));
}

struct HasVariable : Step {
  std::uint32_t slot = 0;
};

Value run_has_variable(const Step& step, Frame& frame) {
  const Value value = frame.variables.get(static_cast<const HasVariable&>(step).slot, frame.arena);
  return is_plain(value) ? Value::of_bool(!is_zero(value)) : value;
}

Field field_of(Compiler& compiler, const Node& node) {
  const Node& target = *node.operands[0];
  Field field;
  field.target = compiler.compile(target);
  field.name = compiler.arena().copy(node.name);
  field.of_structure = target.type.form == Type::Form::kStructure;
  return field;
}

}  // namespace

Value zero_value(const Type& type) {
  static constexpr List kNoElements;
  static constexpr Map kNoEntries;
  switch (type.form) {
    case Type::Form::kList: return Value::of_list(&kNoElements);
    case Type::Form::kMap:
    case Type::Form::kStructure: return Value::of_map(&kNoEntries);
    case Type::Form::kPlain: break;
    default: return Value::null();
  }
  switch (type.kind) {
    case Kind::kBool: return Value::of_bool(false);
    case Kind::kInt: return Value::of_int(0);
    case Kind::kUint: return Value::of_uint(0);
    case Kind::kDouble: return Value::of_double(0);
    case Kind::kString: return Value::of_string("");
    case Kind::kBytes: return Value::of_bytes("");
    case Kind::kTimestamp: return Value::of_timestamp(0, 0);
    case Kind::kDuration: return Value::of_duration(0, 0);
    default: return Value::null();
  }
}

bool is_zero(const Value& value) {
  switch (value.kind) {
    case Kind::kNull: return true;
    case Kind::kBool: return !value.boolean;
    case Kind::kInt:
    case Kind::kUint: return value.integer == 0;
    case Kind::kDouble: return value.real == 0;
    case Kind::kString:
    case Kind::kBytes: return value.extra == 0;
    case Kind::kList: return value.list->size == 0;
    case Kind::kMap: return value.map->size == 0;
    case Kind::kTimestamp:
    case Kind::kDuration: return value.integer == 0 && value.extra == 0;
    default: return false;
  }
}

Operand compile_select(Compiler& compiler, const Node& node) {
  if (node.slot != Node::kNoSlot) return Operand::of_slot(node.slot);
  Field field = field_of(compiler, node);
  field.run = run_map_field;
  const Type& target = node.operands[0]->type;
  if (field.of_structure) {
    field.run = run_structure_field;
    const Type* declared = target.structure->field(node.name);
    field.zero = zero_value(declared == nullptr ? Type::dyn() : *declared);
  }
  return compiler.keep(field);
}

Operand compile_has(Compiler& compiler, const Node& node) {
  if (node.slot != Node::kNoSlot) {
    HasVariable has;
    has.run = run_has_variable;
    has.slot = node.slot;
    return compiler.keep(has);
  }
  Field field = field_of(compiler, node);
  field.run = run_has_field;
  return compiler.keep(field);
}

}  // namespace reeve::policy::cel
