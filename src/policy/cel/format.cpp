#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "core/bytes.h"
#include "policy/cel/cost.h"
#include "policy/cel/functions.h"
#include "policy/cel/scalar_text.h"

// "%s and %.2f".format([...]).
//
// Source: the specification's strings extension and its conformance suite.

namespace reeve::policy::cel {
namespace {

/// Writes a format's result. A method that cannot go on answers false and leaves `problem`.
class Formatter {
 public:
  explicit Formatter(Frame& frame) : frame_(frame) {}

  bool run(std::string_view pattern, const List& values);
  const std::string& text() const { return out_; }
  const Value& problem() const { return problem_; }

 private:
  struct Clause {
    char letter = 0;
    int precision = kDefaultPrecision;
  };
  static constexpr int kDefaultPrecision = 6;
  static constexpr int kPrecisionMax = 100;

  bool read_clause(std::string_view pattern, std::size_t& at, Clause& clause);
  bool write(const Clause& clause, const Value& value);
  bool write_text(const Value& value, int depth);
  bool write_list(const List& list, int depth);
  bool write_map(const Map& map, int depth);
  bool write_real(const Clause& clause, const Value& value);
  bool write_decimal(const Value& value);
  bool write_in_base(const Value& value, int base);
  bool write_hexadecimal(const Value& value, bool upper);

  bool append(std::string_view text) {
    if (out_.size() + text.size() > kTextBytesMax) return refuse("the formatted text would be longer than 1 MiB");
    if (!charge_bytes(frame_, text.size() + 15)) return give_up();
    out_ += text;
    return true;
  }
  bool refuse(std::string_view message) {
    problem_ = fail_with(frame_, ErrorKind::kInvalidArgument, message);
    return false;
  }
  bool refuse_value(char letter, const Value& value) {
    return refuse("format() cannot write " + std::string(type_name(value.kind)) + " with %" + std::string(1, letter));
  }
  bool give_up() {
    problem_ = cost_exceeded();
    return false;
  }

  Frame& frame_;
  std::string out_;
  Value problem_;
};

bool Formatter::run(std::string_view pattern, const List& values) {
  std::size_t used = 0;
  std::size_t at = 0;
  while (at < pattern.size()) {
    const std::size_t percent = std::min(pattern.find('%', at), pattern.size());
    if (!append(pattern.substr(at, percent - at))) return false;
    at = percent + 1;
    if (percent == pattern.size()) break;
    if (pattern.substr(at).starts_with('%')) {
      if (!append("%")) return false;
      ++at;
      continue;
    }
    Clause clause;
    if (!read_clause(pattern, at, clause)) return false;
    if (used == values.size) return refuse("format() has more clauses than values");
    if (!write(clause, values.items[used++])) return false;
  }
  if (used < values.size) return refuse("format() has more values than clauses");
  return true;
}

/// After the percent sign: ".3f".
bool Formatter::read_clause(std::string_view pattern, std::size_t& at, Clause& clause) {
  if (pattern.substr(at).starts_with('.')) {
    const char* begin = pattern.data() + at + 1;
    const auto [end, problem] = std::from_chars(begin, pattern.data() + pattern.size(), clause.precision);
    if (problem != std::errc() || clause.precision < 0 || clause.precision > kPrecisionMax) {
      return refuse("format() takes a precision of 0 to 100 after %.");
    }
    at = static_cast<std::size_t>(end - pattern.data());
  }
  if (at == pattern.size()) return refuse("format() ends in the middle of a clause");
  clause.letter = pattern[at++];
  if (std::string_view("sdfebxXo").find(clause.letter) != std::string_view::npos) return true;
  return refuse("format() knows %s, %d, %f, %e, %b, %o, %x, %X and %%, but not %" +
                printable(std::string_view(&clause.letter, 1)));
}

bool Formatter::write(const Clause& clause, const Value& value) {
  switch (clause.letter) {
    case 's': return write_text(value, kValueDepthMax);
    case 'd': return write_decimal(value);
    case 'f':
    case 'e': return write_real(clause, value);
    case 'b':
      if (value.is(Kind::kBool)) return append(value.boolean ? "1" : "0");
      return write_in_base(value, 2);
    case 'o': return write_in_base(value, 8);
    default: return write_hexadecimal(value, clause.letter == 'X');
  }
}

bool Formatter::write_text(const Value& value, int depth) {
  switch (value.kind) {
    case Kind::kNull: return append("null");
    case Kind::kType: return append(value.text());
    case Kind::kList: return depth > 0 ? write_list(*value.list, depth - 1) : refuse("format() of too deep a list");
    case Kind::kMap: return depth > 0 ? write_map(*value.map, depth - 1) : refuse("format() of too deep a map");
    default: break;
  }
  const Value text = to_text(frame_, {&value, 1});
  if (text.is(Kind::kString)) return append(text.text());
  problem_ = text;
  return false;
}

bool Formatter::write_list(const List& list, int depth) {
  if (!append("[")) return false;
  for (std::size_t i = 0; i < list.size; ++i) {
    if (i > 0 && !append(", ")) return false;
    if (!write_text(list.items[i], depth)) return false;
  }
  return append("]");
}

/// Entries stand in the order of their keys' texts.
bool Formatter::write_map(const Map& map, int depth) {
  if (!charge_elements(frame_, map.size * 8)) return give_up();
  std::vector<std::pair<std::string_view, const Value*>> entries;
  entries.reserve(map.size);
  for (std::size_t i = 0; i < map.size; ++i) {
    const Value key = to_text(frame_, {&map.entries[i].key, 1});
    if (!key.is(Kind::kString)) return give_up();
    entries.emplace_back(key.text(), &map.entries[i].value);
  }
  std::ranges::sort(entries, {}, &std::pair<std::string_view, const Value*>::first);
  if (!append("{")) return false;
  bool first = true;
  for (const auto& [key, value] : entries) {
    if (!first && !append(", ")) return false;
    first = false;
    if (!append(key) || !append(": ") || !write_text(*value, depth)) return false;
  }
  return append("}");
}

bool Formatter::write_real(const Clause& clause, const Value& value) {
  if (!value.is(Kind::kDouble)) return refuse_value(clause.letter, value);
  if (!std::isfinite(value.real)) return append(double_text(value.real));
  std::array<char, 512> buffer{};
  const auto notation = clause.letter == 'f' ? std::chars_format::fixed : std::chars_format::scientific;
  const auto [end, problem] =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), value.real, notation, clause.precision);
  if (problem != std::errc()) return refuse("format() of a number with too many digits");
  return append({buffer.data(), static_cast<std::size_t>(end - buffer.data())});
}

