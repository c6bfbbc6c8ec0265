#include "policy/cel/function.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>

#include "policy/cel/evaluation_for_tests.h"

namespace reeve::policy::cel {
namespace {

bool is_operator(std::string_view name) { return name.find_first_of("_@!") != std::string_view::npos; }

TEST(FunctionTable, NamesAreFoundAndThereOnce) {
  std::set<std::string_view> names;
  for (const Function& function : all_functions()) {
    EXPECT_TRUE(names.insert(function.name).second) << function.name;
    EXPECT_EQ(find_function(function.name), &function);
  }
  EXPECT_EQ(find_function("no.such"), nullptr);
  EXPECT_EQ(find_function(""), nullptr);
  EXPECT_GT(names.size(), 60U);
}

TEST(FunctionTable, EveryFunctionHasSignaturesASummaryAndACall) {
  for (const Function& function : all_functions()) {
    EXPECT_FALSE(function.signatures.empty()) << function.name;
    EXPECT_EQ(function.summary.empty(), is_operator(function.name)) << function.name;
    const bool lazy = function.name == "_&&_" || function.name == "_||_" || function.name == "_?_:_";
    EXPECT_EQ(function.call == nullptr, lazy) << function.name;
  }
}

/// Every function, with arguments of every kind in every number: none may crash, and those of a wrong number of
/// arguments have no meaning.
TEST(FunctionTable, EveryFunctionTakesAnything) {
  Arena arena;
  TestVariables variables;
  const std::array<Value, 2> items{Value::of_string("x"), Value::of_int(1)};
  const Value list = make_list(arena, items);
  const std::array<MapEntry, 1> entries{MapEntry{items[0], items[1]}};
  const std::array<Value, 12> values{Value::null(),
                                     Value::of_bool(true),
                                     Value::of_int(-1),
                                     Value::of_uint(1),
                                     Value::of_double(0.5),
                                     Value::of_string("abc"),
                                     Value::of_bytes("\xFF"),
                                     list,
                                     make_map(arena, entries),
                                     Value::of_timestamp(0, 0),
                                     Value::of_duration(1, 0),
                                     Value::of_type("int")};
  for (const Function& function : all_functions()) {
    if (function.call == nullptr) continue;
    for (const Value& first : values) {
      for (const Value& second : values) {
        const std::array<Value, 6> arguments{first, second, second, first, second, first};
        for (std::size_t count = 0; count <= arguments.size(); ++count) {
          Frame frame{.arena = arena, .variables = variables, .locals = {}};
          const Value result = function.call(frame, std::span(arguments).first(count));
          const bool possible = function.variadic || std::ranges::any_of(function.signatures, [&](const Signature& s) {
                                  return s.parameters.size() == count;
                                });
          if (possible) continue;
          ASSERT_TRUE(result.is_error()) << function.name << " of " << count;
          EXPECT_EQ(result.error->kind, ErrorKind::kNoSuchOverload) << function.name << " of " << count;
        }
      }
    }
  }
}

}  // namespace
}  // namespace reeve::policy::cel
