#pragma once

// Values behind names: "first_name: Anna", "Name = ...", cells below a table's head, rows of an INSERT, XML elements.
// Private to the room.

#include <bitset>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "content/finders.h"

namespace reeve::content {

struct LabelledValue {
  std::string_view key;  // as written, without quotes
  std::size_t begin = 0, end = 0;
  bool quoted = false;  // in quotes, or the cell of a table, or an element's text: its ends are sure
  bool from_table = false;
};

/// How known keys end: most keys end like none that is known, told from three bytes.
class KeyEndings {
 public:
  /// `joined` as joined_key gives it.
  void add(std::string_view joined) { endings_.set(number_of(joined)); }
  bool may_be(std::string_view joined) const { return endings_.test(number_of(joined)); }

 private:
  static std::size_t number_of(std::string_view joined);
  std::bitset<0x10000> endings_;
};

/// Tells of each labelled value whose key `is_known` (asked with the key as written, cheaply). Linear in the text.
void for_each_labelled_value(const FinderText& input, const KeyEndings& endings,
                             const std::function<bool(std::string_view key)>& is_known,
                             const std::function<void(const LabelledValue&)>& tell);

/// A key in one piece: lower case, ASCII separators left out. "First Name", "first_name", "firstName": "firstname".
std::string joined_key(std::string_view key);

}  // namespace reeve::content
