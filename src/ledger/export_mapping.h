#pragma once

// How an entry looks in the words of another system, as data: an ExportMapping document names a target for each member
// and says how its value is made. Part of the ledger room's face. docs/exports.md describes the documents.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "core/result.h"
#include "core/yaml.h"

namespace reeve::ledger {

/// What an entry does not say of itself.
struct ExportSource {
  std::string log;      // the log's origin, as its checkpoints name it
  std::string version;  // of the program
};

/// A value on its way out: nothing, a text, or other JSON.
struct ExportValue {
  enum class Kind : std::uint8_t { kAbsent, kText, kJson };
  Kind kind = Kind::kAbsent;
  std::string text;  // of kText without quotes and escapes; of kJson as JSON

  bool present() const { return kind != Kind::kAbsent; }
  std::string json() const;
  /// As a person would write it: texts bare, other JSON as it is.
  const std::string& plain() const { return text; }
};

/// Where a value is looked for. `before` is what was recorded earlier of the same action, or absent.
struct ExportView {
  std::uint64_t index = 0;
  std::string_view bytes;  // the entry, exactly the leaf's data
  JsonValue entry;
  JsonValue before;
  const ExportSource* source = nullptr;
};

/// How one value is made.
struct ExportRule {
  enum class As : std::uint8_t { kSame, kText, kInteger, kMilliseconds, kNanoseconds, kJsonText };

  std::string to;                 // "metadata.uid"
  std::vector<std::string> from;  // members by path, the first that is there; or $log, $index, $uid, $version, ...
  bool sum = false;               // all of `from`, added up
  bool join = false;              // all of `from` that are there, with spaces between
  ExportValue constant;           // where there is no `from`
  std::map<std::string, ExportValue, std::less<>> values;  // by the text that was found
  ExportValue otherwise;                                   // when nothing was found, or nothing in `values`
  As as = As::kSame;
  std::int64_t multiply = 1, divide = 1;
  std::string prefix;              // of a text
  std::string wrap;                // each item of a list becomes {"WRAP": item}
  std::size_t bytes_max = 0;       // texts are cut, at a character's border; 0: never
  std::vector<std::string> kinds;  // only of entries of these kinds, with `*`; none: of all

  ExportValue value(const ExportView& view) const;
};

/// Some rules as one JSON object: dotted targets become objects within.
class ExportTree {
 public:
  /// What is wrong with the targets: one that is both a value and an object.
  static Result<ExportTree> build(std::vector<ExportRule> rules, bool dotted);
  void append_json(std::string& out, const ExportView& view) const;
  const std::vector<ExportRule>& rules() const { return rules_; }

 private:
  struct Node {
    std::string name;
    std::ptrdiff_t rule = -1;  // below 0: an object
    std::vector<Node> members;
  };
  static bool append_members(std::string& out, const std::vector<Node>& nodes, const std::vector<ExportValue>& values);

  std::vector<ExportRule> rules_;
  std::vector<Node> nodes_;
};

struct ExportMapping {
  enum class Record : std::uint8_t {
    kEntry,   // the entry itself
    kObject,  // a JSON object of `members`
    kCef,     // a line of the Common Event Format: `fields` are its header, `members` its extension
    kSpan,    // a span of OpenTelemetry: `members` are attributes, made of an outcome and its intent
  };
  /// How several records go into one body.
  enum class Batch : std::uint8_t { kLines, kArray, kSingle };

  std::string name, title;
  Record record = Record::kObject;
  Batch batch = Batch::kLines;
  std::string content_type, array_content_type, extension;  // "application/json", "jsonl"
  std::vector<std::string> kinds;                           // of entries that it is for, with `*`; none: all
  ExportTree members;
  std::map<std::string, ExportRule, std::less<>> fields;  // "severity", "name", ...
  ExportTree resource;                                    // kSpan: who the spans are of

  bool takes(std::string_view kind) const;
  std::string field(std::string_view name, const ExportView& view) const;
};

/// Mappings by name. Immutable.
class ExportMappings {
 public:
  /// From the ExportMapping documents; others are left alone. A later one replaces an earlier one of its name.
  static std::shared_ptr<const ExportMappings> build(const std::vector<YamlValue>& documents,
                                                     std::vector<Diagnostic>& complaints);
  const ExportMapping* find(std::string_view name) const;
  /// "cef, cloudevents, ...", for messages.
  std::string names() const;

 private:
  std::map<std::string, ExportMapping, std::less<>> mappings_;
};

}  // namespace reeve::ledger
