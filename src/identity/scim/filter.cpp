#include "identity/scim/filter.h"

#include <algorithm>
#include <array>

#include "core/bytes.h"
#include "core/time.h"

namespace reeve::identity::scim {

namespace {

constexpr std::array<std::pair<std::string_view, Comparison>, 10> kComparisons{{{"eq", Comparison::kEq},
                                                                                {"ne", Comparison::kNe},
                                                                                {"co", Comparison::kCo},
                                                                                {"sw", Comparison::kSw},
                                                                                {"ew", Comparison::kEw},
                                                                                {"gt", Comparison::kGt},
                                                                                {"lt", Comparison::kLt},
                                                                                {"ge", Comparison::kGe},
                                                                                {"le", Comparison::kLe},
                                                                                {"pr", Comparison::kPr}}};

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
         c == '$' || c == ':' || c == '.';
}

/// Where names are looked for: a resource, or the parts of one of its attributes (inside brackets).
struct Scope {
  std::span<const Attribute> attributes;
  std::string_view schema;  // of the resource; empty inside brackets
};

class Parser {
 public:
  explicit Parser(std::string_view text) : rest_(text) {}

  std::optional<Filter> whole_filter(const Scope& scope) {
    auto filter = disjunction(scope, 0);
    skip_blanks();
    if (filter && !rest_.empty()) return refuse("something is left over behind it");
    return filter;
  }

  std::optional<Path> whole_path(const Scope& scope) {
    skip_blanks();
    auto found = path(scope, 0);
    skip_blanks();
    if (found && !rest_.empty()) return refuse_path("something is left over behind it");
    return found;
  }

  const std::string& complaint() const { return complaint_; }

 private:
  std::nullopt_t refuse(std::string_view why) {
    if (complaint_.empty()) complaint_ = why;
    return std::nullopt;
  }
  std::nullopt_t refuse_path(std::string_view why) { return refuse(why); }

  void skip_blanks() {
    while (!rest_.empty() && rest_.front() == ' ') rest_.remove_prefix(1);
  }

  std::string_view peek_word() const {
    std::size_t length = 0;
    while (length < rest_.size() && is_name_character(rest_[length])) ++length;
    return rest_.substr(0, length);
  }

