#include "core/yaml.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

#include "core/bytes.h"
#include "core/nearest.h"

namespace reeve {

namespace {

constexpr std::size_t kFileBytesMax = 4UL << 20U;
constexpr std::size_t kDepthMax = 64;
constexpr std::size_t kValuesMax = 200'000;

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

/// The byte at which a line and a column, both from 1, stand; the end of the text where there is no such line.
std::size_t offset_of(std::string_view source, std::size_t line, std::size_t column) {
  std::size_t at = 0;
  for (std::size_t passed = 1; passed < line; ++passed) {
    at = source.find('\n', at);
    if (at == std::string_view::npos) return source.size();
    ++at;
  }
  return std::min(at + column - 1, source.size());
}

/// Whether the quoted scalar that begins at `at` goes on to the end of the file.
bool is_open_quote(std::string_view source, std::size_t at) {
  const char quote = at < source.size() ? source[at] : '\0';
  if (quote != '"' && quote != '\'') return false;
  for (++at; at < source.size(); ++at) {
    const char next = at + 1 < source.size() ? source[at + 1] : '\0';
    const bool escaped = quote == '"' ? source[at] == '\\' : source[at] == quote && next == quote;
    if (escaped) {
      ++at;
    } else if (source[at] == quote) {
      return false;
    }
  }
  return true;
}

/// An escape of a double-quoted scalar: how long it is in the file and how many bytes of text it makes.
struct Escape {
  std::size_t length = 2;
  std::size_t bytes = 1;
};

Escape escape_at(std::string_view source, std::size_t at) {
  const char letter = at + 1 < source.size() ? source[at + 1] : '\0';
  if (letter == 'N' || letter == '_') return {2, 2};
  if (letter == 'L' || letter == 'P') return {2, 3};
  if (letter == '\n' || letter == '\r') {
    // The line goes on in the next one, without its indentation.
    const std::size_t end = source.find_first_not_of(" \t\r\n", at + 1);
    return {std::min(end, source.size()) - at, 0};
  }
  const std::size_t digits = letter == 'x' ? 2 : letter == 'u' ? 4 : letter == 'U' ? 8 : 0;
  if (digits == 0) return {};
  unsigned long code = 0;
  for (const char digit : source.substr(std::min(at + 2, source.size()), digits)) {
    const int value = digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10;
    code = code * 16 + static_cast<unsigned long>(value);
  }
  return {2 + digits, code < 0x80 ? 1U : code < 0x800 ? 2U : code < 0x10000 ? 3U : 4U};
}

/// The same for a double-quoted scalar, whose text differs from the file where it has escapes.
std::size_t find_in_quotes(std::string_view source, std::size_t at, std::string_view text, std::size_t offset) {
  ++at;  // the quote
  for (std::size_t i = 0; at < source.size();) {
    if (source[at] == '\\') {
      const Escape escape = escape_at(source, at);
      if (escape.bytes > 0 && i + escape.bytes > offset) return at;
      i += escape.bytes;
      at += escape.length;
      continue;
    }
    // A folded line: one space or line end of the text is all the white space here.
    const bool folded = i < text.size() && is_space(text[i]) && source[at] != text[i];
    if (i >= offset) return at;
    if (folded) {
      while (at < source.size() && is_space(source[at])) ++at;
    } else if (i < text.size() && source[at] != text[i] && is_space(source[at])) {
      ++at;  // indentation
      continue;
    } else {
      ++at;
    }
    ++i;
  }
  return source.size();
}

/// Where in `source` the byte `offset` of a scalar's text stands; the scalar begins at `at`. Walks both together and
/// passes over what the source has more: quotes, backslashes, the head and the indentation of a block, folded lines.
std::size_t find_in_scalar(std::string_view source, std::size_t at, std::string_view text, std::size_t offset) {
  if (at < source.size() && source[at] == '"') return find_in_quotes(source, at, text, offset);
  if (at < source.size() && (source[at] == '|' || source[at] == '>')) {
    at = std::min(source.find('\n', at), source.size() - 1) + 1;
  } else if (at < source.size() && source[at] == '\'') {
    ++at;
  }
  for (std::size_t i = 0; at < source.size(); ++i) {
    const char wanted = i < text.size() ? text[i] : '\0';
    if (is_space(wanted)) {
      if (i >= offset) return at;
      if (source[at] == wanted) {
        ++at;
      } else {
        while (at < source.size() && is_space(source[at])) ++at;
      }
      continue;
    }
    std::size_t found = at;
    while (found < source.size() && wanted != '\0' && source[found] != wanted) ++found;
    if (found == source.size()) return at;
    at = found;
    if (i >= offset || wanted == '\0') return at;
    ++at;
  }
  return std::min(at, source.size());
}

}  // namespace

/// Builds values from the parser's events, so that depth, size and aliases are judged while the text is being read and
/// before anything is built from them.
struct YamlBuilder final : YAML::EventHandler {
  YamlBuilder(const std::string& name, std::string_view text, std::vector<Diagnostic>& where)
      : source(std::make_shared<const YamlValue::Source>(YamlValue::Source{name, std::string(text)})),
        complaints(where) {}

