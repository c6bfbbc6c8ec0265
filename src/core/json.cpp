#include "core/json.h"

#include <simdjson.h>

#include <array>
#include <charconv>
#include <cmath>

#include "core/bytes.h"

namespace reeve {

namespace dom = simdjson::dom;

struct JsonDocument::State {
  std::unique_ptr<dom::parser> parser;
  dom::element root;
};

namespace {

// With the address sanitizer no parser stays, or a use of a document after its end would go unseen.
#if __has_feature(address_sanitizer)
constexpr std::size_t kSpareTextMax = 0;
#else
constexpr std::size_t kSpareTextMax = 64UL << 10U;
#endif

/// One parser stays with each thread: who reads many small documents one after the other makes its memory once.
struct SpareParser {
  std::unique_ptr<dom::parser> parser;
  bool gone = false;
  ~SpareParser() { gone = true; }  // documents that outlive what the thread owns free their own
};
thread_local SpareParser spare;

// JsonValue holds the two words of a dom::element without naming its type in the header.
static_assert(sizeof(dom::element) == 2 * sizeof(void*) && std::is_trivially_copyable_v<dom::element>);
struct ElementWords {
  const void* document;
  std::size_t index;
};
dom::element to_element(const void* document, std::size_t index) {
  return std::bit_cast<dom::element>(ElementWords{document, index});
}
ElementWords to_words(dom::element element) { return std::bit_cast<ElementWords>(element); }

}  // namespace

JsonDocument::JsonDocument(std::unique_ptr<State> state) : state_(std::move(state)) {}
JsonDocument::JsonDocument(JsonDocument&&) noexcept = default;
JsonDocument& JsonDocument::operator=(JsonDocument&&) noexcept = default;
JsonDocument::~JsonDocument() {
  if (state_ && !spare.gone && state_->parser->capacity() <= kSpareTextMax) spare.parser = std::move(state_->parser);
}

Result<JsonDocument> JsonDocument::parse(std::string_view text, std::size_t depth_max) {
  auto state = std::make_unique<State>();
  state->parser = spare.parser ? std::move(spare.parser) : std::make_unique<dom::parser>();
  dom::parser& parser = *state->parser;
  if (parser.capacity() < text.size() || parser.capacity() == 0 || parser.max_depth() != depth_max) {
    if (parser.allocate(std::max<std::size_t>(text.size(), 32), depth_max) != simdjson::SUCCESS) {
      return Error{ErrorCode::kUnavailable, "out of memory while reading JSON"};
    }
  }
  const auto error = parser.parse(text.data(), text.size()).get(state->root);
  if (error != simdjson::SUCCESS) {
    return Error{ErrorCode::kInvalid, std::string("not valid JSON: ") + simdjson::error_message(error)};
  }
  return JsonDocument(std::move(state));
}

JsonValue JsonDocument::root() const {
  const ElementWords words = to_words(state_->root);
  return {words.document, words.index};
}

bool JsonValue::is_null() const { return present() && to_element(document_, index_).is_null(); }
bool JsonValue::is_object() const { return present() && to_element(document_, index_).is_object(); }
bool JsonValue::is_array() const { return present() && to_element(document_, index_).is_array(); }

std::optional<std::string_view> JsonValue::as_string() const {
  std::string_view text;
  if (!present() || to_element(document_, index_).get(text) != simdjson::SUCCESS) return std::nullopt;
  return text;
}

std::optional<std::int64_t> JsonValue::as_int() const {
  if (!present()) return std::nullopt;
  const dom::element element = to_element(document_, index_);
  std::int64_t number = 0;
  if (element.is_int64() && element.get(number) == simdjson::SUCCESS) return number;
  double real = 0;
  if (element.is_double() && element.get(real) == simdjson::SUCCESS && real == std::floor(real) &&
      std::abs(real) < 9e15) {
    return static_cast<std::int64_t>(real);
  }
  return std::nullopt;
}

std::optional<double> JsonValue::as_double() const {
  double number = 0;
  if (!present() || to_element(document_, index_).get(number) != simdjson::SUCCESS) return std::nullopt;
  return number;
}

std::optional<bool> JsonValue::as_bool() const {
  bool flag = false;
  if (!present() || to_element(document_, index_).get(flag) != simdjson::SUCCESS) return std::nullopt;
  return flag;
}

JsonValue JsonValue::operator[](std::string_view key) const {
  dom::object object;
  dom::element member;
  if (!present() || to_element(document_, index_).get(object) != simdjson::SUCCESS) return {};
  if (object.at_key(key).get(member) != simdjson::SUCCESS) return {};
  const ElementWords words = to_words(member);
  return {words.document, words.index};
}

JsonValue JsonValue::at(std::string_view dotted_path) const {
  JsonValue value = *this;
  while (true) {
    const std::size_t dot = dotted_path.find('.');
    value = value[dotted_path.substr(0, dot)];
    if (dot == std::string_view::npos) return value;
    dotted_path.remove_prefix(dot + 1);
  }
}

std::vector<JsonValue> JsonValue::items() const {
  std::vector<JsonValue> values;
  dom::array array;
  if (!present() || to_element(document_, index_).get(array) != simdjson::SUCCESS) return values;
  for (const dom::element item : array) {
    const ElementWords words = to_words(item);
    values.push_back(JsonValue(words.document, words.index));
  }
  return values;
}

std::vector<std::pair<std::string_view, JsonValue>> JsonValue::members() const {
  std::vector<std::pair<std::string_view, JsonValue>> values;
  dom::object object;
  if (!present() || to_element(document_, index_).get(object) != simdjson::SUCCESS) return values;
  for (const auto field : object) {
    const ElementWords words = to_words(field.value);
    values.emplace_back(field.key, JsonValue(words.document, words.index));
  }
  return values;
}

std::string JsonValue::to_json() const {
  if (!present()) return "null";
  return simdjson::minify(to_element(document_, index_));
}

namespace {

/// ASCII that needs no escape. Without a branch in the loop, so that the compiler takes many bytes at once.
bool is_plain(std::string_view text) {
  unsigned special = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    special |= static_cast<unsigned>(byte < 0x20) | static_cast<unsigned>(byte >= 0x80) |
               static_cast<unsigned>(byte == '"') | static_cast<unsigned>(byte == '\\');
  }
  return special == 0;
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out += '"';
  // Almost all text is plain.
  if (is_plain(text)) {
    out += text;
    out += '"';
    return;
  }
  // Invalid UTF-8 takes the slow way round, once.
  const bool valid = simdjson::validate_utf8(text.data(), text.size());
  std::size_t start = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool bad_byte = !valid && byte >= 0x80;
    if (byte >= 0x20 && byte != '"' && byte != '\\' && !bad_byte) continue;
    if (bad_byte) {
      // Keep whole characters; replace what is not one.
      std::size_t length = 2;
      while (length <= 4 && !(i + length <= text.size() && is_utf8(text.substr(i, length)))) ++length;
      if (length <= 4) {
        i += length - 1;
        continue;
      }
    }
    out.append(text, start, i - start);
    start = i + 1;
    switch (byte) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\b': out += "\\b"; break;
      case '\f': out += "\\f"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      default:
        if (bad_byte) {
          out += "\xEF\xBF\xBD";
        } else {
          out += "\\u00";
          out += kHex[byte >> 4];
          out += kHex[byte & 15U];
        }
    }
  }
  out.append(text, start);
  out += '"';
}