  bool take_word(std::string_view word) {
    skip_blanks();
    if (!equal_ignoring_case(peek_word(), word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }

  bool take(char c) {
    skip_blanks();
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  std::optional<Filter> disjunction(const Scope& scope, std::size_t depth) {
    return joined(scope, depth, "or", Filter::Kind::kOr,
                  [&] { return joined(scope, depth, "and", Filter::Kind::kAnd, [&] { return term(scope, depth); }); });
  }

  std::optional<Filter> joined(const Scope&, std::size_t, std::string_view word, Filter::Kind kind, auto operand) {
    Filter whole;
    whole.kind = kind;
    do {
      auto next = operand();
      if (!next) return std::nullopt;
      whole.operands.push_back(*std::move(next));
    } while (take_word(word));
    if (whole.operands.size() > 1) return whole;
    return std::move(whole.operands.front());
  }

  std::optional<Filter> term(const Scope& scope, std::size_t depth) {
    if (depth >= kFilterDepthMax) return refuse("it is nested deeper than 16 levels");
    if (++terms_ > kFilterTermsMax) return refuse("it has more than 100 terms");
    skip_blanks();
    const std::string_view before = rest_;
    if (take_word("not")) {
      if (take('(')) {
        auto inner = in_parentheses(scope, depth);
        if (!inner) return std::nullopt;
        Filter filter;
        filter.kind = Filter::Kind::kNot;
        filter.operands.push_back(*std::move(inner));
        return filter;
      }
      rest_ = before;
    }
    if (take('(')) return in_parentheses(scope, depth);
    return comparison(scope, depth);
  }

  std::optional<Filter> in_parentheses(const Scope& scope, std::size_t depth) {
    auto inner = disjunction(scope, depth + 1);
    if (inner && !take(')')) return refuse("a closing parenthesis is missing");
    return inner;
  }

  std::optional<Filter> comparison(const Scope& scope, std::size_t depth) {
    auto named = path(scope, depth);
    if (!named) return std::nullopt;
    Filter filter;
    filter.path = *std::move(named);
    skip_blanks();
    const std::string_view word = peek_word();
    const auto known = std::find_if(kComparisons.begin(), kComparisons.end(),
                                    [&](const auto& pair) { return equal_ignoring_case(pair.first, word); });
    if (known == kComparisons.end()) {
      // emails[type eq "work"]: that there is such a value.
      if (filter.path.values != nullptr && filter.path.part == nullptr) return filter;
      return refuse("eq, ne, co, sw, ew, gt, ge, lt, le or pr is expected behind an attribute");
    }
    rest_.remove_prefix(word.size());
    filter.comparison = known->second;
    if (filter.comparison == Comparison::kPr) return filter;
    skip_blanks();
    if (!read_value(filter.value)) return refuse("a value is expected: a text in quotes, a number, true, false, null");
    return filter;
  }

  bool read_value(Value& into) {
    std::size_t end = 0;
    if (!rest_.empty() && rest_.front() == '"') {
      for (end = 1; end < rest_.size() && rest_[end] != '"'; ++end) end += rest_[end] == '\\' ? 1 : 0;
      ++end;
    } else {
      while (end < rest_.size() && rest_[end] != ' ' && rest_[end] != ')' && rest_[end] != ']') ++end;
    }
    if (end == 0 || end > rest_.size()) return false;
    const auto json = JsonDocument::parse(rest_.substr(0, end), 2);
    if (!json || json->root().is_array() || json->root().is_object()) return false;
    into = value_of(json->root());
    rest_.remove_prefix(end);
    return true;
  }

  /// An attribute of a name that may carry its schema before it.
  const Attribute* attribute_of(const Scope& scope, std::string_view& name) {
    for (const std::string_view schema : {scope.schema, kEnterpriseSchema}) {
      if (schema.empty() || name.size() < schema.size()) continue;
      if (!equal_ignoring_case(name.substr(0, schema.size()), schema)) continue;
      name.remove_prefix(schema.size());
      const bool extension = schema == kEnterpriseSchema;
      if (!name.empty()) {
        if (name.front() != ':' && name.front() != '.') return nullptr;
        name.remove_prefix(1);
      } else if (!extension) {
        return nullptr;
      }
      if (extension) return find_attribute(scope.attributes, kEnterpriseSchema);
      break;
    }
    const std::size_t dot = name.find('.');
    const Attribute* found = find_attribute(scope.attributes, name.substr(0, dot));
    name = dot == std::string_view::npos ? std::string_view() : name.substr(dot + 1);
    if (dot != std::string_view::npos && name.empty()) return nullptr;
    return found;
  }

  std::optional<Path> path(const Scope& scope, std::size_t depth) {
    std::string_view name = peek_word();
    if (name.empty()) return refuse_path("the name of an attribute is expected");
    rest_.remove_prefix(name.size());
    const std::string written(name);
    Path found;
    found.attribute = attribute_of(scope, name);
    if (found.attribute == nullptr) return refuse_path("there is no attribute '" + printable(written, 80) + "'");
    if (!name.empty() && !parts_of(found, name)) {
      return refuse_path("there is no attribute '" + printable(written, 80) + "'");
    }
    if (rest_.empty() || rest_.front() != '[') return found;
    if (!name.empty() || !found.attribute->many || scope.schema.empty()) {
      return refuse_path("brackets stand behind an attribute of several values");
    }
    rest_.remove_prefix(1);
    auto values = disjunction({found.attribute->parts, {}}, depth + 1);
    if (!values) return std::nullopt;
    if (!take(']')) return refuse_path("a closing bracket is missing");
    found.values = std::make_shared<const Filter>(*std::move(values));
    if (rest_.empty() || rest_.front() != '.') return found;
    rest_.remove_prefix(1);
    const std::string_view part = peek_word();
    rest_.remove_prefix(part.size());
    if (!parts_of(found, part)) return refuse_path("there is no part '" + printable(part, 80) + "'");
    return found;
  }

  static bool parts_of(Path& path, std::string_view name) {
    const std::size_t dot = name.find('.');
    path.part = find_attribute(path.attribute->parts, name.substr(0, dot));
    if (path.part == nullptr || dot == std::string_view::npos) return path.part != nullptr;
    path.inner = find_attribute(path.part->parts, name.substr(dot + 1));
    return path.inner != nullptr;
  }

  std::string_view rest_;
  std::size_t terms_ = 0;
  std::string complaint_;
};

Problem refused(std::string_view type, std::string_view what, const std::string& why) {
  return {400, std::string(type), "the " + std::string(what) + " cannot be read: " + why};
}

// ---- Matching ----

const Attribute& compared(const Path& path) {
  if (path.inner != nullptr) return *path.inner;
  if (path.part != nullptr) return *path.part;
  if (path.attribute->many) {
    if (const Attribute* value = find_attribute(path.attribute->parts, "value")) return *value;
  }
  return *path.attribute;
}

bool compare_text(Comparison comparison, const std::string& left, const std::string& right) {
  switch (comparison) {
    case Comparison::kCo: return left.find(right) != std::string::npos;
    case Comparison::kSw: return left.starts_with(right);
    case Comparison::kEw: return left.ends_with(right);
    default: return false;
  }
}

bool holds(const Filter& filter, const Value& value) {
  const Attribute& attribute = compared(filter.path);
  const std::string* text = value.text();
  const std::string* wanted = filter.value.text();
  switch (filter.comparison) {
    case Comparison::kPr: return !value.empty();
    case Comparison::kCo:
    case Comparison::kSw:
    case Comparison::kEw:
      if (text == nullptr || wanted == nullptr) return false;
      return attribute.case_exact ? compare_text(filter.comparison, *text, *wanted)
                                  : compare_text(filter.comparison, fold_case(*text), fold_case(*wanted));
    default: break;
  }
  if (const bool* flag = value.flag()) {
    // Some providers send flags as texts.
    const bool same = filter.value.flag() != nullptr ? *filter.value.flag() == *flag
                      : wanted != nullptr            ? equal_ignoring_case(*wanted, *flag ? "true" : "false")
                                                     : false;
    return filter.comparison == Comparison::kEq ? same : filter.comparison == Comparison::kNe && !same;
  }
  int order = compare_values(value, filter.value, attribute.case_exact);
  if (attribute.type == Type::kTime && text != nullptr && wanted != nullptr) {
    const auto left = parse_time(*text);
    const auto right = parse_time(*wanted);
    if (left && right) order = *left < *right ? -1 : *left > *right ? 1 : 0;
  }
  switch (filter.comparison) {
    case Comparison::kEq: return order == 0;
    case Comparison::kNe: return order != 0;
    case Comparison::kGt: return order > 0;
    case Comparison::kGe: return order >= 0;
    case Comparison::kLt: return order < 0;
    case Comparison::kLe: return order <= 0;
    default: return false;
  }
}

void collect(const Value& value, const Attribute* part, std::vector<const Value*>& into) {
  const Value::List* list = value.list();
  if (list != nullptr) {
    for (const Value& item : *list) collect(item, part, into);
  } else if (part == nullptr) {
    into.push_back(&value);
  } else if (const Value* found = value.find(part->name)) {
    into.push_back(found);
  }
}

}  // namespace

OrProblem<Filter> parse_filter(const ResourceType& type, std::string_view text) {
  if (text.size() > kFilterBytesMax) return refused("invalidFilter", "filter", "it is longer than 4096 bytes");
  Parser parser(text);
  auto filter = parser.whole_filter({type.attributes, type.schema});
  if (!filter) return refused("invalidFilter", "filter", parser.complaint());
  return *std::move(filter);
}

OrProblem<Path> parse_path(const ResourceType& type, std::string_view text) {
  if (text.size() > kFilterBytesMax) return refused("invalidPath", "path", "it is longer than 4096 bytes");
  Parser parser(text);
  auto path = parser.whole_path({type.attributes, type.schema});
  if (!path) return refused("invalidPath", "path", parser.complaint());
  return *std::move(path);
}

int compare_values(const Value& left, const Value& right, bool case_exact) {
  double left_number = 0;
  double right_number = 0;
  if (left.number(left_number) && right.number(right_number)) {
    return left_number < right_number ? -1 : left_number > right_number ? 1 : 0;
  }
  const std::string* left_text = left.text();
  const std::string* right_text = right.text();
  if (left_text != nullptr && right_text != nullptr) {
    const int order =
        case_exact ? left_text->compare(*right_text) : fold_case(*left_text).compare(fold_case(*right_text));
    return order < 0 ? -1 : order > 0 ? 1 : 0;
  }
  if (left.flag() != nullptr && right.flag() != nullptr) return int{*left.flag()} - int{*right.flag()};
  if (left.absent() || right.absent()) return int{left.absent()} - int{right.absent()};
  return left_text != nullptr ? 1 : -1;
}

std::vector<const Value*> values_at(const Path& path, const Value& resource) {
  std::vector<const Value*> found;
  const Value* whole = resource.find(path.attribute->name);
  if (whole == nullptr) return found;
  collect(*whole, nullptr, found);
  if (path.values != nullptr) std::erase_if(found, [&](const Value* item) { return !matches(*path.values, *item); });
  for (const Attribute* part : {path.part, path.inner}) {
    if (part == nullptr) continue;
    std::vector<const Value*> parts;
    for (const Value* item : found) collect(*item, part, parts);
    found = std::move(parts);
  }
  return found;
}

bool matches(const Filter& filter, const Value& resource) {
  const auto match = [&](const Filter& operand) { return matches(operand, resource); };
  switch (filter.kind) {
    case Filter::Kind::kAnd: return std::all_of(filter.operands.begin(), filter.operands.end(), match);
    case Filter::Kind::kOr: return std::any_of(filter.operands.begin(), filter.operands.end(), match);
    case Filter::Kind::kNot: return !match(filter.operands.front());
    case Filter::Kind::kCompare: break;
  }
  std::vector<const Value*> values = values_at(filter.path, resource);
  // A list of values is compared by its `value`s.
  if (filter.path.attribute->many && filter.path.part == nullptr && filter.comparison != Comparison::kPr) {
    const Attribute& part = compared(filter.path);
    std::vector<const Value*> parts;
    for (const Value* item : values) collect(*item, &part, parts);
    values = std::move(parts);
  }
  const bool asks_for_none =
      (filter.comparison == Comparison::kEq && filter.value.absent()) || filter.comparison == Comparison::kNe;
  if (values.empty()) return asks_for_none && (filter.comparison == Comparison::kEq) != !filter.value.absent();
  if (filter.value.absent() && filter.comparison != Comparison::kPr) return filter.comparison == Comparison::kNe;
  return std::any_of(values.begin(), values.end(), [&](const Value* value) { return holds(filter, *value); });
}

std::size_t count_terms(const Filter& filter) {
  std::size_t terms = filter.kind == Filter::Kind::kCompare ? 1 : 0;
  if (filter.path.values != nullptr) terms += count_terms(*filter.path.values);
  for (const Filter& operand : filter.operands) terms += count_terms(operand);
  return terms;
}

std::optional<std::string> required_text(const Filter& filter, std::string_view attribute) {
  if (filter.kind == Filter::Kind::kAnd) {
    for (const Filter& operand : filter.operands) {
      if (auto text = required_text(operand, attribute)) return text;
    }
    return std::nullopt;
  }
  if (filter.kind != Filter::Kind::kCompare || filter.comparison != Comparison::kEq) return std::nullopt;
  if (filter.path.attribute->name != attribute || filter.path.part != nullptr || filter.value.text() == nullptr) {
    return std::nullopt;
  }
  return *filter.value.text();
}

std::optional<Value> value_that_matches(const Filter& filter) {
  Value value{Value::Members()};
  if (filter.kind == Filter::Kind::kAnd) {
    for (const Filter& operand : filter.operands) {
      const auto part = value_that_matches(operand);
      if (!part) return std::nullopt;
      for (const auto& [name, given] : *part->members()) value.set(name, given);
    }
    return value;
  }
  if (filter.kind != Filter::Kind::kCompare || filter.comparison != Comparison::kEq || filter.value.absent()) {
    return std::nullopt;
  }
  value.set(filter.path.attribute->name, filter.value);
  return value;
}

}  // namespace reeve::identity::scim
