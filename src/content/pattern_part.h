#pragma once

// What is known of parts of a pattern while it is read: what they match, what their matches must hold, and how these
// add up. Private to the room.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "content/required_literals.h"

namespace reeve::content {

using Strings = std::vector<std::string>;
inline constexpr std::uint32_t kFar = 1'000'000;  // a width that is as good as unbounded

/// What is known of a part of a pattern.
struct PatternPart {
  std::optional<Strings> exact;  // all that it matches, when these are few
  bool folded = false;           // the exact ones are lower case and stand for any case
  bool blank = false;            // it matches only blanks
  std::optional<RequiredLiterals> best;
  std::uint32_t least = 0, most = 0;
};

/// Parts one after the other. The exact ones among neighbours grow into a run, the candidate for what is required.
class PatternSequence {
 public:
  void add(const PatternPart& part);
  void add_border();      // \b
  void add_line_begin();  // ^
  PatternPart finish();   // what all of them come to

 private:
  void begin_run_here();
  /// The run that ends here is a candidate.
  void close(bool border_after);
  /// Kept when it costs less than what is kept.
  void keep(RequiredLiterals candidate);
  /// Many that begin alike become one.
  static void shorten(std::vector<RequiredLiteral>& literals, std::size_t length);
  /// What all strings of a run end with may serve in place of many of them.
  void keep_ending(const RequiredLiterals& candidate);

  PatternPart whole_{.exact = Strings{""}};
  Strings run_{""};
  std::uint32_t run_least_ = 0, run_most_ = 0;
  bool folded_ = false, border_before_ = false, line_begin_ = false, indented_ = false;
  bool blanks_since_line_ = false;
};

PatternPart alternation(const std::vector<PatternPart>& branches);
PatternPart repeated(const PatternPart& part, std::uint32_t least, std::uint32_t most);

/// Without those that need not be looked for since others stand wherever they do.
void prune(std::vector<RequiredLiteral>& literals);

}  // namespace reeve::content
