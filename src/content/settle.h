#pragma once

// What is left of all that was found. Private to the room.

#include <vector>

#include "content/content.h"

namespace reeve::content {

/// Findings by start; of overlapping ones the better stays. What is said of whole texts overlaps nothing.
void settle(std::vector<Finding>& findings);

}  // namespace reeve::content
