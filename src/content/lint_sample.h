#pragma once

// Texts that the linter measures detectors on. Private to the room.

#include <string>
#include <string_view>
#include <vector>

namespace reeve::content {

/// Code, logs, JSON and prose without a value in it; the same each time.
std::string clean_sample(std::size_t bytes);

/// What an attacker sends to make scanning slow, each about `bytes`.
std::vector<std::string> hostile_samples(std::size_t bytes);

}  // namespace reeve::content
