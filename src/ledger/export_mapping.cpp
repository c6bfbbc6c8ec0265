#include "ledger/export_mapping.h"

#include <algorithm>

#include "core/bytes.h"
#include "core/crypto.h"
#include "core/time.h"
#include "ledger/ledger.h"

namespace reeve::ledger {

namespace {

using Kind = ExportValue::Kind;

ExportValue text_value(std::string text) {
  return text.empty() ? ExportValue() : ExportValue{Kind::kText, std::move(text)};
}

ExportValue number_value(std::int64_t number) { return {Kind::kJson, std::to_string(number)}; }

ExportValue value_of(const JsonValue& found) {
  if (!found.present() || found.is_null()) return {};
  if (const auto text = found.as_string()) return text_value(std::string(*text));
  return {Kind::kJson, found.to_json()};
}

/// The names with a dollar sign: what an entry does not say of itself.
ExportValue named_value(std::string_view name, const ExportView& view) {
  if (name == "$log") return text_value(view.source->log);
  if (name == "$index") return number_value(static_cast<std::int64_t>(view.index));
  if (name == "$uid") return text_value(view.source->log + "/" + std::to_string(view.index));
  if (name == "$version") return text_value(view.source->version);
  if (name == "$leaf_hash") return text_value(to_hex(as_bytes(leaf_hash(view.bytes))));
  if (name == "$entry") return {Kind::kJson, std::string(view.bytes)};
  if (name == "$entry_text") return text_value(std::string(view.bytes));
  return {};
}

ExportValue look_up(std::string_view path, const ExportView& view) {
  if (path.starts_with('$')) return named_value(path, view);
  ExportValue found = value_of(view.entry.at(path));
  return found.present() ? found : value_of(view.before.at(path));
}

ExportValue added_up(const std::vector<std::string>& paths, const ExportView& view) {
  std::optional<std::int64_t> sum;
  for (const std::string& path : paths) {
    const auto part = parse_int(look_up(path, view).text);
    if (part) sum = sum.value_or(0) + *part;
  }
  return sum ? number_value(*sum) : ExportValue();
}

ExportValue joined(const std::vector<std::string>& paths, const ExportView& view) {
  std::string text;
  for (const std::string& path : paths) {
    const ExportValue part = look_up(path, view);
    if (part.present()) text.append(text.empty() ? "" : " ").append(part.text);
  }
  return text_value(std::move(text));
}

std::string cut(std::string text, std::size_t bytes_max) {
  if (bytes_max == 0 || text.size() <= bytes_max) return text;
  std::size_t size = bytes_max;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0U) == 0x80U) --size;
  text.resize(size);
  return text;
}

ExportValue wrapped(const ExportValue& list, const std::string& member) {
  const auto document = JsonDocument::parse(list.text);
  if (!document || !document->root().is_array()) return {};
  JsonWriter json;
  json.begin_array();
  for (const JsonValue& item : document->root().items())
    json.begin_object().key(member).raw(item.to_json()).end_object();
  return {Kind::kJson, json.end_array().take()};
}

ExportValue as_time(const ExportValue& value, std::int64_t nanoseconds_in_unit) {
  const auto time = parse_time(value.text);
  return time ? number_value(time->nanoseconds / nanoseconds_in_unit) : ExportValue();
}

/// Exact where the divisor is a power of ten, with nine decimals otherwise.
ExportValue scaled(const ExportValue& value, const ExportRule& rule) {
  const auto number = parse_int(value.text);
  if (!number) return {};
  const std::int64_t product = *number * rule.multiply;
  std::string text = std::to_string(product / rule.divide);
  std::int64_t rest = product % rule.divide;
  if (rest < 0 || rule.as == ExportRule::As::kInteger) rest = 0;
  if (rest > 0) text += '.';
  for (int digits = 0; rest > 0 && digits < 9; ++digits) {
    rest *= 10;
    text += static_cast<char>('0' + rest / rule.divide);
    rest %= rule.divide;
  }
  return {Kind::kJson, std::move(text)};
}

