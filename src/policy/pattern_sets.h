#pragma once

// All regular expressions that rules of one decision point ask of one fact, matched in one pass. Private to the room.
//
// A first pass says whether any pattern of the fact matches at all, which is mostly the whole answer. Otherwise the
// first few that are asked for match by themselves, and then a second pass answers for all, so a bundle with two
// hundred patterns on a command costs about as much as one with ten. Facts repeat (the same repository, the same
// model): a scratch remembers the answers for the texts it saw last. Only the second pass over a large set allocates.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "policy/cel/program.h"

namespace reeve::policy {

class PatternSets final : public cel::PatternIndex {
  struct Set;
  struct Pattern;

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
    /// Before each decision: within one, the same place in memory is the same text.
    void begin() { latest_.assign(latest_.size(), {}); }

   private:
    enum class Known : std::uint8_t { kNothing, kNoneMatches, kSomeMatch, kAll };
    struct Remembered {
      std::string text;
      std::vector<std::uint64_t> bits;  // with kAll
      Known known = Known::kNothing;
      std::uint8_t asked = 0;  // one by one, with kSomeMatch
    };
    Remembered& look_up(const Set& set, std::uint32_t number, std::string_view text);
    bool fill(const Set& set, Remembered& place, std::string_view text);
    struct Latest {
      const char* text = nullptr;
      std::size_t size = 0;
      Remembered* place = nullptr;
    };
    const PatternSets* sets_;
    std::vector<Latest> latest_;                       // by set
    std::vector<std::vector<Remembered>> remembered_;  // by set
    std::vector<int> found_;
  };

 private:
  std::vector<std::unique_ptr<Set>> sets_;
  std::vector<std::unique_ptr<Pattern>> patterns_;
};

/// What is wrong with a pattern as a regular expression, or nothing.
std::string pattern_fault(std::string_view pattern);
/// How large its automaton is: a measure of what it costs to compile and to run. Ordinary patterns stay below 2,000.
int pattern_size(std::string_view pattern);

}  // namespace reeve::policy