  std::shared_ptr<const YamlValue::Source> source;
  std::vector<Diagnostic>& complaints;
  std::vector<YamlValue> documents;

  Diagnostic complaint_at(const YAML::Mark& mark, std::string message) const {
    return {Diagnostic::Severity::kError, source->file, mark.is_null() ? 0 : static_cast<std::size_t>(mark.line) + 1,
            mark.is_null() ? 0 : static_cast<std::size_t>(mark.column) + 1, std::move(message)};
  }

  void OnDocumentStart(const YAML::Mark&) override { open_.clear(); }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override { finish(start(mark, YamlValue::Kind::kNull)); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    complaints.push_back(complaint_at(mark, "aliases are not supported; write the value out"));
    finish(start(mark, YamlValue::Kind::kNull));
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t, const std::string& text) override {
    YamlValue value = start(mark, YamlValue::Kind::kScalar);
    check_tag(mark, tag);
    last_scalar_ = mark;
    value.text_ = text;
    finish(std::move(value));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    check_tag(mark, tag);
    push({start(mark, YamlValue::Kind::kSequence)}, mark);
  }
  void OnSequenceEnd() override { pop(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t, YAML::EmitterStyle::value) override {
    check_tag(mark, tag);
    push({start(mark, YamlValue::Kind::kMapping)}, mark);
  }
  void OnMapEnd() override { pop(); }

  /// yaml-cpp takes the end of the file for the end of a quoted text: whatever stood behind the missing quote would be
  /// lost in silence.
  std::optional<Diagnostic> find_open_quote() const {
    if (last_scalar_.is_null()) return std::nullopt;
    const std::size_t at = offset_of(source->text, static_cast<std::size_t>(last_scalar_.line) + 1,
                                     static_cast<std::size_t>(last_scalar_.column) + 1);
    if (!is_open_quote(source->text, at)) return std::nullopt;
    return complaint_at(last_scalar_, "cannot be read as YAML: this quote is not closed");
  }

  Diagnostic syntax_error(const YAML::Exception& error) const {
    const std::string& text = source->text;
    const std::size_t start =
        error.mark.is_null() ? text.size() : offset_of(text, static_cast<std::size_t>(error.mark.line) + 1, 1);
    const std::size_t end = std::min(text.find_first_not_of(" \t", start), text.size());
    const std::size_t tab = text.find('\t', start);
    if (tab >= end) return complaint_at(error.mark, "cannot be read as YAML: " + error.msg);
    Diagnostic complaint = complaint_at(error.mark, "cannot be read as YAML: a tab in the indentation; write spaces");
    complaint.column = tab - start + 1;
    return complaint;
  }

 private:
  /// A sequence or mapping that is not closed yet.
  struct Open {
    YamlValue value;
    std::optional<YamlValue> key = std::nullopt;  // waiting for its value
    std::set<std::string> seen = {};
  };

  YamlValue start(const YAML::Mark& mark, YamlValue::Kind kind) {
    if (++values_ > kValuesMax) throw YAML::ParserException(mark, "more than 200,000 values in one file");
    YamlValue value;
    value.kind_ = kind;
    value.source_ = source;
    value.line_ = static_cast<std::size_t>(mark.line) + 1;
    value.column_ = static_cast<std::size_t>(mark.column) + 1;
    return value;
  }

  void check_tag(const YAML::Mark& mark, const std::string& tag) {
    // "?" is a plain value, "!" a quoted one.
    if (tag.empty() || tag == "?" || tag == "!") return;
    complaints.push_back(complaint_at(mark, "tags such as !!str are not supported; quote the text instead"));
  }

  void push(Open open, const YAML::Mark& mark) {
    if (open_.size() == kDepthMax) throw YAML::ParserException(mark, "nested too deeply (at most 64 levels)");
    open_.push_back(std::move(open));
  }

  void pop() {
    YamlValue value = std::move(open_.back().value);
    open_.pop_back();
    finish(std::move(value));
  }

  void finish(YamlValue value) {
    if (open_.empty()) {
      if (value.kind() != YamlValue::Kind::kNull) documents.push_back(std::move(value));
      return;
    }
    Open& parent = open_.back();
    if (parent.value.is_sequence()) {
      parent.value.items_.push_back(std::move(value));
    } else if (!parent.key) {
      check_key(value, parent.seen);
      parent.key = std::move(value);
    } else {
      parent.value.members_.emplace_back(*std::move(parent.key), std::move(value));
      parent.key.reset();
    }
  }

  void check_key(const YamlValue& key, std::set<std::string>& seen) {
    if (!key.is_scalar()) {
      complaints.push_back(key.complain("a key must be plain text"));
    } else if (!seen.insert(key.text()).second) {
      complaints.push_back(key.complain("the key '" + printable(key.text(), 60) + "' is given twice"));
    }
  }

  std::vector<Open> open_;
  std::size_t values_ = 0;
  YAML::Mark last_scalar_ = YAML::Mark::null_mark();
};

std::string Diagnostic::to_string() const {
  std::string text = file;
  if (line != 0) text += ":" + std::to_string(line) + ":" + std::to_string(column);
  return text + ": " + (severity == Severity::kWarning ? "warning: " : "") + message;
}

std::optional<bool> YamlValue::as_bool() const {
  if (is_scalar() && text_ == "true") return true;
  if (is_scalar() && text_ == "false") return false;
  return std::nullopt;
}

std::optional<std::int64_t> YamlValue::as_int() const { return is_scalar() ? parse_int(text_) : std::nullopt; }

const YamlValue* YamlValue::find(std::string_view key) const {
  for (const auto& [name, value] : members_) {
    if (name.text_ == key) return &value;
  }
  return nullptr;
}

Diagnostic YamlValue::complain(std::string message, Diagnostic::Severity severity) const {
  return {severity, file(), line_, column_, std::move(message)};
}

const std::string& YamlValue::file() const {
  static const std::string kNone;
  return source_ ? source_->file : kNone;
}

Diagnostic YamlValue::complain_at(std::size_t offset, std::string message, Diagnostic::Severity severity) const {
  Diagnostic complaint = complain(std::move(message), severity);
  if (!source_ || line_ == 0) return complaint;
  const std::string& source = source_->text;
  const std::size_t at = find_in_scalar(source, offset_of(source, line_, column_), text_, offset);
  const std::size_t line_start = at == 0 ? 0 : source.rfind('\n', at - 1) + 1;
  complaint.line =
      1 + static_cast<std::size_t>(std::count(source.begin(), source.begin() + static_cast<std::ptrdiff_t>(at), '\n'));
  complaint.column = at - line_start + 1;
  return complaint;
}

void YamlValue::refuse_unknown_keys(std::initializer_list<std::string_view> known,
                                    std::vector<Diagnostic>& complaints) const {
  for (const auto& [key, value] : members_) {
    if (std::find(known.begin(), known.end(), key.text()) != known.end()) continue;
    std::string message = "unknown key '" + printable(key.text(), 60) + "'";
    const std::string_view nearest = nearest_name(key.text(), {known.begin(), known.size()});
    if (!nearest.empty()) message += "; did you mean '" + std::string(nearest) + "'?";
    complaints.push_back(key.complain(std::move(message)));
  }
}

namespace {

/// What a text file of people does not hold: YAML forbids control characters, and yaml-cpp takes U+0004 for the end of
/// the file, after which rules would be lost in silence.
std::optional<Diagnostic> find_foreign_byte(std::string_view text, const std::string& file) {
  if (!is_utf8(text)) return Diagnostic{Diagnostic::Severity::kError, file, 0, 0, "is not UTF-8 text"};
  std::size_t line = 1;
  std::size_t line_start = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n') {
      ++line;
      line_start = i + 1;
    }
    const auto byte = static_cast<unsigned char>(text[i]);
    if ((byte >= 0x20 && byte != 0x7F) || byte == '\n' || byte == '\r' || byte == '\t') continue;
    return Diagnostic{Diagnostic::Severity::kError, file, line, i - line_start + 1, "a control character"};
  }
  return std::nullopt;
}

}  // namespace

