#include "policy/cel/literal.h"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <system_error>

namespace reeve::policy::cel {
namespace {

constexpr std::uint32_t kNoCodePoint = 0xFFFFFFFF;

/// Reads the escapes of one literal.
class Unescaper {
 public:
  Unescaper(const Token& token, std::string_view body, std::size_t body_begin)
      : bytes_(token.kind == TokenKind::kBytes), body_(body), begin_(token.offset + body_begin) {}

  std::variant<std::string, Fault> run() {
    while (place_ < body_.size() && !fault_) {
      if (body_[place_] == '\\') {
        escape();
      } else {
        out_ += body_[place_++];
      }
    }
    if (fault_) return *std::move(fault_);
    return std::move(out_);
  }

 private:
  void escape() {
    const std::size_t start = place_;
    const char kind = place_ + 1 < body_.size() ? body_[place_ + 1] : '\0';
    constexpr std::string_view kNames = "abfnrtv\\?\"'`";
    constexpr std::string_view kMeanings = "\a\b\f\n\r\t\v\\?\"'`";
    if (const std::size_t known = kind == '\0' ? kNames.npos : kNames.find(kind); known != kNames.npos) {
      out_ += kMeanings[known];
      place_ += 2;
      return;
    }
    switch (kind) {
      case 'x':
      case 'X': return code(start, start + 2, 2, 16);
      case 'u': return code(start, start + 2, 4, 16);
      case 'U': return code(start, start + 2, 8, 16);
      case '0':
      case '1':
      case '2':
      case '3': return code(start, start + 1, 3, 8);
      default: complain(start, "no escape begins like this; a backslash itself is written \\\\");
    }
  }

  void code(std::size_t start, std::size_t digits, std::size_t count, int base) {
    const std::string_view text = body_.substr(digits, count);
    std::uint32_t value = kNoCodePoint;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (text.size() != count || error != std::errc() || end != text.data() + count) {
      return complain(
          start, "this escape takes " + std::to_string(count) + (base == 8 ? " octal digits" : " hexadecimal digits"));
    }
    place_ = digits + count;
    if (bytes_ && count > 3) return complain(start, "bytes have no \\u escapes; write the bytes as \\x41");
    if (bytes_) {
      out_ += static_cast<char>(value);
    } else if (value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) {
      complain(start, "no character has this code");
    } else {
      append_character(value);
    }
  }

  void append_character(std::uint32_t code) {
    const auto tail = [this, code](unsigned shift) { out_ += static_cast<char>(0x80U | ((code >> shift) & 0x3FU)); };
    if (code < 0x80) {
      out_ += static_cast<char>(code);
    } else if (code < 0x800) {
      out_ += static_cast<char>(0xC0U | (code >> 6U));
      tail(0);
    } else if (code < 0x10000) {
      out_ += static_cast<char>(0xE0U | (code >> 12U));
      tail(6);
      tail(0);
    } else {
      out_ += static_cast<char>(0xF0U | (code >> 18U));
      tail(12);
      tail(6);
      tail(0);
    }
  }

  void complain(std::size_t place, std::string message) {
    fault_ = Fault{static_cast<std::uint32_t>(begin_ + place), std::move(message)};
  }

  bool bytes_;
  std::string_view body_;
  std::size_t begin_;
  std::size_t place_ = 0;
  std::string out_;
  std::optional<Fault> fault_;
};

template <typename T>
std::optional<T> whole_number(std::string_view digits, bool negative) {
  const bool hex = digits.starts_with("0x") || digits.starts_with("0X");
  if (hex) digits.remove_prefix(2);
  const std::string text = (negative ? "-" : "") + std::string(digits);
  T number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, hex ? 16 : 10);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

void append_escaped(std::string& out, char c, bool all_bytes) {
  constexpr std::string_view kMeanings = "\a\b\f\n\r\t\v\\\"";
  constexpr std::string_view kNames = "abfnrtv\\\"";
  const auto byte = static_cast<unsigned char>(c);
  if (const std::size_t known = kMeanings.find(c); known != kMeanings.npos) {
    out += '\\';
    out += kNames[known];
  } else if (byte < 0x20 || byte == 0x7F || (all_bytes && byte >= 0x80)) {
    constexpr std::string_view kHex = "0123456789abcdef";
    out += "\\x";
    out += kHex[byte >> 4U];
    out += kHex[byte & 0xFU];
  } else {
    out += c;
  }
}

}  // namespace

std::variant<std::string, Fault> text_of_literal(const Token& token) {
  const std::size_t open = token.text.find_first_of("\"'");
  const std::string_view prefix = token.text.substr(0, open);
  const std::string_view quoted = token.text.substr(open);
  const std::size_t quotes = quoted.size() >= 6 && quoted[1] == quoted[0] && quoted[2] == quoted[0] ? 3 : 1;
  const std::string_view body = quoted.substr(quotes, quoted.size() - 2 * quotes);
  if (prefix.find_first_of("rR") != prefix.npos) return std::string(body);
  return Unescaper(token, body, open + quotes).run();
}

std::variant<Value, Fault> number_of_literal(const Token& token, bool negative) {
  if (token.kind == TokenKind::kInt) {
    if (const auto number = whole_number<std::int64_t>(token.text, negative)) return Value::of_int(*number);
    return Fault{token.offset, "an int lies between -9223372036854775808 and 9223372036854775807"};
  }
  if (token.kind == TokenKind::kUint) {
    const auto number = whole_number<std::uint64_t>(token.text.substr(0, token.text.size() - 1), false);
    if (number && !negative) return Value::of_uint(*number);
    return Fault{token.offset, "a uint lies between 0 and 18446744073709551615"};
  }
  // strtod and not from_chars: a number too small to tell from 0 is 0 and no fault.
  const double number = std::strtod(std::string(token.text).c_str(), nullptr);
  if (std::isinf(number)) return Fault{token.offset, "a double has no room for this number"};
  return Value::of_double(negative ? -number : number);
}

std::string string_literal(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) append_escaped(out, c, false);
  return out + '"';
}

std::string bytes_literal(std::string_view bytes) {
  std::string out = "b\"";
  for (const char c : bytes) append_escaped(out, c, true);
  return out + '"';
}

std::string double_literal(double number) {
  std::array<char, 64> digits{};
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), number);
  std::string text(digits.data(), end);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

}  // namespace reeve::policy::cel
