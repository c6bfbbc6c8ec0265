#include "policy/document.h"

#include <algorithm>

#include "core/bytes.h"
#include "core/nearest.h"

namespace reeve::policy {

namespace {

constexpr std::size_t kNameBytesMax = 63;
constexpr std::size_t kPatternBytesMax = 512;

}  // namespace

std::string in_quotes(std::string_view text) { return "'" + printable(text, 60) + "'"; }

const YamlValue& item_of(const YamlValue& value, std::string_view text) {
  for (const YamlValue& item : value.items()) {
    if (item.is_scalar() && item.text() == text) return item;
  }
  return value;  // NOLINT(bugprone-return-const-ref-from-parameter): a part of a document that outlives this
}

std::string did_you_mean(std::string_view wrong, const std::vector<std::string_view>& names) {
  const std::string_view nearest = nearest_name(wrong, names);
  return nearest.empty() ? std::string() : "; did you mean '" + std::string(nearest) + "'?";
}

bool is_kind(const YamlValue& document, std::string_view kind) {
  const YamlValue* value = document.find("kind");
  return value != nullptr && value->is_scalar() && value->text() == kind;
}

bool DocumentReader::failed() const {
  return has_errors({complaints_.begin() + static_cast<std::ptrdiff_t>(complaints_before_), complaints_.end()});
}

void DocumentReader::complain_of(std::string_view key, std::string message) {
  const YamlValue* value = document_.find(key);
  complain(value == nullptr ? document_ : *value, std::move(message));
}

std::string DocumentReader::text(const YamlValue& mapping, std::string_view key) {
  const YamlValue* value = mapping.find(key);
  if (value == nullptr) return {};
  if (!value->is_scalar()) {
    complain(*value, in_quotes(key) + " must be text");
    return {};
  }
  return std::string(trim(value->text()));
}

std::string DocumentReader::needed_text(std::string_view key, std::string_view example) {
  std::string value = text(document_, key);
  const YamlValue* given = document_.find(key);
  if (value.empty() && (given == nullptr || given->is_scalar() || given->kind() == YamlValue::Kind::kNull)) {
    complain_of(key, in_quotes(key) + " is missing; write it as " + std::string(example));
  }
  if (value.size() > kMessageBytesMax) {
    complain_of(key, in_quotes(key) + " is longer than " + std::to_string(kMessageBytesMax) + " bytes");
  }
  return value;
}

std::vector<std::string> DocumentReader::texts(const YamlValue& value) {
  if (value.is_scalar()) return {value.text()};
  std::vector<std::string> read;
  if (!value.is_sequence() || value.items().empty()) {
    complain(value, "expected a text or a list of texts with at least one entry");
    return read;
  }
  if (value.items().size() > kPatternsMax) {
    complain(value, "the list has more than " + std::to_string(kPatternsMax) + " entries");
    return read;
  }
  for (const YamlValue& item : value.items()) {
    if (item.is_scalar()) {
      read.push_back(item.text());
    } else {
      complain(item, "expected a text");
    }
  }
  return read;
}

std::string DocumentReader::name(std::string_view what, std::string_view example) {
  const YamlValue* value = document_.find("name");
  if (value == nullptr || value->text().empty()) {
    complain_of("name", std::string(what) + " needs a name, such as 'name: " + std::string(example) + "'");
    return {};
  }
  const bool plain = std::all_of(value->text().begin(), value->text().end(),
                                 [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
  if (value->text().size() > kNameBytesMax || !plain) {
    complain(*value, "a name has at most 63 letters a to z, digits and hyphens; " + in_quotes(value->text()) +
                         " has something else");
  }
  return value->text();
}

std::optional<bool> DocumentReader::flag(std::string_view key) {
  const YamlValue* value = document_.find(key);
  if (value == nullptr) return std::nullopt;
  if (const auto flag = value->as_bool()) return flag;
  complain(*value, in_quotes(key) + " must be true or false");
  return std::nullopt;
}

std::optional<Instant> DocumentReader::time(std::string_view key) {
  const YamlValue* value = document_.find(key);
  if (value == nullptr) return std::nullopt;
  const auto time = parse_time(value->text());
  if (time) return *time;
  complain(*value, in_quotes(key) + " must be a date or a time: " + time.error().message);
  return std::nullopt;
}

std::optional<Duration> DocumentReader::duration(const YamlValue& mapping, std::string_view key) {
  const YamlValue* value = mapping.find(key);
  if (value == nullptr) return std::nullopt;
  const auto duration = parse_duration(value->text());
  if (duration && duration->count() > 0) return *duration;
  complain(*value, in_quotes(key) + " must be a duration such as 24h, 90m or 7d, not " + in_quotes(value->text()));
  return std::nullopt;
}

std::vector<FactPatterns> DocumentReader::patterns(const YamlValue& mapping, std::string_view key) {
  std::vector<FactPatterns> read;
  if (!mapping.is_mapping()) {
    complain(mapping, in_quotes(key) + " must be a mapping such as {groups: [contractors]}");
    return read;
  }
  for (const auto& [name, values] : mapping.members()) {
    const FactDescriptor* fact = find_match_key(name.text());
    if (fact == nullptr) {
      std::vector<std::string_view> keys;
      for (const FactDescriptor& known : all_facts()) {
        if (!known.match_key.empty()) keys.push_back(known.match_key);
      }
      complaints_.push_back(name.complain("unknown key " + in_quotes(name.text()) + " in " + in_quotes(key) +
                                          did_you_mean(name.text(), keys)));
      continue;
    }
    FactPatterns patterns{fact->fact, texts(values)};
    for (const std::string& pattern : patterns.patterns) {
      if (pattern.empty() || pattern.size() > kPatternBytesMax) {
        complain(item_of(values, pattern),
                 "a pattern has between 1 and " + std::to_string(kPatternBytesMax) + " bytes");
      }
      if (fact->fact == Fact::kPrincipalType && pattern != "person" && pattern != "agent" && pattern != "service" &&
          pattern.find('*') == std::string::npos) {
        complain(item_of(values, pattern),
                 "unknown type " + in_quotes(pattern) + "; a principal is a person, an agent or a service");
      }
    }
    std::sort(patterns.patterns.begin(), patterns.patterns.end());
    patterns.patterns.erase(std::unique(patterns.patterns.begin(), patterns.patterns.end()), patterns.patterns.end());
    if (!patterns.patterns.empty()) read.push_back(std::move(patterns));
  }
  std::sort(read.begin(), read.end(), [](const auto& a, const auto& b) { return a.fact < b.fact; });
  return read;
}

Selector DocumentReader::selector() {
  Selector selector;
  if (const YamlValue* match = document_.find("match")) {
    selector.match = patterns(*match, "match");
    selector.match_source = *match;
  }
  if (const YamlValue* except = document_.find("not")) {
    selector.except = patterns(*except, "not");
    selector.except_source = *except;
  }
  if (const YamlValue* when = document_.find("when")) {
    selector.when_source = *when;
    if (!when->is_scalar() || trim(when->text()).empty()) {
      complain(*when, "'when' must be a condition such as: model.tier != \"small\"");
    } else {
      selector.when = when->text();
    }
  }
  return selector;
}

}  // namespace reeve::policy
