#include "wire/json_scan.h"

#include <simdjson.h>

#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <span>

namespace reeve::wire {

namespace {

constexpr std::size_t kSmallestCapacity = 4UL << 10U;
constexpr std::size_t kKeptCapacity = 1UL << 20U;  // index memory up to this text size stays with the thread

bool is_digit(char byte) { return byte >= '0' && byte <= '9'; }

int hex_digit(char byte) {
  if (is_digit(byte)) return byte - '0';
  if (byte >= 'a' && byte <= 'f') return byte - 'a' + 10;
  if (byte >= 'A' && byte <= 'F') return byte - 'A' + 10;
  return -1;
}

// The four digits after \u, or -1.
int hex_code(std::string_view text, std::size_t at) {
  if (at + 4 > text.size()) return -1;
  int code = 0;
  for (std::size_t i = at; i < at + 4; ++i) {
    const int digit = hex_digit(text[i]);
    if (digit < 0) return -1;
    code = code * 16 + digit;
  }
  return code;
}

Error not_json(std::string_view what, std::size_t offset) {
  return {ErrorCode::kInvalid,
          "The body is not valid JSON: " + std::string(what) + " at byte " + std::to_string(offset) + "."};
}

constexpr std::array<bool, 256> kEscapes = [] {
  std::array<bool, 256> table{};
  for (const char byte : {'"', '\\', '/', 'b', 'f', 'n', 'r', 't', 'u'}) table[static_cast<unsigned char>(byte)] = true;
  return table;
}();

bool is_valid_escape(std::string_view text, std::size_t backslash) {
  if (backslash + 1 >= text.size() || !kEscapes[static_cast<unsigned char>(text[backslash + 1])]) return false;
  return text[backslash + 1] != 'u' || hex_code(text, backslash + 2) >= 0;
}

// A bit for each backslash in 64 bytes. Source code as JSON has one in every thirty bytes, so this is worth a vector;
// clang lowers it to whatever the processor has.
std::uint64_t backslashes(const char* bytes) {
  using Bytes = char __attribute__((ext_vector_type(64)));
  using Bits = bool __attribute__((ext_vector_type(64)));
  Bytes block;
  std::memcpy(&block, bytes, sizeof block);
  return std::bit_cast<std::uint64_t>(__builtin_convertvector(block == '\\', Bits));
}

// Offset of the first backslash that starts no escape of RFC 8259 section 7, or npos. Backslashes outside of strings
// are refused by the walk.
std::size_t find_bad_escape(std::string_view text) {
  constexpr std::size_t kBlock = 64;
  std::size_t next = 0;  // backslashes before it belong to an escape that was checked
  for (std::size_t start = 0; start < text.size(); start += kBlock) {
    std::array<char, kBlock> tail{};
    const char* block = text.data() + start;
    if (text.size() - start < kBlock) {
      std::memcpy(tail.data(), block, text.size() - start);
      block = tail.data();
    }
    for (std::uint64_t bits = backslashes(block); bits != 0; bits &= bits - 1) {
      const std::size_t at = start + static_cast<std::size_t>(std::countr_zero(bits));
      if (at < next) continue;
      if (!is_valid_escape(text, at)) return at;
      next = at + 2;
    }
  }
  return std::string_view::npos;
}

bool ends_scalar(char byte) {
  return byte == ',' || byte == '}' || byte == ']' || byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t' ||
         byte == ':';
}

// The end of the number that starts at `at`, or npos.
std::size_t number_end(std::string_view text, std::size_t at) {
  const auto digits = [&text](std::size_t i) {
    while (i < text.size() && is_digit(text[i])) ++i;
    return i;
  };
  if (text[at] == '-') ++at;
  if (at >= text.size() || !is_digit(text[at])) return std::string_view::npos;
  at = text[at] == '0' ? at + 1 : digits(at);
  if (at < text.size() && text[at] == '.') {
    const std::size_t fraction = at + 1;
    at = digits(fraction);
    if (at == fraction) return std::string_view::npos;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    const std::size_t exponent = at;
    at = digits(exponent);
    if (at == exponent) return std::string_view::npos;
  }
  return at;
}

bool is_valid_scalar(std::string_view text, std::size_t at) {
  std::size_t end = std::string_view::npos;
  switch (text[at]) {
    case 't': end = text.compare(at, 4, "true") == 0 ? at + 4 : end; break;
    case 'f': end = text.compare(at, 5, "false") == 0 ? at + 5 : end; break;
    case 'n': end = text.compare(at, 4, "null") == 0 ? at + 4 : end; break;
    default: end = number_end(text, at);
  }
  return end != std::string_view::npos && (end == text.size() || ends_scalar(text[end]));
}

// One escape in a string whose escapes were found valid.
struct Escape {
  std::uint32_t code = 0;  // the character
  std::size_t length = 2;  // of the escape as sent
  bool half = false;       // a surrogate without its other half; code is U+FFFD
};

Escape read_escape(std::string_view raw, std::size_t backslash) {
  const char kind = raw[backslash + 1];
  switch (kind) {
    case 'b': return {'\b'};
    case 'f': return {'\f'};
    case 'n': return {'\n'};
    case 'r': return {'\r'};
    case 't': return {'\t'};
    case 'u': break;
    default: return {static_cast<unsigned char>(kind)};  // quote, backslash, slash
  }
  const auto code = static_cast<std::uint32_t>(std::max(hex_code(raw, backslash + 2), 0));
  if (code < 0xD800 || code >= 0xE000) return {code, 6};
  if (code < 0xDC00 && backslash + 7 < raw.size() && raw[backslash + 6] == '\\' && raw[backslash + 7] == 'u') {
    const int low = hex_code(raw, backslash + 8);
    if (low >= 0xDC00 && low < 0xE000) {
      return {0x10000 + ((code - 0xD800) << 10U) + (static_cast<std::uint32_t>(low) - 0xDC00), 12};
    }
  }
  return {0xFFFD, 6, true};
}

std::size_t utf8_size(std::uint32_t code) {
  if (code < 0x80) return 1;
  if (code < 0x800) return 2;
  return code < 0x10000 ? 3 : 4;
}

void append_utf8(std::string& out, std::uint32_t code) {
  const auto byte = [&out](std::uint32_t value) { out.push_back(static_cast<char>(value)); };
  if (code < 0x80) {
    byte(code);
  } else if (code < 0x800) {
    byte(0xC0U | code >> 6U);
    byte(0x80U | (code & 0x3FU));
  } else if (code < 0x10000) {
    byte(0xE0U | code >> 12U);
    byte(0x80U | (code >> 6U & 0x3FU));
    byte(0x80U | (code & 0x3FU));
  } else {
    byte(0xF0U | code >> 18U);
    byte(0x80U | (code >> 12U & 0x3FU));
    byte(0x80U | (code >> 6U & 0x3FU));
    byte(0x80U | (code & 0x3FU));
  }
}

}  // namespace

bool decode_json_string(std::string_view raw, std::string& out) {
  bool whole = true;
  std::size_t i = 0;
  while (i < raw.size()) {
    const std::size_t backslash = std::min(raw.find('\\', i), raw.size());
    out.append(raw, i, backslash - i);
    if (backslash + 1 >= raw.size()) break;
    const Escape escape = read_escape(raw, backslash);
    whole = whole && !escape.half;
    append_utf8(out, escape.code);
    i = backslash + escape.length;
  }
  return whole;
}

// ---- The walk: checks the grammar over the structural index

struct JsonScan::State {
  simdjson::dom::parser parser;
};

class JsonWalk {
 public:
  // `closes` has room for every position of the index.
  JsonWalk(std::string_view text, std::span<const std::uint32_t> index, std::uint32_t* closes)
      : text_(text), index_(index.data()), count_(static_cast<std::uint32_t>(index.size())), closes_(closes) {}

