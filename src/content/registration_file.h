#pragma once

// One registered source as a file: a header with a checksum, a description in JSON, and arrays that are read where they
// lie, mapped into memory. Written beside its place and renamed, so that readers see the old file or the new one.
// Private to the room.
//
// A file holds its salt: whoever has it can test guesses at full speed, a hundred million and more a second on one
// machine. Names, numbers and addresses that can be counted through are then not protected by hashing. So a file is as
// sensitive as what it was made from in all but bulk reading: it is written readable by its owner only.

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "content/own_data.h"

namespace reeve::content {

inline constexpr std::size_t kRegistrationSections = 6;

/// What stands in a file besides its arrays.
struct RegistrationHead {
  Registration registration;
  std::string salt;                                    // 16 bytes
  std::uint32_t version = 0;                           // of what the entries are: kFingerprintVersion, kTableVersion
  std::uint32_t confirm = 0;                           // tables: further fields that must stand near by,
  std::uint32_t window = 0;                            // within so many bytes
  std::uint32_t columns = 0;                           // hashes a row
  std::uint64_t digit_lengths = 0, mixed_lengths = 0;  // bit n: a primary has n characters that count; bit 0: e-mail
};

/// Writes one file. Sections are written in order, each in any number of pieces.
class RegistrationWriter {
 public:
  static Result<RegistrationWriter> create(const std::filesystem::path& path);
  RegistrationWriter(RegistrationWriter&&) noexcept;
  RegistrationWriter& operator=(RegistrationWriter&&) = delete;
  ~RegistrationWriter();  // removes what was not finished

  void begin_section(std::size_t section);
  void write(const void* bytes, std::size_t count);
  template <typename T>
  void write(std::span<const T> values) {
    write(values.data(), values.size_bytes());
  }
  /// Makes it durable and puts it in its place.
  Result<void> finish(const RegistrationHead& head);

 private:
  struct State;
  explicit RegistrationWriter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// A file, mapped. Immutable; thread-safe.
class RegistrationFile {
 public:
  static Result<std::shared_ptr<const RegistrationFile>> open(const std::filesystem::path& path);
  RegistrationFile(const RegistrationFile&) = delete;
  RegistrationFile& operator=(const RegistrationFile&) = delete;
  ~RegistrationFile();

  const RegistrationHead& head() const { return head_; }
  std::uint64_t checksum() const { return checksum_; }
  /// A section as an array. What would not divide evenly was refused by open().
  template <typename T>
  std::span<const T> section(std::size_t index) const {
    const std::string_view bytes = sections_.at(index);
    return {reinterpret_cast<const T*>(bytes.data()), bytes.size() / sizeof(T)};
  }

 private:
  RegistrationFile() = default;
  Result<void> read(std::string_view bytes);

  RegistrationHead head_;
  std::uint64_t checksum_ = 0;
  std::array<std::string_view, kRegistrationSections> sections_;
  void* mapped_ = nullptr;
  std::size_t mapped_bytes_ = 0;
};

/// Where a registration lies: the name in it is for people, the hash behind it keeps names apart.
std::filesystem::path registration_path(const std::filesystem::path& directory, std::string_view kind,
                                        std::string_view name);
/// Every registration file of a directory, by name.
std::vector<std::filesystem::path> registration_paths(const std::filesystem::path& directory);

/// A reversible mixing of 64 bits (the finaliser of MurmurHash3): every bit of the result depends on every bit.
constexpr std::uint64_t mix(std::uint64_t value) {
  value = (value ^ (value >> 33U)) * 0xFF51AFD7ED558CCDULL;
  value = (value ^ (value >> 33U)) * 0xC4CEB9FE1A85EC53ULL;
  return value ^ (value >> 33U);
}

/// Answers "surely not" from one cache line: a blocked Bloom filter, four bits of one 64-bit word an entry.
class KeyFilter {
 public:
  explicit KeyFilter(std::uint64_t entries);
  void add(std::uint64_t key) { words_[word(key)] |= bits(key); }
  bool may_hold(std::uint64_t key) const { return (words_[word(key)] & bits(key)) == bits(key); }
  void prefetch(std::uint64_t key) const { __builtin_prefetch(words_.data() + word(key)); }

 private:
  std::size_t word(std::uint64_t key) const { return (key >> 32U) & mask_; }
  static std::uint64_t bits(std::uint64_t key) {
    return 1ULL << (key & 63U) | 1ULL << (key >> 6U & 63U) | 1ULL << (key >> 12U & 63U) | 1ULL << (key >> 18U & 63U);
  }
  std::vector<std::uint64_t> words_;
  std::uint64_t mask_;
};

/// Finds keys in a sorted array through a table of where each leading part begins.
class SortedKeys {
 public:
  SortedKeys() = default;
  /// `starts` has a power of two of entries and one more. Both must outlive this.
  SortedKeys(std::span<const std::uint64_t> keys, std::span<const std::uint32_t> starts);
  /// How many leading bits to build a table of starts with, for so many keys.
  static unsigned lead_bits(std::uint64_t keys);
  /// The index of the first key that is at least `key`, and behind the last of its leading part.
  std::pair<std::size_t, std::size_t> range(std::uint64_t key) const {
    return {starts_[lead(key)], starts_[lead(key) + 1]};
  }
  std::span<const std::uint64_t> keys() const { return keys_; }
  /// Fetch ahead what range() reads, and what it leads to.
  void prefetch_range(std::uint64_t key) const { __builtin_prefetch(starts_.data() + lead(key)); }
  void prefetch_keys(std::uint64_t key) const { __builtin_prefetch(keys_.data() + starts_[lead(key)]); }
  /// True when the table leads only into the array.
  bool sound() const;

 private:
  std::size_t lead(std::uint64_t key) const { return shift_ == 64 ? 0 : key >> shift_; }

  std::span<const std::uint64_t> keys_;
  std::span<const std::uint32_t> starts_;
  unsigned shift_ = 64;
};

/// Collects the table of starts while keys are written in order.
class StartsBuilder {
 public:
  explicit StartsBuilder(std::uint64_t keys_expected);
  void add(std::uint64_t key);
  std::vector<std::uint32_t> finish();

 private:
  unsigned bits_;
  std::vector<std::uint32_t> starts_;
  std::uint32_t count_ = 0;
};

}  // namespace reeve::content
