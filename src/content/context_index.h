#pragma once

// Context words around places of one text, when many places ask: each part of the text is read once, however many
// candidates stand side by side. Private to the room.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "content/context_table.h"
#include "content/finders.h"

namespace reeve::content {

class ContextIndex {
 public:
  ContextIndex(const ContextTable& table, const FinderText& input)
      : table_(table), text_(input.text), masks_(input.masks) {}

  /// As ContextTable::look. Places should go up: what lies more than a few KiB behind is read again.
  void look(std::size_t start, std::size_t end, ContextTable::Near& near);
  /// Reads all around the place, as far as words reach. True: no word begins there, and so none is near [start, to) for
  /// any `to` up to `end`.
  bool read_quiet(std::size_t start, std::size_t end);
  /// True when it is known without reading that no word stands around the place.
  bool is_quiet(std::size_t start, std::size_t end) const {
    const std::size_t widest = table_.widest();
    return (start >= quiet_from_ + widest || quiet_from_ == 0) && quiet_from_ <= start && end + widest <= quiet_to_;
  }

 private:
  using Hit = ContextTable::Hit;
  static constexpr std::size_t kBlock = 64, kBlocks = 64, kHitsMax = 4096;

  /// The words that begin in 64 bytes of the text.
  struct Block {
    std::size_t number = ~std::size_t{0};
    std::uint32_t first = 0, count = 0;  // in hits_
  };
  std::span<const Hit> hits_in(std::size_t number);
  void read(std::size_t number, Block& block);
  void keep_quiet(std::size_t number, bool has_words);
  std::uint64_t may_begin_words(std::size_t number) const;

  const ContextTable& table_;
  std::string_view text_;
  const TextMasks& masks_;
  std::size_t quiet_from_ = 0, quiet_to_ = 0;  // no word begins in between
  std::array<Block, kBlocks> blocks_;
  std::vector<Hit> hits_;
};

}  // namespace reeve::content
