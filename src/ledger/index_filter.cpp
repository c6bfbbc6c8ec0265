#include "ledger/index_filter.h"

#include "core/bytes.h"
#include "ledger/filter_nodes.h"
#include "ledger/index_schema.h"

namespace reeve::ledger {

namespace {

using namespace filter;  // NOLINT: the parts of a condition

enum class Where : std::uint8_t { kIntents, kOutcomes, kEvents };

/// `at_least` holds for every entry that the condition matches; whatever `surely` holds for, the condition matches.
struct Bounds {
  std::string at_least = "TRUE";
  std::string surely = "FALSE";
};
Bounds exactly(const std::string& sql) { return {sql, sql}; }
const Bounds kNever{"FALSE", "FALSE"};

struct Column {
  std::string sql;
  FieldType type = FieldType::kText;
  bool is_absent = false;  // in all entries of this kind
};

std::string_view relation_of(Operation operation) {
  switch (operation) {
    case Operation::kEqual: return " = ";
    case Operation::kNotEqual: return " <> ";
    case Operation::kLess: return " < ";
    case Operation::kLessOrEqual: return " <= ";
    case Operation::kGreater: return " > ";
    default: return " >= ";
  }
}

/// The same relation seen from the other side.
Operation turned(Operation operation) {
  switch (operation) {
    case Operation::kLess: return Operation::kGreater;
    case Operation::kLessOrEqual: return Operation::kGreaterOrEqual;
    case Operation::kGreater: return Operation::kLess;
    case Operation::kGreaterOrEqual: return Operation::kLessOrEqual;
    default: return operation;
  }
}

class Translator {
 public:
  Translator(const std::vector<Node>& nodes, Where where) : nodes_(nodes), where_(where) {}

  std::string translate() const {
    const Bounds bounds = condition(nodes_.size() - 1);
    // Nothing is known of an event that is not as Reeve writes it.
    if (where_ == Where::kEvents && bounds.at_least != "TRUE") return "(" + bounds.at_least + " OR kind IS NULL)";
    return bounds.at_least;
  }

 private:
  Bounds condition(std::size_t number) const {
    const Node& node = nodes_[number];
    switch (node.operation) {
      case Operation::kOr: return either(condition(node.first), condition(node.second));
      case Operation::kAnd: return both(condition(node.first), condition(node.second));
      case Operation::kNot: {
        const Bounds inner = condition(node.first);
        return {negated(inner.surely), negated(inner.at_least)};
      }
      case Operation::kHas: return has(std::get<Path>(node.left));
      case Operation::kTruth: return truth(node.left);
      case Operation::kIn: return is_in(node);
      case Operation::kContains:
      case Operation::kStartsWith:
      case Operation::kEndsWith: return text_function(node);
      default: return relation(node);
    }
  }

  static std::string negated(const std::string& sql) {
    if (sql == "TRUE") return "FALSE";
    if (sql == "FALSE") return "TRUE";
    return "(" + sql + ") IS NOT TRUE";
  }
  static std::string joined(const std::string& left, const std::string& right, bool is_and) {
    const char* const winner = is_and ? "FALSE" : "TRUE";
    const char* const neutral = is_and ? "TRUE" : "FALSE";
    if (left == winner || right == winner) return winner;
    if (left == neutral) return right;
    if (right == neutral) return left;
    return "(" + left + (is_and ? " AND " : " OR ") + right + ")";
  }
  static Bounds both(const Bounds& left, const Bounds& right) {
    return {joined(left.at_least, right.at_least, true), joined(left.surely, right.surely, true)};
  }
  static Bounds either(const Bounds& left, const Bounds& right) {
    return {joined(left.at_least, right.at_least, false), joined(left.surely, right.surely, false)};
  }

  std::optional<Column> column_of(const Path& path) const {
    if (path.dotted == "seq") return Column{where_ == Where::kIntents ? "intent" : "seq", FieldType::kNumber};
    if (path.dotted == "kind") {
      if (where_ == Where::kEvents) return Column{"kind"};
      return Column{where_ == Where::kIntents ? "'model.intent'" : "'model.outcome'"};
    }
    if (path.dotted == "time") {
      return Column{std::string("strftime(") + (where_ == Where::kIntents ? "started" : "\"time\"") +
                    ", '%Y-%m-%dT%H:%M:%S.%fZ')"};
    }
    if (where_ == Where::kEvents) {
      if (path.dotted == "request_id") return Column{"request"};
      if (path.dotted == "session_id") return Column{"\"session\""};
      if (path.dotted == "principal.id") return Column{"person"};
      if (path.dotted == "producer.name") return Column{"producer"};
      if (path.dotted == "producer.number") return Column{"number", FieldType::kNumber};
      return std::nullopt;
    }
    if (path.dotted == "request_id") return Column{"request_text(id_high, id_low, id_text)"};
    const FieldInfo* const info = find_field(path.dotted);
    if (info == nullptr || info->type == FieldType::kRaw) return std::nullopt;
    if (info->side == FieldSide::kOutcome && where_ == Where::kIntents) return Column{"", info->type, true};
    const FieldSide side = where_ == Where::kIntents ? FieldSide::kIntent : FieldSide::kOutcome;
    const CallColumn* const column = call_column_of(path.dotted, side);
    if (column == nullptr) return std::nullopt;
    return Column{column_sql(*column), info->type};
  }

