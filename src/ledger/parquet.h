#pragma once

// Entries as a Parquet file, which DuckDB writes: a row each, in the order of the log. A part of ledger.h;
// docs/exports.md has the columns.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "core/result.h"

namespace reeve::ledger {

class LogReader;
struct StoredEntry;

struct ParquetExport {
  std::filesystem::path library;                  // of DuckDB
  std::filesystem::path file;                     // replaced when it is there
  std::string log;                                // its name, which the file tells
  std::uint64_t from = 0;                         // the first entry
  std::function<bool(const StoredEntry&)> takes;  // null: all
};

/// How many rows. Reads as it writes: memory does not grow with the ledger.
Result<std::uint64_t> write_parquet(LogReader& log, const ParquetExport& what);

}  // namespace reeve::ledger
