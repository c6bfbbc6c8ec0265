#pragma once

// Context words of many detectors, looked for in one pass around a place instead of once a detector. Private to the
// room.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "content/check_digits.h"
#include "content/detector.h"

namespace reeve::content {

/// Built once per finder; then immutable and shared by threads.
class ContextTable {
 public:
  /// What one look told: which entries have a word within their reach.
  class Near {
   public:
    bool is_near(const ContextTable& /*table*/, std::uint32_t entry) const { return holds(entry); }
    bool holds(std::uint32_t entry) const {
      return entry / 64 < bits_.size() && (bits_[entry / 64] >> entry % 64 & 1U) != 0;
    }
    /// No word at all was near.
    bool is_empty() const { return is_empty_; }
    /// One of the entries whose bits are set in `wanted`.
    bool holds_any(std::span<const std::uint64_t> wanted) const {
      for (std::size_t i = 0; i < std::min(wanted.size(), bits_.size()); ++i) {
        if ((wanted[i] & bits_[i]) != 0) return true;
      }
      return false;
    }

   private:
    friend class ContextTable;
    std::vector<std::uint64_t> bits_;  // by entry
    bool is_empty_ = true;
  };

  /// A word of the table that stands in a text.
  struct Hit {
    std::uint32_t begin, end, word;
  };

  /// The entry to ask for. Entries with the same words and reach are one.
  std::uint32_t add(const ContextWords& context);
  /// Looks around [start, end) of `text` as has_context does.
  void look(std::string_view text, std::size_t start, std::size_t end, Near& near) const;

  /// The widest reach of all entries.
  std::size_t widest() const { return widest_; }
  /// Coarse: whether a word may begin at `at`, by its first three characters.
  bool may_begin(std::string_view text, std::size_t at) const {
    return may_begin_otherwise(text, at) || may_begin_with_letters(text, at);
  }
  /// Whether words begin with digits, and with other signs of ASCII that are no letters.
  bool has_digit_firsts() const { return has_digit_firsts_; }
  bool has_sign_firsts() const { return has_sign_firsts_; }
  /// Appends the words that begin at `at`.
  void collect(std::string_view text, std::size_t at, std::vector<Hit>& hits) const;
  /// Forgets what `near` told.
  void clear(Near& near) const {
    near.bits_.resize((contexts_.size() + 63) / 64);
    if (!near.is_empty_) std::ranges::fill(near.bits_, 0);
    near.is_empty_ = true;
  }
  /// Tells `near` of a word that reaches `reach` bytes from the place.
  void mark(const Hit& hit, std::size_t reach, Near& near) const;

 private:
  struct Word {
    std::string text;
    std::vector<std::uint32_t> entries;
    std::vector<std::uint64_t> bits;       // the entries
    std::size_t within = ~std::size_t{0};  // of the entry that reaches least far
  };
  /// A word in the list of its first three characters, with what tells most places apart without reading the word.
  struct Listed {
    std::uint16_t word = 0;
    char fourth = 0;       // in lower case, when the first four characters are letters
    bool is_pair = false;  // of two letters
  };
  static constexpr std::size_t kTriples = 32UL * 32UL * 32UL;

  static bool has_bit(std::span<const std::uint64_t> bits, std::size_t at) {
    return (bits[at / 64] >> at % 64 & 1U) != 0;
  }
  /// The number of three letters, case aside. Other characters share numbers with letters.
  static std::size_t triple_at(std::string_view text, std::size_t at) {
    const auto letter = [&](std::size_t i) { return i < text.size() ? static_cast<std::size_t>(text[i]) & 31U : 0; };
    return (letter(at) * 32 + letter(at + 1)) * 32 + letter(at + 2);
  }
  bool may_begin_with_letters(std::string_view text, std::size_t at) const {
    return is_letter(text[at]) && has_bit(triples_, triple_at(text, at)) && at + 1 < text.size() &&
           is_letter(text[at + 1]);
  }
  /// For the words that do not begin with two letters: by their first byte and what may be their second.
  bool may_begin_otherwise(std::string_view text, std::size_t at) const {
    const unsigned second = at + 1 < text.size() ? static_cast<unsigned char>(text[at + 1]) : 0;
    return (others_[static_cast<unsigned char>(text[at])] >> second / kSecondsShare & 1U) != 0;
  }
  static std::uint64_t seconds_of(const std::string& word);
  void add_word(const std::string& word, std::uint32_t entry);
  void put_word(const std::string& word, std::uint32_t number);
  void put_triples(const std::string& word, std::uint32_t number);
  std::size_t rank_of(std::size_t triple) const;
  static bool may_stand(const Listed& word, std::string_view text, std::size_t at);
  template <typename Take>
  void words_at(std::string_view text, std::size_t at, const Take& take) const;
  void walk(std::string_view text, std::size_t from, std::size_t to, std::size_t place, bool before, Near& near) const;

  std::vector<ContextWords> contexts_;
  std::vector<Word> words_;
  // Words that begin with two ASCII letters, by these and the third character; the others, by what their first byte may
  // be.
  std::vector<Listed> by_triple_;           // a list for each bit of triples_, in order, one behind the other
  std::vector<std::uint32_t> lists_ = {0};  // where each begins; one more: where the last ends
  std::array<std::vector<std::uint32_t>, 256> by_first_;
  std::array<std::uint64_t, kTriples / 64> triples_{};  // those that words begin with
  std::array<std::uint16_t, kTriples / 64> ranks_{};    // how many bits the words of triples_ in front have
  static constexpr unsigned kSecondsShare = 4;
  std::array<std::uint64_t, 256> others_{};  // of the first bytes in by_first_: a bit for each four second bytes
  bool has_digit_firsts_ = false, has_sign_firsts_ = false;
  std::uint32_t widest_ = 0;
};

}  // namespace reeve::content
