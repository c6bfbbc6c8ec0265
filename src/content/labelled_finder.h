#pragma once

// `find: labelled`: values behind names, of the shape that the detector's checks want. Private to the room.

#include <memory>

#include "content/finders.h"

namespace reeve::content {

std::unique_ptr<PreparedFinder> prepare_labelled(std::span<const Detector> all, std::span<const std::uint32_t> mine);

}  // namespace reeve::content
