#pragma once

// JSON for configuration, tokens, ledger entries and reports: a bounded reader over simdjson and a small writer. The
// bodies of model calls do not pass through here; the wire room reads those in place.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace reeve {

/// A value inside a JsonDocument: a cheap view, valid while the document lives. A member that is not there, or a step
/// into a value of the wrong kind, gives an absent value, so that paths can be chained and checked once at the end.
class JsonValue {
 public:
  JsonValue() = default;  // absent

  bool present() const { return document_ != nullptr; }
  bool is_null() const;
  bool is_object() const;
  bool is_array() const;

  std::optional<std::string_view> as_string() const;
  std::optional<std::int64_t> as_int() const;  // also a double that is a whole number
  std::optional<double> as_double() const;
  std::optional<bool> as_bool() const;
  std::string_view string_or(std::string_view fallback) const { return as_string().value_or(fallback); }
  std::int64_t int_or(std::int64_t fallback) const { return as_int().value_or(fallback); }

  JsonValue operator[](std::string_view key) const;                     // first member of that name
  JsonValue at(std::string_view dotted_path) const;                     // "principal.id"
  std::vector<JsonValue> items() const;                                 // of an array; empty otherwise
  std::vector<std::pair<std::string_view, JsonValue>> members() const;  // of an object, in order; empty otherwise

  /// The value as compact JSON. Strings keep their content, numbers their value; member order is kept.
  std::string to_json() const;

 private:
  friend class JsonDocument;
  JsonValue(const void* document, std::size_t index) : document_(document), index_(index) {}
  const void* document_ = nullptr;
  std::size_t index_ = 0;
};

class JsonDocument {
 public:
  /// Copies `text`. Nesting deeper than `depth_max`, invalid UTF-8, integers beyond 64 bits and anything RFC 8259
  /// forbids is an error.
  static Result<JsonDocument> parse(std::string_view text, std::size_t depth_max = 64);
  JsonValue root() const;

  JsonDocument(JsonDocument&&) noexcept;
  JsonDocument& operator=(JsonDocument&&) noexcept;
  ~JsonDocument();

 private:
  struct State;
  explicit JsonDocument(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// Appends `text` as a JSON string with quotes. Invalid UTF-8 bytes become U+FFFD, so the result is always valid JSON.
void append_json_string(std::string& out, std::string_view text);

/// Builds compact JSON by appending. Members must be written in the order wanted; commas are looked after.
///   JsonWriter w; w.begin_object().member("id", id).key("tags").begin_array().value("a").end_array().end_object();
class JsonWriter {
 public:
  JsonWriter& begin_object() { return open('{'); }
  JsonWriter& end_object() { return close('}'); }
  JsonWriter& begin_array() { return open('['); }
  JsonWriter& end_array() { return close(']'); }
  JsonWriter& key(std::string_view name);
  JsonWriter& value(std::string_view text);
  JsonWriter& value(const char* text) { return value(std::string_view(text)); }
  JsonWriter& value(std::int64_t number);
  JsonWriter& value(int number) { return value(static_cast<std::int64_t>(number)); }
  JsonWriter& value(std::uint64_t number);
  JsonWriter& value(double number);
  JsonWriter& value(bool flag);
  JsonWriter& null();
  JsonWriter& raw(std::string_view json);  // must be valid JSON
  template <typename T>
  JsonWriter& member(std::string_view name, const T& v) {
    return key(name).value(v);
  }
  JsonWriter& member_if(std::string_view name, std::string_view text) {
    return text.empty() ? *this : member(name, text);
  }

  const std::string& text() const { return text_; }
  std::string take() { return std::move(text_); }
  std::size_t size() const { return text_.size(); }
  void clear() {
    text_.clear();
    comma_ = false;
  }

 private:
  JsonWriter& open(char bracket);
  JsonWriter& close(char bracket);
  void separate() {
    if (comma_) text_ += ',';
    comma_ = true;
  }
  std::string text_;
  bool comma_ = false;
};

}  // namespace reeve
