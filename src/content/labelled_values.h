#pragma once

// Values behind names: "first_name: Anna", "Name = ...", cells below a table's head, rows of an INSERT. Private to the
// room.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "content/finders.h"
#include "content/known_keys.h"

namespace reeve::content {

struct LabelledValue {
  KnownKeys::Match match;
  std::size_t begin = 0, end = 0;
  bool quoted = false;  // in quotes, or the cell of a table: its ends are sure
};

/// Is told of values.
class ValueTaker {
 public:
  virtual ~ValueTaker() = default;
  /// False when it wants no more.
  virtual bool take(const LabelledValue& value) = 0;
};

/// How texts are walked. The plain walk looks at every place and line: what the fast one must equal.
enum class LabelledWalk : std::uint8_t { kFast, kPlain };

/// Tells of each value whose key is known. Linear in the text.
void for_each_labelled_value(const FinderText& input, const KnownKeys& keys, ValueTaker& taker,
                             LabelledWalk walk = LabelledWalk::kFast);

/// Its second half: tables and INSERTs (labelled_tables.cpp).
void for_each_cell(const FinderText& input, const KnownKeys& keys, ValueTaker& taker, LabelledWalk walk);

}  // namespace reeve::content
