#pragma once

// Bytes and text: encodings, comparisons and small text operations that every room needs. All functions are pure and
// thread-safe. Text is UTF-8 in std::string_view; offsets are bytes.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace reeve {

std::string to_hex(std::string_view bytes);  // lower case
Result<std::string> from_hex(std::string_view text);
std::string to_base64(std::string_view bytes);              // RFC 4648 section 4, padded
Result<std::string> from_base64(std::string_view text);     // strict: padding required, no spaces
std::string to_base64url(std::string_view bytes);           // RFC 4648 section 5, unpadded
Result<std::string> from_base64url(std::string_view text);  // unpadded only

/// Equal without a time that depends on where the first difference is. Lengths may leak.
bool equal_constant_time(std::string_view left, std::string_view right);

/// ASCII only; header names and the like.
bool equal_ignoring_case(std::string_view left, std::string_view right);
std::string to_lower(std::string_view text);
std::string_view trim(std::string_view text);                                // spaces, tabs, CR, LF at both ends
std::vector<std::string_view> split(std::string_view text, char separator);  // keeps empty parts

/// `*` stands for any run of characters (also none); everything else is literal. Case-sensitive. No recursion; at most
/// pattern times text steps, for patterns of many stars.
bool glob_match(std::string_view pattern, std::string_view text);

/// Whole text as a decimal number; nothing else around it.
std::optional<std::int64_t> parse_int(std::string_view text);

/// True when `text` is well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms).
bool is_utf8(std::string_view text);

/// A string that is safe to show on a terminal and in logs: control characters, marks that reverse
/// the direction of writing and invalid UTF-8 become \xNN, cut to `bytes_max` with an
/// ellipsis at a character border.
std::string printable(std::string_view text, std::size_t bytes_max = 200);

}  // namespace reeve