  Result<void> run() {
    Step step = Step::kValue;
    while (true) {
      switch (step) {
        case Step::kValue: step = value(); break;
        case Step::kFirstElement: step = byte() == ']' ? close() : value(); break;
        case Step::kFirstKey: step = byte() == '}' ? close() : key(); break;
        case Step::kKey: step = key(); break;
        case Step::kAfterValue: step = after_value(); break;
        case Step::kDone: return {};
        case Step::kTooDeep:
          return Error{ErrorCode::kInvalid, "The body is nested deeper than " + std::to_string(JsonScan::kDepthMax) +
                                                " levels; flatten it."};
        case Step::kFailed:
          if (at_ >= count_) return not_json("it ends too early,", text_.size());
          return not_json("something unexpected", index_[at_]);
      }
    }
  }

 private:
  enum class Step { kValue, kFirstElement, kFirstKey, kKey, kAfterValue, kDone, kTooDeep, kFailed };
  struct Open {
    std::uint32_t at;
    bool object;
  };

  char byte() const { return at_ < count_ ? text_.data()[index_[at_]] : '\0'; }

  Step value() {
    const char first = byte();
    if (first == '"') {
      ++at_;
      return Step::kAfterValue;
    }
    if (first == '{' || first == '[') {
      if (depth_ == JsonScan::kDepthMax) return Step::kTooDeep;
      open_[depth_++] = {at_++, first == '{'};
      return first == '{' ? Step::kFirstKey : Step::kFirstElement;
    }
    if (at_ >= count_ || !is_valid_scalar(text_, index_[at_])) return Step::kFailed;
    ++at_;
    return Step::kAfterValue;
  }

