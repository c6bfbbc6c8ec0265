#pragma once

// Private to the room.

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

namespace reeve::content {

/// Where the next sign of a set stands. Asked with places that go up, so that each byte is read once however often one
/// value's end is that of the next one, too.
class NextSign {
 public:
  using Set = std::array<bool, 256>;
  static constexpr Set set_of(std::string_view signs) {
    Set set{};
    for (const char c : signs) set[static_cast<unsigned char>(c)] = true;
    return set;
  }
  /// The set must outlive it.
  explicit constexpr NextSign(const Set& signs) : signs_(signs) {}
  /// The first one in [from, to), else `to`.
  std::size_t in(std::string_view text, std::size_t from, std::size_t to) {
    if (from < clear_from_ || from > next_) next_ = from;
    clear_from_ = from;
    while (next_ < to && !signs_[static_cast<unsigned char>(text[next_])]) ++next_;
    return std::min(next_, to);
  }

 private:
  const Set& signs_;
  std::size_t clear_from_ = 0, next_ = 0;  // none in [clear_from_, next_)
};

}  // namespace reeve::content
