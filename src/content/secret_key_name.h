#pragma once

// What a key's name says of its value: "dbPassword", "AWS_SECRET_ACCESS_KEY", "client-secret". Private to the room.

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#if defined(__x86_64__)
#include <emmintrin.h>
#endif

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
  std::array<char, (kBytesMax + 63) / 64 * 64> text_;  // as far as the words reach; whole blocks
  std::array<std::uint8_t, kWordsMax> starts_{}, lengths_{};
  std::size_t count_ = 0;
};

KeyKind kind_of_key(const KeyWords& words);

/// The last three letters that names of secrets end with: a look at them spares most signs everything else.
class SecretKeyEndings {
 public:
  SecretKeyEndings();
  /// False when no key of a secret ends before the '=' or ':' at `at`: between its last letter and the sign there are
  /// no letters, but in the brackets of an index. Passes all of which sixteen bytes say nothing.
  bool may_end_before(const char* text, std::size_t at) const {
    constexpr std::size_t kBytes = 16;
    if (at < kBytes + 2) return true;
    const char* const window = text + at - kBytes;
    std::uint32_t letters = 0, others = 0;  // bytes from 0x80, and ']'
    classify(window, letters, others);
    // Behind the last letter, or no letter at all. Both are asked always: a branch could not be guessed.
    return static_cast<unsigned>(others >= letters) |
           static_cast<unsigned>(holds(window + std::bit_width(letters | 1U) - 1));
  }

 private:
  static void classify(const char* window, std::uint32_t& letters, std::uint32_t& others) {
#if defined(__x86_64__)
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(window));
    const __m128i place = _mm_sub_epi8(_mm_or_si128(bytes, _mm_set1_epi8(0x20)), _mm_set1_epi8('a'));
    const __m128i is_letter = _mm_cmpeq_epi8(_mm_min_epu8(place, _mm_set1_epi8(25)), place);
    const __m128i is_other = _mm_or_si128(bytes, _mm_cmpeq_epi8(bytes, _mm_set1_epi8(']')));
    letters = static_cast<std::uint32_t>(_mm_movemask_epi8(is_letter));
    others = static_cast<std::uint32_t>(_mm_movemask_epi8(is_other));
#else
    for (unsigned i = 0; i < 16; ++i) {
      const auto byte = static_cast<unsigned char>(window[i]);
      letters |= static_cast<std::uint32_t>((byte | 0x20U) >= 'a' && (byte | 0x20U) <= 'z') << i;
      others |= static_cast<std::uint32_t>(byte >= 0x80 || byte == ']') << i;
    }
#endif
  }
  bool holds(const char* last) const {
    const auto letter = [last](int i) { return static_cast<unsigned>(last[i]) & 31U; };
    const unsigned index = letter(0) | letter(-1) << 5U | letter(-2) << 10U;
    return (bits_[index / 64] >> index % 64 & 1U) != 0;
  }
  std::array<std::uint64_t, 32UL * 32 * 32 / 64> bits_{};  // by the last five bits of the last three bytes
};
extern const SecretKeyEndings kSecretKeyEndings;

/// Quick and coarse: false when no secret's key ends like this. Looks at the last three letters of `key`.
bool may_end_secret_key(std::string_view key);

/// The same by whole words: false for most keys that only end with the same letters. Looks at kLastWordMax bytes.
bool ends_like_secret_key(std::string_view key);
constexpr std::size_t kLastWordMax = 24;

/// Quick: true when the last word in front of `end` only adds to a name ("bytes", "text"), and what stands before it
/// ends like no secret's. Never true of a key that has a kind. `quote` is what the key stands in; 0: nothing.
bool adds_to_no_secret(std::string_view text, std::size_t end, char quote);

}  // namespace reeve::content
