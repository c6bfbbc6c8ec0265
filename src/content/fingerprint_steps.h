#pragma once

// The three steps of winnowing that touch every character, as the machine at hand does them best. Every form gives the
// same, which fingerprint_test.cpp holds against a plain reading. Private to the room.

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace reeve::content {

/// Elements that an array given to a step must have behind those it is about: steps work in whole vectors, and read
/// and write so far beyond the end. What stands there does not matter.
inline constexpr std::size_t kStepRoom = 192;

struct FingerprintSteps {
  /// Appends the letters and digits of text[begin, end), lower case, and the place of each, behind the first `count`.
  /// Gives back how many there are then.
  std::size_t (*normalise)(std::string_view text, std::size_t begin, std::size_t end, std::uint8_t* characters,
                           std::uint32_t* places, std::size_t count);
  /// Hash of the gram at each of the first `grams` characters.
  void (*hash)(const std::uint8_t* characters, std::size_t grams, std::uint32_t* hashes);
  /// Which hashes of [begin, end) are the smallest of some window of kWindow, in order. A window with a 0 in it chooses
  /// nothing but that: kWindow - 1 of them before the first hash and behind the last keep windows off the border.
  std::size_t (*choose)(const std::uint32_t* hashes, std::size_t begin, std::size_t end, std::uint32_t* chosen);
};

/// Those that this machine can run, the fastest last.
const std::vector<FingerprintSteps>& fingerprint_steps();

#if defined(__x86_64__)
/// Null where the machine cannot.
const FingerprintSteps* fingerprint_steps_avx512();
#endif

}  // namespace reeve::content
