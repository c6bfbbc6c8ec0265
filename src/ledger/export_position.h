#pragma once

// The files beside an export: its position, and why it is held up. The functions on positions are in export.h.

#include <filesystem>
#include <string_view>

namespace reeve::ledger {

/// For whoever looks from outside. What cannot be written is no loss.
void write_trouble(const std::filesystem::path& file, std::string_view why);
void remove_trouble(const std::filesystem::path& file);

}  // namespace reeve::ledger
