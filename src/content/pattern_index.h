#pragma once

// Patterns that look at the same texts. Most hold a literal and are asked only where it stands; the others are in one
// database. Private to the room.

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "content/literal_matcher.h"
#include "content/pattern_database.h"
#include "core/result.h"

namespace reeve::content {

/// Where a pattern's match may begin when one of its required literals stands somewhere.
struct RequiredAt {
  std::uint32_t pattern = 0;
  std::uint32_t before_least = 0, before_most = 0;  // bytes from the match's begin to the literal
  std::shared_ptr<const MatchOutline> outline{};
};

/// Immutable; may be used from several threads.
class PatternIndex {
 public:
  /// What one thread needs to look, and what it found last.
  struct Found {
    std::vector<LiteralHit> hits;                                     // by start; literals are places in required()
    std::span<const MatchRun> runs() const { return scratch->runs; }  // patterns are places in patterns_without()
    bool overflowed = false;                                          // not all were taken down
    std::unique_ptr<PatternScratch> scratch;
  };

  /// Of `sources` those at the places `which`; literals may stand as often as `frequency_max` says. An error says which
  /// one in `wrong_pattern`.
  static Result<std::unique_ptr<PatternIndex>> build(const std::vector<std::string>& sources,
                                                     const std::vector<std::uint32_t>& which, double frequency_max,
                                                     const std::filesystem::path& cache_directory,
                                                     std::size_t& wrong_pattern);
  Found make_found() const;
  /// The part of a text in which matches without a literal are: a line begins there, and one ends there.
  struct Stretch {
    std::size_t from = 0, size = SIZE_MAX;
  };
  /// Replaces what was found in `text`, behind which 64 bytes must be readable. `texts` stand in it, one behind the
  /// other.
  void find(std::string_view text, Found& found, Stretch without_literal, std::size_t texts = 1) const;
  void find(std::string_view text, Found& found) const { find(text, found, Stretch{}); }
  /// The fewest bytes of a match without a literal.
  std::size_t least_without() const { return least_without_; }

  const std::vector<RequiredLiteral>& literals() const { return literals_->literals(); }
  /// By literal. Patterns are places in the sources.
  const std::vector<RequiredAt>& required() const { return required_; }
  /// Those without a literal.
  const std::vector<std::uint32_t>& patterns_without() const { return without_; }
  bool empty() const { return required_.empty() && without_.empty(); }

 private:
  PatternIndex() = default;
  std::vector<RequiredAt> required_;
  std::vector<std::uint32_t> without_;
  std::size_t least_without_ = SIZE_MAX;  // bytes of a match of one of them
  std::unique_ptr<LiteralMatcher> literals_;
  std::unique_ptr<PatternDatabase> database_;
};

}  // namespace reeve::content
