#pragma once

// Secrets sealed at rest. A sealed secret is one word of text:
//
//   sealed:1.KEY.SALT.BODY
//
// KEY is 8 hexadecimal digits that tell the key, SALT base64url of 16 bytes where the key follows from a passphrase and
// empty otherwise, BODY base64url of AES-256-GCM (nonce, what was sealed, tag). The associated bytes are
// "reeve sealed secret 1\n" and the place that the secret is for, such as "providers.anthropic.api_key": at another
// place it does not open, so that nobody who can write a file moves a secret to where it may be had.

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/secret_text.h"

namespace reeve {

/// What keys are made of, as a house keeps it: 32 bytes each, or passphrases. The first one seals, all of them open.
struct SealingSecrets {
  std::vector<SecretText> texts;  // 1 to 8
  bool passphrases = false;
  std::string salt;  // 16 bytes, for what is sealed under a passphrase from now on
  std::string from;  // "the passphrase in the file /etc/reeve/passphrase", for messages
};

/// Whether a text says that it is sealed, by any version.
bool is_sealed(std::string_view text);

/// Seals and opens with what its source gives. Thread-safe. The source is asked when something has to be sealed, and
/// when something has to be opened that the keys known so far do not open: so a key that was added is found without a
/// restart. Asking may read files and run a command.
class Sealing {
 public:
  /// Nothing: this house seals nothing.
  using Source = std::function<Result<std::optional<SealingSecrets>>()>;
  explicit Sealing(Source source) : source_(std::move(source)) {}

  /// Whether there is something to seal with.
  Result<bool> configured();
  /// kUnavailable when nothing is configured.
  Result<std::string> seal(std::string_view secret, std::string_view place);
  /// kDenied when there is no key for it here, kCorrupt when it was sealed for another place or changed. Errors name
  /// neither the secret nor what was given as key.
  Result<std::string> open(std::string_view sealed, std::string_view place);
  /// Whether it is sealed under the key that seals now. Asks the source.
  Result<bool> is_current(std::string_view sealed);
  /// What tells the key that seals now: 8 hexadecimal digits. Asks the source.
  Result<std::string> current_key();

  // For files that hold a secret and nothing else.

  /// Sealed, with a line's end, where sealing is configured; the secret as it is otherwise.
  Result<std::string> to_file(std::string_view secret, std::string_view place);
  /// What a file holds, opened if it is sealed. Also with nothing configured, as long as it is not.
  Result<std::string> from_file(std::string content, std::string_view place);

 private:
  struct Key {
    std::string id;   // 8 hexadecimal digits
    std::string key;  // 32 bytes
  };
  struct Parts {
    std::string id, salt, body;
  };
  static Result<Parts> parts_of(std::string_view sealed);
  Result<void> ask();
  /// Of the texts in their order, for this salt.
  Result<const std::vector<SecretText>*> keys_for(const std::string& salt);
  Result<Key> key_of(const SecretText& derived) const;
  Result<std::optional<Key>> find(const Parts& parts);
  Result<Key> sealing_key();
  std::string salt_in_use() const { return secrets_ && secrets_->passphrases ? secrets_->salt : std::string(); }

  const Source source_;
  std::mutex mutex_;
  bool asked_ = false;
  std::optional<SealingSecrets> secrets_;
  std::map<std::string, std::vector<SecretText>> derived_;  // by salt, in the order of the texts
};

/// What a secret that is named as "env:NAME" or "file:PATH" may be sealed for: "env.NAME", or "file.NAME" of the file
/// without its directory.
std::string place_of_secret(std::string_view from);

/// What this process seals with. Until use_sealing() was called, nothing is configured. Set once, before there are
/// other threads; tests may set it again.
Sealing& sealing();
void use_sealing(Sealing::Source source);

}  // namespace reeve
