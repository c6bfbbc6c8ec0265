#include "policy/cel/function.h"

#include <algorithm>
#include <utility>

#include "policy/cel/functions.h"

namespace reeve::policy::cel {
namespace {

using Call = Value (*)(Frame& frame, std::span<const Value> arguments);

const Type& boolean() {
  static const Type type = Type::plain(Kind::kBool);
  return type;
}
const Type& integer() {
  static const Type type = Type::plain(Kind::kInt);
  return type;
}
const Type& unsigned_integer() {
  static const Type type = Type::plain(Kind::kUint);
  return type;
}
const Type& real() {
  static const Type type = Type::plain(Kind::kDouble);
  return type;
}
const Type& text() {
  static const Type type = Type::plain(Kind::kString);
  return type;
}
const Type& bytes() {
  static const Type type = Type::plain(Kind::kBytes);
  return type;
}
const Type& timestamp() {
  static const Type type = Type::plain(Kind::kTimestamp);
  return type;
}
const Type& duration() {
  static const Type type = Type::plain(Kind::kDuration);
  return type;
}
const Type& any() {
  static const Type type = Type::parameter("A");
  return type;
}
const Type& list_of_any() {
  static const Type type = Type::list(any());
  return type;
}
const Type& map_of_any() {
  static const Type type = Type::map(any(), Type::parameter("B"));
  return type;
}

/// The table while it is made. Each sentence names a function and is followed by the ways to call it.
class TableMaker {
 public:
  TableMaker& name(std::string_view name, Call call, std::string_view summary = {}) {
    functions_.push_back({.name = name, .signatures = {}, .call = call, .summary = summary, .variadic = false});
    return *this;
  }
  TableMaker& takes(std::vector<Type> parameters, Type result) {
    functions_.back().signatures.push_back({false, std::move(parameters), std::move(result)});
    return *this;
  }
  /// The first parameter is what stands before the dot.
  TableMaker& member(std::vector<Type> parameters, Type result) {
    functions_.back().signatures.push_back({true, std::move(parameters), std::move(result)});
    return *this;
  }
  TableMaker& variadic() {
    functions_.back().variadic = true;
    return *this;
  }
  std::vector<Function> take() {
    std::ranges::sort(functions_, {}, &Function::name);
    return std::move(functions_);
  }