  Step key() {
    if (byte() != '"') return Step::kFailed;
    ++at_;
    if (byte() != ':') return Step::kFailed;
    ++at_;
    return value();
  }

  Step after_value() {
    if (depth_ == 0) return at_ == count_ ? Step::kDone : Step::kFailed;
    const bool object = open_[depth_ - 1].object;
    const char next = byte();
    if (next == ',') {
      ++at_;
      return object ? key() : value();
    }
    return next == (object ? '}' : ']') ? close() : Step::kFailed;
  }

  Step close() {
    closes_[open_[--depth_].at] = at_++;
    return Step::kAfterValue;
  }

  const std::string_view text_;
  const std::uint32_t* const index_;
  const std::uint32_t count_;
  std::uint32_t* const closes_;
  std::uint32_t at_ = 0;
  std::size_t depth_ = 0;
  std::array<Open, JsonScan::kDepthMax> open_;
};

// ---- JsonScan

JsonScan::JsonScan() : state_(std::make_unique<State>()) {}
JsonScan::~JsonScan() = default;

Result<JsonNode> JsonScan::read(std::string_view text) {
  count_ = 0;
  if (text.size() >= (1ULL << 32U)) return Error{ErrorCode::kTooLarge, "The body is too large to read."};
  simdjson::dom::parser& parser = state_->parser;
  if (parser.capacity() < text.size() || parser.capacity() == 0) {
    std::size_t capacity = kSmallestCapacity;
    while (capacity < text.size()) capacity *= 2;
    if (parser.allocate(capacity, kDepthMax) != simdjson::SUCCESS) {
      return Error{ErrorCode::kUnavailable, "There is not enough memory to read the body now; try again."};
    }
  }
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  switch (parser.implementation->stage1(bytes, text.size(), simdjson::stage1_mode::regular)) {
    case simdjson::SUCCESS: break;
    case simdjson::EMPTY: return Error{ErrorCode::kInvalid, "The body is empty where JSON is expected."};
    case simdjson::UTF8_ERROR: return Error{ErrorCode::kInvalid, "The body is not valid UTF-8."};
    case simdjson::UNCLOSED_STRING:
      return Error{ErrorCode::kInvalid, "The body is not valid JSON: a string does not end."};
    case simdjson::UNESCAPED_CHARS:
      return Error{ErrorCode::kInvalid, "The body is not valid JSON: a string holds a control character."};
    default: return Error{ErrorCode::kInvalid, "The body is not valid JSON."};
  }
  text_ = text;
  index_ = parser.implementation->structural_indexes.get();
  count_ = parser.implementation->n_structural_indexes;
  if (closes_.size() < count_) closes_.resize(std::max<std::size_t>(count_, 2 * closes_.size()));
  if (Result<void> walked = JsonWalk(text, {index_, count_}, closes_.data()).run(); !walked) return walked.error();
  const std::size_t bad_escape = find_bad_escape(text);
  if (bad_escape != std::string_view::npos) return not_json("an unknown escape", bad_escape);
  return JsonNode(this, 0);
}

void JsonScan::release_excess() {
  if (state_->parser.capacity() <= kKeptCapacity) return;
  count_ = 0;
  state_ = std::make_unique<State>();
  closes_ = {};
}

// ---- Nodes

char JsonNode::first_byte() const { return scan_ != nullptr ? scan_->byte_at(at_) : '\0'; }

std::uint32_t JsonNode::after() const {
  const char first = first_byte();
  return (first == '{' || first == '[' ? scan_->closes_[at_] : at_) + 1;
}

std::size_t JsonNode::offset() const { return scan_ != nullptr ? scan_->position(at_) : 0; }

std::string_view JsonNode::raw() const {
  if (scan_ == nullptr) return {};
  const std::size_t start = scan_->position(at_);
  const char first = scan_->text_[start];
  if (first == '{' || first == '[') {
    return scan_->text_.substr(start, scan_->position(scan_->closes_[at_]) + 1 - start);
  }
  // Up to the next structural byte there is the scalar and white space.
  std::size_t end = scan_->position(at_ + 1);
  while (end > start && ends_scalar(scan_->text_[end - 1])) --end;
  return scan_->text_.substr(start, end - start);
}

std::string_view JsonNode::raw_string() const {
  if (!is_string()) return {};
  const std::string_view quoted = raw();
  return quoted.substr(1, quoted.size() - 2);
}

std::optional<std::string> JsonNode::as_string() const {
  if (!is_string()) return std::nullopt;
  std::string text;
  if (!decode_json_string(raw_string(), text)) return std::nullopt;
  return text;
}

std::size_t JsonNode::decoded_size() const {
  const std::string_view raw = raw_string();
  std::size_t size = raw.size();
  for (std::size_t at = raw.find('\\'); at < raw.size();) {
    const Escape escape = read_escape(raw, at);
    size = size - escape.length + utf8_size(escape.code);
    at = raw.find('\\', at + escape.length);
  }
  return size;
}

std::optional<std::int64_t> JsonNode::as_int() const {
  const char first = first_byte();
  if (first != '-' && !is_digit(first)) return std::nullopt;
  const std::string_view text = raw();
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size()) return number;
  double real = 0;
  const auto [real_end, real_error] = std::from_chars(text.data(), text.data() + text.size(), real);
  constexpr double kExact = 9'007'199'254'740'992;  // 2^53
  if (real_error != std::errc() || real != std::floor(real) || std::abs(real) > kExact) return std::nullopt;
  return static_cast<std::int64_t>(real);
}

