#include "reeve/policy_source.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <sstream>

#include "core/bytes.h"
#include "core/crypto.h"
#include "reeve/complaints.h"
#include "reeve/governance.h"
#include "reeve/kept_value.h"
#include "reeve/register_access.h"

namespace reeve::app {

namespace {

constexpr std::string_view kDigestPrefix = "sha256:";
/// How long a kept bundle is good for whoever has no newer one.
constexpr auto kGoodFor = std::chrono::hours(24 * 7);

Result<std::string> read_whole(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error{ErrorCode::kNotFound, "cannot read " + path.string()};
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

/// Whole or not at all: a half-written bundle would hide the one before.
Result<void> write_whole(const std::filesystem::path& path, const std::string& text) {
  const std::string part = path.string() + ".part" + std::to_string(::getpid());
  const int file = ::open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  bool good = file >= 0;
  for (std::size_t done = 0; good && done < text.size();) {
    const ssize_t wrote = ::write(file, text.data() + done, text.size() - done);
    good = wrote > 0;
    if (good) done += static_cast<std::size_t>(wrote);
  }
  good = good && ::fsync(file) == 0;
  if (file >= 0) ::close(file);
  good = good && std::rename(part.c_str(), path.c_str()) == 0;
  if (good) return {};
  ::unlink(part.c_str());
  return Error{ErrorCode::kUnavailable, "cannot write " + path.string()};
}

class KeySigner final : public policy::BundleSigner {
 public:
  explicit KeySigner(Ed25519Key key) : key_(std::move(key)) {}
  std::string public_key() const override { return key_.public_key(); }
  std::string sign(std::string_view message) const override { return key_.sign(message); }

 private:
  Ed25519Key key_;
};

Result<KeySigner> signer_in(const std::filesystem::path& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory / "bundles", error);
  if (error) return Error{ErrorCode::kUnavailable, "cannot make " + directory.string() + ": " + error.message()};
  const auto seed = kept_value(directory / "bundle.key", [] { return Ed25519Key::generate().seed(); });
  if (!seed) return seed.error();
  auto key = Ed25519Key::from_seed(*seed);
  if (!key) return key.error();
  return KeySigner(*std::move(key));
}

/// None where there is no register yet; asking makes none.
std::vector<YamlValue> granted_exceptions(const Common& common) {
  const auto shared = shared_config(common);
  const auto directory = data_directory(common);
  std::error_code ignored;
  const bool is_shared = shared && *shared;
  if (!is_shared && (!directory || !std::filesystem::exists(*directory / "reeve.db", ignored))) return {};
  const auto access = open_registers(common, false);
  if (!access) return {};
  const auto requests = access->registers().exceptions().list();
  return requests ? control::exception_documents(*requests, system_clock().now()) : std::vector<YamlValue>();
}

}  // namespace

Result<std::shared_ptr<const policy::Bundle>> open_policy(const Common& common, const std::string& name) {
  if (name.starts_with(kDigestPrefix)) {
    const auto data = data_directory(common);
    if (!data) return data.error();
    auto bundle = BundleArchive(*data).find(name);
    if (!bundle)
      return Error{ErrorCode::kNotFound, "no bundle " + printable(name, 80) + " was kept in " + data->string()};
    return bundle;
  }
  std::error_code ignored;
  if (!name.empty() && std::filesystem::is_regular_file(name, ignored) && !name.ends_with(".yaml")) {
    auto text = read_whole(name);
    if (!text) return text.error();
    auto file = policy::read_bundle_file(*text, {}, std::nullopt);
    if (!file) return with_context(file.error(), name);
    return file->bundle;
  }
  const auto directory = governance_directory(common, name);
  if (!directory) return directory.error();
  std::vector<Diagnostic> complaints;
  // The configuration's own rules are those that a server decides by: with what the register grants.
  Governance governance =
      read_governance(*directory, complaints, name.empty() ? granted_exceptions(common) : std::vector<YamlValue>());
  if (governance.policy && !has_errors(complaints)) return governance.policy;
  std::string first = complaints.empty() ? "no rules" : complaints.front().to_string();
  return Error{ErrorCode::kInvalid, "the rules are not valid: " + first + "; 'reeve policy check' lists everything"};
}

std::filesystem::path BundleArchive::path_of(const std::string& digest) const {
  return directory_ / "bundles" / (digest.substr(kDigestPrefix.size()) + ".json");
}

Result<std::string> BundleArchive::sign(const policy::Bundle& bundle, Instant now, Instant valid_until) {
  const auto signer = signer_in(directory_);
  if (!signer) return signer.error();
  return policy::write_bundle_file(bundle, now, valid_until, *signer);
}

Result<std::string> BundleArchive::public_key() {
  const auto signer = signer_in(directory_);
  if (!signer) return signer.error();
  return signer->public_key();
}

Result<void> BundleArchive::keep(const policy::Bundle& bundle, Instant now) {
  const auto text = sign(bundle, now, now + kGoodFor);
  if (!text) return text.error();
  std::error_code ignored;
  const std::filesystem::path path = path_of(bundle.digest());
  if (!std::filesystem::exists(path, ignored)) {
    if (auto written = write_whole(path, *text); !written) return written;
  }
  return write_whole(directory_ / "last-good.json", *text);
}

Result<policy::BundleFile> BundleArchive::last_good(Instant now) {
  const auto text = read_whole(directory_ / "last-good.json");
  if (!text) return text.error();
  const auto signer = signer_in(directory_);
  if (!signer) return signer.error();
  return policy::read_bundle_file(*text, signer->public_key(), now);
}

std::shared_ptr<const policy::Bundle> BundleArchive::find(const std::string& digest) {
  const auto known = found_.find(digest);
  if (known != found_.end()) return known->second;
  std::shared_ptr<const policy::Bundle> bundle;
  const std::string hex = digest.size() == 71 && digest.starts_with(kDigestPrefix) ? digest.substr(7) : "";
  if (hex.size() == 64 && hex.find_first_not_of("0123456789abcdef") == std::string::npos) {
    const auto text = read_whole(path_of(digest));
    const auto file =
        text ? policy::read_bundle_file(*text, {}, std::nullopt) : Result<policy::BundleFile>(text.error());
    if (file && file->bundle->digest() == digest) bundle = file->bundle;
  }
  return found_.emplace(digest, std::move(bundle)).first->second;
}

}  // namespace reeve::app
