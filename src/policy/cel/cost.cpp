#include "policy/cel/cost.h"

#include <algorithm>
#include <string>

namespace reeve::policy::cel {
namespace {

/// An error costs more than a step: it takes memory, and a loop may absorb many.
constexpr std::uint64_t kErrorCost = 8;

/// "_+_" becomes "+": the operator as it is written. Empty for a function.
std::string_view operator_sign(std::string_view function) {
  if (function == "@in") return "in";
  if (function == "_[_]") return "[]";
  if (!function.starts_with('_') && !function.ends_with('_')) return {};
  const std::size_t begin = function.find_first_not_of('_');
  return function.substr(begin, function.find_last_not_of('_') - begin + 1);
}

}  // namespace

Value cost_exceeded() {
  static constexpr ErrorNote kNote{ErrorKind::kCostExceeded, "the expression costs more than an evaluation may"};
  return Value::of_error(&kNote);
}

Value fail(Frame& frame, ErrorKind kind, std::string_view message) {
  if (!charge(frame, kErrorCost)) return cost_exceeded();
  return Value::of_error(frame.arena.make(ErrorNote{kind, message}));
}

Value fail_with(Frame& frame, ErrorKind kind, std::string_view message) {
  if (!charge(frame, kErrorCost + message.size() / 16)) return cost_exceeded();
  return make_error(frame.arena, kind, message);
}

Value no_overload(Frame& frame, std::string_view function, std::span<const Value> arguments) {
  const std::string_view sign = operator_sign(function);
  std::string message;
  if (!sign.empty() && arguments.size() == 2) {
    message.append(type_name(arguments[0].kind)).append(" ").append(sign).append(" ");
    message.append(type_name(arguments[1].kind)).append(" has no meaning");
    return fail_with(frame, ErrorKind::kNoSuchOverload, message);
  }
  message.append(sign.empty() ? function : sign).append("(");
  for (std::size_t i = 0; i < std::min<std::size_t>(arguments.size(), 8); ++i) {
    if (i > 0) message += ", ";
    message += type_name(arguments[i].kind);
  }
  message += ") has no meaning";
  return fail_with(frame, ErrorKind::kNoSuchOverload, message);
}

char* make_text(Frame& frame, std::size_t bytes, Value& problem) {
  if (bytes > kTextBytesMax) {
    problem = fail(frame, ErrorKind::kOutOfRange, "a text or bytes would be longer than 1 MiB");
    return nullptr;
  }
  if (!charge_bytes(frame, bytes)) {
    problem = cost_exceeded();
    return nullptr;
  }
  return static_cast<char*>(frame.arena.allocate(bytes, 1));
}

Value* make_elements(Frame& frame, std::size_t count, Value& problem) {
  if (count > kElementsMax) {
    problem = fail(frame, ErrorKind::kOutOfRange, "a list or map would have more than 100,000 elements");
    return nullptr;
  }
  if (!charge_elements(frame, count)) {
    problem = cost_exceeded();
    return nullptr;
  }
  return frame.arena.make_array<Value>(count).data();
}

}  // namespace reeve::policy::cel
