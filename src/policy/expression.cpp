#include "core/bytes.h"
#include "policy/facts_value.h"
#include "policy/point_program.h"

namespace reeve::policy {

namespace {

/// Variables named after the input's members.
class InputVariables final : public cel::Variables {
 public:
  explicit InputVariables(const std::vector<std::pair<std::string_view, JsonValue>>& members)
      : cel::Variables(members.size()), members_(members) {
    begin();
  }

 protected:
  cel::Value load(std::uint32_t slot, cel::Arena& arena) override {
    return cel::value_of_json(arena, members_[slot].second);
  }

 private:
  const std::vector<std::pair<std::string_view, JsonValue>>& members_;
};

Error fault_error(std::string_view expression, const std::vector<cel::Fault>& faults) {
  std::string text;
  for (const cel::Fault& fault : faults) {
    const cel::Position at = cel::position_of(expression, fault.offset);
    text +=
        (text.empty() ? "" : "; ") + std::to_string(at.line) + ":" + std::to_string(at.column) + ": " + fault.message;
  }
  return {ErrorCode::kInvalid, text};
}

Result<std::string> run(const cel::Ast& ast, cel::Variables& variables, cel::Arena& arena) {
  std::vector<cel::Fault> faults;
  const auto program = cel::Program::compile(ast, faults);
  if (!program) return fault_error(ast.source, faults);
  cel::Frame frame{arena, variables, nullptr, cel::kCostLimit, {}};
  const cel::Value value = program->run(frame);
  if (value.is_error()) return Error{ErrorCode::kInvalid, std::string(value.error->message)};
  if (value.is_unknown()) return Error{ErrorCode::kInvalid, "unknown: " + std::string(value.text())};
  std::string json;
  cel::append_json(json, value);
  return json;
}

}  // namespace

Result<std::string> evaluate_expression(std::string_view expression, JsonValue input, std::optional<Point> point) {
  std::vector<cel::Fault> faults;
  const auto ast = cel::parse(expression, faults);
  if (!ast) return fault_error(expression, faults);
  cel::Arena arena;
  if (point) {
    if (!cel::check(*ast, declarations_of(*point), cel::Strictness::kTyped, faults)) {
      return fault_error(expression, faults);
    }
    std::unique_ptr<Facts> facts;
    const auto empty = JsonDocument::parse("{}");
    auto read = facts_from_json(*point, input.present() ? input : empty->root());
    if (!read) return read.error();
    FactVariables variables;
    variables.begin_decision(**read);
    return run(*ast, variables, arena);
  }
  if (input.present() && !input.is_object() && !input.is_null()) {
    return Error{ErrorCode::kInvalid, "the input is a JSON object whose members are the variables"};
  }
  const auto members = input.members();
  cel::Declarations declarations;
  for (std::uint32_t i = 0; i < members.size(); ++i) {
    declarations.add(std::string(members[i].first), cel::Type::dyn(), i);
  }
  if (!cel::check(*ast, declarations, cel::Strictness::kDynamic, faults)) return fault_error(expression, faults);
  InputVariables variables(members);
  return run(*ast, variables, arena);
}

}  // namespace reeve::policy
