#pragma once

// As much understanding of C++ text as the house checks need: literals, includes, the extent of functions, lambdas. It
// is no parser; it knows the shapes that clang-format leaves behind.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace reeve::house {

/// Stands for a character of a raw string literal in what code_only() returns; it occurs nowhere in C++.
inline constexpr char kRawText = '`';

/// The text with comments and the contents of string and character literals turned into spaces, those of raw literals
/// into kRawText. Length, line ends and quotes stay, so offsets mean the same in both.
std::string code_only(std::string_view text);

struct Include {
  std::string path;  // between the quotes or angle brackets
  std::size_t line = 0;
};
std::vector<Include> find_includes(std::string_view text, std::string_view code);

struct FunctionExtent {
  std::string head;  // the declaration, on one line
  std::size_t first_line = 0;
  std::size_t last_line = 0;
  std::size_t lines() const { return last_line - first_line + 1; }
};
/// Functions with a body, at namespace or class scope; a lambda belongs to the function around it.
std::vector<FunctionExtent> find_functions(std::string_view code);

struct Lambda {
  std::string capture;         // between the square brackets, trimmed
  std::size_t begin = 0;       // offset of '['
  std::size_t body_begin = 0;  // offset of '{'
  std::size_t body_end = 0;    // offset of the matching '}'
  bool is_coroutine = false;   // its own body, lambdas inside it aside, awaits, yields or co_returns
};
std::vector<Lambda> find_lambdas(std::string_view code);

/// The offset of each place where `word` stands alone, not as a part of a longer identifier.
std::vector<std::size_t> find_word(std::string_view code, std::string_view word);

}  // namespace reeve::house
