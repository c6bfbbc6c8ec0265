#include "policy/cel/call_rules.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/nearest.h"
#include "policy/cel/macro.h"
#include "policy/cel/type_rules.h"

namespace reeve::policy::cel {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 18> kSymbols = {{
    {"_&&_", "&&"},
    {"_||_", "||"},
    {"!_", "!"},
    {"-_", "-"},
    {"_?_:_", "?"},
    {"_==_", "=="},
    {"_!=_", "!="},
    {"_<_", "<"},
    {"_<=_", "<="},
    {"_>_", ">"},
    {"_>=_", ">="},
    {"@in", "in"},
    {"_+_", "+"},
    {"_-_", "-"},
    {"_*_", "*"},
    {"_/_", "/"},
    {"_%_", "%"},
    {"_[_]", "[...]"},
}};

/// Empty when the name is no operator's.
std::string_view symbol_of(std::string_view name) {
  const auto found = std::ranges::find(kSymbols, name, &std::pair<std::string_view, std::string_view>::first);
  return found == kSymbols.end() ? std::string_view() : found->second;
}

bool may_be(const Type& type, Kind kind) { return is_open(type) || type.is_plain(kind); }

/// "'a' is a string and 3 an int".
std::string both(const Node& call, std::span<const Type> operands) {
  return mention(*call.operands[0]) + " is " + with_article(operands[0]) + " and " + mention(*call.operands[1]) + " " +
         (operands[0] == operands[1] ? "too" : with_article(operands[1]));
}

std::variant<Type, Fault> type_of_logic(const Node& call, std::span<const Type> operands) {
  const std::size_t conditions = call.name == "_?_:_" ? 1 : operands.size();
  for (std::size_t i = 0; i < conditions; ++i) {
    if (may_be(operands[i], Kind::kBool)) continue;
    const Node& operand = *call.operands[i];
    return Fault{operand.offset, "'" + std::string(symbol_of(call.name)) + "' takes conditions (true or false), and " +
                                     mention(operand) + " is " + with_article(operands[i])};
  }
  if (call.name == "_?_:_") return join(operands[1], operands[2]);
  return Type::plain(Kind::kBool);
}

std::variant<Type, Fault> type_of_equality(const Node& call, std::span<const Type> operands) {
  if (can_be_equal(operands[0], operands[1])) return Type::plain(Kind::kBool);
  return Fault{call.at, both(call, operands) + "; they are never equal"};
}

std::variant<Type, Fault> type_of_in(const Node& call, std::span<const Type> operands) {
  const Type& place = operands[1];
  const bool has_elements = place.form == Type::Form::kList || place.form == Type::Form::kMap;
  if (is_open(place)) return Type::plain(Kind::kBool);
  if (!has_elements) {
    std::string message =
        "'in' looks into a list or a map, and " + mention(*call.operands[1]) + " is " + with_article(place);
    if (place.is_plain(Kind::kString)) message += "; for a part of a text write text.contains(part)";
    return Fault{call.at, std::move(message)};
  }
  if (can_be_equal(operands[0], place.parameters[0])) return Type::plain(Kind::kBool);
  return Fault{call.at, mention(*call.operands[0]) + " is " + with_article(operands[0]) + ", and " +
                            mention(*call.operands[1]) + " has only " + type_text(place.parameters[0]) +
                            (place.form == Type::Form::kList ? " elements" : " keys") + "; it is never in there"};
}

/// What to do about an operator between these types, as far as that can be guessed.
std::string advice(const Node& call, std::span<const Type> operands) {
  if (operands.size() != 2) return {};
  const Type& left = operands[0];
  const Type& right = operands[1];
  if (call.name == "_[_]" && left.form == Type::Form::kStructure) return "; its fields are written with a dot";
  if (call.name == "_[_]" && left.form == Type::Form::kMap) return "; its keys are " + type_text(left.parameters[0]);
  if (call.name == "_[_]" && left.form == Type::Form::kList) return "; a list is indexed with an int";
  const auto is_number = [](const Type& type) {
    return type.is_plain(Kind::kInt) || type.is_plain(Kind::kUint) || type.is_plain(Kind::kDouble);
  };
  if (left == right) return {};
  if (is_number(left) && is_number(right)) return "; convert one, as in double(x)";
  if (left.is_plain(Kind::kString) && call.name == "_+_") return "; convert the other to text, as in string(x)";
  return {};
}

Fault wrong_operator(const Node& call, std::span<const Type> operands) {
  const std::string symbol(symbol_of(call.name));
  if (operands.size() == 1) {
    return {call.at, "'" + symbol + "' takes a number with a sign, and " + mention(*call.operands[0]) + " is " +
                         with_article(operands[0])};
  }
  return {call.at, "'" + symbol + "' has no meaning here: " + both(call, operands) + advice(call, operands)};
}

Fault wrong_call(const Node& call, const Function& function, std::span<const Type> operands) {
  std::string given = call.member ? type_text(operands[0]) + "." : std::string();
  given += std::string(function.name) + "(";
  for (std::size_t i = call.member ? 1 : 0; i < operands.size(); ++i) {
    if (!given.ends_with('(')) given += ", ";
    given += type_text(operands[i]);
  }
  return {call.at, "there is no " + given + "), but " + signatures_text(function, call.member)};
}

}  // namespace

std::string mention(const Node& node) {
  constexpr std::size_t kBytesMax = 60;
  std::string text = to_text(node);
  if (text.size() > kBytesMax) {
    std::size_t end = kBytesMax;
    while ((static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;  // between two characters
    text = text.substr(0, end) + "...";
  }
  const bool literal = node.kind == NodeKind::kConstant || node.kind == NodeKind::kList || node.kind == NodeKind::kMap;
  return literal ? text : "'" + text + "'";
}

std::variant<Type, Fault> type_of_call(const Node& call, const Function& function, std::span<const Type> operands) {
  if (call.name == "_&&_" || call.name == "_||_" || call.name == "!_" || call.name == "_?_:_") {
    return type_of_logic(call, operands);
  }
  if (call.name == "_==_" || call.name == "_!=_") return type_of_equality(call, operands);
  if (call.name == "@in") return type_of_in(call, operands);
  if (auto result = result_of(function, call.member, operands)) return *std::move(result);
  if (!symbol_of(call.name).empty()) return wrong_operator(call, operands);
  return wrong_call(call, function, operands);
}

Fault unknown_function(const Node& call, std::string_view qualified_name) {
  const std::string_view written = call.name.starts_with('.') ? std::string_view(call.name).substr(1) : call.name;
  const std::string_view name = qualified_name.empty() ? written : qualified_name;
  if (call.member && !macro_usage(call.name).empty()) {
    return {call.at, "this is not how '" + call.name + "' is written: " + std::string(macro_usage(call.name))};
  }
  std::vector<std::string_view> known;
  for (const Function& function : all_functions()) {
    if (symbol_of(function.name).empty()) known.push_back(function.name);
  }
  std::string_view nearest = nearest_name(name, known);
  if (nearest.empty()) nearest = nearest_name(written, known);
  std::string message = "there is no function '" + std::string(written) + "'";
  if (!nearest.empty()) message += "; did you mean '" + std::string(nearest) + "'?";
  return {call.at, std::move(message)};
}

}  // namespace reeve::policy::cel
