#pragma once

// Tables inside texts: which column a value stands in. CSV with commas, semicolons or tabs, Markdown tables, and the
// column lists of SQL's INSERT. Private to the room.

#include <cstddef>
#include <string_view>

namespace reeve::content {

/// Reads one text, from front to back: places asked for must not go down by more than a line. Each byte is read a fixed
/// number of times however many places are asked for.
class ColumnNames {
 public:
  explicit ColumnNames(std::string_view text) : text_(text) {}
  /// The head of the column that `at` stands in, without quotes. Empty: no table is known here.
  std::string_view at(std::size_t at);

 private:
  struct Line {
    std::size_t begin = 0, end = 0;
    std::size_t commas = 0, semicolons = 0, tabs = 0, bars = 0;
    std::size_t count(char delimiter) const;
    void count_in(std::string_view line);
  };
  Line line_around(std::size_t at) const;
  static std::string_view cell(std::string_view line, char delimiter, std::size_t index);
  std::string_view table_head(std::size_t at);
  std::size_t stop_before(std::size_t at);
  bool may_be_in_row(std::size_t at);
  std::string_view insert_column(std::size_t at);
  void read_inserts_until(std::size_t at);

  std::string_view text_;
  Line line_;                // the last one looked at
  bool is_in_none_ = false;  // which stands in no table
  // The table that the last line belonged to: its lines have `count_` delimiters.
  char delimiter_ = 0;
  std::size_t count_ = 0, head_begin_ = 0, head_end_ = 0, table_end_ = 0;
  std::size_t walked_ = 0;  // bytes walked back in search of heads
  // The last bracket or semicolon in front of the place that was last asked for.
  std::size_t stop_ = 0, stop_known_to_ = 0, next_stop_ = 0;  // none stands between the last two
  // The last INSERT ... (columns) VALUES.
  std::size_t inserts_read_ = 0, columns_begin_ = 0, columns_end_ = 0, values_ = 0;
};

}  // namespace reeve::content
