#pragma once

// How the keys lie in memory: entries in blocks that do not move, an index by hash over them, and each text once.

#include <array>
#include <cstring>
#include <deque>
#include <unordered_map>

#include "core/bytes.h"
#include "identity/identity.h"

namespace reeve::identity {

class KeyTable::State {
 public:
  static constexpr std::size_t kIdBytesMax = 31;

  struct Entry {
    Sha256 hash{};
    std::uint64_t stamp = 0;  // of the change that made it what it is
    std::int64_t created = 0, expires = kNever, revoked = kNever;
    std::uint32_t owner = 0, team = 0, groups = 0, scopes = 0, type = 0;
    std::uint8_t id_bytes = 0;
    std::array<char, kIdBytesMax> id{};
    std::string_view id_text() const { return {id.data(), id_bytes}; }
    bool ended() const { return revoked != kNever; }
  };
  static constexpr std::int64_t kNever = INT64_MAX;

  std::size_t size() const { return size_; }

  const Entry* find(const Sha256& hash) const {
    if (slots_.empty()) return nullptr;
    for (std::size_t slot = first_slot(hash);; slot = (slot + 1) & (slots_.size() - 1)) {
      if (slots_[slot] == 0) return nullptr;
      const Entry& entry = at(slots_[slot] - 1);
      if (entry.hash == hash) return &entry;
    }
  }

  /// The entry of that hash, new or known.
  Result<const Entry*> put(const KeyRow& row, std::uint64_t stamp) {
    const auto groups = list(row.groups);
    const auto scopes = list(row.scopes);
    if (row.id.empty() || row.id.size() > kIdBytesMax || !groups || !scopes) {
      return Error{ErrorCode::kCorrupt, "the stored key " + printable(row.id) +
                                            " is damaged; restore the database from a backup, or delete that row"};
    }
    Entry& entry = entry_for(row.secret_hash);
    entry.stamp = stamp;
    entry.created = row.created.nanoseconds;
    entry.expires = row.expires ? row.expires->nanoseconds : kNever;
    entry.revoked = row.revoked ? row.revoked->nanoseconds : kNever;
    entry.owner = text(row.owner);
    entry.team = text(row.team);
    entry.type = text(row.type);
    entry.groups = *groups;
    entry.scopes = *scopes;
    entry.id_bytes = static_cast<std::uint8_t>(row.id.size());
    std::memcpy(entry.id.data(), row.id.data(), row.id.size());
    return &entry;
  }

  std::shared_ptr<const Principal> principal_of(const Entry& entry) const {
    auto principal = std::make_shared<Principal>();
    principal->id = texts_[entry.owner];
    principal->type = texts_[entry.type];
    principal->team = texts_[entry.team];
    principal->groups = lists_[entry.groups];
    principal->scopes = lists_[entry.scopes];
    principal->key_id = entry.id_text();
    if (entry.expires != kNever) principal->expires = Instant{entry.expires};
    principal->issued = Instant{entry.created};
    return principal;
  }

  void for_each(auto take) const {
    for (std::size_t i = 0; i < size_; ++i) take(at(i));
  }

 private:
  static constexpr std::size_t kBlock = 4'096;
  using Block = std::array<Entry, kBlock>;

  Entry& at(std::size_t index) { return (*blocks_[index / kBlock])[index % kBlock]; }
  const Entry& at(std::size_t index) const { return (*blocks_[index / kBlock])[index % kBlock]; }

  std::size_t first_slot(const Sha256& hash) const {
    std::uint64_t value = 0;
    std::memcpy(&value, hash.data(), sizeof value);
    return value & (slots_.size() - 1);
  }

  Entry& entry_for(const Sha256& hash) {
    if (const Entry* known = find(hash)) return const_cast<Entry&>(*known);
    // At most three quarters full, so that a look-up ends soon.
    if ((size_ + 1) * 4 > slots_.size() * 3) grow();
    if (size_ / kBlock == blocks_.size()) blocks_.push_back(std::make_unique<Block>());
    Entry& entry = at(size_);
    entry.hash = hash;
    place(hash, static_cast<std::uint32_t>(++size_));
    return entry;
  }

  void place(const Sha256& hash, std::uint32_t number) {
    std::size_t slot = first_slot(hash);
    while (slots_[slot] != 0) slot = (slot + 1) & (slots_.size() - 1);
    slots_[slot] = number;
  }

  void grow() {
    slots_.assign(std::max<std::size_t>(1'024, slots_.size() * 2), 0);
    for (std::size_t i = 0; i < size_; ++i) place(at(i).hash, static_cast<std::uint32_t>(i + 1));
  }

  std::uint32_t text(std::string_view words) {
    const auto known = text_numbers_.find(words);
    if (known != text_numbers_.end()) return known->second;
    const auto number = static_cast<std::uint32_t>(texts_.size());
    text_numbers_.emplace(texts_.emplace_back(words), number);
    return number;
  }

  std::optional<std::uint32_t> list(std::string_view json) {
    const auto known = list_numbers_.find(json);
    if (known != list_numbers_.end()) return known->second;
    auto names = names_from_json(json);
    if (!names) return std::nullopt;
    const auto number = static_cast<std::uint32_t>(lists_.size());
    lists_.push_back(*std::move(names));
    list_numbers_.emplace(list_texts_.emplace_back(json), number);
    return number;
  }

  std::size_t size_ = 0;
  std::vector<std::unique_ptr<Block>> blocks_;
  std::vector<std::uint32_t> slots_;  // numbers of entries from 1 on; 0: free
  // Deques do not move what they hold: the maps' keys are views into them.
  std::deque<std::string> texts_, list_texts_;
  std::deque<std::vector<std::string>> lists_;
  std::unordered_map<std::string_view, std::uint32_t> text_numbers_, list_numbers_;
};

}  // namespace reeve::identity
