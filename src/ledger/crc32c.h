#pragma once

#include <cstdint>
#include <string_view>

namespace reeve::ledger {

/// CRC-32C (Castagnoli, RFC 3720 appendix B.4): finds torn and flipped bytes in frames. It says nothing about intent;
/// against a person there is the tree. Uses the processor's instruction where there is one.
std::uint32_t crc32c(std::string_view bytes);

}  // namespace reeve::ledger
