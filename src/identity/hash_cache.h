#pragma once

// A bounded memory of what was found out about something, by its SHA-256. The entry that was not asked for the longest
// makes room.

#include <cstring>
#include <list>
#include <unordered_map>
#include <utility>

#include "core/crypto.h"

namespace reeve::identity {

struct HashOfSha256 {
  std::size_t operator()(const Sha256& hash) const {
    std::size_t value = 0;
    std::memcpy(&value, hash.data(), sizeof(value));
    return value;
  }
};

template <typename Value>
class HashCache {
 public:
  explicit HashCache(std::size_t entries_max) : entries_max_(entries_max) {}

  /// Valid until the next put or erase; null when unknown.
  const Value* find(const Sha256& hash) {
    const auto found = index_.find(hash);
    if (found == index_.end()) return nullptr;
    order_.splice(order_.begin(), order_, found->second);
    return &found->second->second;
  }

  void put(const Sha256& hash, Value value) {
    erase(hash);
    if (index_.size() >= entries_max_) {
      index_.erase(order_.back().first);
      order_.pop_back();
    }
    order_.emplace_front(hash, std::move(value));
    index_.emplace(hash, order_.begin());
  }

  void erase(const Sha256& hash) {
    const auto found = index_.find(hash);
    if (found == index_.end()) return;
    order_.erase(found->second);
    index_.erase(found);
  }

  std::size_t size() const { return index_.size(); }

 private:
  using Order = std::list<std::pair<Sha256, Value>>;  // last used first
  std::size_t entries_max_;
  Order order_;
  std::unordered_map<Sha256, typename Order::iterator, HashOfSha256> index_;
};

}  // namespace reeve::identity
