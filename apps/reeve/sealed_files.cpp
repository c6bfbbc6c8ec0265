#include "reeve/sealed_files.h"

#include <algorithm>
#include <utility>

#include "core/private_file.h"
#include "core/sealing.h"

namespace reeve::app {

namespace {

// Below the data directory, with the place where that does not follow from the name. The ledger's keys share one,
// because a rotation moves them.
constexpr std::pair<const char*, const char*> kFiles[] = {
    {"digest.key", "data.digest.key"},
    {"vault.key", "data.vault.key"},
    {"content.key", "data.content.key"},
    {"tokens.key", "data.tokens.key"},
    {"evidence.key", "data.evidence.key"},
    {"policy/bundle.key", "data.bundle.key"},
    {"ledger/private-key", "ledger.private-key"},
    {"ledger/private-key.previous", "ledger.private-key"},
    {"ledger/private-key.next", "ledger.private-key"},
};

void add(std::vector<SecretFile>& files, const std::string& from) {
  if (!from.starts_with("file:")) return;
  SecretFile file{from.substr(from.find(':') + 1), place_of_secret(from)};
  const auto same = [&](const SecretFile& other) { return other.path == file.path; };
  if (std::none_of(files.begin(), files.end(), same)) files.push_back(std::move(file));
}

}  // namespace

std::vector<SecretFile> secret_files(const std::filesystem::path& data_directory) {
  std::vector<SecretFile> files;
  for (const auto& [name, place] : kFiles) {
    std::error_code ignored;
    if (std::filesystem::exists(data_directory / name, ignored)) files.push_back({data_directory / name, place});
  }
  return files;
}

std::vector<SecretFile> named_secret_files(const Config& config,
                                           const std::vector<control::Destination>& destinations) {
  std::vector<SecretFile> files;
  if (config.postgres) add(files, "file:" + config.postgres->password_file.string());
  for (const ledger::ExportSettings& exported : config.exports) {
    if (const auto* http = std::get_if<ledger::HttpSinkSettings>(&exported.sink)) {
      add(files, http->secret_from);
      add(files, http->authorization_from);
    } else if (const auto* s3 = std::get_if<ledger::S3SinkSettings>(&exported.sink)) {
      for (const std::string* from : {&s3->access_key_from, &s3->secret_key_from, &s3->session_token_from}) {
        add(files, *from);
      }
    }
  }
  for (const control::Destination& destination : destinations) {
    add(files, destination.secret_from);
    add(files, destination.password_from);
  }
  std::erase_if(files, [](const SecretFile& file) { return file.path.empty(); });
  return files;
}

Result<void> check_sealed_files(const Config& config) {
  for (const SecretFile& file : secret_files(config.data_dir)) {
    auto content = read_private_file(file.path);
    if (!content) return std::move(content).error();
    if (!*content) continue;
    auto secret = sealing().from_file(**std::move(content), file.place);
    if (!secret) return with_context(std::move(secret).error(), file.path.string());
    wipe(*secret);
  }
  return {};
}

}  // namespace reeve::app
