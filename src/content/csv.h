#pragma once

// Tables as text: RFC 4180 with the habits of spreadsheets (semicolons, tabs, a byte order mark, Latin-1). Private to
// the room.

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "core/result.h"

namespace reeve::content {

/// Reads records one at a time; memory is bounded by one record.
class CsvReader {
 public:
  /// Finds out the delimiter from the first line: comma, semicolon, tab or bar.
  static Result<CsvReader> open(const std::filesystem::path& path);
  /// The next record that is not empty; false at the end. Fields are UTF-8. Error: quotes that do not close, a record
  /// beyond 4 MiB, a binary file.
  Result<bool> next(std::vector<std::string>& fields);
  std::size_t line() const { return line_; }  // where the record that was read last begins, from 1
  char delimiter() const { return delimiter_; }

 private:
  CsvReader() = default;
  int get();
  Result<void> read_quoted(std::string& field);

  std::ifstream file_;
  std::string buffer_;
  std::size_t at_ = 0;
  std::size_t line_ = 1, next_line_ = 1;
  char delimiter_ = ',';
};

}  // namespace reeve::content
