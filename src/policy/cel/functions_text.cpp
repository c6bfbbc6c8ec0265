#include <cstring>
#include <string>

#include "policy/cel/cost.h"
#include "policy/cel/functions.h"
#include "policy/cel/utf8.h"

// Questions about texts, and where things are in them. Places count characters from 0.

namespace reeve::policy::cel {
namespace {

bool are_texts(Arguments arguments) {
  return arguments.size() == 2 && arguments[0].is(Kind::kString) && arguments[1].is(Kind::kString);
}

/// Target and sought text, and a place or none.
bool are_search(Arguments arguments) {
  if (arguments.size() == 3) return arguments[2].is(Kind::kInt) && are_texts(arguments.first(2));
  return are_texts(arguments);
}

Value no_place(Frame& frame, std::int64_t place) {
  return fail_with(frame, ErrorKind::kOutOfRange, "the text has no place " + std::to_string(place));
}

/// What a search costs: the standard library's worst case grows with both lengths.
bool charge_search(Frame& frame, std::string_view text, std::string_view sought) {
  const std::size_t steps = sought.size() > text.size() ? 1 : (text.size() - sought.size() + 1) / 16 + 1;
  return charge(frame, steps * (sought.size() / 64 + 1));
}

/// The byte where a character's place is; false when the text has no such place. The end is one when `with_end`.
bool byte_of_place(std::string_view text, std::int64_t place, bool with_end, std::size_t& at) {
  if (place < 0) return false;
  std::size_t missing = 0;
  at = offset_of_character(text, static_cast<std::size_t>(place), missing);
  return missing == 0 && (with_end || at < text.size());
}

}  // namespace

Value size_of(Frame& frame, Arguments arguments) {
  if (arguments.size() != 1) return no_overload(frame, "size", arguments);
  const Value& value = arguments[0];
  switch (value.kind) {
    case Kind::kString:
      if (!charge_bytes(frame, value.extra)) return cost_exceeded();
      return Value::of_int(static_cast<std::int64_t>(count_characters(value.text())));
    case Kind::kBytes: return Value::of_int(value.extra);
    case Kind::kList: return Value::of_int(static_cast<std::int64_t>(value.list->size));
    case Kind::kMap: return Value::of_int(static_cast<std::int64_t>(value.map->size));
    default: return no_overload(frame, "size", arguments);
  }
}

Value contains(Frame& frame, Arguments arguments) {
  if (!are_texts(arguments)) return no_overload(frame, "contains", arguments);
  const std::string_view text = arguments[0].text();
  const std::string_view sought = arguments[1].text();
  if (!charge_search(frame, text, sought)) return cost_exceeded();
  return Value::of_bool(text.find(sought) != std::string_view::npos);
}

Value starts_with(Frame& frame, Arguments arguments) {
  if (!are_texts(arguments)) return no_overload(frame, "startsWith", arguments);
  if (!charge_bytes(frame, arguments[1].extra)) return cost_exceeded();
  return Value::of_bool(arguments[0].text().starts_with(arguments[1].text()));
}

Value ends_with(Frame& frame, Arguments arguments) {
  if (!are_texts(arguments)) return no_overload(frame, "endsWith", arguments);
  if (!charge_bytes(frame, arguments[1].extra)) return cost_exceeded();
  return Value::of_bool(arguments[0].text().ends_with(arguments[1].text()));
}

Value char_at(Frame& frame, Arguments arguments) {
  if (arguments.size() != 2 || !arguments[0].is(Kind::kString) || !arguments[1].is(Kind::kInt)) {
    return no_overload(frame, "charAt", arguments);
  }
  const std::string_view text = arguments[0].text();
  if (!charge_bytes(frame, text.size())) return cost_exceeded();
  std::size_t at = 0;
  if (!byte_of_place(text, arguments[1].integer, true, at)) return no_place(frame, arguments[1].integer);
  return Value::of_string(at == text.size() ? std::string_view() : text.substr(at, character_bytes(text, at)));
}

Value index_of(Frame& frame, Arguments arguments) {
  if (!are_search(arguments)) return no_overload(frame, "indexOf", arguments);
  const std::string_view text = arguments[0].text();
  const std::string_view sought = arguments[1].text();
  if (!charge_search(frame, text, sought)) return cost_exceeded();
  std::size_t begin = 0;
  if (arguments.size() == 3 && !byte_of_place(text, arguments[2].integer, sought.empty(), begin)) {
    return no_place(frame, arguments[2].integer);
  }
  const std::size_t found = text.find(sought, begin);
  if (found == std::string_view::npos) return Value::of_int(-1);
  return Value::of_int(static_cast<std::int64_t>(count_characters(text.substr(0, found))));
}

Value last_index_of(Frame& frame, Arguments arguments) {
  if (!are_search(arguments)) return no_overload(frame, "lastIndexOf", arguments);
  const std::string_view text = arguments[0].text();
  const std::string_view sought = arguments[1].text();
  if (!charge_search(frame, text, sought)) return cost_exceeded();
  std::size_t last = text.size();
  if (arguments.size() == 3 && !byte_of_place(text, arguments[2].integer, sought.empty(), last)) {
    return no_place(frame, arguments[2].integer);
  }
  const std::size_t found = text.rfind(sought, last);
  if (found == std::string_view::npos) return Value::of_int(-1);
  return Value::of_int(static_cast<std::int64_t>(count_characters(text.substr(0, found))));
}

Value substring(Frame& frame, Arguments arguments) {
  const bool fits = (arguments.size() == 2 || (arguments.size() == 3 && arguments[2].is(Kind::kInt))) &&
                    arguments[0].is(Kind::kString) && arguments[1].is(Kind::kInt);
  if (!fits) return no_overload(frame, "substring", arguments);
  const std::string_view text = arguments[0].text();
  if (!charge_bytes(frame, text.size())) return cost_exceeded();
  std::size_t begin = 0;
  std::size_t end = text.size();
  if (!byte_of_place(text, arguments[1].integer, true, begin)) return no_place(frame, arguments[1].integer);
  if (arguments.size() == 3 && !byte_of_place(text, arguments[2].integer, true, end)) {
    return no_place(frame, arguments[2].integer);
  }
  if (begin > end) return fail(frame, ErrorKind::kOutOfRange, "substring() ends before it begins");
  return Value::of_string(text.substr(begin, end - begin));
}

}  // namespace reeve::policy::cel
