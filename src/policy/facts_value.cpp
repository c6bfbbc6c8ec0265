// Facts as values: what surfaces put into a sink, and what JSON and ledger entries hold.

#include <algorithm>
#include <set>

#include "core/bytes.h"
#include "core/crypto.h"
#include "core/reused_text.h"
#include "policy/facts_value.h"

namespace reeve::policy {

namespace {

using cel::Kind;
using cel::Type;
using cel::Value;

Value time_value(Instant at) {
  constexpr std::int64_t kSecond = 1'000'000'000;
  std::int64_t seconds = at.nanoseconds / kSecond;
  std::int64_t nanos = at.nanoseconds % kSecond;
  if (nanos < 0) {
    nanos += kSecond;
    --seconds;
  }
  return Value::of_timestamp(seconds, static_cast<std::int32_t>(nanos));
}

template <typename Text>
Value list_of_texts(cel::Arena& arena, std::span<const Text> texts) {
  const auto items = arena.make_array<Value>(texts.size());
  for (std::size_t i = 0; i < texts.size(); ++i) items[i] = Value::of_string(texts[i]);
  return Value::of_list(arena.make(cel::List{items.data(), items.size()}));
}

Value wrong_type(cel::Arena& arena, const Type& type, JsonValue json) {
  const std::string text = "expected " + cel::type_text(type) + ", not " + printable(json.to_json(), 60);
  return cel::make_error(arena, cel::ErrorKind::kInvalidArgument, text);
}

Value from_json(cel::Arena& arena, const Type& type, JsonValue json);

Value plain_from_json(cel::Arena& arena, const Type& type, JsonValue json) {
  switch (type.kind) {
    case Kind::kString:
      if (const auto text = json.as_string()) return Value::of_string(*text);
      break;
    case Kind::kBool:
      if (const auto flag = json.as_bool()) return Value::of_bool(*flag);
      break;
    case Kind::kInt:
      if (const auto number = json.as_int()) return Value::of_int(*number);
      break;
    case Kind::kDouble:
      if (const auto number = json.as_double()) return Value::of_double(*number);
      break;
    case Kind::kTimestamp:
      if (const auto time = parse_time(json.string_or(""))) return time_value(*time);
      break;
    case Kind::kDuration:
      if (const auto duration = parse_duration(json.string_or(""))) {
        return Value::of_duration(duration->count() / 1'000'000'000,
                                  static_cast<std::int32_t>(duration->count() % 1'000'000'000));
      }
      break;
    default: break;
  }
  return wrong_type(arena, type, json);
}

Value list_from_json(cel::Arena& arena, const Type& type, JsonValue json) {
  const std::vector<JsonValue> items = json.items();
  const auto values = arena.make_array<Value>(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    values[i] = from_json(arena, type.parameters[0], items[i]);
    if (values[i].is_error()) return values[i];
  }
  return Value::of_list(arena.make(cel::List{values.data(), values.size()}));
}

Value map_from_json(cel::Arena& arena, const Type& type, JsonValue json) {
  std::vector<cel::MapEntry> entries;
  for (const auto& [name, member] : json.members()) {
    const Type* field = &type;
    if (type.form == Type::Form::kStructure) {
      field = type.structure->field(name);
      if (field == nullptr) {
        return cel::make_error(arena, cel::ErrorKind::kInvalidArgument,
                               "'" + printable(name, 60) + "' is no field of " + type.structure->name);
      }
    } else {
      field = &type.parameters[1];
    }
    const Value value = from_json(arena, *field, member);
    if (value.is_error()) return value;
    entries.push_back({Value::of_string(name), value});
  }
  return cel::make_map(arena, entries);
}

Value from_json(cel::Arena& arena, const Type& type, JsonValue json) {
  switch (type.form) {
    case Type::Form::kPlain: return plain_from_json(arena, type, json);
    case Type::Form::kList: return json.is_array() ? list_from_json(arena, type, json) : wrong_type(arena, type, json);
    case Type::Form::kMap:
    case Type::Form::kStructure:
      return json.is_object() ? map_from_json(arena, type, json) : wrong_type(arena, type, json);
    default: return cel::value_of_json(arena, json);
  }
}

/// Types are built once: a decision asks for them by the fact.
const Type& known_type_of(Fact fact) {
  static const auto types = [] {
    std::array<Type, kFacts> made;
    for (std::size_t i = 0; i < kFacts; ++i) made[i] = type_of(static_cast<Fact>(i));
    return made;
  }();
  return types[static_cast<std::size_t>(fact)];
}

class JsonFacts final : public Facts {
 public:
  void read(Fact fact, FactSink& sink) const override {
    if (const JsonValue value = values_[static_cast<std::size_t>(fact)]; value.present() && !value.is_null()) {
      sink.json(fact, value);
    } else if (fact == Fact::kContentClasses) {
      derive(Fact::kContentFindings, "class", sink);
    } else if (fact == Fact::kToolCommandNames) {
      derive(Fact::kToolCommands, "name", sink);
    }
  }
  void set(Fact fact, JsonValue value) { values_[static_cast<std::size_t>(fact)] = value; }

 private:
  /// A fact that another one holds already: the classes of the findings, the names of the commands.
  void derive(Fact from, std::string_view member, FactSink& sink) const {
    std::vector<std::string_view> names;
    for (const JsonValue& item : values_[static_cast<std::size_t>(from)].items()) {
      const std::string_view name = item[member].string_or("");
      if (!name.empty() && std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
    if (!names.empty()) sink.texts(names);
  }

  std::array<JsonValue, kFacts> values_;
};

Result<void> collect(Point point, JsonValue json, const std::string& prefix, JsonFacts& facts) {
  const cel::Declarations& declared = declarations_of(point);
  for (const auto& [key, value] : json.members()) {
    const std::string name = prefix + std::string(key);
    const FactDescriptor* fact = find_fact(name);
    if (fact != nullptr && (fact->points & point_bit(point)) != 0) {
      cel::Arena arena;
      if (!value.is_null()) {
        const Value read = from_json(arena, known_type_of(fact->fact), value);
        if (read.is_error()) {
          return Error{ErrorCode::kInvalid, "the fact '" + name + "': " + std::string(read.error->message)};
        }
      }
      facts.set(fact->fact, value);
    } else if (declared.is_group(name)) {
      if (!value.is_object()) {
        return Error{ErrorCode::kInvalid, "'" + name + "' is a group of facts and must be an object"};
      }
      if (auto nested = collect(point, value, name + ".", facts); !nested) return nested;
    } else if (fact != nullptr) {
      return Error{ErrorCode::kInvalid, "the fact '" + name + "' is not there on " + std::string(point_name(point))};
    } else {
      const std::string nearest = declared.nearest(name);
      return Error{ErrorCode::kInvalid, "unknown fact '" + printable(name, 60) + "'" +
                                            (nearest.empty() ? "" : "; did you mean '" + nearest + "'?")};
    }
  }
  return {};
}

constexpr std::string_view kInventoryPath = "decision.inventory.";

class EntryFacts final : public Facts {
 public:
  explicit EntryFacts(JsonValue entry) : entry_(entry) {}
  void read(Fact fact, FactSink& sink) const override {
    const std::string_view path = descriptor_of(fact).recorded;
    if (path.empty()) return;
    if (fact == Fact::kContentFindings || fact == Fact::kContentClasses || fact == Fact::kContentLabels) {
      // Not everything was looked at: then as now nobody knew.
      if (entry_.at("content.incomplete").present()) return sink.unknown(fact);
      if (fact != Fact::kContentLabels) return read_findings(fact, sink);
    }
    if (path.starts_with(kInventoryPath) && entry_.at("decision.inventory.unknown").present()) {
      return sink.unknown(fact);
    }
    const JsonValue value = entry_.at(path);
    if (value.present() && !value.is_null()) sink.json(fact, value);
  }

 private:
  /// As they were given to the rules: an entry also says what became of each, and leaves out what is the rule.
  void read_findings(Fact fact, FactSink& sink) const {
    std::vector<Finding> findings;
    std::vector<std::string_view> classes;
    for (const JsonValue& item : entry_.at("content.findings").items()) {
      Finding finding{
          item["type"].string_or(""), item["class"].string_or(""),  0,
          item["count"].int_or(0),    item["origin"].string_or(""), item["marked"].as_bool().value_or(false)};
      finding.confidence = item["confidence"].as_double().value_or(0);
      findings.push_back(finding);
      if (std::find(classes.begin(), classes.end(), finding.class_name) == classes.end()) {
        classes.push_back(finding.class_name);
      }
    }
    if (findings.empty()) return;
    if (fact == Fact::kContentFindings) return sink.findings(findings);
    sink.texts(classes);
  }

  JsonValue entry_;
};

}  // namespace

void FactSink::text(std::string_view text) { value_ = Value::of_string(text); }
void FactSink::texts(std::span<const std::string> texts) { value_ = list_of_texts(arena_, texts); }
void FactSink::texts(std::span<const std::string_view> texts) { value_ = list_of_texts(arena_, texts); }
void FactSink::integer(std::int64_t number) { value_ = Value::of_int(number); }
void FactSink::boolean(bool flag) { value_ = Value::of_bool(flag); }
void FactSink::time(Instant time) { value_ = time_value(time); }
void FactSink::unknown(Fact fact) { value_ = Value::unknown(fact_name(fact)); }
void FactSink::json(Fact fact, JsonValue json) { value_ = from_json(arena_, known_type_of(fact), json); }

void FactSink::flags(const std::map<std::string, bool>& flags) {
  static constexpr cel::Map kNone{};
  if (flags.empty()) {
    value_ = Value::of_map(&kNone);
    return;
  }
  const auto entries = arena_.make_array<cel::MapEntry>(flags.size());
  std::size_t i = 0;
  for (const auto& [name, flag] : flags) entries[i++] = {Value::of_string(name), Value::of_bool(flag)};
  value_ = cel::make_map(arena_, entries);
}

void FactSink::approvals(std::span<const GivenApproval* const> approvals) {
  const auto items = arena_.make_array<Value>(approvals.size());
  for (std::size_t i = 0; i < approvals.size(); ++i) {
    const GivenApproval& approval = *approvals[i];
    const std::span<const std::string> groups = approval.groups;
    // In the order in which the ledger has them: a replay takes the same digest.
    const std::array<cel::MapEntry, 4> fields{{{Value::of_string("by"), Value::of_string(approval.by)},
                                               {Value::of_string("groups"), list_of_texts(arena_, groups)},
                                               {Value::of_string("rule"), Value::of_string(approval.rule)},
                                               {Value::of_string("time"), time_value(approval.time)}}};
    items[i] = cel::make_map(arena_, fields);
  }
  value_ = Value::of_list(arena_.make(cel::List{items.data(), items.size()}));
}

bool GivenApproval::covers(std::string_view principal, std::string_view repo, std::string_view item,
                           Instant now) const {
  const auto fits = [](const std::vector<std::string>& patterns, std::string_view text) {
    return patterns.empty() || std::any_of(patterns.begin(), patterns.end(),
                                           [&](const auto& pattern) { return glob_match(pattern, text); });
  };
  return from <= now && now < until && equal_ignoring_case(person, principal) && fits(repos, repo) &&
         fits(work_items, item);
}

void FactSink::findings(std::span<const Finding> findings) {
  const auto items = arena_.make_array<Value>(findings.size());
  for (std::size_t i = 0; i < findings.size(); ++i) {
    const Finding& finding = findings[i];
    const std::array<cel::MapEntry, 6> fields{{{Value::of_string("type"), Value::of_string(finding.type)},
                                               {Value::of_string("class"), Value::of_string(finding.class_name)},
                                               {Value::of_string("confidence"), Value::of_double(finding.confidence)},
                                               {Value::of_string("count"), Value::of_int(finding.count)},
                                               {Value::of_string("origin"), Value::of_string(finding.origin)},
                                               {Value::of_string("marked"), Value::of_bool(finding.marked)}}};
    items[i] = cel::make_map(arena_, fields);
  }
  value_ = Value::of_list(arena_.make(cel::List{items.data(), items.size()}));
}

Value absent_value(Fact fact) {
  static const cel::List kNoItems{};
  static const cel::Map kNoEntries{};
  const Type& type = known_type_of(fact);
  if (type.form == Type::Form::kList) return Value::of_list(&kNoItems);
  if (type.form != Type::Form::kPlain) return Value::of_map(&kNoEntries);
  switch (type.kind) {
    case Kind::kString: return Value::of_string({});
    case Kind::kBool: return Value::of_bool(false);
    case Kind::kInt: return Value::of_int(0);
    case Kind::kTimestamp: return Value::of_timestamp(0, 0);
    case Kind::kDuration: return Value::of_duration(0, 0);
    default: return Value::null();
  }
}

Value read_fact(const Facts& facts, Fact fact, cel::Arena& arena, bool* present) {
  Value value;
  FactSink sink(arena, value);
  facts.read(fact, sink);
  const bool there = !value.is(Kind::kNull);
  if (present != nullptr) *present = there;
  return there ? value : absent_value(fact);
}

Instant instant_of(const Value& timestamp) { return {timestamp.integer * 1'000'000'000 + timestamp.nanos()}; }

Result<std::unique_ptr<Facts>> facts_from_json(Point point, JsonValue json) {
  if (!json.is_object())
    return Error{ErrorCode::kInvalid, "facts are a JSON object, such as {\"model\": {\"tier\": \"small\"}}"};
  auto facts = std::make_unique<JsonFacts>();
  if (auto collected = collect(point, json, "", *facts); !collected) return collected.error();
  return std::unique_ptr<Facts>(std::move(facts));
}

std::unique_ptr<Facts> facts_from_entry(JsonValue entry) { return std::make_unique<EntryFacts>(entry); }

namespace {

struct NamedFact {
  Fact fact;
  std::string key;  // as it stands in the object: "model.tier" with quotes and colon
};

/// Of one decision point, sorted by name, as canonical JSON wants it.
const std::vector<NamedFact>& sorted_facts(Point point) {
  static const auto kSorted = [] {
    std::array<std::vector<NamedFact>, kPoints> sorted;
    for (const FactDescriptor& fact : all_facts()) {
      std::string key;
      append_json_string(key, fact.name);
      for (std::size_t i = 0; i < kPoints; ++i) {
        if ((fact.points & (1U << i)) != 0) sorted[i].push_back({fact.fact, key + ":"});
      }
    }
    for (auto& facts : sorted) {
      std::sort(facts.begin(), facts.end(), [](const auto& a, const auto& b) { return a.key < b.key; });
    }
    return sorted;
  }();
  return kSorted[static_cast<std::size_t>(point)];
}

void append_facts(std::string& json, Point point, const Facts& facts) {
  // Its memory stays with the thread: every call passes here.
  thread_local cel::Arena arena(1024);
  arena.reset();
  const std::size_t begin = json.size();
  json += '{';
  for (const auto& [fact, key] : sorted_facts(point)) {
    Value value;
    FactSink sink(arena, value);
    facts.read(fact, sink);
    const bool known = !value.is(Kind::kNull) && !value.is_unknown() && !value.is_error();
    if (!known || cel::equal(value, absent_value(fact))) continue;
    if (json.size() > begin + 1) json += ',';
    json += key;
    cel::append_json(json, value);
  }
  json += '}';
}

}  // namespace

std::string facts_to_json(Point point, const Facts& facts) {
  std::string json;
  append_facts(json, point, facts);
  return json;
}

std::string input_digest(Point point, const Facts& facts) {
  ReusedText json;
  append_facts(*json, point, facts);
  const std::string hash = to_hex(as_bytes(sha256(*json)));
  return "sha256:" + hash;
}

}  // namespace reeve::policy
