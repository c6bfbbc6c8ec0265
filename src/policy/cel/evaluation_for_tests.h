#pragma once

// Expressions from source text to what they are, for tests.

#include <gtest/gtest.h>

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/json.h"
#include "policy/cel/ast.h"
#include "policy/cel/json_value.h"
#include "policy/cel/program.h"

namespace reeve::policy::cel {

/// Variables that a test sets one by one.
class TestVariables final : public Variables {
 public:
  static constexpr std::size_t kSlots = 64;
  TestVariables() : Variables(kSlots), values_(kSlots) {}

  void declare(std::string name, Type type, const Value& value) {
    declarations_.add(std::move(name), std::move(type), next_);
    values_[next_++] = value;
  }
  /// Each member becomes a variable of type dyn.
  void declare_json(std::string_view json) {
    const auto document = JsonDocument::parse(json);
    ASSERT_TRUE(document.ok()) << json;
    for (const auto& [name, member] : document->root().members()) {
      declare(std::string(name), Type::dyn(), value_of_json(arena_, member));
    }
  }
  const Declarations& declarations() const { return declarations_; }
  Arena& arena() { return arena_; }
  int loads() const { return loads_; }

 protected:
  Value load(std::uint32_t slot, Arena&) override {
    ++loads_;
    return values_[slot];
  }

 private:
  Declarations declarations_;
  Arena arena_;
  std::vector<Value> values_;
  std::uint32_t next_ = 0;
  int loads_ = 0;
};

/// What an expression is, as to_display() writes it; "fault: ..." when it is no expression.
inline std::string display_of(std::string_view source, TestVariables& variables,
                              Strictness strictness = Strictness::kDynamic, std::uint64_t cost = kCostLimit) {
  std::vector<Fault> faults;
  const std::unique_ptr<Ast> ast = parse(source, faults);
  if (ast == nullptr || !check(*ast, variables.declarations(), strictness, faults)) {
    return "fault: " + faults.at(0).message;
  }
  const std::unique_ptr<const Program> program = Program::compile(*ast, faults);
  if (program == nullptr) return "fault: " + faults.at(0).message;
  Arena arena;
  Frame frame{.arena = arena, .variables = variables, .cost_left = cost, .locals = {}};
  return to_display(program->run(frame), 2000);
}

inline std::string display_of(std::string_view source, std::string_view variables_json = "{}") {
  TestVariables variables;
  variables.declare_json(variables_json);
  return display_of(source, variables);
}

struct Expected {
  std::string_view source;
  std::string_view display;
};

inline void expect_all(std::initializer_list<Expected> cases, std::string_view variables_json = "{}") {
  for (const Expected& expected : cases) {
    EXPECT_EQ(display_of(expected.source, variables_json), expected.display) << expected.source;
  }
}

}  // namespace reeve::policy::cel