JsonWriter& JsonWriter::open(char bracket) {
  separate();
  text_ += bracket;
  comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::close(char bracket) {
  text_ += bracket;
  comma_ = true;
  return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
  separate();
  append_json_string(text_, name);
  text_ += ':';
  comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::value(std::string_view text) {
  separate();
  append_json_string(text_, text);
  return *this;
}

namespace {
template <typename Number>
void append_number(std::string& out, Number number) {
  std::array<char, 32> text{};
  const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), number);
  CHECK(error == std::errc{});
  out.append(text.data(), end);
}
}  // namespace

JsonWriter& JsonWriter::value(std::int64_t number) {
  separate();
  append_number(text_, number);
  return *this;
}

JsonWriter& JsonWriter::value(std::uint64_t number) {
  separate();
  append_number(text_, number);
  return *this;
}

JsonWriter& JsonWriter::value(double number) {
  if (!std::isfinite(number)) return null();
  separate();
  append_number(text_, number);
  return *this;
}

JsonWriter& JsonWriter::value(bool flag) {
  separate();
  text_ += flag ? "true" : "false";
  return *this;
}

JsonWriter& JsonWriter::null() {
  separate();
  text_ += "null";
  return *this;
}

JsonWriter& JsonWriter::raw(std::string_view json) {
  separate();
  text_ += json;
  return *this;
}

}  // namespace reeve
