#include "reeve/config_content.h"

#include <algorithm>

#include "core/bytes.h"

namespace reeve::app {

namespace {

constexpr Duration kLeastKept = std::chrono::hours(1);
constexpr std::size_t kClassBytesMax = 32;

bool is_class_name(std::string_view name) {
  return !name.empty() && name.size() <= kClassBytesMax &&
         std::ranges::all_of(name, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
}

void read_keep(const YamlValue& value, Duration& into, std::vector<Diagnostic>& complaints) {
  const auto time = parse_duration(value.text());
  if (time && *time >= kLeastKept) {
    into = *time;
  } else {
    complaints.push_back(value.complain("say for how long content is kept, such as 30d; at least 1h"));
  }
}

void read_classes(const YamlValue& value, Config& config, std::vector<Diagnostic>& complaints) {
  if (!value.is_mapping()) {
    complaints.push_back(value.complain("write classes with their times, such as {secret: 2d, pii: 7d}"));
    return;
  }
  for (const auto& [name, time] : value.members()) {
    if (!is_class_name(name.text())) {
      complaints.push_back(name.complain("a class of detectors is expected here, such as secret or pii"));
      continue;
    }
    Duration keep = config.keep_content;
    read_keep(time, keep, complaints);
    if (keep > config.keep_content) {
      complaints.push_back(
          time.complain("content of one class cannot be kept for longer than the rest (keep); a legal "
                        "hold keeps what has to stay: reeve ledger hold"));
    }
    config.keep_classes[name.text()] = keep;
  }
}

/// `retention: {content: 30d, classes: {...}, frameworks: [...]}`.
void read_retention(const YamlValue& value, const YamlValue& ledger, Config& config,
                    std::vector<Diagnostic>& complaints) {
  config.retention_place = value.complain("");
  if (!value.is_mapping()) {
    complaints.push_back(
        value.complain("write for how long content is kept, and by which frameworks records have to "
                       "be: {content: 30d, classes: {secret: 2d}, frameworks: [pci-dss]}"));
    return;
  }
  value.refuse_unknown_keys({"content", "classes", "frameworks"}, complaints);
  for (const auto& [key, older] : {std::pair("content", "keep"), std::pair("classes", "keep_classes")}) {
    if (value.find(key) == nullptr || ledger.find(older) == nullptr) continue;
    complaints.push_back(ledger.find(older)->complain("'" + std::string(older) + "' says the same as 'retention: {" +
                                                      key + "}'; write one of them"));
  }
  if (const YamlValue* content = value.find("content")) read_keep(*content, config.keep_content, complaints);
  if (const YamlValue* classes = value.find("classes")) read_classes(*classes, config, complaints);
  const YamlValue* frameworks = value.find("frameworks");
  if (frameworks == nullptr) return;
  if (!frameworks->is_sequence()) {
    complaints.push_back(frameworks->complain("a list of frameworks is expected here, such as [pci-dss]"));
  }
  for (const YamlValue& name : frameworks->items()) config.retention_frameworks.push_back(name.text());
}

}  // namespace

void read_kept_content(const YamlValue& ledger, const std::filesystem::path& base, Config& config,
                       std::vector<Diagnostic>& complaints) {
  if (const YamlValue* keep = ledger.find("keep")) read_keep(*keep, config.keep_content, complaints);
  if (const YamlValue* retention = ledger.find("retention")) read_retention(*retention, ledger, config, complaints);
  if (const YamlValue* classes = ledger.find("keep_classes")) read_classes(*classes, config, complaints);
  if (const YamlValue* source = ledger.find("content_key"))
    read_key_source(*source, base, config.content_key, complaints);
}

Result<KeySource> read_content_key_source(const std::filesystem::path& file) {
  std::vector<Diagnostic> complaints;
  const auto documents = read_yaml_file(file, complaints);
  KeySource source;
  const YamlValue* ledger = documents.empty() ? nullptr : documents.front().find("ledger");
  const YamlValue* value = ledger == nullptr ? nullptr : ledger->find("content_key");
  if (value != nullptr) read_key_source(*value, file.parent_path(), source, complaints);
  if (has_errors(complaints)) return Error{ErrorCode::kInvalid, complaints.front().to_string()};
  return source;
}

}  // namespace reeve::app
