#pragma once

// How an index knows that it is this log's: at each writing it notes what the log was then, and whoever opens it looks
// whether the log still has that. An entry tells of itself, the root of a tree of all entries below it.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/result.h"
#include "ledger/index_database.h"

namespace reeve::ledger {

class LogReader;

struct IndexMark {
  std::uint64_t size = 0;       // so many entries were in the index
  std::string last_hash;        // leaf hash of entry size - 1, hexadecimal
  std::uint64_t root_size = 0;  // of the largest tree that was signed then, `size` at most
  std::string root;             // of that tree, hexadecimal; empty where it was not known
};

std::string create_marks_sql();
std::string insert_mark_sql(const IndexMark& mark);
/// Some of all that are in the file, spread evenly, the newest among them; by size.
Result<std::vector<IndexMark>> read_marks(IndexConnection& connection);

/// Roots of trees of the log, from its tiles.
class LogRoots {
 public:
  LogRoots(const std::filesystem::path& ledger, LogReader& log) : ledger_(ledger), log_(log) {}
  /// The size of the largest tree that is signed, and `most` at most. 0 when that cannot be read.
  std::uint64_t signed_size(std::uint64_t most);
  /// In hexadecimal. Empty where the tiles do not tell: they can be deleted at any time.
  std::string root(std::uint64_t size);

 private:
  const std::filesystem::path ledger_;
  LogReader& log_;
};

}  // namespace reeve::ledger
