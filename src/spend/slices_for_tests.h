#pragma once

// A shared store in memory that can be made to fail, to lose answers and to be slow. Private to the spend room.

#include <atomic>
#include <chrono>
#include <map>
#include <mutex>
#include <thread>

#include "spend/slices.h"

namespace reeve::spend {

class MemorySlices final : public SliceStore {
 public:
  std::atomic<int> fail_percent{0};  // refused before anything happens
  std::atomic<int> lose_percent{0};  // done, but the answer is lost
  std::atomic<int> delay_milliseconds{0};
  std::atomic<std::uint64_t> exchanges{0};

  Result<std::vector<Slice>> exchange(std::string_view node, std::span<const SliceRequest> requests) override {
    ++exchanges;
    if (delay_milliseconds > 0) std::this_thread::sleep_for(std::chrono::milliseconds(delay_milliseconds));
    const std::lock_guard lock(mutex_);
    random_ = random_ * 6364136223846793005U + 1442695040888963407U;
    const auto dice = static_cast<int>((random_ >> 33) % 100);
    if (dice < fail_percent) return Error{ErrorCode::kUnavailable, "away"};
    std::vector<Slice> slices;
    for (const SliceRequest& request : requests) slices.push_back(trade(std::string(node), request));
    if (dice < fail_percent + lose_percent) return Error{ErrorCode::kTimeout, "no answer"};
    return slices;
  }

  Result<std::vector<SliceRequest>> held_by(std::string_view node) override {
    const std::lock_guard lock(mutex_);
    std::vector<SliceRequest> held;
    for (const auto& [key, row] : rows_) {
      const auto own = row.nodes.find(std::string(node));
      if (own != row.nodes.end()) held.push_back(own->second);
    }
    return held;
  }

  /// The most that was ever given out of any row beyond its limit: 0 if the store is right.
  std::int64_t excess() const { return excess_; }

 private:
  struct Row {
    std::map<std::string, SliceRequest> nodes;  // `wanted` is what was granted
  };
  Slice trade(const std::string& node, const SliceRequest& request) {
    Row& row = rows_[{request.counter, request.window_begin.nanoseconds}];
    std::int64_t others = 0;
    for (const auto& [name, held] : row.nodes) others += name == node ? 0 : held.wanted;
    SliceRequest& own = row.nodes[node];
    const std::int64_t before = own.wanted;
    const std::int64_t free = std::max<std::int64_t>(0, request.limit - others);
    own = request;
    own.wanted = request.wanted <= before ? request.wanted : std::max(before, std::min(request.wanted, free));
    Slice slice{own.wanted, 0, 0};
    for (const auto& [name, held] : row.nodes) {
      slice.spent_all += held.spent;
      slice.granted_all += held.wanted;
    }
    if (request.limit > 0) excess_ = std::max(excess_, slice.granted_all - request.limit);
    return slice;
  }

  std::mutex mutex_;
  std::map<std::pair<std::string, std::int64_t>, Row> rows_;
  std::uint64_t random_ = 7;
  std::int64_t excess_ = 0;
};

}  // namespace reeve::spend
