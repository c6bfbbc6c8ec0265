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

/// What is known of a part of a pattern.
struct PatternPart {
  std::optional<Strings> exact;  // all that it matches, when these are few
  bool folded = false;           // the exact ones are lower case and stand for any case
  bool blank = false;            // it matches only blanks
  std::optional<RequiredLiterals> best;
  EdgeBytes head, tail;  // from its begin on, and from its end back: both say how wide it is

  std::uint32_t least() const { return head.least; }
  std::uint32_t most() const { return head.most; }
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
  /// The part stands behind what is kept.
  void put_behind_best(const PatternPart& part);
  /// Kept when it costs less than what is kept.
  void keep(RequiredLiterals candidate);
  /// Many that begin alike become one.
  static void shorten(std::vector<RequiredLiteral>& literals, std::size_t length);
  /// The run that ends stands behind what is kept.
  void keep_later();
  /// What all strings of a run end with may serve in place of many of them.
  void keep_ending(const RequiredLiterals& candidate);

  PatternPart whole_{.exact = Strings{""}};
  Strings run_{""};
  EdgeBytes run_before_;  // what stands before the run, back from it
  bool folded_ = false, border_before_ = false, line_begin_ = false, indented_ = false;
  bool blanks_since_line_ = false;
  unsigned kept_ = 0, kept_before_run_ = 0;  // how often another was kept, and how often when the run began
};

PatternPart alternation(const std::vector<PatternPart>& branches);
PatternPart repeated(const PatternPart& part, std::uint32_t least, std::uint32_t most);

/// Without those that need not be looked for since others stand wherever they do.
void prune(std::vector<RequiredLiteral>& literals);

}  // namespace reeve::content