std::vector<YamlValue> parse_yaml(std::string_view text, const std::string& file, std::vector<Diagnostic>& complaints) {
  if (text.size() > kFileBytesMax) {
    complaints.push_back({Diagnostic::Severity::kError, file, 0, 0, "the file is larger than 4 MiB"});
    return {};
  }
  if (auto foreign = find_foreign_byte(text, file)) {
    complaints.push_back(*std::move(foreign));
    return {};
  }
  YamlBuilder builder(file, text, complaints);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
    if (auto open_quote = builder.find_open_quote()) complaints.push_back(*std::move(open_quote));
  } catch (const YAML::Exception& error) {
    complaints.push_back(builder.syntax_error(error));
  }
  return std::move(builder.documents);
}

std::vector<YamlValue> read_yaml_file(const std::filesystem::path& path, std::vector<Diagnostic>& complaints) {
  std::error_code error;
  std::ifstream stream;
  std::string content(kFileBytesMax + 1, '\0');
  // Opening a pipe would wait for its writer, and a directory reads as if it were empty.
  if (std::filesystem::is_regular_file(path, error)) {
    stream.open(path, std::ios::binary);
    stream.read(content.data(), static_cast<std::streamsize>(content.size()));
  }
  if (stream.bad() || !stream.eof()) {
    const bool too_large = stream.gcount() == static_cast<std::streamsize>(content.size());
    complaints.push_back({Diagnostic::Severity::kError, path.string(), 0, 0,
                          too_large ? "the file is larger than 4 MiB" : "cannot be read"});
    return {};
  }
  content.resize(static_cast<std::size_t>(stream.gcount()));
  return parse_yaml(content, path.string(), complaints);
}

