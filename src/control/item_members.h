#pragma once

// The members of an item that people write, as one table: reading, writing, checking and comparing follow it. Private
// to the room.

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "control/inventory.h"

namespace reeve::control {

/// One of `text` and `list` is set.
struct ItemMember {
  std::string_view name;
  std::string Item::* text = nullptr;
  std::vector<std::string> Item::* list = nullptr;
  std::size_t bytes_max = 500;  // of a text, or of an entry of a list
  bool matters = false;         // an approval is about it: another value is another item
  std::span<const std::string_view> choices = {};
};
inline constexpr std::size_t kListEntriesMax = 50;

/// In the order of their names.
std::span<const ItemMember> item_members();
const ItemMember* find_item_member(std::string_view name);
std::vector<std::string> values_of(const Item& item, const ItemMember& member);

}  // namespace reeve::control
