#include "spend/counter_table.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <new>
#include <random>

namespace reeve::spend {

namespace {

constexpr std::size_t kFirstSlots = 16;

std::uint64_t fold(std::uint64_t a, std::uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = Wide{a} * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

}  // namespace

Share* CounterExtra::find_share(Instant begin) {
  for (Share& share : shares) {
    if (share.begin == begin) return &share;
  }
  return nullptr;
}

Share& CounterExtra::share_at(Instant begin) {
  if (Share* share = find_share(begin)) return *share;
  return shares.emplace_back(Share{begin, {}});
}

void CounterExtra::count_in_minute(std::int64_t now_minute, const Amounts& more) {
  if (minute != now_minute) {
    minute = now_minute;
    minute_tokens = minute_requests = 0;
  }
  minute_tokens = add_capped(minute_tokens, more.tokens);
  minute_requests = add_capped(minute_requests, more.requests);
}

void CounterExtra::correct(std::int64_t held_minute, std::int64_t now_minute, const Amounts& held,
                           const Amounts& actual) {
  Amounts more{{}, actual.tokens - held.tokens, actual.requests - held.requests};
  if (held_minute != now_minute) {
    more.tokens = std::max<std::int64_t>(0, more.tokens);
    more.requests = std::max<std::int64_t>(0, more.requests);
  }
  count_in_minute(now_minute, more);
}

void Counter::Free::operator()(Counter* counter) const {
  counter->~Counter();
  ::operator delete(counter);
}

Counter::Pointer Counter::make(std::uint32_t lane, std::string_view key, std::uint64_t hash) {
  void* memory = ::operator new(sizeof(Counter) + key.size());
  Pointer counter(new (memory) Counter{.hash = hash,
                                       .lane = lane,
                                       .key_size = static_cast<std::uint32_t>(key.size()),
                                       .current = {{std::numeric_limits<std::int64_t>::min()}, {}, {}, 0},
                                       .extra = nullptr});
  std::memcpy(static_cast<void*>(counter.get() + 1), key.data(), key.size());
  return counter;
}

const Cell* Counter::find(Instant begin) const {
  if (current.begin == begin) return &current;
  if (extra == nullptr) return nullptr;
  for (const Cell& cell : extra->cells) {
    if (cell.begin == begin) return &cell;
  }
  return nullptr;
}

Cell& Counter::at(Instant begin) {
  if (current.begin == begin) return current;
  if (extra != nullptr) {
    for (Cell& cell : extra->cells) {
      if (cell.begin != begin) continue;
      std::swap(current, cell);
      return current;
    }
  }
  if (!current.empty()) more().cells.push_back(current);
  current = Cell{begin, {}, {}, 0};
  return current;
}

CounterExtra& Counter::more() {
  if (extra == nullptr) extra = std::make_unique<CounterExtra>();
  return *extra;
}

CounterTable::CounterTable() {
  // Values come from callers, who must not be able to make them collide.
  std::random_device random;
  seed_ = (static_cast<std::uint64_t>(random()) << 32) ^ random();
}

std::uint64_t CounterTable::hash_of(std::uint32_t lane, std::string_view key) const {
  constexpr std::uint64_t kFirst = 0x9E3779B97F4A7C15;
  constexpr std::uint64_t kSecond = 0xD6E8FEB86659FD93;
  std::uint64_t hash = fold(seed_ ^ lane, kFirst) ^ key.size();
  while (!key.empty()) {
    std::uint64_t word = 0;
    const std::size_t size = std::min<std::size_t>(key.size(), 8);
    std::memcpy(&word, key.data(), size);
    hash = fold(hash ^ word ^ seed_, kSecond) + kFirst;
    key.remove_prefix(size);
  }
  return fold(hash, kFirst ^ seed_) ^ hash;
}

void CounterTable::prefetch(std::uint64_t hash) const {
  const Piece& piece = pieces_[piece_of(hash)];
  if (piece.slots.empty()) return;
  const std::size_t slot = hash & (piece.slots.size() - 1);
  __builtin_prefetch(&piece.tags[slot]);
  __builtin_prefetch(&piece.slots[slot]);
}

Counter* CounterTable::find(std::uint32_t lane, std::string_view key, std::uint64_t hash) const {
  const Piece& piece = pieces_[piece_of(hash)];
  if (piece.slots.empty()) return nullptr;
  const std::size_t mask = piece.slots.size() - 1;
  const std::uint8_t tag = tag_of(hash);
  for (std::size_t slot = hash & mask; piece.tags[slot] != 0; slot = (slot + 1) & mask) {
    if (piece.tags[slot] != tag) continue;
    Counter* counter = piece.slots[slot].get();
    if (counter->hash == hash && counter->lane == lane && counter->key() == key) return counter;
  }
  return nullptr;
}

void CounterTable::grow(Piece& piece) {
  const std::size_t count = piece.slots.empty() ? kFirstSlots : piece.slots.size() * 2;
  std::vector<std::uint8_t> tags(count);
  std::vector<Counter::Pointer> slots(count);
  for (Counter::Pointer& counter : piece.slots) {
    if (counter == nullptr) continue;
    std::size_t slot = counter->hash & (count - 1);
    while (tags[slot] != 0) slot = (slot + 1) & (count - 1);
    tags[slot] = tag_of(counter->hash);
    slots[slot] = std::move(counter);
  }
  piece.tags = std::move(tags);
  piece.slots = std::move(slots);
}

Counter& CounterTable::make(std::uint32_t lane, std::string_view key, std::uint64_t hash) {
  Piece& piece = pieces_[piece_of(hash)];
  if ((piece.used + 1) * 4 > piece.slots.size() * 3) grow(piece);
  const std::size_t mask = piece.slots.size() - 1;
  std::size_t slot = hash & mask;
  while (piece.tags[slot] != 0) slot = (slot + 1) & mask;
  piece.tags[slot] = tag_of(hash);
  piece.slots[slot] = Counter::make(lane, key, hash);
  ++piece.used;
  ++size_;
  return *piece.slots[slot];
}

/// Those behind it move up, so that none is cut off from where its search begins.
void CounterTable::remove(Piece& piece, std::size_t slot) {
  const std::size_t mask = piece.slots.size() - 1;
  piece.slots[slot].reset();
  piece.tags[slot] = 0;
  --piece.used;
  --size_;
  std::size_t gap = slot;
  for (std::size_t next = (slot + 1) & mask; piece.tags[next] != 0; next = (next + 1) & mask) {
    const std::size_t home = piece.slots[next]->hash & mask;
    if (((next - home) & mask) < ((next - gap) & mask)) continue;
    piece.slots[gap] = std::move(piece.slots[next]);
    piece.tags[gap] = piece.tags[next];
    piece.tags[next] = 0;
    gap = next;
  }
}

void CounterTable::visit(std::size_t piece_number, const std::function<bool(Counter&)>& visit) {
  Piece& piece = pieces_[piece_number];
  for (std::size_t slot = 0; slot < piece.slots.size();) {
    if (piece.tags[slot] != 0 && !visit(*piece.slots[slot])) {
      remove(piece, slot);  // another may stand here now
      continue;
    }
    ++slot;
  }
}

void CounterTable::visit(std::size_t piece, const std::function<void(const Counter&)>& visit) const {
  for (const Counter::Pointer& counter : pieces_[piece].slots) {
    if (counter != nullptr) visit(*counter);
  }
}

void CounterTable::visit_some(std::size_t count, const std::function<bool(Counter&)>& visit) {
  for (std::size_t done = 0; done < count; ++done) {
    Piece& piece = pieces_[next_piece_];
    if (next_slot_ >= piece.slots.size()) {
      next_slot_ = 0;
      next_piece_ = (next_piece_ + 1) % kPieces;
      continue;
    }
    if (piece.tags[next_slot_] != 0 && !visit(*piece.slots[next_slot_])) {
      remove(piece, next_slot_);
      continue;
    }
    ++next_slot_;
  }
}

}  // namespace reeve::spend
