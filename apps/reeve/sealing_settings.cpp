#include "reeve/sealing_settings.h"

#include <sys/stat.h>

#include "core/bytes.h"
#include "core/crypto.h"
#include "reeve/kept_value.h"

namespace reeve::app {

namespace {

constexpr std::size_t kPassphraseBytesMin = 12;
constexpr std::size_t kSaltBytes = 16;

/// A key that everybody can read seals nothing.
Result<void> check_private(const std::filesystem::path& file) {
  struct stat status{};
  if (::stat(file.c_str(), &status) != 0 || (status.st_mode & S_IRWXO) == 0) return {};
  return Error{ErrorCode::kInvalid,
               file.string() + " can be read by everybody on this machine; run: chmod o= " + file.string()};
}

Result<std::string> salt_in(const std::filesystem::path& data_directory) {
  if (auto made = make_data_directory(data_directory); !made) return std::move(made).error();
  auto salt = kept_value(data_directory / "sealing.salt", [] { return random_bytes(kSaltBytes); });
  if (salt && salt->size() != kSaltBytes) {
    return Error{ErrorCode::kCorrupt, (data_directory / "sealing.salt").string() +
                                          " is damaged; restore it from a "
                                          "backup, or remove it"};
  }
  return salt;
}

}  // namespace

Result<void> make_data_directory(const std::filesystem::path& data_directory) {
  std::error_code failed;
  if (std::filesystem::exists(data_directory, failed)) return {};
  std::filesystem::create_directories(data_directory, failed);
  if (!failed) std::filesystem::permissions(data_directory, std::filesystem::perms::owner_all, failed);
  if (!failed) return {};
  return Error{ErrorCode::kUnavailable, data_directory.string() + " cannot be made: " + failed.message()};
}

std::vector<std::string_view> key_lines(std::string_view text) {
  std::vector<std::string_view> lines;
  for (std::string_view line : split(text, '\n')) {
    line = trim(line);
    if (!line.empty() && !line.starts_with('#')) lines.push_back(line);
  }
  return lines;
}

void read_sealing(const YamlValue& value, const std::filesystem::path& base, SealingSettings& settings,
                  std::vector<Diagnostic>& complaints) {
  if (!value.is_mapping() || value.members().size() != 1) {
    complaints.push_back(value.complain(
        "say what secrets are sealed with: {key: {file: PATH}} or {passphrase: {env: NAME}}; both take file, env and "
        "command"));
    return;
  }
  value.refuse_unknown_keys({"key", "passphrase"}, complaints);
  settings.passphrase = value.find("passphrase") != nullptr;
  const YamlValue* source = value.find(settings.passphrase ? "passphrase" : "key");
  if (source != nullptr) read_key_source(*source, base, settings.source, complaints);
}

Result<SealingSettings> read_sealing_settings(const std::filesystem::path& config_file) {
  SealingSettings settings;
  if (config_file.empty()) return settings;
  std::vector<Diagnostic> complaints;
  const auto documents = read_yaml_file(config_file, complaints);
  const YamlValue* value = documents.empty() ? nullptr : documents.front().find("sealing");
  if (value != nullptr) read_sealing(*value, config_file.parent_path(), settings, complaints);
  if (has_errors(complaints)) return Error{ErrorCode::kInvalid, complaints.front().to_string()};
  return settings;
}

Result<SealingSecrets> sealing_secrets(const SealingSettings& settings, const std::filesystem::path& data_directory) {
  SealingSecrets secrets;
  secrets.passphrases = settings.passphrase;
  secrets.from = (settings.passphrase ? "the passphrase in " : "the key in ") + name_of(settings.source);
  if (!settings.source.file.empty()) {
    if (auto checked = check_private(settings.source.file); !checked) return std::move(checked).error();
  }
  auto text = read_source(settings.source);
  if (!text) return std::move(text).error();
  Result<void> read;
  for (const std::string_view line : key_lines(*text)) {
    if (settings.passphrase) {
      if (line.size() < kPassphraseBytesMin) {
        read = Error{ErrorCode::kInvalid, secrets.from + " is too short: at least 12 characters are expected"};
      }
      secrets.texts.emplace_back(std::string(line));
    } else if (auto key = decode_key(line, name_of(settings.source))) {
      secrets.texts.emplace_back(*std::move(key));
    } else {
      read = std::move(key).error();
    }
  }
  wipe(*text);
  if (!read) return std::move(read).error();
  if (secrets.texts.empty())
    return Error{ErrorCode::kInvalid, name_of(settings.source) + " gives nothing to seal with"};
  if (!settings.passphrase) return secrets;
  auto salt = salt_in(data_directory);
  if (!salt) return std::move(salt).error();
  secrets.salt = *std::move(salt);
  return secrets;
}

void seal_as_configured(const Common& common) {
  use_sealing([&common]() -> Result<std::optional<SealingSecrets>> {
    auto settings = read_sealing_settings(config_file(common));
    if (!settings) return std::move(settings).error();
    if (!settings->source.stated()) return std::optional<SealingSecrets>();
    const auto data = data_directory(common);
    if (!data) return data.error();
    auto secrets = sealing_secrets(*settings, *data);
    if (!secrets) return with_context(std::move(secrets).error(), "sealing");
    return std::optional(*std::move(secrets));
  });
}

}  // namespace reeve::app
