#pragma once

// All regular expressions that rules of one decision point ask of one fact, matched in one pass. Private to the room.
//
// A pass answers for all patterns of the fact, so a bundle with two hundred patterns on a command costs about as much as
// one with two. Few patterns are matched one by one, which is cheaper still. Facts repeat (the same repository, the
// same model): a scratch remembers the answers for the texts it saw last.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "policy/cel/program.h"

namespace reeve::policy {

class PatternSets final : public cel::PatternIndex {
 public:
  PatternSets();
  ~PatternSets() override;

  std::uint32_t add(std::uint32_t slot, std::string_view pattern) override;
  /// After the last add() and before the first match. Thread-safe from then on.
  void seal();

  /// One thread's view: passes over the facts of one decision at a time.
  class Matches final : public cel::PatternMatches {
   public:
    explicit Matches(const PatternSets* sets);
    bool matches(std::uint32_t pattern, std::string_view text) override;

   private:
    struct Remembered {
      std::string text;
      std::vector<std::uint64_t> bits;
      bool filled = false;
    };
    const PatternSets* sets_;
    std::vector<std::vector<Remembered>> remembered_;  // by set
    std::vector<int> found_;
  };

 private:
  struct Set;
  struct Pattern;
  std::vector<std::unique_ptr<Set>> sets_;
  std::vector<std::unique_ptr<Pattern>> patterns_;
};

/// What is wrong with a pattern as a regular expression, or nothing.
std::string pattern_fault(std::string_view pattern);
/// How large its automaton is: a measure of what it costs to compile and to run. Ordinary patterns stay below 2,000.
int pattern_size(std::string_view pattern);

}  // namespace reeve::policy