  Bounds has(const Path& path) const {
    const auto column = column_of(path);
    if (!column || column->type == FieldType::kTexts) return {};
    return column->is_absent ? kNever : exactly(column->sql + " IS NOT NULL");
  }

  Bounds truth(const Operand& operand) const {
    if (const auto* value = std::get_if<Value>(&operand)) {
      return exactly(std::get<bool>(*value) ? "TRUE" : "FALSE");
    }
    const auto column = column_of(std::get<Path>(operand));
    if (!column) return {};
    return column->is_absent || column->type != FieldType::kFlag ? kNever : exactly(column->sql + " = TRUE");
  }

  /// As SQL, when the value is of the column's type.
  static std::optional<std::string> literal(const Value& value, FieldType type) {
    if (const auto* text = std::get_if<std::string>(&value)) {
      return type == FieldType::kText && !text->empty() ? sql_text(*text) : std::nullopt;
    }
    if (const auto* number = std::get_if<std::int64_t>(&value)) {
      return type == FieldType::kNumber ? std::optional("(" + std::to_string(*number) + ")::BIGINT") : std::nullopt;
    }
    return type == FieldType::kFlag ? std::optional<std::string>(std::get<bool>(value) ? "TRUE" : "FALSE")
                                    : std::nullopt;
  }

  Bounds relation(const Node& node) const {
    const auto* path = std::get_if<Path>(&node.left);
    const auto* value = std::get_if<Value>(&node.right);
    Operation operation = node.operation;
    if (path == nullptr) {
      path = std::get_if<Path>(&node.right);
      value = std::get_if<Value>(&node.left);
      operation = turned(operation);
    }
    if (path == nullptr || value == nullptr) return {};
    const auto column = column_of(*path);
    if (!column || column->type == FieldType::kTexts) return {};
    if (column->is_absent) return kNever;
    const auto sql = literal(*value, column->type);
    if (!sql) return {};
    if (path->dotted == "request_id" && operation == Operation::kEqual && where_ != Where::kEvents) {
      return exactly(request_is(std::get<std::string>(*value), *sql));
    }
    return exactly(column->sql + std::string(relation_of(operation)) + *sql);
  }

  static std::string request_is(const std::string& id, const std::string& sql) {
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    if (!read_request_id(id, high, low)) return "id_text = " + sql;
    return "(id_low = " + std::to_string(low) + "::UBIGINT AND id_high = " + std::to_string(high) + "::UBIGINT)";
  }

  Bounds is_in(const Node& node) const {
    if (const auto* values = std::get_if<std::vector<Value>>(&node.right)) {
      Bounds any = kNever;
      for (const Value& value : *values) {
        any = either(any, relation({.operation = Operation::kEqual, .left = node.left, .right = value}));
      }
      return any;
    }
    const auto* value = std::get_if<Value>(&node.left);
    const auto* list = std::get_if<Path>(&node.right);
    if (value == nullptr || list == nullptr) return {};
    const auto column = column_of(*list);
    if (!column || column->type != FieldType::kTexts) return {};
    const auto* text = std::get_if<std::string>(value);
    if (text == nullptr || text->empty()) return {};
    const auto sql = sql_text(*text);
    if (!sql) return {};
    // A text with the separator in it could look like two, so this is no proof.
    return {"contains(chr(31) || " + column->sql + " || chr(31), chr(31) || " + *sql + " || chr(31))", "FALSE"};
  }

  Bounds text_function(const Node& node) const {
    const auto* path = std::get_if<Path>(&node.left);
    const auto* value = std::get_if<Value>(&node.right);
    if (path == nullptr || value == nullptr) return {};
    const auto column = column_of(*path);
    if (!column || column->type == FieldType::kTexts) return {};
    if (column->is_absent || column->type != FieldType::kText) return kNever;
    const auto sql = sql_text(std::get<std::string>(*value));
    if (!sql) return {};
    const char* const function = node.operation == Operation::kContains     ? "contains("
                                 : node.operation == Operation::kStartsWith ? "starts_with("
                                                                            : "ends_with(";
    return exactly(function + column->sql + ", " + *sql + ")");
  }

  const std::vector<Node>& nodes_;
  const Where where_;
};

}  // namespace

std::optional<std::string> sql_text(std::string_view text) {
  if (text.find('\0') != std::string_view::npos || !is_utf8(text)) return std::nullopt;
  std::string sql = "'";
  for (const char c : text) {
    if (c == '\'') sql += '\'';
    sql += c;
  }
  return sql + "'";
}

NarrowingSql narrowing_sql(const EntryFilter& filter) {
  const std::vector<Node>& nodes = filter.program().nodes;
  return {Translator(nodes, Where::kIntents).translate(), Translator(nodes, Where::kOutcomes).translate(),
          Translator(nodes, Where::kEvents).translate()};
}

}  // namespace reeve::ledger
