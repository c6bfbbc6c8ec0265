// Escapes of single characters: \n \uXXXX \xXX of source code and of JSON inside JSON, %XX of addresses, &#xXX; of
// markup. A text is full of harmless ones; only those that hide a character of a value, or glue a letter to the front
// of one, make a stretch worth decoding.

#include <algorithm>
#include <array>
#include <bit>
#include <optional>

#include "content/decode.h"
#include "content/text_walk.h"

namespace reeve::content {

namespace {

constexpr std::size_t kJoinWithin = 96;  // interesting escapes this near make one stretch
constexpr std::size_t kBefore = 80;      // bytes of a stretch before its first escape, for words of context
constexpr std::size_t kAfter = 64;
constexpr std::size_t kTailMax = 4096;  // a value may go on this far behind the last escape

/// One escape: how many bytes it takes and the character it stands for.
struct Escape {
  std::size_t bytes = 0;
  std::uint32_t code_point = 0;
};

std::optional<std::uint32_t> read_hex(std::string_view text, std::size_t at, std::size_t digits) {
  if (at + digits > text.size()) return std::nullopt;
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    const std::uint8_t digit = hex_digit(text[at + i]);
    if (digit == 255) return std::nullopt;
    value = value * 16 + digit;
  }
  return value;
}

std::optional<Escape> read_braced(std::string_view text, std::size_t at) {
  std::uint32_t value = 0;
  std::size_t to = at + 3;
  while (to < text.size() && to < at + 10 && hex_digit(text[to]) != 255) value = value * 16 + hex_digit(text[to++]);
  if (to == at + 3 || to >= text.size() || text[to] != '}' || value > 0x10FFFF) return std::nullopt;
  return Escape{to + 1 - at, value};
}

std::optional<Escape> read_unicode(std::string_view text, std::size_t at) {
  if (at + 2 < text.size() && text[at + 2] == '{') return read_braced(text, at);
  const auto high = read_hex(text, at + 2, 4);
  if (!high) return std::nullopt;
  if (*high >= 0xD800 && *high <= 0xDBFF && at + 8 <= text.size() && text.substr(at + 6, 2) == "\\u") {
    const auto low = read_hex(text, at + 8, 4);
    if (low && *low >= 0xDC00 && *low <= 0xDFFF) {
      return Escape{12, 0x10000 + ((*high - 0xD800) << 10U) + (*low - 0xDC00)};
    }
  }
  return Escape{6, *high};
}

struct CharacterName {
  std::string_view name;
  char character;
};
constexpr std::array<CharacterName, 8> kCharacterNames{{{"LOW LINE", '_'},
                                                        {"HYPHEN-MINUS", '-'},
                                                        {"FULL STOP", '.'},
                                                        {"COLON", ':'},
                                                        {"SOLIDUS", '/'},
                                                        {"PLUS SIGN", '+'},
                                                        {"EQUALS SIGN", '='},
                                                        {"COMMERCIAL AT", '@'}}};

/// \N{LOW LINE}: characters that values have and their names, letters and digits aside.
std::optional<Escape> read_named(std::string_view text, std::size_t at) {
  const std::string_view rest = text.substr(at + 2, 24);
  for (const auto& [name, character] : kCharacterNames) {
    if (rest.size() >= name.size() + 2 && rest[0] == '{' && rest.substr(1, name.size()) == name &&
        rest[name.size() + 1] == '}') {
      return Escape{name.size() + 4, static_cast<unsigned char>(character)};
    }
  }
  return std::nullopt;
}

std::optional<Escape> read_backslash(std::string_view text, std::size_t at) {
  if (at + 1 >= text.size()) return std::nullopt;
  const auto one = [](std::size_t bytes, std::uint32_t code_point) { return Escape{bytes, code_point}; };
  switch (text[at + 1]) {
    case 'n': return one(2, '\n');
    case 't': return one(2, '\t');
    case 'r': return one(2, '\r');
    case '"': return one(2, '"');
    case '\'': return one(2, '\'');
    case '/': return one(2, '/');
    case '\\': return one(2, '\\');
    case 'u': return read_unicode(text, at);
    case 'U':
      if (const auto value = read_hex(text, at + 2, 8); value && *value <= 0x10FFFF) return one(10, *value);
      return std::nullopt;
    case 'x':
      if (at + 2 < text.size() && text[at + 2] == '{') return read_braced(text, at);
      if (const auto value = read_hex(text, at + 2, 2)) return one(4, *value);
      return std::nullopt;
    case 'N': return read_named(text, at);
    // Markdown and LaTeX put a backslash before these.
    case '_':
    case '-':
    case '.': return one(2, static_cast<unsigned char>(text[at + 1]));
    case '0':
    case '1': {
      if (at + 4 > text.size()) return std::nullopt;
      std::uint32_t value = 0;
      for (std::size_t i = 1; i <= 3; ++i) {
        if (text[at + i] < '0' || text[at + i] > '7') return std::nullopt;
        value = value * 8 + static_cast<std::uint32_t>(text[at + i] - '0');
      }
      return one(4, value);
    }
    default: return std::nullopt;
  }
}

struct Entity {
  std::string_view name;
  char character;
};

constexpr std::array<Entity, 22> kEntities{
    {{"amp", '&'},    {"lt", '<'},       {"gt", '>'},     {"quot", '"'},    {"apos", '\''},  {"nbsp", ' '},
     {"commat", '@'}, {"period", '.'},   {"lowbar", '_'}, {"colon", ':'},   {"sol", '/'},    {"equals", '='},
     {"plus", '+'},   {"hyphen", '-'},   {"dash", '-'},   {"num", '#'},     {"dollar", '$'}, {"percnt", '%'},
     {"Tab", '\t'},   {"NewLine", '\n'}, {"excl", '!'},   {"UnderBar", '_'}}};

std::optional<Escape> read_entity(std::string_view text, std::size_t at) {
  if (at + 3 >= text.size()) return std::nullopt;
  if (text[at + 1] != '#') {
    const std::size_t end = text.substr(at + 1, 10).find(';');
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view name = text.substr(at + 1, end);
    for (const Entity& entity : kEntities) {
      if (entity.name == name) return Escape{end + 2, static_cast<unsigned char>(entity.character)};
    }
    return std::nullopt;
  }
  std::size_t to = at + 2;
  const bool hex = (text[to] | 0x20) == 'x';
  if (hex) ++to;
  const std::size_t first = to;
  std::uint32_t value = 0;
  while (to < text.size() && to < first + 8) {
    const std::uint8_t digit = hex_digit(text[to]);
    if (digit == 255 || (!hex && digit > 9)) break;
    value = value * (hex ? 16 : 10) + digit;
    ++to;
  }
  if (to == first || value > 0x10FFFF) return std::nullopt;
  if (to < text.size() && text[to] == ';') ++to;
  return Escape{to - at, value};
}

std::optional<Escape> read_escape(std::string_view text, std::size_t at) {
  switch (text[at]) {
    case '\\': return read_backslash(text, at);
    case '&': return read_entity(text, at);
    default: break;
  }
  if (at + 1 < text.size() && text[at + 1] == 'u') {
    const auto unit = read_hex(text, at + 2, 4);
    return unit ? std::optional(Escape{6, *unit}) : std::nullopt;
  }
  const auto value = read_hex(text, at + 1, 2);
  if (!value) return std::nullopt;
  return Escape{3, *value};
}

/// Letters and digits that look like the beginning of a value: long, with digits, or an address.
bool value_follows(std::string_view text, std::size_t at) {
  constexpr std::size_t kLook = 24, kLong = 12;
  std::size_t size = 0, digits = 0;
  for (; size < kLook && at + size < text.size(); ++size) {
    const char c = text[at + size];
    if (is_digit_byte(c)) ++digits;
    if (c == '@' && size > 0) return true;
    if (!is_token_byte(c) && c != '.' && c != '=' && !(c == ' ' && digits == size && size > 0)) break;
  }
  return (size >= kLong && digits > 0) || digits >= 7;
}

class EscapeDecoder {
 public:
  explicit EscapeDecoder(DecodeTask& task) : task_(task), text_(task.text) {}

