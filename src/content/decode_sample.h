#pragma once

// The quick looks at what a run of base64 or hex decodes to: nearly all runs are names and paths, and end here.
// Private to the room.

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace reeve::content {

enum class Looks : std::uint8_t { kNothing, kText, kZlib, kDeflate };

/// What the first bytes of decoded data are.
Looks look_at(const char* bytes, std::size_t size);

/// Decodes characters of base64, passing over all others, until `out` is full or the input ends.
std::size_t decode_base64(std::string_view run, char* out, std::size_t room);

/// What the first sixteen characters of a run of token bytes decode to.
inline constexpr std::size_t kFirstLook = 16;
Looks first_look(const char* run);
/// The same without the sieve that spares the look at nearly all of them. For tests.
Looks first_look_unsieved(const char* run);

}  // namespace reeve::content
