#pragma once

// A validated index over JSON text that stays where it is: the bodies of model calls are never decoded and re-encoded,
// so readers walk this index and learn values together with their place in the bytes. One vectorised pass (simdjson's
// first stage) finds the structure and checks UTF-8; one walk over the found positions checks the grammar of RFC 8259
// and notes where each bracket closes, so that stepping over a value costs the same whatever its size.
//
// Private to the wire room.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace reeve::wire {

class JsonScan;
class JsonMembers;
class JsonElements;

/// A value in scanned text: a cheap copy, valid until the scan reads something else. A step to what is not there, or
/// into the wrong kind, gives an absent node, so that paths can be chained and checked once.
class JsonNode {
 public:
  JsonNode() = default;

  bool present() const { return scan_ != nullptr; }
  bool is_object() const { return first_byte() == '{'; }
  bool is_array() const { return first_byte() == '['; }
  bool is_string() const { return first_byte() == '"'; }
  bool is_null() const { return first_byte() == 'n'; }

  /// The value's bytes as sent; a string has its quotes.
  std::string_view raw() const;
  std::size_t offset() const;  // of raw() in the text
  /// Between the quotes, escapes as sent. Empty for other kinds.
  std::string_view raw_string() const;
  /// Decoded. Nothing for another kind, or when an escape stands for half a character (a lone surrogate).
  std::optional<std::string> as_string() const;
  /// How many bytes of UTF-8 the string decodes to; 0 for other kinds.
  std::size_t decoded_size() const;
  /// A whole number in the range of int64, also when written with a fraction of zeros or an exponent.
  std::optional<std::int64_t> as_int() const;
  std::optional<bool> as_bool() const;

  /// The first member of that name. Keys are compared as sent: providers never escape the keys of their answers.
  JsonNode find(std::string_view key) const;
  JsonMembers members() const;    // of an object, in order; none otherwise
  JsonElements elements() const;  // of an array, in order; none otherwise
  std::size_t count() const;      // elements of an array

 private:
  friend class JsonScan;
  friend class JsonMembers;
  friend class JsonElements;
  JsonNode(const JsonScan* scan, std::uint32_t at) : scan_(scan), at_(at) {}
  char first_byte() const;
  std::uint32_t after() const;  // index position of the comma or bracket that follows the value

  const JsonScan* scan_ = nullptr;
  std::uint32_t at_ = 0;  // position in the structural index
};

struct JsonMember {
  JsonNode key;
  JsonNode value;
};

class JsonMembers {
 public:
  class Iterator {
   public:
    JsonMember operator*() const;
    Iterator& operator++();
    bool operator!=(const Iterator& other) const { return at_ != other.at_; }

   private:
    friend class JsonMembers;
    Iterator(const JsonScan* scan, std::uint32_t at) : scan_(scan), at_(at) {}
    const JsonScan* scan_;
    std::uint32_t at_;  // of the key, or of the closing bracket
  };
  Iterator begin() const { return {scan_, first_}; }
  Iterator end() const { return {scan_, close_}; }

 private:
  friend class JsonNode;
  JsonMembers(const JsonScan* scan, std::uint32_t first, std::uint32_t close)
      : scan_(scan), first_(first), close_(close) {}
  const JsonScan* scan_;
  std::uint32_t first_;
  std::uint32_t close_;
};

class JsonElements {
 public:
  class Iterator {
   public:
    JsonNode operator*() const;
    Iterator& operator++();
    bool operator!=(const Iterator& other) const { return at_ != other.at_; }

   private:
    friend class JsonElements;
    Iterator(const JsonScan* scan, std::uint32_t at) : scan_(scan), at_(at) {}
    const JsonScan* scan_;
    std::uint32_t at_;
  };
  Iterator begin() const { return {scan_, first_}; }
  Iterator end() const { return {scan_, close_}; }

 private:
  friend class JsonNode;
  JsonElements(const JsonScan* scan, std::uint32_t first, std::uint32_t close)
      : scan_(scan), first_(first), close_(close) {}
  const JsonScan* scan_;
  std::uint32_t first_;
  std::uint32_t close_;
};

class JsonScan {
 public:
  static constexpr std::size_t kDepthMax = 128;

  JsonScan();
  ~JsonScan();
  JsonScan(const JsonScan&) = delete;
  JsonScan& operator=(const JsonScan&) = delete;

  /// Indexes `text`, which must stay unchanged and in place while nodes are used. Text that is not one valid JSON
  /// value, or nested deeper than kDepthMax, is an error: a sentence with the place, never with content.
  Result<JsonNode> read(std::string_view text);

  /// Gives back the memory of an unusually large text (the index takes up to 8 bytes a byte of text).
  void release_excess();

  /// Calls `visit(offset, length)` for each string value or key of at least `length_min` bytes, quotes included; the
  /// length may include white space after the string.
  template <typename Visit>
  void for_each_long_string(std::size_t length_min, Visit visit) const {
    for (std::uint32_t at = 0; at < count_; ++at) {
      const std::size_t length = position(at + 1) - position(at);
      if (length >= length_min && text_[position(at)] == '"') visit(position(at), length);
    }
  }

 private:
  friend class JsonNode;
  friend class JsonMembers;
  friend class JsonElements;
  struct State;

  std::size_t position(std::uint32_t at) const { return index_[at]; }  // index_[count_] is the text's size
  char byte_at(std::uint32_t at) const { return text_[index_[at]]; }

  std::unique_ptr<State> state_;
  std::string_view text_;
  const std::uint32_t* index_ = nullptr;
  std::uint32_t count_ = 0;
  std::vector<std::uint32_t> closes_;  // at the position of an opening bracket: that of its closing one
};

/// Decodes the escapes of `raw` (the text between quotes, already found valid) onto `out`. False, with U+FFFD in its
/// place, when an escape stands for half a character.
bool decode_json_string(std::string_view raw, std::string& out);

}  // namespace reeve::wire
