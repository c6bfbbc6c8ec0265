#pragma once

// Registered code and data: what people of this house said is theirs. Part of content.h, which includes it.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace reeve::content {

/// One registered source: a repository's fingerprints or a table's hashes. Lies as one file below DATA/content.
struct Registration {
  std::string kind;   // "code" or "table"
  std::string name;   // "payments-core", "customers"; unique within its kind
  std::string label;  // put into content.labels on a hit
  std::string added;  // RFC 3339
  std::uint64_t files = 0, entries = 0, bytes = 0;
};

/// All registrations, mapped read-only. Immutable; thread-safe. Adding makes new files; a reload opens them.
class OwnData {
 public:
  /// `directory` may not exist: then nothing is registered. A damaged file is an error that names it.
  static Result<std::shared_ptr<const OwnData>> open(const std::filesystem::path& directory);
  virtual ~OwnData() = default;
  virtual const std::vector<Registration>& list() const = 0;
  virtual const std::string& digest() const = 0;
};

using Progress = std::function<void(std::uint64_t files, std::uint64_t bytes)>;

struct AddCode {
  std::filesystem::path path;  // a folder (a repository) or a file
  std::string label;
  std::vector<std::filesystem::path> subtract;  // open source whose fingerprints are left out
  std::uint32_t common_files_max = 0;           // grams in more files than this are left out; 0: chosen by size
};
/// Fingerprints by winnowing (Schleimer, Wilkerson, Aiken 2003). Replaces what was registered under the label.
Result<Registration> add_code(const std::filesystem::path& directory, const AddCode& add, const Progress& progress);

struct AddTable {
  std::filesystem::path csv;         // with a header line; comma, semicolon or tab
  std::string name;                  // default: the file's stem
  std::string label;                 // default: "customer-data"
  std::vector<std::string> primary;  // columns that alone find a candidate row; empty: chosen, strongly patterned ones
  std::uint32_t confirm = 1;         // further fields of the row that must stand near by
  std::uint32_t window = 300;        // bytes around the primary in which they must
};
/// Only salted hashes are kept. Refuses columns that would match ordinary words, and says which.
Result<Registration> add_table(const std::filesystem::path& directory, const AddTable& add, const Progress& progress);
Result<void> remove_registration(const std::filesystem::path& directory, std::string_view kind, std::string_view name);

}  // namespace reeve::content
