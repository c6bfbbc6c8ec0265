// Reading assignments as many languages and formats write them.

#include "content/secret_assignment.h"

#include <algorithm>
#include <array>

#include "content/secret_value.h"

namespace reeve::content {

namespace {

constexpr std::size_t kKeyBytesMax = 80;
constexpr std::size_t kValueBytesMax = 600;

bool is_space(char c) { return c == ' ' || c == '\t'; }
bool is_quote(char c) { return c == '"' || c == '\'' || c == '`'; }
bool is_key_byte(char c) {
  return is_alnum(c) || c == '_' || c == '-' || c == '.' || c == '$' || static_cast<signed char>(c) < 0;
}

std::size_t skip_spaces_back(std::string_view text, std::size_t at) {
  std::size_t steps = 0;
  while (at > 0 && is_space(text[at - 1]) && steps++ < 12) --at;
  return at;
}

std::size_t start_of_name(std::string_view text, std::size_t end) {
  std::size_t start = end;
  while (start > 0 && end - start < kKeyBytesMax && is_key_byte(text[start - 1])) --start;
  return start;
}

/// Words before the last, as labels have them: "Secret access key: …".
std::size_t start_of_label(std::string_view text, std::size_t start) {
  for (int words = 0; words < 3; ++words) {
    if (start < 2 || text[start - 1] != ' ' || !is_alnum(text[start - 2])) break;
    start = start_of_name(text, start - 1);
  }
  return start;
}

/// A key in quotes whose closing quote, or the backslash before it, ends at `end`.
bool read_quoted_key(std::string_view text, std::size_t end, Assignment& found) {
  const char quote = text[end - 1];
  std::size_t last = end - 1;
  while (last > 0 && text[last - 1] == '\\') --last;
  std::size_t start = last;
  while (start > 0 && last - start < kKeyBytesMax && text[start - 1] != quote && text[start - 1] != '\n') --start;
  if (start == 0 || text[start - 1] != quote || start == last) return false;
  found.key_start = static_cast<std::uint32_t>(start);
  found.key_end = static_cast<std::uint32_t>(last);
  return true;
}

/// "password: &str =", "password: Optional[str] =": the name before the type. `start` is where the type's name starts.
bool read_typed_key(std::string_view text, std::size_t start, Assignment& found) {
  std::size_t at = start;
  while (at > 0 && start - at < 16 &&
         (is_space(text[at - 1]) || text[at - 1] == '&' || text[at - 1] == '*' || text[at - 1] == '[' ||
          text[at - 1] == '\'')) {
    --at;
  }
  if (at < 2 || text[at - 1] != ':' || text[at - 2] == ':') return false;
  const std::size_t end = skip_spaces_back(text, at - 1);
  const std::size_t name = start_of_name(text, end);
  if (name == end) return false;
  found.key_start = static_cast<std::uint32_t>(name);
  found.key_end = static_cast<std::uint32_t>(end);
  return true;
}

bool read_plain_key(std::string_view text, std::size_t end, bool equals, Assignment& found) {
  const std::size_t start = start_of_name(text, end);
  if (start == end) return false;
  if (equals && start >= 2 && (is_space(text[start - 1]) || text[start - 1] == '&' || text[start - 1] == ':') &&
      read_typed_key(text, start, found)) {
    return true;
  }
  if (!ends_like_secret_key(text.substr(start, end - start))) return false;
  found.key_start = static_cast<std::uint32_t>(start_of_label(text, start));
  found.key_end = static_cast<std::uint32_t>(end);
  return true;
}

/// `end` stands behind "]": config["password"], password[16].
bool read_indexed_key(std::string_view text, std::size_t end, bool equals, Assignment& found) {
  std::size_t inside = end - 1;
  if (inside > 0 && is_quote(text[inside - 1])) return read_quoted_key(text, inside, found);
  std::size_t open = inside;
  while (open > 0 && end - open < 24 && text[open - 1] != '[') --open;
  if (open == 0 || text[open - 1] != '[') return false;
  return read_plain_key(text, skip_spaces_back(text, open - 1), equals, found);
}

/// False when there is none whose name may be a secret's.
bool read_key(std::string_view text, std::size_t at, bool equals, Assignment& found) {
  const std::size_t end = skip_spaces_back(text, at);
  if (end == 0) return false;
  const char last = text[end - 1];
  if (is_quote(last)) {
    std::size_t inner = end - 1;
    while (inner > 0 && text[inner - 1] == '\\') --inner;
    const std::size_t from = inner > kLastWordMax ? inner - kLastWordMax : 0;
    if (!ends_like_secret_key(text.substr(from, inner - from)) || adds_to_no_secret(text, inner, last)) return false;
    return read_quoted_key(text, end, found);
  }
  if (last == ']') return read_indexed_key(text, end, equals, found);
  if (!is_key_byte(last) || adds_to_no_secret(text, end, 0)) return false;
  return read_plain_key(text, end, equals, found);
}

/// What leads a line may be of assignments only: indents, list marks, comment marks, "export", "ENV", "-e".
bool is_config_lead(std::string_view lead) {
  while (!lead.empty() &&
         (is_space(lead.front()) || lead.front() == '-' || lead.front() == '#' || lead.front() == '/' ||
          lead.front() == '+' || lead.front() == '*' || lead.front() == '|' || lead.front() == '>')) {
    lead.remove_prefix(1);
  }
  if (lead.empty()) return true;
  constexpr std::array<std::string_view, 12> kLeads = {"export ", "set ",  "ENV ",   "ARG ", "env ", "setx ",
                                                       "SET ",    "$env:", "${env:", "e ",   "D",    "declare -x "};
  return std::ranges::any_of(kLeads, [lead](auto known) { return lead == known; });
}

constexpr NextByte::Set kBareEnds = NextByte::set_of(std::string_view(" \t\n\r,;\"'`)]}<>|(\0", 17));

ValueForm form_of_bare(std::string_view text, const Assignment& found) {
  std::size_t line = found.key_start;
  while (line > 0 && found.key_start - line < 48 && text[line - 1] != '\n') --line;
  const char before = found.key_start > 0 ? text[found.key_start - 1] : '\n';
  if (before == '?' || before == '&' || before == ';') return ValueForm::kConfig;
  if (before == '-' && found.key_start > 1 && text[found.key_start - 2] == '-') return ValueForm::kConfig;
  std::size_t rest = found.value_end;
  while (rest < text.size() && is_space(text[rest])) ++rest;
  const bool ends = rest >= text.size() || text[rest] == '\n' || text[rest] == '\r' || text[rest] == '#' ||
                    (text[rest] == '\\' && rest + 1 < text.size());
  const bool tight = text[found.value_start - 1] == '=' && !is_space(text[found.key_end]);
  if (is_config_lead(text.substr(line, found.key_start - line)) && ends) return ValueForm::kConfig;
  return tight ? ValueForm::kPair : ValueForm::kBareCode;
}

/// True when the quote behind `run` backslashes ends a text whose first quote stood behind `level` of them. Each level
/// of nesting doubles backslashes and adds one before a quote; what is left when all are undone decides.
bool ends_quoted(std::size_t run, std::size_t level) { return run < level || (run - level) / (level + 1) % 2 == 0; }

/// The end of a quoted text that begins at `at`, behind its quote, which stood behind `level` backslashes; npos when it
/// does not end on the line.
std::size_t end_of_quoted(std::string_view text, std::size_t at, char quote, std::size_t level) {
  const std::size_t limit = std::min(text.size(), at + kValueBytesMax);
  for (std::size_t i = at; i < limit; ++i) {
    const char c = text[i];
    if (c == '\n') return std::string_view::npos;
    if (c == quote) return i;
    if (c != '\\') continue;
    std::size_t end = i;
    while (end < limit && text[end] == '\\') ++end;
    const bool at_quote = end < limit && text[end] == quote;
    if (at_quote && ends_quoted(end - i, level)) return end - std::min(end - i, level);
    i = at_quote ? end : end - 1;
  }
  return std::string_view::npos;
}

bool read_quoted(std::string_view text, std::size_t at, Assignment& found) {
  std::size_t begin = at;
  while (begin < text.size() && text[begin] == '\\') ++begin;
  if (begin >= text.size() || !is_quote(text[begin])) return false;
  const char quote = text[begin];
  std::size_t first = begin + 1;
  if (text.substr(begin, 3) == "\"\"\"" || text.substr(begin, 3) == "'''") first = begin + 3;
  const std::size_t end = end_of_quoted(text, first, quote, begin - at);
  if (end == std::string_view::npos || end == first) return false;
  found.value_start = static_cast<std::uint32_t>(first);
  found.value_end = static_cast<std::uint32_t>(end);
  found.form = ValueForm::kQuoted;
  return true;
}

/// Calls that only wrap a literal: bytes("…"), Buffer.from("…"), new SecureString("…").
bool wraps_literal(std::string_view callee) {
  constexpr std::array<std::string_view, 24> kWraps = {
      "bytes",     "byte",   "from",    "String",     "SecureString", "b64decode", "Secret",    "SecretStr",
      "Some",      "Value",  "toBytes", "unhexlify",  "fromhex",      "str",       "text",      "literal",
      "to_string", "strdup", "secret",  "fromBase64", "atob",         "base64",    "HexDecode", "utf8"};
  const std::size_t dot = callee.find_last_of(".:]");
  const std::string_view name = dot == std::string_view::npos ? callee : callee.substr(dot + 1);
  return callee.ends_with("[]byte") || std::ranges::find(kWraps, name) != kWraps.end();
}

bool reads_setting(std::string_view callee) {
  constexpr std::array<std::string_view, 12> kReads = {"getenv",      "get",    "fetch",     "getOrDefault",
                                                       "getProperty", "env",    "getString", "config",
                                                       "GetEnv",      "lookup", "Getenv",    "environ.get"};
  const std::size_t dot = callee.find_last_of(".:");
  const std::string_view name = dot == std::string_view::npos ? callee : callee.substr(dot + 1);
  return std::ranges::find(kReads, name) != kReads.end();
}

/// A call: its literal when it only wraps one, its fallback when it reads a setting. `open` is where "(" stands.
bool read_call(std::string_view text, std::string_view callee, std::size_t open, Assignment& found) {
  std::size_t at = open + 1;
  while (at < text.size() && is_space(text[at])) ++at;
  if (wraps_literal(callee)) {
    if (at < text.size() && (text[at] == 'b' || text[at] == 'u' || text[at] == 'r')) ++at;
    return read_quoted(text, at, found);
  }
  if (!reads_setting(callee)) return false;
  Assignment name;
  if (!read_quoted(text, at, name)) return false;
  at = name.value_end + 1;
  while (at < text.size() && (is_space(text[at]) || text[at] == ',')) ++at;
  return read_quoted(text, at, found);
}

/// "process.env.X || 'fallback'": the literal after the operator, on the same line.
bool read_fallback(std::string_view text, std::size_t at, Assignment& found) {
  constexpr std::array<std::string_view, 5> kOperators = {"|| ", "?? ", " or ", ":-", "?: "};
  const std::string_view near = text.substr(at, 120);
  const std::string_view line = near.substr(0, near.find('\n'));
  for (const std::string_view sign : kOperators) {
    const std::size_t place = line.find(sign);
    if (place == std::string_view::npos) continue;
    std::size_t value = at + place + sign.size();
    if (read_quoted(text, value, found)) return true;
    if (sign != ":-") continue;
    const std::size_t end = text.find_first_of("}\n\"", value);
    if (end == std::string_view::npos || end == value || text[end] != '}') continue;
    found.value_start = static_cast<std::uint32_t>(value);
    found.value_end = static_cast<std::uint32_t>(end);
    found.form = ValueForm::kConfig;
    return true;
  }
  return false;
}

std::size_t skip_value_lead(std::string_view text, std::size_t at) {
  std::size_t steps = 0;
  while (at < text.size() && is_space(text[at]) && steps++ < 24) ++at;
  if (at < text.size() && (text[at] == '\n' || text[at] == '\r')) {
    // A value on the next line counts only when it is in quotes, or a block of YAML.
    std::size_t next = at + 1;
    while (next < text.size() && (is_space(text[next]) || text[next] == '\n')) {
      if (++next - at > 60) break;
    }
    return next < text.size() && is_quote(text[next]) ? next : at;
  }
  if (at + 1 < text.size() && (text[at] == '|' || text[at] == '>') && (text[at + 1] == '\n' || text[at + 1] == '-')) {
    std::size_t next = text.find('\n', at);
    if (next == std::string_view::npos) return at;
    while (next < text.size() && (is_space(text[next]) || text[next] == '\n')) ++next;
    return next;
  }
  return at;
}

}  // namespace

ValueBudget::ValueBudget(std::string_view text) : bare_(text, kBareEnds), left_((4UL << 20U) + 44 * text.size()) {}

bool read_value(std::string_view text, std::size_t at, ValueBudget& budget, Assignment& found) {
  at = skip_value_lead(text, at);
  if (at >= text.size()) return false;
  std::size_t begin = at;
  while (begin < text.size() && begin - at < 2 &&
         (is_letter(text[begin]) || text[begin] == '@' || text[begin] == '$')) {
    ++begin;
  }
  if (begin < text.size() && (is_quote(text[begin]) || text[begin] == '\\') && text[at] != '\n') {
    const bool is_read = read_quoted(text, begin, found);
    budget.spend(is_read ? found.value_end - begin : kValueBytesMax);
    if (is_read) return true;
  }
  if (text[at] == '\\' || is_quote(text[at])) return read_quoted(text, at, found);
  if (text.substr(at, 4) == "new ") at += 4;
  if (text[at] == '[' && text.substr(at, 6) != "[]byte") return false;
  const std::size_t limit = std::min(text.size(), at + kValueBytesMax * 4);
  const std::size_t end = budget.bare_end(at, limit);
  if (end == at || end == limit) {
    if (end == at || limit < text.size()) return false;
  }
  const std::string_view bare = text.substr(at, end - at);
  if (end < text.size() && text[end] == '(') return read_call(text, bare, end, found);
  if (is_reference(bare) || bare == "None" || bare == "null") return read_fallback(text, at, found);
  found.value_start = static_cast<std::uint32_t>(at);
  found.value_end = static_cast<std::uint32_t>(end);
  while (found.value_end > found.value_start + 1 && text[found.value_end - 1] == '\\') --found.value_end;
  // In a query the next parameter begins at an ampersand.
  const char before = found.key_start > 0 ? text[found.key_start - 1] : '\n';
  const std::size_t ampersand = bare.find('&');
  if ((before == '?' || before == '&') && ampersand != std::string_view::npos) {
    found.value_end = static_cast<std::uint32_t>(at + ampersand);
  }
  found.form = form_of_bare(text, found);
  return found.value_end > found.value_start;
}

bool may_be_assignment(std::string_view text, std::size_t at) {
  const char sign = text[at];
  if (at == 0) return false;
  // "::", "://", "==", ">=", "<=": read_assignment gives up on them.
  const char before = text[at - 1];
  if (before == ':' || (sign == '=' && (before == '=' || before == '<' || before == '>'))) return false;
  if (sign == ':' && (text.substr(at, 2) == "::" || text.substr(at, 3) == "://")) return false;
  std::size_t end = at;
  if (sign == '=' && end > 0 && (text[end - 1] == '!' || text[end - 1] == '+' || text[end - 1] == '?')) --end;
  for (int spaces = 0; end > 0 && is_space(text[end - 1]) && spaces < 12; ++spaces) --end;
  if (end == 0) return false;
  if (text[end - 1] == ']') return true;
  if (is_quote(text[end - 1])) {
    --end;
    while (end > 0 && text[end - 1] == '\\') --end;
  } else if (!is_key_byte(text[end - 1]) && text[end - 1] != '|') {
    return false;
  }
  return may_end_secret_key(text.substr(end > 8 ? end - 8 : 0, end > 8 ? 8 : end));
}

bool may_be_secret(std::string_view value) {
  if (value.size() < 4) return false;
  bool letters = true;
  for (const char c : value.substr(0, 64)) letters = letters && is_letter(c);
  return !letters || (value.size() >= 6 && word_likeness(value) < 0.75);
}

std::optional<Assignment> read_assignment(std::string_view text, std::size_t at, ValueBudget& budget) {
  const char sign = text[at];
  const char before = at > 0 ? text[at - 1] : '\n';
  const char after = at + 1 < text.size() ? text[at + 1] : '\n';
  std::size_t key_end = at;
  std::size_t value = at + 1;
  bool compared = false;
  if (sign == ':') {
    if (after == ':' || before == ':' || (after == '/' && value + 1 < text.size() && text[value + 1] == '/')) return {};
    if (after == '=') ++value;
  } else {
    if (before == ':' || before == '=' || before == '<' || before == '>') return {};
    if (before == '!' || before == '+' || before == '?' || before == '|') --key_end;
    compared = before == '!' || after == '=';
    while (value < text.size() && (text[value] == '=' || text[value] == '>') && value - at < 3) ++value;
    if (after == '~') return {};
  }
  Assignment found;
  if (!read_key(text, key_end, sign == '=', found)) return {};
  // Most keys that passed until here are plain words: they are seen before the value is read.
  found.kind = kind_of_key(KeyWords(text.substr(found.key_start, found.key_end - found.key_start)));
  if (found.kind == KeyKind::kNone) return {};
  if (!read_value(text, value, budget, found)) return {};
  if (compared && found.form != ValueForm::kQuoted) return {};
  const std::size_t lead = skip_spaces_back(text, found.key_start);
  found.in_connection_string = lead > 0 && text[lead - 1] == ';' && sign == '=';
  return found;
}

}  // namespace reeve::content