ExportValue converted(ExportValue value, const ExportRule& rule) {
  if (rule.multiply != 1 || rule.divide != 1) value = scaled(value, rule);
  switch (rule.as) {
    case ExportRule::As::kSame: break;
    case ExportRule::As::kText: value.kind = Kind::kText; break;
    case ExportRule::As::kInteger: {
      const auto number = parse_int(value.text);
      return number ? number_value(*number) : ExportValue();
    }
    case ExportRule::As::kMilliseconds: return as_time(value, 1'000'000);
    case ExportRule::As::kNanoseconds: return as_time(value, 1);
    case ExportRule::As::kJsonText: return text_value(value.json());
  }
  if (!rule.wrap.empty()) return wrapped(value, rule.wrap);
  if (value.kind == Kind::kText) value.text = cut(rule.prefix + value.text, rule.bytes_max);
  return value;
}

bool matches_one(const std::vector<std::string>& patterns, std::string_view text) {
  return patterns.empty() ||
         std::any_of(patterns.begin(), patterns.end(), [&](const auto& pattern) { return glob_match(pattern, text); });
}

}  // namespace

std::string ExportValue::json() const {
  if (kind != Kind::kText) return text;
  std::string quoted;
  append_json_string(quoted, text);
  return quoted;
}

ExportValue ExportRule::value(const ExportView& view) const {
  if (!matches_one(kinds, view.entry["kind"].string_or(""))) return {};
  if (from.empty()) return constant;
  ExportValue found;
  if (sum || join) {
    found = sum ? added_up(from, view) : joined(from, view);
  } else {
    for (const std::string& path : from) {
      found = look_up(path, view);
      if (found.present()) break;
    }
  }
  if (!found.present()) return otherwise;
  if (!values.empty()) {
    const auto known = values.find(found.text);
    return known == values.end() ? otherwise : known->second;
  }
  ExportValue made = converted(std::move(found), *this);
  return made.present() ? made : otherwise;
}

Result<ExportTree> ExportTree::build(std::vector<ExportRule> rules, bool dotted) {
  ExportTree tree;
  tree.rules_ = std::move(rules);
  for (std::size_t i = 0; i < tree.rules_.size(); ++i) {
    const std::string& target = tree.rules_[i].to;
    const auto names = dotted ? split(target, '.') : std::vector<std::string_view>{target};
    std::vector<Node>* level = &tree.nodes_;
    for (std::size_t step = 0; step < names.size(); ++step) {
      auto node = std::find_if(level->begin(), level->end(), [&](const Node& n) { return n.name == names[step]; });
      const bool last = step + 1 == names.size();
      if (names[step].empty() || (node != level->end() && (last || node->rule >= 0))) {
        return Error{ErrorCode::kInvalid, "'" + target + "' is there twice, or is both a value and an object"};
      }
      if (node == level->end()) {
        level->push_back({std::string(names[step]), last ? static_cast<std::ptrdiff_t>(i) : -1, {}});
        node = level->end() - 1;
      }
      level = &node->members;
    }
  }
  return tree;
}

bool ExportTree::append_members(std::string& out, const std::vector<Node>& nodes,
                                const std::vector<ExportValue>& values) {
  bool any = false;
  for (const Node& node : nodes) {
    const std::size_t before = out.size();
    out += any ? "," : "";
    append_json_string(out, node.name);
    out += ':';
    bool written = true;
    if (node.rule >= 0) {
      const ExportValue& value = values[static_cast<std::size_t>(node.rule)];
      written = value.present();
      if (written) out += value.json();
    } else {
      out += '{';
      written = append_members(out, node.members, values);
      out += '}';
    }
    if (!written) out.resize(before);
    any = any || written;
  }
  return any;
}

void ExportTree::append_json(std::string& out, const ExportView& view) const {
  std::vector<ExportValue> values;
  values.reserve(rules_.size());
  for (const ExportRule& rule : rules_) values.push_back(rule.value(view));
  out += '{';
  append_members(out, nodes_, values);
  out += '}';
}

bool ExportMapping::takes(std::string_view kind) const { return matches_one(kinds, kind); }

std::string ExportMapping::field(std::string_view field_name, const ExportView& view) const {
  const auto rule = fields.find(field_name);
  return rule == fields.end() ? std::string() : rule->second.value(view).text;
}

const ExportMapping* ExportMappings::find(std::string_view name) const {
  const auto found = mappings_.find(name);
  return found == mappings_.end() ? nullptr : &found->second;
}

std::string ExportMappings::names() const {
  std::string names;
  for (const auto& [name, mapping] : mappings_) names += (names.empty() ? "" : ", ") + name;
  return names;
}

}  // namespace reeve::ledger
