#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "core/bytes.h"
#include "policy/cel/cost.h"
#include "policy/cel/functions.h"
#include "policy/cel/utf8.h"

// Functions that make new texts.

namespace reeve::policy::cel {
namespace {

bool is_text(Arguments arguments) { return arguments.size() == 1 && arguments[0].is(Kind::kString); }

/// So many pieces: a count of calls that may be limited. Below 0 means no limit.
std::size_t limit_of(Arguments arguments, std::size_t place) {
  if (arguments.size() <= place || arguments[place].integer < 0) return std::numeric_limits<std::size_t>::max();
  return static_cast<std::size_t>(arguments[place].integer);
}

Value copied(Frame& frame, Kind kind, std::string_view text) {
  Value made;
  char* copy = make_text(frame, text.size(), made);
  if (copy == nullptr) return made;
  std::memcpy(copy, text.data(), text.size());
  made = Value::of_string({copy, text.size()});
  made.kind = kind;
  return made;
}

Value in_case(Frame& frame, const Value& text, char first, char last, int distance) {
  Value made;
  char* copy = make_text(frame, text.extra, made);
  if (copy == nullptr) return made;
  for (std::size_t i = 0; i < text.extra; ++i) {
    const char c = text.characters[i];
    copy[i] = c >= first && c <= last ? static_cast<char>(c + distance) : c;
  }
  return Value::of_string({copy, text.extra});
}

/// Unicode's White_Space.
bool is_space(std::uint32_t c) {
  return (c >= 0x09 && c <= 0x0D) || c == 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

/// Where the next occurrence begins, from `from` on. An empty text is found before every character and at the end.
std::size_t next_occurrence(std::string_view text, std::string_view sought, std::size_t from, bool first) {
  if (!sought.empty()) return text.find(sought, from);
  if (first) return from;
  return from >= text.size() ? std::string_view::npos : from + character_bytes(text, from);
}

std::size_t count_occurrences(std::string_view text, std::string_view sought, std::size_t limit) {
  std::size_t count = 0;
  std::size_t at = 0;
  while (count < limit) {
    at = next_occurrence(text, sought, at, count == 0);
    if (at == std::string_view::npos) break;
    ++count;
    at += sought.size();
  }
  return count;
}

/// Writes the text with `count` occurrences replaced, for which `out` has room.
void write_replaced(char* out, std::string_view text, std::string_view sought, std::string_view by, std::size_t count) {
  std::size_t copied_to = 0;
  std::size_t at = 0;
  for (std::size_t i = 0; i < count; ++i) {
    at = next_occurrence(text, sought, at, i == 0);
    out = std::copy(text.begin() + static_cast<std::ptrdiff_t>(copied_to),
                    text.begin() + static_cast<std::ptrdiff_t>(at), out);
    out = std::copy(by.begin(), by.end(), out);
    at += sought.size();
    copied_to = at;
  }
  std::copy(text.begin() + static_cast<std::ptrdiff_t>(copied_to), text.end(), out);
}

/// Every character by itself, the last part being what is left when there are more than `limit`.
Value split_characters(Frame& frame, std::string_view text, std::size_t limit) {
  const std::size_t count = std::min(count_characters(text), limit);
  Value problem;
  Value* parts = make_elements(frame, count, problem);
  if (parts == nullptr) return problem;
  std::size_t at = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t bytes = i + 1 == limit ? text.size() - at : character_bytes(text, at);
    parts[i] = Value::of_string(text.substr(at, bytes));
    at += bytes;
  }
  return Value::of_list(frame.arena.make(List{parts, count}));
}

std::string_view escape_of(char c) {
  switch (c) {
    case '\a': return "\\a";
    case '\b': return "\\b";
    case '\f': return "\\f";
    case '\n': return "\\n";
    case '\r': return "\\r";
    case '\t': return "\\t";
    case '\v': return "\\v";
    case '\\': return "\\\\";
    case '"': return "\\\"";
    default: return {};
  }
}

}  // namespace

Value lower_ascii(Frame& frame, Arguments arguments) {
  if (!is_text(arguments)) return no_overload(frame, "lowerAscii", arguments);
  return in_case(frame, arguments[0], 'A', 'Z', 'a' - 'A');
}

Value upper_ascii(Frame& frame, Arguments arguments) {
  if (!is_text(arguments)) return no_overload(frame, "upperAscii", arguments);
  return in_case(frame, arguments[0], 'a', 'z', 'A' - 'a');
}

Value replace(Frame& frame, Arguments arguments) {
  const bool texts = arguments.size() >= 3 && arguments[0].is(Kind::kString) && arguments[1].is(Kind::kString) &&
                     arguments[2].is(Kind::kString);
  if (!texts || arguments.size() > 4 || (arguments.size() == 4 && !arguments[3].is(Kind::kInt))) {
    return no_overload(frame, "replace", arguments);
  }
  const std::string_view text = arguments[0].text();
  const std::string_view sought = arguments[1].text();
  const std::string_view by = arguments[2].text();
  if (!charge(frame, text.size() / 16 * (sought.size() / 64 + 1))) return cost_exceeded();
  const std::size_t count = count_occurrences(text, sought, limit_of(arguments, 3));
  if (count == 0) return arguments[0];
  const std::size_t size = text.size() - count * sought.size() + count * by.size();
  Value problem;
  char* out = make_text(frame, size, problem);
  if (out == nullptr) return problem;
  write_replaced(out, text, sought, by, count);
  return Value::of_string({out, size});
}

Value split(Frame& frame, Arguments arguments) {
  const bool texts = arguments.size() >= 2 && arguments[0].is(Kind::kString) && arguments[1].is(Kind::kString);
  if (!texts || arguments.size() > 3 || (arguments.size() == 3 && !arguments[2].is(Kind::kInt))) {
    return no_overload(frame, "split", arguments);
  }
  const std::string_view text = arguments[0].text();
  const std::string_view separator = arguments[1].text();
  const std::size_t limit = limit_of(arguments, 2);
  if (!charge(frame, text.size() / 16 * (separator.size() / 64 + 1))) return cost_exceeded();
  if (separator.empty()) return split_characters(frame, text, limit);
  const std::size_t count = limit == 0 ? 0 : count_occurrences(text, separator, limit - 1) + 1;
  Value problem;
  Value* parts = make_elements(frame, count, problem);
  if (parts == nullptr) return problem;
  std::size_t at = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t end = i + 1 == count ? text.size() : text.find(separator, at);
    parts[i] = Value::of_string(text.substr(at, end - at));
    at = end + separator.size();
  }
  return Value::of_list(frame.arena.make(List{parts, count}));
}

