#pragma once

// Registered code: which fingerprints belong to which registration, and whether a text holds a part of it. Private to
// the room.
//
// An entry is 64 bits: 48 of the gram's salted key, and 16 that tell the file it is from. The tag of the file is what
// keeps strangers' code out: single grams are shared by all the world, but not many of one file, close together.

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "content/fingerprint.h"
#include "content/registration_file.h"

namespace reeve::content {

struct CodeMatch {
  std::size_t registration = 0;  // index among those the index was built from
  std::size_t start = 0, end = 0;
  std::uint32_t shared = 0;  // distinct fingerprints of one file
  float share = 0;           // of the fingerprints in the region
};

/// What is enough to call a region registered. One or two lines of anybody's code may share a few fingerprints, all
/// close together; a paste, also one that was changed, shares some all along.
struct CodeThresholds {
  std::uint32_t shared_min = 4;    // distinct fingerprints of one file
  float share_min = 0.2F;          // of the fingerprints in the region
  std::uint32_t shared_short = 5;  // needed where the region has fewer than `length_long` fingerprints
  std::uint32_t length_long = 8;
};

class CodeIndex {
 public:
  /// Of files of kind "code". Error: an array in one of them leads outside of it.
  static Result<CodeIndex> build(std::vector<std::shared_ptr<const RegistrationFile>> files);
  bool empty() const { return groups_.empty(); }
  /// Replaces `found` with the regions of `text` that are registered, by registration and place.
  void find(std::string_view text, std::vector<CodeMatch>& found, const CodeThresholds& thresholds = {}) const;

 private:
  struct Table {
    std::size_t registration = 0;
    SortedKeys keys;
  };
  /// Says which tables of a group may hold a key, from one cache line: a hash table that keeps ten bits of a key and
  /// six of its table's number. Of more than 64 tables, some share an answer.
  class Directory {
   public:
    static constexpr std::size_t kTables = 64;
    explicit Directory(std::uint64_t entries);
    void add(std::uint64_t key, std::size_t table);
    void prefetch(std::uint64_t key) const { __builtin_prefetch(&lines_[place(key)]); }
    /// Calls `take` with table n for tables n, n + 64 and so on.
    template <typename Take>
    void look_up(std::uint64_t key, const Take& take) const;

   private:
    static constexpr std::size_t kSlots = 32;
    struct alignas(64) Line {
      std::array<std::uint16_t, kSlots> slots{};  // 0: empty
    };
    std::size_t place(std::uint64_t key) const { return (key >> 32U) * lines_.size() >> 32U; }
    static std::uint32_t matches(const Line& line, std::uint16_t check);
    std::vector<Line> lines_;
  };
  /// Registrations of one salt: one look answers for all of them.
  struct Group {
    std::uint64_t salt = 0;
    std::vector<Table> tables;
    KeyFilter filter{0};     // where there is one table
    Directory directory{0};  // where there are several
  };
  struct Hit;
  struct Maybe;
  class FileCounter;
  struct Workspace;
  static void pass_filter(const Group& group, const std::vector<Fingerprint>& prints, std::vector<Maybe>& maybe);
  static void find_tables(const Group& group, Workspace& work);
  static void sort_by_table(Workspace& work);
  static void find_hits(const Table& table, std::span<const Maybe> maybe, std::vector<Hit>& hits);
  static void weigh(const Table& table, const CodeThresholds& thresholds, Workspace& work,
                    std::vector<CodeMatch>& found);

  std::vector<std::shared_ptr<const RegistrationFile>> files_;
  std::vector<Group> groups_;
};

/// The tag of grams that are in more than kTaggedFiles files: they count for each.
inline constexpr std::uint16_t kManyFiles = 0;
inline constexpr std::size_t kTaggedFiles = 16;

/// The key of a gram under a salt. The low 16 bits are zero: there the file's tag goes.
constexpr std::uint64_t salted_key(std::uint64_t gram, std::uint64_t salt) {
  return mix(gram ^ salt) & ~std::uint64_t{0xFFFF};
}

}  // namespace reeve::content
