#pragma once

// What a key's name says of its value: "dbPassword", "AWS_SECRET_ACCESS_KEY", "client-secret". Private to the room.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace reeve::content {

enum class KeyKind : std::uint8_t {
  kNone,
  kPassword,
  kPassphrase,
  kSecret,
  kToken,
  kApiKey,
  kPrivateKey,
  kEncryptionKey,
  kCredential,
  kSalt,
  kConnectionString,
  kSession,
  kKey,        // "key" and no more: anything may be meant
  kValueOnly,  // "value" and the like: an object beside it has the name
};

/// The words of a detector's `with` for the finder "assignment": "a password", "an api key", ….
std::optional<KeyKind> key_kind_named(std::string_view name);

/// A key cut into its words, in lower case: "dbPassword" has "db", "password".
class KeyWords {
 public:
  explicit KeyWords(std::string_view key);
  std::size_t count() const { return count_; }
  std::string_view word(std::size_t i) const { return {text_.data() + starts_[i], lengths_[i]}; }
  /// The last word that is not a mere addition ("value", "prod", "2"), counted from the start; npos: none.
  std::size_t head() const;

 private:
  static constexpr std::size_t kWordsMax = 10;
  static constexpr std::size_t kBytesMax = 96;
  std::array<char, kBytesMax> text_{};
  std::array<std::uint8_t, kWordsMax> starts_{}, lengths_{};
  std::size_t count_ = 0;
};

KeyKind kind_of_key(const KeyWords& words);

/// The last two letters that keys of secrets have: a look at them spares most signs everything else.
class LastLetters {
 public:
  static constexpr std::uint8_t kNever = 0, kUnsure = 27, kForeign = 28;  // 1 to 26: letters

  LastLetters();
  /// False when no key of a secret ends before the '=' or ':' at `at`. Passes all of which two bytes say nothing.
  bool may_end_before(std::string_view text, std::size_t at) const {
    if (at < 4) return true;
    std::size_t last = at - 1;
    if (text[last] == ' ') --last;
    const bool quoted = text[last] == '"' || text[last] == '\'';
    if (quoted) --last;
    const std::uint8_t kind = kinds_[static_cast<unsigned char>(text[last])];
    if (kind == kNever) return quoted;
    if (kind >= kUnsure) return true;
    return (before_[kind] >> kinds_[static_cast<unsigned char>(text[last - 1])] & 1U) != 0;
  }

 private:
  std::array<std::uint8_t, 256> kinds_{};
  std::array<std::uint32_t, 32> before_{};  // by last letter: a bit for each kind that may stand before it
};
extern const LastLetters kLastLetters;

/// Quick and coarse: false when no secret's key ends like this. Looks at the last three letters of `key`.
bool may_end_secret_key(std::string_view key);

}  // namespace reeve::content
