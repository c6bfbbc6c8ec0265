#pragma once

// Finds where any of some thousand short literals stands, in one pass that costs about a tenth of a nanosecond a byte
// where none does. Of each literal its rarest six bytes are looked for by a LiteralFilter, or up to four of a literal
// that has no six; what passes is looked up by these bytes in a bit map, then in a table, and compared. Private to the
// room.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "content/literal_filter.h"
#include "content/required_literals.h"

namespace reeve::content {

/// A place where a literal stands.
struct LiteralHit {
  std::uint32_t literal = 0;  // its index among those the matcher was made of
  std::uint32_t start = 0;
};

/// Immutable; may be used from several threads.
class LiteralMatcher {
 public:
  explicit LiteralMatcher(std::vector<RequiredLiteral> literals);

  /// Replaces `hits` by those in `text`, behind which 8 bytes must be readable, by start. False when there were more
  /// than `most` and it stopped.
  bool find(std::string_view text, std::vector<LiteralHit>& hits, std::size_t most) const;
  const std::vector<RequiredLiteral>& literals() const { return literals_; }

  void use(InstructionSet set);  // one of this machine's; all give the same hits

 private:
  /// How the key of a window of some length is made of eight bytes of text.
  struct KeyForm {
    std::uint64_t bytes = 0;  // that count
    std::uint64_t any = 0;    // in place of those that do not
    std::uint64_t key(const char* at) const;
  };
  /// Literals whose windows have as many places.
  struct Index {
    struct Draft {
      LiteralFilter::Window window{};
      std::uint32_t literal = 0;
      std::uint32_t offset = 0;  // of the window in the literal
    };
    struct Entry {
      std::uint64_t key = 0;
      std::uint64_t head = 0, head_bytes = 0;  // the literal's first bytes, up to eight, and which of eight these are
      std::uint32_t literal = 0;
      std::uint16_t offset = 0;
      bool folded = false;    // the head
      bool has_next = false;  // of the same key
    };
    Index(std::size_t places, const std::vector<RequiredLiteral>& literals, std::vector<Draft> drafts);
    void build(const std::vector<RequiredLiteral>& literals, const std::vector<Draft>& drafts);
    const Entry* find(std::uint64_t key) const;
    std::size_t sieve(std::string_view text, const KeyForm& form, std::span<const std::uint32_t> places,
                      std::uint32_t* out) const;

    std::vector<Entry> entries;        // by key
    std::vector<std::uint16_t> slots;  // by hash: one more than the place of a key's first entry
    std::vector<std::uint64_t> known;  // a bit by hash of the keys there are
    std::vector<KeyForm> forms;        // one for each length of windows
    LiteralFilter filter;
  };

  static std::vector<Index::Draft> windows_of(const std::vector<RequiredLiteral>& literals, bool with_six);
  bool find_with(const Index& index, std::string_view text, std::vector<LiteralHit>& hits, std::size_t most) const;
  void look_up(const Index& index, std::uint64_t key, std::string_view text, std::size_t place,
               std::vector<LiteralHit>& hits) const;
  bool stands_at(const RequiredLiteral& literal, std::string_view text, std::size_t start) const;

  std::vector<RequiredLiteral> literals_;
  Index six_, four_;
  InstructionSet set_ = fastest_instructions();
};

}  // namespace reeve::content