Value join(Frame& frame, Arguments arguments) {
  const bool fits = !arguments.empty() && arguments.size() <= 2 && arguments[0].is(Kind::kList) &&
                    (arguments.size() == 1 || arguments[1].is(Kind::kString));
  if (!fits) return no_overload(frame, "join", arguments);
  const List& list = *arguments[0].list;
  const std::string_view separator = arguments.size() == 2 ? arguments[1].text() : std::string_view();
  if (!charge_elements(frame, list.size)) return cost_exceeded();
  std::size_t size = 0;
  for (std::size_t i = 0; i < list.size; ++i) {
    if (!list.items[i].is(Kind::kString)) {
      return fail_with(frame, ErrorKind::kNoSuchOverload,
                       "join() of a list that holds a value of type " + std::string(type_name(list.items[i].kind)));
    }
    size += list.items[i].extra + (i > 0 ? separator.size() : 0);
  }
  Value problem;
  char* text = make_text(frame, size, problem);
  if (text == nullptr) return problem;
  char* out = text;
  for (std::size_t i = 0; i < list.size; ++i) {
    if (i > 0) out = std::copy(separator.begin(), separator.end(), out);
    const std::string_view part = list.items[i].text();
    out = std::copy(part.begin(), part.end(), out);
  }
  return Value::of_string({text, size});
}

Value trim(Frame& frame, Arguments arguments) {
  if (!is_text(arguments)) return no_overload(frame, "trim", arguments);
  std::string_view text = arguments[0].text();
  if (!charge_bytes(frame, text.size())) return cost_exceeded();
  while (!text.empty() && is_space(code_point_at(text, 0))) text.remove_prefix(character_bytes(text, 0));
  while (!text.empty()) {
    std::size_t last = text.size() - 1;
    while (last > 0 && (static_cast<unsigned char>(text[last]) & 0xC0U) == 0x80U) --last;
    if (!is_space(code_point_at(text, last))) break;
    text.remove_suffix(text.size() - last);
  }
  return Value::of_string(text);
}

Value reverse(Frame& frame, Arguments arguments) {
  if (!is_text(arguments)) return no_overload(frame, "reverse", arguments);
  const std::string_view text = arguments[0].text();
  Value problem;
  char* out = make_text(frame, text.size(), problem);
  if (out == nullptr) return problem;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t bytes = character_bytes(text, at);
    std::memcpy(out + text.size() - at - bytes, text.data() + at, bytes);
    at += bytes;
  }
  return Value::of_string({out, text.size()});
}

Value quote(Frame& frame, Arguments arguments) {
  if (!is_text(arguments)) return no_overload(frame, "strings.quote", arguments);
  const std::string_view text = arguments[0].text();
  if (!charge_bytes(frame, text.size())) return cost_exceeded();
  std::size_t size = 2;
  for (const char c : text) size += escape_of(c).empty() ? 1 : 2;
  Value problem;
  char* quoted = make_text(frame, size, problem);
  if (quoted == nullptr) return problem;
  char* out = quoted;
  *out++ = '"';
  for (const char& c : text) {
    const std::string_view escape = escape_of(c);
    const std::string_view written = escape.empty() ? std::string_view(&c, 1) : escape;
    out = std::copy(written.begin(), written.end(), out);
  }
  *out = '"';
  return Value::of_string({quoted, size});
}

Value base64_encode(Frame& frame, Arguments arguments) {
  if (arguments.size() != 1 || !arguments[0].is(Kind::kBytes)) return no_overload(frame, "base64.encode", arguments);
  if (arguments[0].extra > kTextBytesMax || !charge_bytes(frame, arguments[0].extra)) {
    Value problem;
    make_text(frame, kTextBytesMax + 1, problem);
    return problem;
  }
  return copied(frame, Kind::kString, to_base64(arguments[0].text()));
}

Value base64_decode(Frame& frame, Arguments arguments) {
  if (!is_text(arguments)) return no_overload(frame, "base64.decode", arguments);
  if (!charge_bytes(frame, arguments[0].extra)) return cost_exceeded();
  std::string padded(arguments[0].text());
  if (!padded.ends_with('=')) padded.append((4 - padded.size() % 4) % 4, '=');
  const Result<std::string> bytes = from_base64(padded);
  if (!bytes) return fail(frame, ErrorKind::kInvalidArgument, "the text is no base64");
  return copied(frame, Kind::kBytes, *bytes);
}

}  // namespace reeve::policy::cel
