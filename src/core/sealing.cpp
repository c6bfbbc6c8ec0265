#include "core/sealing.h"

#include <filesystem>

#include "core/bytes.h"
#include "core/check.h"
#include "core/crypto.h"

namespace reeve {

namespace {

constexpr std::string_view kStart = "sealed:";
constexpr std::string_view kVersion = "1";
constexpr std::size_t kParts = 4;
constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kKeyIdBytes = 4;
constexpr std::size_t kSaltBytes = 16;
constexpr std::size_t kTextsMax = 8;
/// Each salt costs half a second and 128 MiB at the start.
constexpr std::size_t kSaltsMax = 8;

std::string associated(std::string_view place) { return "reeve sealed secret 1\n" + std::string(place); }

Error not_configured() {
  return {ErrorCode::kDenied,
          "it is sealed, and reeve.yaml does not say with what; name the key as sealing: {key: ...} or {passphrase: "
          "...}"};
}

}  // namespace

std::string place_of_secret(std::string_view from) {
  const std::string name(from.substr(from.find(':') + 1));
  return from.starts_with("env:") ? "env." + name : "file." + std::filesystem::path(name).filename().string();
}

bool is_sealed(std::string_view text) { return text.starts_with(kStart); }

Result<Sealing::Parts> Sealing::parts_of(std::string_view sealed) {
  const Error wrong{ErrorCode::kCorrupt, "it is not whole: a sealed secret reads sealed:1.KEY.SALT.BODY in one word"};
  if (!is_sealed(sealed)) return wrong;
  const std::vector<std::string_view> words = split(trim(sealed).substr(kStart.size()), '.');
  if (words.front() != kVersion) {
    return Error{ErrorCode::kCorrupt, "it was sealed by another version of Reeve, or is not whole"};
  }
  if (words.size() != kParts || words[1].size() != 2 * kKeyIdBytes) return wrong;
  auto salt = from_base64url(words[2]);
  auto body = from_base64url(words[3]);
  if (!from_hex(words[1]) || !salt || !body || (!salt->empty() && salt->size() != kSaltBytes)) return wrong;
  return Parts{std::string(words[1]), *std::move(salt), *std::move(body)};
}

Result<void> Sealing::ask() {
  auto given = source_ ? source_() : Result<std::optional<SealingSecrets>>(std::nullopt);
  if (!given) return std::move(given).error();
  if (*given) {
    const SealingSecrets& secrets = **given;
    if (secrets.texts.empty() || secrets.texts.size() > kTextsMax) {
      return Error{ErrorCode::kInvalid, secrets.from + " must give 1 to 8 keys, a line each; the first one seals"};
    }
    CHECK(!secrets.passphrases || secrets.salt.size() == kSaltBytes);
    const bool same = secrets_ && secrets_->passphrases == secrets.passphrases && secrets_->texts == secrets.texts;
    if (!same) derived_.clear();
  }
  secrets_ = *std::move(given);
  asked_ = true;
  return {};
}

Result<const std::vector<SecretText>*> Sealing::keys_for(const std::string& salt) {
  const auto known = derived_.find(salt);
  if (known != derived_.end()) return &known->second;
  if (derived_.size() >= kSaltsMax) {
    return Error{ErrorCode::kTooLarge,
                 "secrets were sealed on too many occasions for one start; 'reeve secret rotate' seals them as one"};
  }
  std::vector<SecretText> keys;
  for (const SecretText& text : secrets_->texts) {
    if (salt.empty()) {
      keys.push_back(text);
      continue;
    }
    auto key = slow_key(text.view(), salt);
    if (!key) return std::move(key).error();
    keys.emplace_back(*std::move(key));
  }
  return &derived_.emplace(salt, std::move(keys)).first->second;
}

Result<Sealing::Key> Sealing::key_of(const SecretText& derived) const {
  if (derived.view().size() != kKeyBytes) return Error{ErrorCode::kInvalid, secrets_->from + " gives no key"};
  const Sha256 id = hmac_sha256(derived.view(), "reeve sealing key id");
  const Sha256 key = hmac_sha256(derived.view(), "reeve sealing key");
  return Key{to_hex(as_bytes(id).substr(0, kKeyIdBytes)), std::string(as_bytes(key))};
}

Result<std::optional<Sealing::Key>> Sealing::find(const Parts& parts) {
  if (!secrets_ || secrets_->passphrases == parts.salt.empty()) return std::optional<Key>();
  const auto keys = keys_for(parts.salt);
  if (!keys) return keys.error();
  for (const SecretText& derived : **keys) {
    auto key = key_of(derived);
    if (!key) return std::move(key).error();
    if (key->id == parts.id) return std::optional(*std::move(key));
  }
  return std::optional<Key>();
}

Result<Sealing::Key> Sealing::sealing_key() {
  if (auto asked = ask(); !asked) return std::move(asked).error();
  if (!secrets_) {
    return Error{ErrorCode::kUnavailable,
                 "reeve.yaml does not say what secrets are sealed with; name the key as sealing: {key: {file: PATH}}, "
                 "or a passphrase"};
  }
  const auto keys = keys_for(salt_in_use());
  if (!keys) return keys.error();
  return key_of((*keys)->front());
}

Result<bool> Sealing::configured() {
  const std::lock_guard lock(mutex_);
  if (!asked_) {
    if (auto asked = ask(); !asked) return std::move(asked).error();
  }
  return secrets_.has_value();
}

Result<std::string> Sealing::current_key() {
  const std::lock_guard lock(mutex_);
  auto key = sealing_key();
  if (!key) return std::move(key).error();
  wipe(key->key);
  return std::move(key->id);
}

Result<std::string> Sealing::seal(std::string_view secret, std::string_view place) {
  const std::lock_guard lock(mutex_);
  auto key = sealing_key();
  if (!key) return std::move(key).error();
  std::string text(kStart);
  text.append(kVersion).append(".").append(key->id).append(".").append(to_base64url(salt_in_use()));
  text.append(".").append(to_base64url(reeve::seal(key->key, secret, associated(place))));
  wipe(key->key);
  return text;
}

Result<std::string> Sealing::open(std::string_view sealed, std::string_view place) {
  const auto parts = parts_of(sealed);
  if (!parts) return parts.error();
  const std::lock_guard lock(mutex_);
  auto key = asked_ ? find(*parts) : Result<std::optional<Key>>(std::nullopt);
  if (key && !*key) {
    if (auto asked = ask(); !asked) return std::move(asked).error();
    key = find(*parts);
  }
  if (!key) return key.error();
  if (!*key) {
    if (!secrets_) return not_configured();
    const bool kind_differs = secrets_->passphrases == parts->salt.empty();
    return Error{ErrorCode::kDenied,
                 kind_differs ? std::string("it was sealed with a ") + (parts->salt.empty() ? "key" : "passphrase") +
                                    ", and reeve.yaml names a " + (parts->salt.empty() ? "passphrase" : "key")
                              : secrets_->from + " is not what it was sealed with (key " + parts->id + ")"};
  }
  auto opened = open_sealed((*key)->key, parts->body, associated(place));
  wipe((*key)->key);
  if (opened) return opened;
  return Error{ErrorCode::kCorrupt, "it was sealed for another place than " + printable(place) +
                                        ", or was changed; seal it again with: reeve secret seal " + printable(place)};
}

Result<bool> Sealing::is_current(std::string_view sealed) {
  const auto parts = parts_of(sealed);
  if (!parts) return parts.error();
  const std::lock_guard lock(mutex_);
  auto current = sealing_key();
  if (!current) return std::move(current).error();
  wipe(current->key);
  return current->id == parts->id && parts->salt == salt_in_use();
}

Result<std::string> Sealing::to_file(std::string_view secret, std::string_view place) {
  const auto seals = configured();
  if (!seals) return seals.error();
  if (!*seals) return std::string(secret);
  auto sealed = seal(secret, place);
  if (!sealed) return sealed;
  return *std::move(sealed) + "\n";
}

Result<std::string> Sealing::from_file(std::string content, std::string_view place) {
  return is_sealed(content) ? open(trim(content), place) : Result<std::string>(std::move(content));
}

namespace {

std::unique_ptr<Sealing>& of_the_process() {
  static auto instance = std::make_unique<Sealing>(Sealing::Source());
  return instance;
}

}  // namespace

Sealing& sealing() { return *of_the_process(); }
void use_sealing(Sealing::Source source) { of_the_process() = std::make_unique<Sealing>(std::move(source)); }

}  // namespace reeve
