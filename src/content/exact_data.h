#pragma once

// Exact data match: whether values of registered tables stand in a text. A primary value (a number, an e-mail address,
// an id) leads to its rows; a row is found when enough of its other fields stand near by. Private to the room.
//
// Arrays of a file of kind "table": primary keys, sorted; their table of starts; the row of each; the field of each;
// and of every row one 32-bit hash a field, 0 where the field is empty or says too little.

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "content/finders.h"
#include "content/registration_file.h"

namespace reeve::content {

struct DataMatch {
  std::size_t registration = 0;  // index among those the index was built from
  std::size_t start = 0, end = 0;
  std::uint32_t confirmed = 0;  // further fields of the row that stand near by
};

class DataIndex {
 public:
  /// Of files of kind "table". Error: an array in one of them leads outside of it.
  static Result<DataIndex> build(std::vector<std::shared_ptr<const RegistrationFile>> files);
  bool empty() const { return tables_.empty(); }
  /// Replaces `found` with primary values of registered rows, in order.
  void find(const FinderText& text, std::vector<DataMatch>& found) const;

 private:
  struct Table {
    std::size_t registration = 0;
    const RegistrationHead* head = nullptr;
    SortedKeys keys;
    std::span<const std::uint32_t> rows;
    std::span<const std::uint8_t> fields;
    std::span<const std::uint32_t> cells;
    KeyFilter filter{0};
    bool sound() const;
  };
  class Search;

  std::vector<std::shared_ptr<const RegistrationFile>> files_;
  std::vector<Table> tables_;
  std::uint64_t digit_lengths_ = 0, mixed_lengths_ = 0;  // of any table
};

/// The field of a primary that is not among the confirming ones.
inline constexpr std::uint8_t kNoField = 255;

}  // namespace reeve::content
