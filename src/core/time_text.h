#pragma once

// The text of a time without memory of its own, for records that hold several.

#include <array>
#include <cstddef>
#include <string_view>

#include "core/time.h"

namespace reeve {

/// As format_time() writes it.
class TimeText {
 public:
  static constexpr std::size_t kBytes = 27;
  explicit TimeText(Instant at);
  operator std::string_view() const { return {characters_.data(), kBytes}; }  // NOLINT(google-explicit-constructor)

 private:
  std::array<char, kBytes> characters_{};
};

}  // namespace reeve
