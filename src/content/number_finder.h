#pragma once

// Identifiers made of digits, or of digits and letters: bare, or in the groups that people write them in. Private to
// the room.

#include <memory>

#include "content/finders.h"

namespace reeve::content {

/// `find: digits`: digits only.
std::unique_ptr<PreparedFinder> prepare_digits(std::span<const Detector> all, std::span<const std::uint32_t> mine);
/// `find: identifiers`: letters, too.
std::unique_ptr<PreparedFinder> prepare_identifiers(std::span<const Detector> all, std::span<const std::uint32_t> mine);

}  // namespace reeve::content