std::vector<YamlValue> read_yaml_directory(const std::filesystem::path& directory,
                                           std::vector<Diagnostic>& complaints) {
  std::vector<std::filesystem::path> paths;
  std::error_code error;
  std::filesystem::recursive_directory_iterator entries(directory, error);
  if (error) {
    complaints.push_back(
        {Diagnostic::Severity::kError, directory.string(), 0, 0, "cannot be read: " + error.message()});
    return {};
  }
  for (auto end = std::filesystem::recursive_directory_iterator(); entries != end; entries.increment(error)) {
    if (error) break;
    const std::string name = entries->path().filename().string();
    if (name.starts_with('.')) {
      if (entries->is_directory(error)) entries.disable_recursion_pending();
      continue;
    }
    std::error_code ignored;  // what cannot be looked at cannot be read either, and is reported then
    if (entries->is_directory(ignored)) {
      // It is not gone through, and rules must not be lost in silence.
      if (entries->is_symlink(ignored)) {
        complaints.push_back({Diagnostic::Severity::kError, entries->path().string(), 0, 0,
                              "is a link to a directory, which is not followed; put the files here, or link to each"});
      }
      continue;
    }
    const std::string lower = to_lower(name);
    if (lower.ends_with(".yaml") || lower.ends_with(".yml")) paths.push_back(entries->path());
  }
  if (error) {
    complaints.push_back(
        {Diagnostic::Severity::kError, directory.string(), 0, 0, "cannot be read: " + error.message()});
  }
  std::sort(paths.begin(), paths.end());
  std::vector<YamlValue> documents;
  for (const auto& path : paths) {
    for (YamlValue& document : read_yaml_file(path, complaints)) {
      const YamlValue* kind = document.find("kind");
      if (!document.is_mapping() || kind == nullptr || !kind->is_scalar()) {
        complaints.push_back(document.complain("a governance document starts with a kind, such as 'kind: Policy'"));
        continue;
      }
      documents.push_back(std::move(document));
    }
  }
  return documents;
}

bool has_errors(const std::vector<Diagnostic>& complaints) {
  return std::any_of(complaints.begin(), complaints.end(),
                     [](const Diagnostic& d) { return d.severity == Diagnostic::Severity::kError; });
}

}  // namespace reeve
