#pragma once

// The quick looks at what a run of base64 or hex decodes to: nearly all runs are names and paths, and end here.
// Private to the room.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "content/byte_blocks.h"

namespace reeve::content {

enum class Looks : std::uint8_t { kNothing, kText, kZlib, kDeflate };

/// What the first bytes of decoded data are.
Looks look_at(const char* bytes, std::size_t size);

/// Decodes characters of base64, passing over all others, until `out` is full or the input ends.
std::size_t decode_base64(std::string_view run, char* out, std::size_t room);

/// What the first sixteen characters of a run of token bytes decode to.
inline constexpr std::size_t kFirstLook = 16;
Looks first_look(const char* run);
/// Whether first_look() may see something: false for nearly all names and paths. The run is followed by 64 readable
/// bytes.
bool passes_sieve(const char* run);
/// Keeps those places of a text where first_look() may see something, or look_at() in 32 or more digits of hex; `token`
/// is the mask of token bytes. Returns how many are left.
std::size_t sieve(std::string_view text, const std::vector<std::uint64_t>& token, std::span<std::uint32_t> places);
std::size_t sieve(std::string_view text, const std::vector<std::uint64_t>& token, std::span<std::uint32_t> places,
                  InstructionSet set);  // one of this machine's; all keep the same places

}  // namespace reeve::content
