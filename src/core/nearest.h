#pragma once

// "Did you mean": the known name that a wrong one was probably meant to be.

#include <cstddef>
#include <span>
#include <string_view>

namespace reeve {

/// The name among `known` that is fewest single-character edits away, the first of several; empty when even that needs
/// three or more, or as many as half of its characters and more. Only the first 60 bytes of `name` are looked at.
std::string_view nearest_name(std::string_view name, std::span<const std::string_view> known);

}  // namespace reeve
