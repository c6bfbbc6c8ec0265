#pragma once

// What stands around a number, and whether it lets the number be somebody's identifier. Private to the room.

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "content/column_names.h"
#include "content/context_table.h"
#include "content/detector.h"

namespace reeve::content {

/// "1998-2024": the years of a copyright, of a life; nobody's identifier and no telephone, whatever words stand near.
bool is_years(std::string_view text);

class NumberSurroundings {
 public:
  explicit NumberSurroundings(std::string_view text) : text_(text), columns_(text) {}

  /// What begins here goes on to the left: a fraction, a part of a UUID, a version, an escape, an address.
  bool continues_left(std::size_t begin) const;
  bool continues_right(std::size_t end) const;
  /// Without context words: nothing around says that it is something else (a timestamp, an amount, a path, a list of
  /// numbers of which others do not pass the checks).
  bool may_stand_alone(std::size_t begin, std::size_t end, const std::vector<Checker>& checks);
  /// One of these words stands on the same line.
  bool excluded_by(const std::vector<std::string>& words, std::size_t begin, std::size_t end) const;
  std::string_view column(std::size_t at) { return columns_.at(at); }

 private:
  bool is_in_row_of_integers(std::size_t begin, std::size_t end) const;

  std::string_view text_;
  ColumnNames columns_;
  // The place that was last looked around.
  ContextTable::Near other_;
  std::size_t other_begin_ = 0, other_end_ = 0;
};

}  // namespace reeve::content
