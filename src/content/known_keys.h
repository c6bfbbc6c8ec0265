#pragma once

// Keys that say what their values are: "first name", "patient id", "姓名". Which ones a text's key is, and a test of a
// few instructions that rejects nearly all others. Private to the room.

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "content/check_digits.h"
#include "content/key_ends.h"

namespace reeve::content {

struct Detector;

/// Bytes of a text's key that are looked at; longer ones are cut.
constexpr std::size_t kKeyMax = 40;

/// Letters, digits and bytes of other scripts: what a key is told by. Everything else only separates.
inline bool is_key_letter(char c) { return is_alphanumeric(c) || static_cast<unsigned char>(c) >= 0x80; }
inline bool is_key_character(char c) { return is_key_letter(c) || c == '_' || c == '-'; }

/// A key in one piece: lower case, ASCII separators left out. "First Name", "first_name", "firstName": "firstname".
std::string joined_key(std::string_view key);

class KnownKeys {
 public:
  struct Owner {
    std::uint32_t index;
    const Detector* detector;
    bool may_end_a_key;  // its phrase has several words: "billing first name" is "first name", too
  };
  /// What is known of a key.
  struct Match {
    const std::vector<Owner>* owners = nullptr;
    bool whole = false;  // the key, or its last word; else only owners whose phrase may end a key are meant
    explicit operator bool() const { return owners != nullptr; }
    bool means(const Owner& owner) const { return whole || owner.may_end_a_key; }
  };

  void add(std::string_view phrase, std::uint32_t index, const Detector* detector);

  /// The longest known key that `key` is or ends with. `key` as written.
  Match find(std::string_view key) const;

  /// The first test: a few instructions a place.
  const KeyEnds& ends() const { return ends_; }

  /// The second: by all letters, up to the key's border. Costs a few steps. `end` is behind the last letter, `place`
  /// where the key's sign or border stands.
  bool ends_known(std::string_view text, std::size_t end, std::size_t place) const;

 private:
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };

  static std::uint32_t next_hash(std::uint32_t hash, char c) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x9e3779b1U;
    return hash ^ hash >> 15U;
  }

  std::unordered_map<std::string, std::vector<Owner>, TextHash, std::equal_to<>> keys_;
  KeyEnds ends_;
  std::bitset<0x10000> tails_;   // by hash from the last byte on: every tail of a known key
  std::bitset<0x10000> wholes_;  // the same of whole known keys
  std::bitset<0x10000> enders_;  // and of those that may end a longer key
};

}  // namespace reeve::content
