// Reading ExportMapping documents.

#include <algorithm>

#include "core/bytes.h"
#include "ledger/entry_json.h"
#include "ledger/export_mapping.h"

namespace reeve::ledger {

namespace {

constexpr std::size_t kRulesMax = 500;

class MappingReader {
 public:
  MappingReader(const YamlValue& document, std::vector<Diagnostic>& complaints)
      : document_(document), complaints_(complaints) {}

  ExportMapping read() {
    document_.refuse_unknown_keys({"kind", "name", "title", "record", "batch", "content_type", "array_content_type",
                                   "extension", "kinds", "members", "fields", "resource"},
                                  complaints_);
    mapping_.name = text(document_, "name");
    if (mapping_.name.empty() || mapping_.name.size() > 63) complain(document_, "an ExportMapping has a short name");
    mapping_.title = text(document_, "title");
    mapping_.content_type = text(document_, "content_type");
    mapping_.array_content_type = text(document_, "array_content_type");
    if (mapping_.array_content_type.empty()) mapping_.array_content_type = "application/json";
    mapping_.extension = text(document_, "extension");
    if (mapping_.extension.empty()) mapping_.extension = "jsonl";
    mapping_.record = one_of(document_, "record", ExportMapping::Record::kObject,
                             {{"entry", ExportMapping::Record::kEntry},
                              {"object", ExportMapping::Record::kObject},
                              {"cef", ExportMapping::Record::kCef},
                              {"span", ExportMapping::Record::kSpan}});
    mapping_.batch = one_of(document_, "batch", ExportMapping::Batch::kLines,
                            {{"lines", ExportMapping::Batch::kLines},
                             {"array", ExportMapping::Batch::kArray},
                             {"single", ExportMapping::Batch::kSingle}});
    mapping_.kinds = texts(document_, "kinds");
    mapping_.members = tree("members", mapping_.record == ExportMapping::Record::kObject);
    mapping_.resource = tree("resource", false);
    read_fields();
    return std::move(mapping_);
  }

 private:
  void complain(const YamlValue& at, std::string message) { complaints_.push_back(at.complain(std::move(message))); }

  std::string text(const YamlValue& mapping, std::string_view key) {
    const YamlValue* value = mapping.find(key);
    if (value == nullptr) return {};
    if (!value->is_scalar()) complain(*value, "'" + std::string(key) + "' is a text");
    return value->text();
  }

  std::vector<std::string> texts(const YamlValue& mapping, std::string_view key) {
    const YamlValue* value = mapping.find(key);
    std::vector<std::string> list;
    if (value == nullptr) return list;
    if (value->is_scalar()) list.push_back(value->text());
    for (const YamlValue& item : value->items()) list.push_back(item.text());
    if (list.empty()) complain(*value, "'" + std::string(key) + "' is a text or a list of texts");
    return list;
  }

  template <typename Choice>
  Choice one_of(const YamlValue& mapping, std::string_view key, Choice fallback,
                std::initializer_list<std::pair<std::string_view, Choice>> choices) {
    const YamlValue* value = mapping.find(key);
    if (value == nullptr) return fallback;
    std::string known;
    for (const auto& [name, choice] : choices) {
      if (value->text() == name) return choice;
      known += (known.empty() ? "" : ", ") + std::string(name);
    }
    complain(*value, "'" + std::string(key) + "' is one of " + known);
    return fallback;
  }

  /// Whole numbers and flags are such, everything else is text.
  static ExportValue constant(const YamlValue& value, bool text_only) {
    if (value.is_sequence()) {
      JsonWriter list;
      list.begin_array();
      for (const YamlValue& item : value.items()) list.value(item.text());
      return {ExportValue::Kind::kJson, list.end_array().take()};
    }
    const bool plain = !text_only && (value.as_int() || value.as_bool());
    return {plain ? ExportValue::Kind::kJson : ExportValue::Kind::kText, value.text()};
  }

