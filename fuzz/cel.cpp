// Conditions: any bytes are read as an expression, or refused with complaints that stand in it. What was read is
// written out and read again as the same; it is checked both ways, folded, compiled and run over a few facts under a
// small budget. Folding changes no outcome, and neither does running twice.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "policy/cel/ast.h"
#include "policy/cel/program.h"

namespace {

using namespace reeve::policy::cel;

constexpr std::uint64_t kCost = 20'000;

class Facts final : public Variables {
 public:
  Facts() : Variables(6) {}

 protected:
  Value load(std::uint32_t slot, Arena& arena) override {
    const Value texts[] = {Value::of_string("a"), Value::of_string("frontier"), Value::of_string("\xC3\xA9")};
    switch (slot) {
      case 0: return Value::of_string("frontier");
      case 1: return make_list(arena, texts);
      case 2: return Value::of_int(7);
      case 3: {
        const MapEntry entries[] = {{Value::of_string("host"), Value::of_string("a.b")}};
        return make_map(arena, entries);
      }
      case 4: return Value::of_timestamp(1'700'000'000, 5);
      default: return Value::unknown("later");
    }
  }
};

Declarations declarations() {
  const Type text = Type::plain(Kind::kString);
  Declarations known;
  known.add("model.tier", text, 0);
  known.add("groups", Type::list(text), 1);
  known.add("n", Type::plain(Kind::kInt), 2);
  known.add("headers", Type::map(text, text), 3);
  known.add("at", Type::plain(Kind::kTimestamp), 4);
  known.add("later", Type::dyn(), 5);
  return known;
}

void look_at(const std::vector<Fault>& faults, std::size_t size) {
  if (faults.empty() || faults.size() > kFaultsMax) __builtin_trap();
  for (const Fault& fault : faults) {
    if (fault.offset > size || fault.message.empty()) __builtin_trap();
  }
}

/// How a run went, so that two can be compared.
std::string outcome(const Ast& ast, bool& ended) {
  std::vector<Fault> faults;
  const auto program = Program::compile(ast, faults);
  if (program == nullptr) {
    look_at(faults, ast.source.size());
    ended = false;
    return "not compiled";
  }
  Arena arena;
  Facts facts;
  Frame frame{.arena = arena, .variables = facts, .cost_left = kCost, .locals = {}};
  const Value value = program->run(frame);
  ended = !value.is_error() || value.error->kind != ErrorKind::kCostExceeded;
  std::string first = value.is_error() ? "error" : to_display(value, 10'000);
  frame.cost_left = kCost;
  const Value again = program->run(frame);
  if ((again.is_error() ? "error" : to_display(again, 10'000)) != first) __builtin_trap();
  return first;
}

std::string canonical(std::string_view source) {
  std::vector<Fault> faults;
  const auto ast = parse(source, faults, {.source_bytes_max = 1UL << 20U});
  if (ast == nullptr) __builtin_trap();
  return to_text(*ast->root);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Declarations known = declarations();
  const std::string_view source(reinterpret_cast<const char*>(data), size);
  std::vector<Fault> faults;
  const auto ast = parse(source, faults);
  if (ast == nullptr) {
    look_at(faults, size);
    return 0;
  }
  if (!faults.empty()) __builtin_trap();
  const std::string text = to_text(*ast->root);
  if (canonical(text) != text) __builtin_trap();

  for (const Strictness strictness : {Strictness::kDynamic, Strictness::kTyped}) {
    if (!check(*ast, known, strictness, faults)) {
      look_at(faults, size);
      return 0;
    }
    bool ended = false;
    const std::string plain = outcome(*ast, ended);
    const auto other = parse(source, faults);
    if (!check(*other, known, strictness, faults)) __builtin_trap();
    fold_constants(*other);
    const std::string folded_text = to_text(*other->root);
    if (canonical(folded_text) != folded_text) __builtin_trap();
    bool folded_ended = false;
    const std::string folded = outcome(*other, folded_ended);
    if (ended && folded_ended && folded != plain) __builtin_trap();
  }
  return 0;
}
