// Runs expressions for conformance.mjs: a JSON line in, a JSON line out.
//
//   {"expr", "container"?, "check": bool, "run": bool, "fold": bool?, "variables": {NAME: TYPE},
//    "bindings": {NAME: VALUE}}
//   {"type", "value"?}  or  {"stage": "parse"|"check"|"compile"|"run", "error"}
//
// Values are in the JSON form of the specification's cel.expr.Value, in which every value tells its type; a double's
// number is a text in answers.

#include <charconv>
#include <iostream>
#include <string>

#include "core/bytes.h"
#include "core/json.h"
#include "policy/cel/ast.h"
#include "policy/cel/program.h"

namespace reeve::policy::cel {
namespace {

constexpr std::string_view kDuration = "type.googleapis.com/google.protobuf.Duration";
constexpr std::string_view kTimestamp = "type.googleapis.com/google.protobuf.Timestamp";

class Bindings final : public Variables {
 public:
  explicit Bindings(std::vector<Value> values) : Variables(values.size()), values_(std::move(values)) {}

 protected:
  Value load(std::uint32_t slot, Arena&) override { return values_[slot]; }

 private:
  std::vector<Value> values_;
};

/// Times are read by the language itself: duration("1s").
Value evaluate(Arena& arena, const std::string& source) {
  std::vector<Fault> faults;
  const auto ast = parse(source, faults);
  CHECK(ast != nullptr && check(*ast, Declarations(), Strictness::kTyped, faults));
  const auto program = Program::compile(*ast, faults);
  CHECK(program != nullptr);
  Bindings none({});
  Frame frame{.arena = arena, .variables = none, .locals = {}};
  return program->run(frame);
}

Value read_value(Arena& arena, const JsonValue& json);

Value read_times(Arena& arena, const JsonValue& object) {
  const std::string text(object["value"].string_or(""));
  const std::string function = object["@type"].string_or("") == kDuration ? "duration" : "timestamp";
  return evaluate(arena, function + "(\"" + text + "\")");
}

Value read_list(Arena& arena, const JsonValue& json) {
  std::vector<Value> items;
  for (const JsonValue& item : json["values"].items()) items.push_back(read_value(arena, item));
  return make_list(arena, items);
}

Value read_map(Arena& arena, const JsonValue& json) {
  std::vector<MapEntry> entries;
  for (const JsonValue& entry : json["entries"].items()) {
    entries.push_back({read_value(arena, entry["key"]), read_value(arena, entry["value"])});
  }
  return make_map(arena, entries);
}

template <typename T>
T read_number(const JsonValue& json) {
  const std::string_view text = json.string_or("");
  T number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

double read_double(const JsonValue& json) {
  return json.as_string() ? std::strtod(std::string(*json.as_string()).c_str(), nullptr) : json.as_double().value();
}

Value read_value(Arena& arena, const JsonValue& json) {
  const auto members = json.members();
  CHECK(members.size() == 1);
  const auto& [kind, value] = members[0];
  if (kind == "boolValue") return Value::of_bool(value.as_bool().value());
  if (kind == "int64Value") return Value::of_int(read_number<std::int64_t>(value));
  if (kind == "uint64Value") return Value::of_uint(read_number<std::uint64_t>(value));
  if (kind == "doubleValue") return Value::of_double(read_double(value));
  if (kind == "stringValue") return Value::of_string(arena.copy(value.string_or("")));
  if (kind == "bytesValue") return Value::of_bytes(arena.copy(from_base64(value.string_or("")).value()));
  if (kind == "typeValue") return Value::of_type(arena.copy(value.string_or("")));
  if (kind == "listValue") return read_list(arena, value);
  if (kind == "mapValue") return read_map(arena, value);
  if (kind == "objectValue") return read_times(arena, value);
  CHECK(kind == "nullValue");
  return Value::null();
}

void write_value(JsonWriter& out, const Value& value);

void write_double(JsonWriter& out, double number) {
  char digits[64];
  const auto [end, error] = std::to_chars(std::begin(digits), std::end(digits), number);
  out.member("doubleValue", std::string_view(digits, end));
}

void write_time(JsonWriter& out, const Value& value) {
  std::string text;
  append_json(text, value);
  out.key("objectValue").begin_object();
  out.member("@type", value.is(Kind::kDuration) ? kDuration : kTimestamp).key("value").raw(text).end_object();
}

void write_list(JsonWriter& out, const List& list) {
  out.key("listValue").begin_object().key("values").begin_array();
  for (std::size_t i = 0; i < list.size; ++i) write_value(out, list.items[i]);
  out.end_array().end_object();
}

void write_map(JsonWriter& out, const Map& map) {
  out.key("mapValue").begin_object().key("entries").begin_array();
  for (std::size_t i = 0; i < map.size; ++i) {
    out.begin_object().key("key");
    write_value(out, map.entries[i].key);
    out.key("value");
    write_value(out, map.entries[i].value);
    out.end_object();
  }
  out.end_array().end_object();
}

void write_value(JsonWriter& out, const Value& value) {
  out.begin_object();
  switch (value.kind) {
    case Kind::kNull: out.key("nullValue").null(); break;
    case Kind::kBool: out.member("boolValue", value.boolean); break;
    case Kind::kInt: out.member("int64Value", std::to_string(value.integer)); break;
    case Kind::kUint: out.member("uint64Value", std::to_string(value.unsigned_integer)); break;
    case Kind::kDouble: write_double(out, value.real); break;
    case Kind::kString: out.member("stringValue", value.text()); break;
    case Kind::kBytes: out.member("bytesValue", to_base64(value.text())); break;
    case Kind::kList: write_list(out, *value.list); break;
    case Kind::kMap: write_map(out, *value.map); break;
    case Kind::kTimestamp:
    case Kind::kDuration: write_time(out, value); break;
    case Kind::kType: out.member("typeValue", value.text()); break;
    case Kind::kError: out.member("error", value.error->message); break;
    case Kind::kUnknown: out.member("unknown", value.text()); break;
  }
  out.end_object();
}

std::string failed(std::string_view stage, std::string_view message) {
  JsonWriter out;
  out.begin_object().member("stage", stage).member("error", message).end_object();
  return out.take();
}

/// Declares what the test declares, and what it only binds as dyn.
std::vector<Value> declare(const JsonValue& test, Arena& arena, Declarations& declarations) {
  std::vector<Value> values;
  const auto add = [&](std::string_view name, Type type, const Value& value) {
    declarations.add(std::string(name), std::move(type), static_cast<std::uint32_t>(values.size()));
    values.push_back(value);
  };
  for (const auto& [name, type] : test["variables"].members()) {
    const JsonValue bound = test["bindings"][name];
    const Value unbound = make_error(arena, ErrorKind::kNoSuchVariable, "not bound");
    add(name, parse_type(type.string_or("")).value(), bound.present() ? read_value(arena, bound) : unbound);
  }
  for (const auto& [name, value] : test["bindings"].members()) {
    if (declarations.find(name) == nullptr) add(name, Type::dyn(), read_value(arena, value));
  }
  declarations.set_container(std::string(test["container"].string_or("")));
  return values;
}

std::string answer(const JsonValue& test) {
  std::vector<Fault> faults;
  Arena arena;
  const auto ast = parse(test["expr"].string_or(""), faults);
  if (ast == nullptr) return failed("parse", faults.at(0).message);
  Declarations declarations;
  Bindings bindings(declare(test, arena, declarations));
  const bool typed = test["check"].as_bool().value();
  if (!check(*ast, declarations, typed ? Strictness::kTyped : Strictness::kDynamic, faults)) {
    return failed("check", faults.at(0).message);
  }
  JsonWriter out;
  out.begin_object().member("type", type_text(ast->root->type));
  if (test["run"].as_bool().value()) {
    if (test["fold"].as_bool().value_or(false)) fold_constants(*ast);
    const auto program = Program::compile(*ast, faults);
    if (program == nullptr) return failed("compile", faults.at(0).message);
    Frame frame{.arena = arena, .variables = bindings, .locals = {}};
    const Value value = program->run(frame);
    if (value.is_error()) return failed("run", value.error->message);
    out.key("value");
    write_value(out, value);
  }
  out.end_object();
  return out.take();
}

}  // namespace
}  // namespace reeve::policy::cel

int main() {
  std::string line;
  while (std::getline(std::cin, line)) {
    const auto document = reeve::JsonDocument::parse(line);
    std::cout << (document.ok() ? reeve::policy::cel::answer(document.value().root())
                                : reeve::policy::cel::failed("input", document.error().message))
              << '\n';
  }
}
