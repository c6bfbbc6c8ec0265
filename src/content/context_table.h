#pragma once

// Context words of many detectors, looked for in one pass around a place instead of once a detector. Private to the
// room.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "content/detector.h"

namespace reeve::content {

/// Built once per finder; then immutable and shared by threads.
class ContextTable {
 public:
  /// What one pass told: how far the nearest word of each entry reaches from the place.
  class Near {
   public:
    bool is_near(const ContextTable& table, std::uint32_t entry) const {
      return entry < reach_.size() && seen_[entry] == turn_ && reach_[entry] <= table.within_[entry];
    }

   private:
    friend class ContextTable;
    std::vector<std::uint32_t> reach_, seen_;
    std::uint32_t turn_ = 0;
  };

  /// The entry to ask for. Entries with the same words and reach are one.
  std::uint32_t add(const ContextWords& context);
  /// Looks around [start, end) of `text` as has_context does.
  void look(std::string_view text, std::size_t start, std::size_t end, Near& near) const;

 private:
  struct Word {
    std::string text;
    std::vector<std::uint32_t> entries;
  };
  static constexpr std::size_t kPairs = 32UL * 32UL;
  void add_word(const std::string& word, std::uint32_t entry);
  void walk(std::string_view text, std::size_t from, std::size_t to, std::size_t place, bool before, Near& near) const;

  std::vector<ContextWords> contexts_;
  std::vector<std::uint32_t> within_;  // by entry
  std::vector<Word> words_;
  std::array<std::vector<std::uint32_t>, kPairs> by_pair_;  // words that begin with two ASCII letters
  std::array<std::vector<std::uint32_t>, 256> by_first_;    // the others, by what their first byte may be
  std::uint32_t widest_ = 0;
};

}  // namespace reeve::content
