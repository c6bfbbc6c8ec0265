#pragma once

// What an evaluation may cost and make, and the errors that functions answer with. A used-up cost stays at 0, so every
// later charge fails too, and Program::run() answers kCostExceeded whatever the expression made of it.

#include <cstdint>
#include <span>
#include <string_view>

#include "policy/cel/program.h"
#include "policy/cel/value.h"

namespace reeve::policy::cel {

/// What one step may make.
inline constexpr std::size_t kTextBytesMax = 1UL << 20U;
inline constexpr std::size_t kElementsMax = 100'000;

inline bool charge(Frame& frame, std::uint64_t cost) {
  if (cost >= frame.cost_left) [[unlikely]] {
    frame.cost_left = 0;
    return false;
  }
  frame.cost_left -= cost;
  return true;
}
inline bool charge_bytes(Frame& frame, std::size_t bytes) { return charge(frame, bytes / 16); }
inline bool charge_elements(Frame& frame, std::size_t elements) { return charge(frame, elements / 4); }

Value cost_exceeded();
/// An error with a message that is not copied: a literal.
Value fail(Frame& frame, ErrorKind kind, std::string_view message);
/// The message is copied into the frame's arena.
Value fail_with(Frame& frame, ErrorKind kind, std::string_view message);
/// "size() cannot take (int, bool)"; for an operator of the table ("_+_"), "int + string has no meaning".
Value no_overload(Frame& frame, std::string_view function, std::span<const Value> arguments);

/// Room for a text to be made, already charged; null when that is too much, and then `problem` says so.
char* make_text(Frame& frame, std::size_t bytes, Value& problem);
/// The same for a list's elements.
Value* make_elements(Frame& frame, std::size_t count, Value& problem);

}  // namespace reeve::policy::cel