bool Formatter::write_decimal(const Value& value) {
  if (value.is(Kind::kDouble) && !std::isfinite(value.real)) return append(double_text(value.real));
  if (value.is(Kind::kInt) || value.is(Kind::kUint)) return write_in_base(value, 10);
  return refuse_value('d', value);
}

bool Formatter::write_in_base(const Value& value, int base) {
  std::array<char, 80> buffer{};
  char* end = nullptr;
  if (value.is(Kind::kInt)) {
    end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value.integer, base).ptr;
  } else if (value.is(Kind::kUint)) {
    end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value.unsigned_integer, base).ptr;
  } else {
    return refuse_value(base == 2 ? 'b' : 'o', value);
  }
  return append({buffer.data(), static_cast<std::size_t>(end - buffer.data())});
}

bool Formatter::write_hexadecimal(const Value& value, bool upper) {
  const std::size_t begin = out_.size();
  if (value.is(Kind::kString) || value.is(Kind::kBytes)) {
    if (value.extra > kTextBytesMax) return refuse("the formatted text would be longer than 1 MiB");
    if (!charge_bytes(frame_, value.extra)) return give_up();
    if (!append(to_hex(value.text()))) return false;
  } else if (value.is(Kind::kInt) || value.is(Kind::kUint)) {
    if (!write_in_base(value, 16)) return false;
  } else {
    return refuse_value(upper ? 'X' : 'x', value);
  }
  for (std::size_t i = begin; upper && i < out_.size(); ++i) {
    if (out_[i] >= 'a' && out_[i] <= 'f') out_[i] = static_cast<char>(out_[i] - 'a' + 'A');
  }
  return true;
}

}  // namespace

Value format(Frame& frame, Arguments arguments) {
  if (arguments.size() != 2 || !arguments[0].is(Kind::kString) || !arguments[1].is(Kind::kList)) {
    return no_overload(frame, "format", arguments);
  }
  Formatter formatter(frame);
  if (!formatter.run(arguments[0].text(), *arguments[1].list)) return formatter.problem();
  Value problem;
  char* text = make_text(frame, formatter.text().size(), problem);
  if (text == nullptr) return problem;
  formatter.text().copy(text, formatter.text().size());
  return Value::of_string({text, formatter.text().size()});
}

}  // namespace reeve::policy::cel
