#pragma once

// When a growing text is looked at. Which byte is the last before a look follows from the text alone, never from how it
// was cut on its way, so that the same text always gives the same findings. Private to the room.

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace reeve::content {

/// What is kept of a growing text, and how far looks reach.
inline constexpr std::size_t kTailMax = 3328;      // kept at most
inline constexpr std::size_t kTailKept = 2560;     // kept behind a far look: every stretch so long is seen whole once
inline constexpr std::size_t kNearContext = 448;   // bytes that a near look sees before what is new
inline constexpr std::size_t kNearAtLatest = 256;  // new bytes after which the next word's end brings a near look
inline constexpr std::size_t kNearAtLine = 96;     // new bytes after which a line's end does
inline constexpr std::size_t kFarAtLine = 640;     // the same for far looks
inline constexpr std::size_t kFarAtWord = 832;
inline constexpr std::size_t kSettledBehind = 48;  // what may go on is taken as it is with this much behind it

class StreamPace {
 public:
  enum class Look : std::uint8_t { kNone, kNear, kFar };

  /// Takes bytes of `text`, at most `room`, up to one after which a look is due; returns how many.
  std::size_t take(std::string_view text, std::size_t room, Look& due);
  /// A look was had. `waiting`: something stood at the end of what it saw that may go on.
  void looked(Look look, std::size_t bytes, bool waiting);
  std::size_t fresh() const { return fresh_; }

 private:
  bool is_worth_a_look() const;

  std::uint32_t fresh_ = 0, since_far_ = 0;
  std::uint32_t wait_ = 0;       // bytes until something that waits is settled; 0: nothing waits
  std::uint32_t credit_ = 1024;  // bytes that near looks may read before kNearAtLatest: bounded by what came in
  // Of the word at the end.
  std::uint32_t word_ = 0, digits_ = 0;
  std::uint32_t named_ = 0;  // bytes in which a value may stand behind = or :
  bool at_sign_ = false;
};

}  // namespace reeve::content
