#pragma once

// YAML for configuration and governance files: a read-only tree in which every value knows its file, line and column,
// so that each complaint can point at the place. Strict by default: duplicate keys, aliases, tags, control characters
// and tabs in indentation are errors, and whoever reads a mapping says which keys it knows.

#include <cstddef>
#include <filesystem>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/json.h"
#include "core/result.h"

namespace reeve {

/// One complaint about a file, as `reeve check` prints it: "governance/models.yaml:12:3: message".
struct Diagnostic {
  enum class Severity { kError, kWarning };
  Severity severity = Severity::kError;
  std::string file;
  std::size_t line = 0;    // from 1; 0 when the whole file is meant
  std::size_t column = 0;  // from 1
  std::string message;

  std::string to_string() const;
};

class YamlValue {
 public:
  enum class Kind { kNull, kScalar, kSequence, kMapping };

  Kind kind() const { return kind_; }
  bool is_mapping() const { return kind_ == Kind::kMapping; }
  bool is_sequence() const { return kind_ == Kind::kSequence; }
  bool is_scalar() const { return kind_ == Kind::kScalar; }

  /// A scalar's text, as written, quotes removed. Empty for other kinds.
  const std::string& text() const { return text_; }
  std::optional<bool> as_bool() const;  // true/false only
  std::optional<std::int64_t> as_int() const;

  const std::vector<YamlValue>& items() const { return items_; }
  const std::vector<std::pair<YamlValue, YamlValue>>& members() const { return members_; }
  /// The member, or nullptr.
  const YamlValue* find(std::string_view key) const;

  /// A complaint that points at this value.
  Diagnostic complain(std::string message, Diagnostic::Severity severity = Diagnostic::Severity::kError) const;
  /// A complaint that points into this scalar, at the byte `offset` of its text(): finds the place in the file, through
  /// quotes, escapes, indentation and folded lines.
  Diagnostic complain_at(std::size_t offset, std::string message,
                         Diagnostic::Severity severity = Diagnostic::Severity::kError) const;
  /// Adds a complaint for every key that is not among `known`, naming the nearest known one.
  void refuse_unknown_keys(std::initializer_list<std::string_view> known, std::vector<Diagnostic>& complaints) const;

  const std::string& file() const;
  std::size_t line() const { return line_; }
  std::size_t column() const { return column_; }

 private:
  friend struct YamlBuilder;
  friend YamlValue yaml_from_json(const JsonValue& json, const std::string& file);
  friend YamlValue yaml_from_json(const JsonValue& json, const std::string& file, std::vector<Diagnostic>& complaints);
  struct Source {
    std::string file;
    std::string text;
  };
  Kind kind_ = Kind::kNull;
  std::string text_;
  std::vector<YamlValue> items_;
  std::vector<std::pair<YamlValue, YamlValue>> members_;
  std::shared_ptr<const Source> source_;
  std::size_t line_ = 0;
  std::size_t column_ = 0;
};

/// All documents of one text. `file` is only for messages. At most 4 MiB of UTF-8, 200,000 values, 64 levels.
/// On a syntax error returns what came before it and adds a complaint.
std::vector<YamlValue> parse_yaml(std::string_view text, const std::string& file, std::vector<Diagnostic>& complaints);
std::vector<YamlValue> read_yaml_file(const std::filesystem::path& path, std::vector<Diagnostic>& complaints);

/// Every *.yaml and *.yml below `directory`, in the order of their paths; hidden names are passed over. Each document
/// must be a mapping with a `kind`. Paths in messages are as `directory` was given.
std::vector<YamlValue> read_yaml_directory(const std::filesystem::path& directory, std::vector<Diagnostic>& complaints);

/// The same tree from JSON, for documents that a program wrote: numbers and flags become texts, null stays null. Values
/// have no line.
YamlValue yaml_from_json(const JsonValue& json, const std::string& file);

/// The same for a document that somebody sent: each value's file() is `file` followed by its JSON Pointer (RFC 6901),
/// so that a complaint names the member at fault. A member that stands twice is a complaint.
YamlValue yaml_from_json(const JsonValue& json, const std::string& file, std::vector<Diagnostic>& complaints);

/// One line of canonical JSON: members in the order of their names, every scalar a text. What was read from YAML and
/// from JSON is the same here when it says the same.
std::string to_canonical_json(const YamlValue& value);

bool has_errors(const std::vector<Diagnostic>& complaints);

}  // namespace reeve