  void run() {
    for_each_place(task_.masks.escape, text_.size(), [this](std::size_t at) {
      if (at < skip_to_ || task_.budget.exhausted) return;
      // The mask has the last of a row of backslashes: the row's begin is where the escape begins.
      while (text_[at] == '\\' && at > skip_to_ && text_[at - 1] == '\\') --at;
      if (!is_interesting(at)) return;
      if (open_ && at > last_ + kJoinWithin) close();
      if (!open_) first_ = at;
      open_ = true;
      last_ = at;
    });
    if (task_.budget.exhausted) return;
    if (open_) close();
  }

 private:
  bool is_interesting(std::size_t at) {
    const char mark = text_[at];
    if (mark != '\\') {
      const auto escape = read_escape(text_, at);
      if (!escape) return false;
      skip_to_ = at + escape->bytes;
      const bool shown = escape->code_point > 0x20;
      // Names of entities for < > & " are everywhere in markup, %20 and %2F in addresses: they hide no value alone.
      if (mark == '&' && escape->code_point == '&') return text_.substr(skip_to_, 1) == "#";
      if (mark == '&') return shown && (text_[at + 1] == '#' || is_token_byte(static_cast<char>(escape->code_point)));
      return shown && escape->code_point != '/';
    }
    // Backslashes multiply with each level of nesting: what stands behind all of them decides.
    std::size_t behind = at + 1;
    while (behind < text_.size() && text_[behind] == '\\') ++behind;
    skip_to_ = behind;
    if (behind >= text_.size()) return false;
    switch (text_[behind]) {
      case 'u':
      case 'U':
      case 'x':
      case '0':
      case '1': {
        const auto escape = read_backslash(text_, behind - 1);
        if (escape) skip_to_ = behind - 1 + escape->bytes;
        return escape && escape->code_point > 0x20;
      }
      case 'n':
      case 't':
      case 'r': return value_follows(text_, behind + 1);
      case '/': return at > 0 && is_token_byte(text_[at - 1]) && value_follows(text_, behind + 1);
      case '_':
      case '-':
      case '.': return behind == at + 1 && at > 0 && is_token_byte(text_[at - 1]) && value_follows(text_, behind + 1);
      case 'N': return read_backslash(text_, behind - 1).has_value();
      // A key of JSON inside JSON.
      case '"': return behind + 2 < text_.size() && (text_[behind + 1] == ':' || text_.substr(behind + 1, 2) == " :");
      default: return false;
    }
  }

