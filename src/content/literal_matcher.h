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

/// A place where a literal stands, and what stands around it may be of a match.
struct LiteralHit {
  std::uint32_t literal = 0;  // its index among those the matcher was made of
  std::uint32_t start = 0;
  /// It stands at each place from `start` to here: a literal of one byte over and over stands so where that byte does.
  std::uint32_t last = 0;
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
  /// How the keys of a window of some length are made of eight bytes of text. Literals that are not in any case are
  /// kept by their bytes as they are: "St" is not compared wherever "st" stands.
  struct KeyForm {
    static constexpr std::uint64_t kExact = 1ULL << 56U, kFolded = 2ULL << 56U;  // no window is that long
    std::uint64_t bytes = 0;                                                     // that count
    std::uint64_t any = 0;                                                       // in place of those that do not
    std::uint64_t key(const char* at) const;                                     // folded and without either
    std::uint64_t exact(const char* at) const;
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
    Entry entry_of(const RequiredLiteral& literal, const Draft& draft);
    void fill_slots();
    void add_known(std::uint64_t key);
    std::uint64_t known_bit(std::uint64_t key) const;
    std::size_t sieve_closely(std::string_view text, const KeyForm& form, std::span<std::uint32_t> places) const;
    const Entry* find(std::uint64_t key) const;
    std::size_t sieve(std::string_view text, const KeyForm& form, std::span<const std::uint32_t> places,
                      std::uint32_t* out) const;

    std::vector<Entry> entries;        // by key
    std::vector<std::uint16_t> slots;  // by hash: one more than the place of a key's first entry
    std::vector<std::uint64_t> known;  // a bit by hash of the keys there are, and of all of them folded
    std::vector<KeyForm> forms;        // one for each length of windows
    LiteralFilter filter;
  };

  /// The bytes around a literal that tell most of its places from those of a match.
  struct Nearby {
    struct Byte {
      std::int16_t offset = 0;  // from the literal's begin
      std::uint16_t set = 0;    // one of sets_
    };
    std::array<Byte, 4> bytes{};
    std::uint32_t count = 0;
    bool is_of_one_byte = false;  // the literal, over and over
  };

  void choose_nearby();
  std::uint16_t place_of_set(const ByteSet& bytes);
  bool fits_around(const Nearby& nearby, std::string_view text, std::size_t start) const;
  static std::vector<Index::Draft> windows_of(const std::vector<RequiredLiteral>& literals, bool with_six);
  bool find_with(const Index& index, std::string_view text, std::vector<LiteralHit>& hits, std::size_t most) const;
  void look_up(const Index& index, const KeyForm& form, std::string_view text, std::size_t place,
               std::vector<LiteralHit>& hits) const;
  void compare(const Index::Entry* entry, std::string_view text, std::size_t place,
               std::vector<LiteralHit>& hits) const;
  /// A stretch of the same byte over and over, and the begin of where it was looked for.
  struct ByteRun {
    std::size_t begin = 0, end = 0;
  };
  bool is_amid_flood(std::string_view text, std::size_t place, ByteRun& run) const;
  void go_on(std::size_t place, std::vector<LiteralHit>& hits) const;
  void take_down(std::uint32_t literal, std::size_t start, std::vector<LiteralHit>& hits) const;
  bool stands_at(const RequiredLiteral& literal, std::string_view text, std::size_t start) const;

  std::vector<RequiredLiteral> literals_;
  std::vector<Nearby> nearby_;                      // by literal
  std::vector<std::array<std::uint64_t, 4>> sets_;  // a bit by byte
  std::size_t reach_ = 0;                           // how far from a place it is asked what stands there, at most
  std::size_t alike_ = 16;  // hits that may be between two of a literal of one byte at places side by side
  Index six_, four_;
  InstructionSet set_ = fastest_instructions();
};

}  // namespace reeve::content
