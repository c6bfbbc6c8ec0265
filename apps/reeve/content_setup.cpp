#include "reeve/content_setup.h"

#include <algorithm>
#include <cstdlib>

#include "core/bytes.h"
#include "core/crypto.h"
#include "reeve/config.h"
#include "reeve/config_content.h"
#include "reeve/governance.h"
#include "reeve/kept_value.h"
#include "reeve/starter.h"

namespace reeve::app {

namespace {

constexpr std::string_view kKind = "Detector";

bool is_detector(const YamlValue& document) {
  const YamlValue* kind = document.find("kind");
  return kind != nullptr && kind->text() == kKind;
}

void append_value(std::string& out, const YamlValue& value) {
  out += value.text();
  out += '\n';
  for (const YamlValue& item : value.items()) append_value(out += "- ", item);
  for (const auto& [key, member] : value.members()) append_value(out += key.text() + ": ", member);
}

/// Changes with everything that detectors are made of but registered data.
std::string source_digest(const std::vector<YamlValue>& documents) {
  std::string text;
  for (const YamlValue& document : documents) {
    if (is_detector(document)) append_value(text += document.file(), document);
  }
  return text.empty() ? std::string() : to_hex(as_bytes(sha256(text)));
}

/// Where compiled patterns are kept when there is no data directory: they are worth seconds, and no secret.
std::filesystem::path user_cache() {
  const char* cache = std::getenv("XDG_CACHE_HOME");
  if (cache != nullptr && *cache != '\0') return std::filesystem::path(cache) / "reeve";
  const char* home = std::getenv("HOME");
  return home != nullptr && *home != '\0' ? std::filesystem::path(home) / ".cache" / "reeve" : std::filesystem::path();
}

std::string all_of(const std::vector<Diagnostic>& complaints) {
  std::string text;
  for (const Diagnostic& complaint : complaints) {
    if (complaint.severity == Diagnostic::Severity::kError) text += (text.empty() ? "" : "\n") + complaint.to_string();
  }
  return text;
}

std::vector<YamlValue> shipped_detectors(std::vector<Diagnostic>& complaints) {
  std::vector<YamlValue> documents;
  for (const StarterFile& file : starter_governance()) {
    if (!file.path.starts_with("governance/detectors/") || !file.path.ends_with(".yaml")) continue;
    for (YamlValue& document : parse_yaml(file.content, file.path, complaints))
      documents.push_back(std::move(document));
  }
  return documents;
}

}  // namespace

std::shared_ptr<const content::Detectors> ContentSetup::build(const std::vector<YamlValue>& documents,
                                                              std::vector<Diagnostic>& complaints) {
  const std::string source = source_digest(documents);
  if (source.empty()) return build(shipped_detectors(complaints), complaints);
  const auto own_data = content::OwnData::open(data_directory_ / "content");
  if (!own_data) {
    complaints.push_back({Diagnostic::Severity::kError, (data_directory_ / "content").string(), 0, 0,
                          "registered code and data cannot be read: " + own_data.error().message});
    return nullptr;
  }
  const std::string built_from = source + (*own_data)->digest();
  if (built_ && built_from == built_from_) return built_;
  std::error_code ignored;
  const bool kept = std::filesystem::exists(data_directory_, ignored);
  content::Detectors::Options options;
  options.cache_directory = kept ? data_directory_ / "content" / "compiled" : user_cache();
  options.own_data = *own_data;
  auto built = content::Detectors::build(documents, options, complaints);
  if (built) {
    built_ = built;
    built_from_ = built_from;
  }
  return built;
}

std::shared_ptr<const content::Detectors> ContentSetup::build(const std::vector<YamlValue>& documents,
                                                              const policy::Bundle& rules,
                                                              std::vector<Diagnostic>& complaints) {
  const bool none = std::none_of(documents.begin(), documents.end(), is_detector);
  if (none && !asks_for_content(rules)) return nullptr;
  return build(documents, complaints);
}

Result<std::vector<YamlValue>> detector_documents(const Common& common, const std::string& directory,
                                                  std::vector<Diagnostic>& complaints) {
  std::string place = directory;
  if (place.empty()) {
    if (const std::string file = config_file(common); !file.empty()) {
      std::vector<Diagnostic> of_config;
      place = read_config(file, of_config).governance_dir;
    }
  }
  std::vector<YamlValue> documents;
  if (!place.empty()) {
    documents = read_yaml_directory(place, complaints);
    std::erase_if(documents, [](const YamlValue& document) { return !is_detector(document); });
    if (!documents.empty() || has_errors(complaints)) return documents;
    if (!directory.empty()) {
      return Error{ErrorCode::kInvalid, "there is no document of kind Detector below " + directory};
    }
  }
  return shipped_detectors(complaints);
}

Result<std::shared_ptr<const content::Detectors>> open_detectors(const Common& common, const std::string& directory) {
  std::vector<Diagnostic> complaints;
  const auto documents = detector_documents(common, directory, complaints);
  if (!documents) return documents.error();
  const auto data = data_directory(common);
  ContentSetup setup(data ? *data : std::filesystem::path("data"));
  auto detectors = has_errors(complaints) ? nullptr : setup.build(*documents, complaints);
  if (!detectors) return Error{ErrorCode::kInvalid, "the detectors cannot be used:\n" + all_of(complaints)};
  return detectors;
}

Result<ContentVaults> open_content_vaults(const Config& config, store::Store& store) {
  ContentVaults vaults;
  auto key = vault_key(config.data_dir);
  if (!key) return key.error();
  content::Vault::Options options;
  options.key = *std::move(key);
  options.store = &store.placeholders();
  vaults.placeholders = std::make_unique<content::Vault>(std::move(options));
  if (!config.seal_content) return vaults;
  ledger::ContentVaultOptions sealed;
  sealed.directory = content_directory(config.data_dir);
  auto sealed_key = content_key(config.data_dir, config.content_key, true);
  if (!sealed_key) return sealed_key.error();
  sealed.root_key = *std::move(sealed_key);
  sealed.keep = config.keep_content;
  sealed.keep_classes = config.keep_classes;
  auto opened = ledger::ContentVault::open(sealed);
  if (!opened) return with_context(opened.error(), "sealed content");
  vaults.sealed = *std::move(opened);
  return vaults;
}

std::filesystem::path content_directory(const std::filesystem::path& data_directory) {
  return data_directory / "content" / "sealed";
}

Result<std::string> vault_key(const std::filesystem::path& data_directory) {
  return kept_secret(data_directory / "vault.key", [] { return random_bytes(32); });
}

Result<std::string> content_key(const std::filesystem::path& data_directory, const KeySource& source, bool make) {
  if (source.stated()) return read_key(source);
  const std::filesystem::path file = data_directory / "content.key";
  std::error_code ignored;
  if (!make && !std::filesystem::exists(file, ignored)) {
    return Error{ErrorCode::kNotFound, "no content was ever kept in " + data_directory.string()};
  }
  auto key = kept_secret(file, [] { return random_bytes(32); });
  if (key && key->size() != 32) return Error{ErrorCode::kCorrupt, file.string() + " is not a key of 32 bytes"};
  return key;
}

Result<std::string> content_key(const Common& common) {
  const auto data = data_directory(common);
  if (!data) return data.error();
  KeySource source;
  if (const std::string file = config_file(common); !file.empty()) {
    auto stated = read_content_key_source(file);
    if (!stated) return std::move(stated).error();
    source = *std::move(stated);
  }
  return content_key(*data, source, false);
}

}  // namespace reeve::app