 private:
  std::vector<Function> functions_;
};

void add_logic(TableMaker& table) {
  table.name("_&&_", nullptr).takes({boolean(), boolean()}, boolean());
  table.name("_||_", nullptr).takes({boolean(), boolean()}, boolean());
  table.name("_?_:_", nullptr).takes({boolean(), any(), any()}, any());
  table.name("!_", not_of).takes({boolean()}, boolean());
  table.name("_==_", is_equal).takes({any(), any()}, boolean());
  table.name("_!=_", is_unequal).takes({any(), any()}, boolean());
  table.name("@in", is_in).takes({any(), list_of_any()}, boolean()).takes({any(), map_of_any()}, boolean());
  table.name("_[_]", index_into)
      .takes({list_of_any(), integer()}, any())
      .takes({map_of_any(), any()}, Type::parameter("B"));
}

void add_order(TableMaker& table) {
  const std::pair<std::string_view, Call> operators[] = {
      {"_<_", is_less}, {"_<=_", is_less_or_equal}, {"_>_", is_greater}, {"_>=_", is_greater_or_equal}};
  const Type numbers[] = {integer(), unsigned_integer(), real()};
  for (const auto& [name, call] : operators) {
    table.name(name, call);
    for (const Type& left : numbers)
      for (const Type& right : numbers) table.takes({left, right}, boolean());
    for (const Type& type : {boolean(), text(), bytes(), timestamp(), duration()}) table.takes({type, type}, boolean());
  }
}

void add_arithmetic(TableMaker& table) {
  const auto of_numbers = [&table](std::initializer_list<Type> types) {
    for (const Type& type : types) table.takes({type, type}, type);
  };
  table.name("-_", negate).takes({integer()}, integer()).takes({real()}, real());
  table.name("_+_", add);
  of_numbers({integer(), unsigned_integer(), real(), text(), bytes(), duration(), list_of_any()});
  table.takes({timestamp(), duration()}, timestamp()).takes({duration(), timestamp()}, timestamp());
  table.name("_-_", subtract);
  of_numbers({integer(), unsigned_integer(), real(), duration()});
  table.takes({timestamp(), duration()}, timestamp()).takes({timestamp(), timestamp()}, duration());
  table.name("_*_", multiply);
  of_numbers({integer(), unsigned_integer(), real()});
  table.name("_/_", divide);
  of_numbers({integer(), unsigned_integer(), real()});
  table.name("_%_", modulo);
  of_numbers({integer(), unsigned_integer()});
}

void add_text_tests(TableMaker& table) {
  table.name("size", size_of, "How many characters a text, bytes, or elements a list or map has.");
  for (const Type& type : {text(), bytes(), list_of_any(), map_of_any()})
    table.takes({type}, integer()).member({type}, integer());
  table.name("contains", contains, "Whether the text holds another one.").member({text(), text()}, boolean());
  table.name("startsWith", starts_with, "Whether the text begins with another one.")
      .member({text(), text()}, boolean());
  table.name("endsWith", ends_with, "Whether the text ends with another one.").member({text(), text()}, boolean());
  table.name("matches", matches, "Whether an RE2 pattern matches anywhere in the text.")
      .member({text(), text()}, boolean())
      .takes({text(), text()}, boolean());
  table.name("indexOf", index_of, "Where another text first begins, in characters, or -1; from a place on.")
      .member({text(), text()}, integer())
      .member({text(), text(), integer()}, integer());
  table.name("lastIndexOf", last_index_of, "Where another text last begins, in characters, or -1; up to a place.")
      .member({text(), text()}, integer())
      .member({text(), text(), integer()}, integer());
}

void add_text_making(TableMaker& table) {
  table.name("charAt", char_at, "The character at a place counted from 0; empty at the end.")
      .member({text(), integer()}, text());
  table.name("lowerAscii", lower_ascii, "The text with A to Z in lower case.").member({text()}, text());
  table.name("upperAscii", upper_ascii, "The text with a to z in upper case.").member({text()}, text());
  table.name("replace", replace, "The text with one part replaced by another, everywhere or so many times.")
      .member({text(), text(), text()}, text())
      .member({text(), text(), text(), integer()}, text());
  table.name("split", split, "The parts between separators; at most so many.")
      .member({text(), text()}, Type::list(text()))
      .member({text(), text(), integer()}, Type::list(text()));
  table.name("join", join, "The texts of a list one after the other, with a separator between.")
      .member({Type::list(text())}, text())
      .member({Type::list(text()), text()}, text());
  table.name("substring", substring, "The characters from one place up to another, or to the end.")
      .member({text(), integer()}, text())
      .member({text(), integer(), integer()}, text());
  table.name("trim", trim, "The text without white space at both ends.").member({text()}, text());
  table.name("reverse", reverse, "The characters of the text in reverse order.").member({text()}, text());
  table.name("format", format, "The text with each %s, %d, %f, %e, %b, %o, %x or %X replaced by a list's element.")
      .member({text(), Type::list(Type::dyn())}, text());
  table.name("strings.quote", quote, "The text in double quotes, with escapes.").takes({text()}, text());
  table.name("base64.encode", base64_encode, "Bytes as base64 text.").takes({bytes()}, text());
  table.name("base64.decode", base64_decode, "The bytes that a base64 text stands for, padded or not.")
      .takes({text()}, bytes());
}

void add_extremes(TableMaker& table) {
  const std::pair<std::string_view, Call> extremes[] = {{"math.greatest", greatest}, {"math.least", least}};
  for (const auto& [name, call] : extremes) {
    table.name(name, call,
               call == greatest ? "The greatest of some numbers or of a list of them."
                                : "The least of some numbers or of a list of them.");
    for (const Type& type : {integer(), unsigned_integer(), real()})
      table.takes({type}, type).takes({Type::list(type)}, type);
    table.takes({Type::dyn()}, Type::dyn()).variadic();
  }
}

void add_numbers(TableMaker& table) {
  add_extremes(table);
  table.name("math.ceil", ceil_of, "The next whole number up.").takes({real()}, real());
  table.name("math.floor", floor_of, "The next whole number down.").takes({real()}, real());
  table.name("math.round", round_of, "The nearest whole number, halves away from 0.").takes({real()}, real());
  table.name("math.trunc", trunc_of, "The number without its fraction.").takes({real()}, real());
  table.name("math.isNaN", is_nan, "Whether this is no number.").takes({real()}, boolean());
  table.name("math.isInf", is_infinite, "Whether the number is infinite.").takes({real()}, boolean());
  table.name("math.isFinite", is_finite, "Whether this is a number and not infinite.").takes({real()}, boolean());
  table.name("math.abs", abs_of, "The number without its sign.");
  for (const Type& type : {integer(), unsigned_integer(), real()}) table.takes({type}, type);
  table.name("math.sign", sign_of, "-1, 0 or 1.");
  for (const Type& type : {integer(), unsigned_integer(), real()}) table.takes({type}, type);

  const auto of_bits = [&table](std::string_view name, Call call, std::string_view summary) {
    table.name(name, call, summary);
    for (const Type& type : {integer(), unsigned_integer()}) table.takes({type, type}, type);
  };
  of_bits("math.bitAnd", bit_and, "The bits that both numbers have.");
  of_bits("math.bitOr", bit_or, "The bits that either number has.");
  of_bits("math.bitXor", bit_xor, "The bits that one of the numbers has.");
  table.name("math.bitNot", bit_not, "Every bit turned.");
  for (const Type& type : {integer(), unsigned_integer()}) table.takes({type}, type);
  table.name("math.bitShiftLeft", bit_shift_left, "The bits moved up by so many places.");
  for (const Type& type : {integer(), unsigned_integer()}) table.takes({type, integer()}, type);
  table.name("math.bitShiftRight", bit_shift_right, "The bits moved down by so many places, with zeros following.");
  for (const Type& type : {integer(), unsigned_integer()}) table.takes({type, integer()}, type);
}

void add_times(TableMaker& table) {
  const auto of_timestamp = [&table](std::string_view name, Call call, std::string_view summary) {
    table.name(name, call, summary).member({timestamp()}, integer()).member({timestamp(), text()}, integer());
  };
  of_timestamp("getFullYear", get_full_year, "The year, in UTC or a time zone.");
  of_timestamp("getMonth", get_month, "The month, January being 0.");
  of_timestamp("getDayOfYear", get_day_of_year, "The day of the year, from 0.");
  of_timestamp("getDayOfMonth", get_day_of_month, "The day of the month, from 0.");
  of_timestamp("getDate", get_date, "The day of the month, from 1.");
  of_timestamp("getDayOfWeek", get_day_of_week, "The day of the week, Sunday being 0.");
  of_timestamp("getHours", get_hours, "The hour of the day; of a duration, its whole hours.");
  table.member({duration()}, integer());
  of_timestamp("getMinutes", get_minutes, "The minute of the hour; of a duration, its whole minutes.");
  table.member({duration()}, integer());
  of_timestamp("getSeconds", get_seconds, "The second of the minute; of a duration, its whole seconds.");
  table.member({duration()}, integer());
  of_timestamp("getMilliseconds", get_milliseconds, "The thousandths of the second.");
  table.member({duration()}, integer());
}

void add_conversions(TableMaker& table) {
  const auto from = [&table](std::initializer_list<Type> types, const Type& result) {
    for (const Type& type : types) table.takes({type}, result);
  };
  table.name("bool", to_bool, "A bool from a text.");
  from({boolean(), text()}, boolean());
  table.name("int", to_int, "An int from another number (its fraction cut), a text, or a timestamp (seconds).");
  from({integer(), unsigned_integer(), real(), text(), timestamp()}, integer());
  table.name("uint", to_uint, "A uint from another number (its fraction cut) or a text.");
  from({integer(), unsigned_integer(), real(), text()}, unsigned_integer());
  table.name("double", to_double, "A double from another number or a text.");
  from({integer(), unsigned_integer(), real(), text()}, real());
  table.name("string", to_text, "A text from any single value; bytes must be UTF-8.");
  from({boolean(), integer(), unsigned_integer(), real(), text(), bytes(), timestamp(), duration()}, text());
  table.name("bytes", to_bytes, "The UTF-8 bytes of a text.");
  from({bytes(), text()}, bytes());
  table.name("timestamp", to_timestamp, "A timestamp from RFC 3339 text or from seconds since 1970.");
  from({timestamp(), text(), integer()}, timestamp());
  table.name("duration", to_duration, "A duration from text as 1h30m, 1.5s or 20ms.");
  from({duration(), text()}, duration());
  table.name("type", to_type, "The type of a value.").takes({any()}, Type::type_of(any()));
  table.name("dyn", to_dyn, "The value itself, its type to be seen only when it is used.").takes({any()}, Type::dyn());
}

std::vector<Function> make_table() {
  TableMaker table;
  add_logic(table);
  add_order(table);
  add_arithmetic(table);
  add_text_tests(table);
  add_text_making(table);
  add_numbers(table);
  add_times(table);
  add_conversions(table);
  return table.take();
}

}  // namespace

std::span<const Function> all_functions() {
  static const std::vector<Function> table = make_table();
  return table;
}

const Function* find_function(std::string_view name) {
  const std::span<const Function> table = all_functions();
  const auto found = std::ranges::lower_bound(table, name, {}, &Function::name);
  return found != table.end() && found->name == name ? &*found : nullptr;
}

}  // namespace reeve::policy::cel