std::optional<bool> JsonNode::as_bool() const {
  if (first_byte() == 't') return true;
  if (first_byte() == 'f') return false;
  return std::nullopt;
}

JsonNode JsonNode::find(std::string_view key) const {
  for (const JsonMember member : members()) {
    if (member.key.raw_string() == key) return member.value;
  }
  return {};
}

JsonMembers JsonNode::members() const {
  if (!is_object()) return {nullptr, 0, 0};
  return {scan_, at_ + 1, scan_->closes_[at_]};
}

JsonElements JsonNode::elements() const {
  if (!is_array()) return {nullptr, 0, 0};
  return {scan_, at_ + 1, scan_->closes_[at_]};
}

std::size_t JsonNode::count() const {
  std::size_t count = 0;
  for (const JsonNode element : elements()) count += element.present() ? 1 : 0;
  return count;
}

// Key, colon, value, then a comma or the closing bracket.
JsonMember JsonMembers::Iterator::operator*() const { return {JsonNode(scan_, at_), JsonNode(scan_, at_ + 2)}; }

JsonMembers::Iterator& JsonMembers::Iterator::operator++() {
  at_ = JsonNode(scan_, at_ + 2).after();
  if (scan_->byte_at(at_) == ',') ++at_;
  return *this;
}

JsonNode JsonElements::Iterator::operator*() const { return {scan_, at_}; }

JsonElements::Iterator& JsonElements::Iterator::operator++() {
  at_ = JsonNode(scan_, at_).after();
  if (scan_->byte_at(at_) == ',') ++at_;
  return *this;
}

}  // namespace reeve::wire
