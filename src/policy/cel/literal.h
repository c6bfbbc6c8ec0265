#pragma once

// What literals stand for. Source: the Common Expression Language specification, "Syntax" and "String and Bytes
// Values".

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "policy/cel/ast.h"
#include "policy/cel/lexer.h"

namespace reeve::policy::cel {

/// The characters (kString, UTF-8) or bytes (kBytes) of a token, or what is wrong with an escape in it.
std::variant<std::string, Fault> text_of_literal(const Token& token);

/// The number of a kInt, kUint or kDouble token, made negative first when asked for: -9223372036854775808 is one.
std::variant<Value, Fault> number_of_literal(const Token& token, bool negative);

/// The literal that stands for this text, in double quotes, with the escapes it needs.
std::string string_literal(std::string_view text);
std::string bytes_literal(std::string_view bytes);
/// The shortest literal that gives this number again, in a form that is a double's. Not for NaN and infinities, which
/// have none.
std::string double_literal(double number);

}  // namespace reeve::policy::cel
