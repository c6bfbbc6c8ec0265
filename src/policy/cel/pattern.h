#pragma once

// Regular expressions: RE2 syntax, matched anywhere in a text. RE2 takes time in proportion to the text, whatever the
// pattern; its memory is bounded here.

#include <memory>
#include <string>
#include <string_view>

#include "core/result.h"

namespace reeve::policy::cel {

/// Thread-safe once made.
class Pattern {
 public:
  virtual ~Pattern() = default;
  virtual bool matches(std::string_view text) const = 0;
  /// Of its program: a measure of what it took to compile.
  virtual int instructions() const = 0;

  /// kInvalid with RE2's words when the text is no pattern; kTooLarge when it is longer than kPatternBytesMax or would
  /// need more than `memory_max` bytes.
  static Result<std::unique_ptr<const Pattern>> compile(std::string_view pattern, std::int64_t memory_max);
};

inline constexpr std::size_t kPatternBytesMax = 8UL << 10U;
inline constexpr std::int64_t kConstantPatternMemory = 8L << 20U;
/// Of a pattern that is made while evaluating.
inline constexpr std::size_t kDynamicPatternBytesMax = 1UL << 10U;
inline constexpr std::int64_t kDynamicPatternMemory = 256L << 10U;

}  // namespace reeve::policy::cel