  static bool is_border(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '"' || c == '\'' || c == ','; }

  void close() {
    open_ = false;
    std::size_t start = std::max(done_, first_ > kBefore ? first_ - kBefore : 0);
    // Not into the middle of an escape, nor of a word where that can be helped.
    std::size_t aligned = start;
    while (aligned > 0 && aligned < first_ && !is_border(text_[aligned - 1])) ++aligned;
    if (aligned < first_) start = aligned;
    std::size_t end = std::min(last_ + kAfter, text_.size());
    const std::size_t tail_end = std::min(end + kTailMax, text_.size());
    while (end < tail_end && !is_border(text_[end])) ++end;
    task_.begin_mapped(start);
    std::size_t at = start;
    while (at < end) {
      const char c = text_[at];
      const bool marks = c == '\\' || c == '%' || c == '&';
      const auto escape = marks ? read_escape(text_, at) : std::optional<Escape>();
      const std::size_t bytes = escape ? escape->bytes : 1;
      // Bytes from 0x80 are parts of characters: percent signs give them one by one, and texts have them as they are.
      const bool byte = !escape || (c == '%' && bytes == 3) || (c == '\\' && bytes == 4);
      const bool went = byte ? task_.put(escape ? static_cast<char>(escape->code_point) : c, at, at + bytes)
                             : task_.put_character(escape->code_point, at, at + bytes);
      if (!went) break;
      at += bytes;
    }
    done_ = at;
    task_.finish_mapped(at);
  }

  DecodeTask& task_;
  std::string_view text_;
  bool open_ = false;
  std::size_t first_ = 0, last_ = 0, skip_to_ = 0, done_ = 0;
};

}  // namespace

void decode_escapes(DecodeTask& task) { EscapeDecoder(task).run(); }

}  // namespace reeve::content
