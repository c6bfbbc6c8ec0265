// Evaluates expressions for differential.mjs: a line of JSON in, a line of JSON out, in the same order.
//
//   {"expression": "x + 1", "variables": {"x": {"int": "5"}}}   ->   {"int":"6"}
//
// A value is an object of one member that tells its type: null, bool, int, uint, double, string, bytes (base64), list,
// map (of [key, value] pairs), timestamp and duration ([seconds, nanoseconds]), type; {"error": "..."} and
// {"fault": "..."} (no expression) are outcomes too. Every expression is evaluated as it is, then checked strictly
// with its variables' types where it passes, and with its constants folded; when those differ the outcome is
// {"disagreement": [...]}.

#include <iostream>
#include <string>
#include <vector>

#include "core/bytes.h"
#include "core/json.h"
#include "policy/cel/ast.h"
#include "policy/cel/program.h"
#include "policy/cel/scalar_text.h"

namespace reeve::policy::cel {
namespace {

Value decode(Arena& arena, const JsonValue& json);

std::vector<Value> decode_all(Arena& arena, const JsonValue& json) {
  std::vector<Value> values;
  for (const JsonValue& item : json.items()) values.push_back(decode(arena, item));
  return values;
}

Value decode_map(Arena& arena, const JsonValue& json) {
  std::vector<MapEntry> entries;
  for (const JsonValue& pair : json.items()) {
    const std::vector<Value> both = decode_all(arena, pair);
    entries.push_back({both.at(0), both.at(1)});
  }
  return make_map(arena, entries);
}

Value decode(Arena& arena, const JsonValue& json) {
  const auto [kind, content] = json.members().at(0);
  const std::string_view text = content.string_or("");
  if (kind == "bool") return Value::of_bool(content.as_bool().value_or(false));
  if (kind == "int") return Value::of_int(parse_int(text).value_or(0));
  if (kind == "uint") return Value::of_uint(std::stoull(std::string(text)));
  if (kind == "double") return Value::of_double(parse_double(text).value_or(0));
  if (kind == "string") return Value::of_string(arena.copy(text));
  if (kind == "bytes") return Value::of_bytes(arena.copy(*from_base64(text)));
  if (kind == "list") return make_list(arena, decode_all(arena, content));
  if (kind == "map") return decode_map(arena, content);
  if (kind == "null") return Value::null();
  const std::vector<JsonValue> parts = content.items();
  const std::int64_t seconds = parts.at(0).int_or(0);
  const auto nanos = static_cast<std::int32_t>(parts.at(1).int_or(0));
  return kind == "timestamp" ? Value::of_timestamp(seconds, nanos) : Value::of_duration(seconds, nanos);
}

void encode(JsonWriter& out, const Value& value);

void encode_map(JsonWriter& out, const Map& map) {
  out.begin_array();
  for (std::size_t i = 0; i < map.size; ++i) {
    out.begin_array();
    encode(out, map.entries[i].key);
    encode(out, map.entries[i].value);
    out.end_array();
  }
  out.end_array();
}

void encode_list(JsonWriter& out, const List& list) {
  out.begin_array();
  for (std::size_t i = 0; i < list.size; ++i) encode(out, list.items[i]);
  out.end_array();
}

void encode_time(JsonWriter& out, const Value& time) {
  out.begin_array().value(time.integer).value(std::int64_t{time.nanos()}).end_array();
}

void encode(JsonWriter& out, const Value& value) {
  out.begin_object();
  switch (value.kind) {
    case Kind::kNull: out.key("null").null(); break;
    case Kind::kBool: out.member("bool", value.boolean); break;
    case Kind::kInt: out.member("int", std::to_string(value.integer)); break;
    case Kind::kUint: out.member("uint", std::to_string(value.unsigned_integer)); break;
    case Kind::kDouble: out.member("double", double_text(value.real)); break;
    case Kind::kString: out.member("string", value.text()); break;
    case Kind::kBytes: out.member("bytes", to_base64(value.text())); break;
    case Kind::kType: out.member("type", value.text()); break;
    case Kind::kTimestamp: out.key("timestamp"), encode_time(out, value); break;
    case Kind::kDuration: out.key("duration"), encode_time(out, value); break;
    case Kind::kList: out.key("list"), encode_list(out, *value.list); break;
    case Kind::kMap: out.key("map"), encode_map(out, *value.map); break;
    case Kind::kError: out.member("error", value.error->message); break;
    case Kind::kUnknown: out.member("unknown", value.text()); break;
  }
  out.end_object();
}

class GivenVariables final : public Variables {
 public:
  explicit GivenVariables(std::vector<Value> values) : Variables(values.size()), values_(std::move(values)) {}

 protected:
  Value load(std::uint32_t slot, Arena&) override { return values_[slot]; }

 private:
  std::vector<Value> values_;
};

/// One expression and its variables.
class Case {
 public:
  explicit Case(const JsonValue& json) : source_(json["expression"].string_or("")) {
    for (const auto& [name, content] : json["variables"].members()) {
      const auto slot = static_cast<std::uint32_t>(values_.size());
      values_.push_back(decode(arena_, content));
      dynamic_.add(std::string(name), Type::dyn(), slot);
      typed_.add(std::string(name), type_of(values_.back()), slot);
    }
  }

  std::string run() {
    const std::string plain = evaluate(dynamic_, Strictness::kDynamic, false);
    if (plain.starts_with("{\"fault\"")) return plain;
    for (const bool folded : {false, true}) {
      for (const bool typed : {false, true}) {
        const std::string other =
            typed ? evaluate(typed_, Strictness::kTyped, folded) : evaluate(dynamic_, Strictness::kDynamic, folded);
        if (other.starts_with("{\"fault\"") || other == plain) continue;
        if (other.starts_with("{\"error\"") && plain.starts_with("{\"error\"")) continue;
        return "{\"disagreement\":[" + plain + "," + other + "]}";
      }
    }
    return plain;
  }

 private:
  static Type type_of(const Value& value) {
    if (value.is(Kind::kList)) return Type::list(Type::dyn());
    if (value.is(Kind::kMap)) return Type::map(Type::dyn(), Type::dyn());
    return Type::plain(value.kind);
  }

  std::string evaluate(const Declarations& declarations, Strictness strictness, bool folded) {
    std::vector<Fault> faults;
    const std::unique_ptr<Ast> ast = parse(source_, faults);
    if (ast == nullptr || !check(*ast, declarations, strictness, faults)) return fault_of(faults);
    if (folded) fold_constants(*ast);
    const std::unique_ptr<const Program> program = Program::compile(*ast, faults);
    if (program == nullptr) return fault_of(faults);
    GivenVariables variables(values_);
    Arena arena;
    Frame frame{.arena = arena, .variables = variables, .locals = {}};
    JsonWriter out;
    encode(out, program->run(frame));
    return out.take();
  }

  static std::string fault_of(const std::vector<Fault>& faults) {
    JsonWriter out;
    out.begin_object().member("fault", faults.empty() ? "none" : faults.front().message).end_object();
    return out.take();
  }

  std::string source_;
  Arena arena_;
  std::vector<Value> values_;
  Declarations dynamic_;
  Declarations typed_;
};

}  // namespace
}  // namespace reeve::policy::cel

int main() {
  std::ios::sync_with_stdio(false);
  std::string line;
  while (std::getline(std::cin, line)) {
    const auto document = reeve::JsonDocument::parse(line);
    if (!document) {
      std::cerr << "not a line of JSON: " << document.error().message << '\n';
      return 1;
    }
    std::cout << reeve::policy::cel::Case(document->root()).run() << '\n';
  }
  return 0;
}
