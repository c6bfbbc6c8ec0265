#include "content/json_text.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>

namespace reeve::content {

namespace {

constexpr std::size_t kUnicodeEscapeBytes = 6;  // \uXXXX

std::optional<std::uint32_t> unicode_escape(std::string_view text, std::size_t at) {
  if (at + kUnicodeEscapeBytes > text.size() || text[at] != '\\' || text[at + 1] != 'u') return std::nullopt;
  std::uint32_t number = 0;
  for (const char c : text.substr(at + 2, 4)) {
    const char lower = static_cast<char>(c | 0x20);
    if (c >= '0' && c <= '9') {
      number = number * 16 + static_cast<std::uint32_t>(c - '0');
    } else if (lower >= 'a' && lower <= 'f') {
      number = number * 16 + static_cast<std::uint32_t>(lower - 'a' + 10);
    } else {
      return std::nullopt;
    }
  }
  return number;
}

bool is_high_half(std::uint32_t number) { return number >= 0xD800 && number < 0xDC00; }
bool is_low_half(std::uint32_t number) { return number >= 0xDC00 && number < 0xE000; }

void append_utf8(std::string& out, std::uint32_t number) {
  const auto add = [&out](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (number < 0x80) {
    add(number);
  } else if (number < 0x800) {
    add(0xC0U | number >> 6U);
    add(0x80U | (number & 63U));
  } else if (number < 0x10000) {
    add(0xE0U | number >> 12U);
    add(0x80U | (number >> 6U & 63U));
    add(0x80U | (number & 63U));
  } else {
    add(0xF0U | number >> 18U);
    add(0x80U | (number >> 12U & 63U));
    add(0x80U | (number >> 6U & 63U));
    add(0x80U | (number & 63U));
  }
}

/// The character that stands behind a backslash, other than u.
char escaped_character(char c) {
  switch (c) {
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return c;
  }
}

void decode_escape(std::string_view escape, std::string& out) {
  const auto first = unicode_escape(escape, 0);
  if (!first) {
    out += escape.size() > 1 ? escaped_character(escape[1]) : escape[0];
    return;
  }
  const auto second = unicode_escape(escape, kUnicodeEscapeBytes);
  append_utf8(out, second ? 0x10000 + ((*first - 0xD800) << 10U) + (*second - 0xDC00) : *first);
}

void append_unicode_escape(std::string& out, std::uint32_t number) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out += kHex[number >> static_cast<unsigned>(shift) & 15U];
}

/// The number of the half character whose three bytes stand at `at`.
std::optional<std::uint32_t> half_character(std::string_view text, std::size_t at) {
  if (at + 3 > text.size() || text[at] != '\xED') return std::nullopt;
  const auto second = static_cast<unsigned char>(text[at + 1]);
  const auto third = static_cast<unsigned char>(text[at + 2]);
  if (second < 0xA0 || second > 0xBF || third < 0x80 || third > 0xBF) return std::nullopt;
  return 0xD000U | static_cast<std::uint32_t>(second & 63U) << 6U | (third & 63U);
}

}  // namespace

std::size_t end_of_json_unit(std::string_view text, std::size_t at) {
  if (text[at] != '\\') return at + 1;
  const auto first = unicode_escape(text, at);
  if (!first) return std::min(text.size(), at + 2);
  const auto second = unicode_escape(text, at + kUnicodeEscapeBytes);
  const bool is_pair = is_high_half(*first) && second && is_low_half(*second);
  return at + kUnicodeEscapeBytes * (is_pair ? 2 : 1);
}

void decode_json_inside(std::string_view text, std::string& out, std::vector<std::size_t>* places) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t backslash = std::min(text.find('\\', at), text.size());
    out.append(text.substr(at, backslash - at));
    if (places != nullptr) {
      for (std::size_t i = at; i < backslash; ++i) places->push_back(i);
    }
    at = backslash;
    if (at == text.size()) return;
    const std::size_t end = end_of_json_unit(text, at);
    decode_escape(text.substr(at, end - at), out);
    if (places != nullptr) places->resize(out.size(), at);
    at = end;
  }
}

void append_json_inside(std::string& out, std::string_view decoded) {
  for (std::size_t at = 0; at < decoded.size(); ++at) {
    const char c = decoded[at];
    switch (c) {
      case '"': out += "\\\""; continue;
      case '\\': out += "\\\\"; continue;
      case '\b': out += "\\b"; continue;
      case '\f': out += "\\f"; continue;
      case '\n': out += "\\n"; continue;
      case '\r': out += "\\r"; continue;
      case '\t': out += "\\t"; continue;
      default: break;
    }
    if (const auto half = half_character(decoded, at)) {
      append_unicode_escape(out, *half);
      at += 2;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      append_unicode_escape(out, static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
}

void append_plain(std::string& out, std::string_view decoded) {
  for (std::size_t at = 0; at < decoded.size();) {
    const std::size_t next = std::min(decoded.find('\xED', at), decoded.size());
    out.append(decoded.substr(at, next - at));
    at = next;
    if (at == decoded.size()) return;
    const bool is_half = half_character(decoded, at).has_value();
    out.append(is_half ? "\xEF\xBF\xBD" : decoded.substr(at, 1));
    at += is_half ? 3 : 1;
  }
}

JsonScalar next_json_scalar(std::string_view text, std::size_t from) {
  std::size_t at = from;
  // Behind a string its quote is still to come; everything else between scalars is structure and white space.
  if (at > 0 && at < text.size() && text[at] == '"') ++at;
  while (at < text.size() && std::string_view(" \t\r\n{}[],:").find(text[at]) != std::string_view::npos) ++at;
  if (at == text.size()) return {at, at, false};
  std::size_t end = at;
  if (text[at] != '"') {
    while (end < text.size() && std::string_view(" \t\r\n{}[],:\"").find(text[end]) == std::string_view::npos) ++end;
    return {at, end, false};
  }
  end = ++at;
  while (end < text.size() && text[end] != '"') end = end_of_json_unit(text, end);
  return {at, std::min(end, text.size()), true};
}

}  // namespace reeve::content
