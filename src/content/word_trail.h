#pragma once

// Words around many places of one text. As has_context (finders.h), but each byte is looked at once however many places
// ask: a text that is nothing but numbers and words would cost a window for each number. Private to the room.

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace reeve::content {

/// Lists of words in lower case, at most 32. Built once; then immutable and shared by threads.
class WordLists {
 public:
  /// The list's number. `within` is the farthest that it will be asked for.
  std::uint32_t add(std::span<const std::string> words, std::size_t within);

 private:
  friend class WordTrail;
  struct Word {
    std::string text;
    std::uint32_t lists = 0;  // a bit a list
  };
  static constexpr std::size_t kPairs = 32UL * 32UL;
  void add_word(const std::string& word, std::uint32_t list);

  std::vector<Word> words_;
  std::bitset<kPairs> pairs_;                               // that words begin with: two ASCII letters
  std::array<std::vector<std::uint32_t>, kPairs> by_pair_;  // words by these
  std::array<bool, 256> firsts_{};                          // of the other words
  std::array<std::vector<std::uint32_t>, 256> by_first_;    // these, by what their first byte may be
  std::uint32_t lists_ = 0;
  std::size_t widest_ = 0;
};

/// The words of one text. Places should be asked for in order: going back walks again.
class WordTrail {
 public:
  WordTrail(const WordLists& lists, std::string_view text) : lists_(lists), text_(text) {}
  /// A word of the list stands within `within` bytes before `start`.
  bool is_before(std::uint32_t list, std::size_t start, std::size_t within);
  /// Or behind `end`, on its line.
  bool is_behind(std::uint32_t list, std::size_t end, std::size_t within);
  bool is_near(std::uint32_t list, std::size_t start, std::size_t end, std::size_t within) {
    return is_before(list, start, within) || is_behind(list, end, within);
  }
  /// A word of the list stands in [from, to). What lies more than the farthest reach before `from` is not asked for
  /// again.
  bool is_in(std::uint32_t list, std::size_t from, std::size_t to);

 private:
  struct Place {
    std::uint32_t begin = 0, end = 0, lists = 0;
  };
  void cover(std::size_t from, std::size_t to);
  void forget_until(std::size_t from);
  void look_at(std::size_t at, std::span<const std::uint32_t> words);
  bool holds(std::uint32_t list, std::size_t from, std::size_t to) const;

  const WordLists& lists_;
  std::string_view text_;
  std::size_t from_ = 0, walked_ = 0;  // what was walked
  std::vector<Place> places_;          // by begin
  std::size_t first_ = 0;              // of places that may still be near
};

}  // namespace reeve::content