  std::int64_t factor(const YamlValue& rule, std::string_view key) {
    const YamlValue* value = rule.find(key);
    if (value == nullptr) return 1;
    const auto number = value->as_int();
    if (number && *number >= 1 && *number <= 1'000'000'000) return *number;
    complain(*value, "'" + std::string(key) + "' is a whole number from 1 to 1000000000");
    return 1;
  }

  void check_source(const YamlValue& at, std::string_view path) {
    static constexpr std::string_view kNamed[] = {"$log",   "$index",      "$uid",      "$version",
                                                  "$entry", "$entry_text", "$leaf_hash"};
    if (path.starts_with('$')) {
      if (std::find(std::begin(kNamed), std::end(kNamed), path) != std::end(kNamed)) return;
      return complain(at, "there is no " + printable(path, 60) +
                              "; there are $log, $index, $uid, $version, $leaf_hash, $entry and $entry_text");
    }
    const std::string_view first = path.substr(0, path.find('.'));
    if (!is_entry_member(first)) complain(at, "entries have no member '" + printable(first, 60) + "'");
  }

  ExportRule rule(const YamlValue& value) {
    ExportRule rule;
    if (!value.is_mapping()) {
      complain(value, "a rule is a mapping such as {to: user.name, from: principal.id}");
      return rule;
    }
    value.refuse_unknown_keys({"to", "from", "sum", "join", "value", "values", "otherwise", "as", "multiply", "divide",
                               "prefix", "wrap", "max", "kinds"},
                              complaints_);
    using As = ExportRule::As;
    rule.as = one_of(value, "as", As::kSame,
                     {{"text", As::kText},
                      {"integer", As::kInteger},
                      {"milliseconds", As::kMilliseconds},
                      {"nanoseconds", As::kNanoseconds},
                      {"json_text", As::kJsonText}});
    rule.to = text(value, "to");
    rule.sum = value.find("sum") != nullptr;
    rule.join = value.find("join") != nullptr;
    rule.from = texts(value, rule.sum ? "sum" : rule.join ? "join" : "from");
    for (const std::string& path : rule.from) check_source(value, path);
    const YamlValue* fixed = value.find("value");
    if (fixed != nullptr) rule.constant = constant(*fixed, rule.as == As::kText);
    if ((fixed == nullptr) == rule.from.empty()) complain(value, "a rule has one of 'from', 'sum', 'join' and 'value'");
    if (const YamlValue* otherwise = value.find("otherwise")) {
      rule.otherwise = constant(*otherwise, rule.as == As::kText);
    }
    if (const YamlValue* values = value.find("values")) {
      for (const auto& [key, made] : values->members()) {
        rule.values[key.text()] = constant(made, rule.as == As::kText);
      }
    }
    rule.multiply = factor(value, "multiply");
    rule.divide = factor(value, "divide");
    rule.prefix = text(value, "prefix");
    rule.wrap = text(value, "wrap");
    if (value.find("max") != nullptr) rule.bytes_max = static_cast<std::size_t>(factor(value, "max"));
    rule.kinds = texts(value, "kinds");
    return rule;
  }

  ExportTree tree(std::string_view key, bool dotted) {
    std::vector<ExportRule> rules;
    const YamlValue* list = document_.find(key);
    if (list == nullptr) return {};
    if (!list->is_sequence() || list->items().size() > kRulesMax) {
      complain(*list, "'" + std::string(key) + "' is a list of at most 500 rules");
      return {};
    }
    for (const YamlValue& item : list->items()) {
      rules.push_back(rule(item));
      if (rules.back().to.empty()) complain(item, "a rule says where the value goes: 'to'");
    }
    auto built = ExportTree::build(std::move(rules), dotted);
    if (built) return *std::move(built);
    complain(*list, built.error().message);
    return {};
  }

  void read_fields() {
    const YamlValue* fields = document_.find("fields");
    if (fields == nullptr) return;
    fields->refuse_unknown_keys({"syslog_severity", "signature", "name", "severity", "status", "message"}, complaints_);
    for (const auto& [key, value] : fields->members()) mapping_.fields.emplace(key.text(), rule(value));
  }

  const YamlValue& document_;
  std::vector<Diagnostic>& complaints_;
  ExportMapping mapping_;
};

}  // namespace

std::shared_ptr<const ExportMappings> ExportMappings::build(const std::vector<YamlValue>& documents,
                                                            std::vector<Diagnostic>& complaints) {
  auto mappings = std::make_shared<ExportMappings>();
  for (const YamlValue& document : documents) {
    const YamlValue* kind = document.find("kind");
    if (kind == nullptr || kind->text() != "ExportMapping") continue;
    ExportMapping mapping = MappingReader(document, complaints).read();
    std::string name = mapping.name;
    mappings->mappings_.insert_or_assign(std::move(name), std::move(mapping));
  }
  return mappings;
}

}  // namespace reeve::ledger
