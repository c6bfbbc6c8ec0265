#pragma once

// spend::SliceStore in memory, for tests: the rules as plainly as they can be written. Several handles may share one
// MemorySlices, each as one process would.

#include <algorithm>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <utility>

#include "spend/spend.h"

namespace reeve::store {

/// What nodes share.
struct MemorySlices {
  struct Held {
    std::int64_t granted = 0, spent = 0, reserved = 0;
  };
  struct Counter {
    Instant window_end;
    std::int64_t limit = 0;
    std::map<std::string, Held, std::less<>> nodes;
  };
  std::mutex mutex;  // guards all of it
  std::map<std::pair<std::string, Instant>, Counter> counters;
  std::map<std::string, const void*, std::less<>> holders;  // node -> the handle that has its name
};

class MemorySliceStore final : public spend::SliceStore {
 public:
  explicit MemorySliceStore(std::shared_ptr<MemorySlices> shared) : shared_(std::move(shared)) {}

  Result<std::vector<spend::Slice>> exchange(std::string_view node,
                                             std::span<const spend::SliceRequest> requests) override {
    if (auto checked = check(node, requests); !checked) return checked.error();
    const std::lock_guard lock(shared_->mutex);
    if (auto claimed = claim(node); !claimed) return claimed.error();
    std::vector<spend::Slice> slices;
    for (const spend::SliceRequest& request : requests) slices.push_back(grant(node, request));
    return slices;
  }

  Result<std::vector<spend::SliceRequest>> held_by(std::string_view node) override {
    if (auto checked = check(node, {}); !checked) return checked.error();
    const std::lock_guard lock(shared_->mutex);
    if (auto claimed = claim(node); !claimed) return claimed.error();
    std::vector<spend::SliceRequest> requests;
    for (const auto& [row, counter] : shared_->counters) {
      const auto held = counter.nodes.find(node);
      if (held == counter.nodes.end()) continue;
      const auto& [granted, spent, reserved] = held->second;
      if (granted == 0 && spent == 0 && reserved == 0) continue;
      requests.push_back({row.first, row.second, counter.window_end, counter.limit, spent, reserved, granted});
    }
    return requests;
  }

 private:
  static Result<void> check(std::string_view node, std::span<const spend::SliceRequest> requests) {
    std::set<std::pair<std::string, Instant>> rows;
    bool right = !node.empty();
    for (const spend::SliceRequest& request : requests) {
      right = right && request.limit >= 0 && request.spent >= 0 && request.reserved >= 0 && request.wanted >= 0 &&
              request.spent <= std::numeric_limits<std::int64_t>::max() - request.reserved &&
              rows.emplace(request.counter, request.window_begin).second;
    }
    if (!right) return Error{ErrorCode::kInvalid, "amounts must not be negative, and rows are named once"};
    return {};
  }

  /// The first call of a handle for a node takes the name from whoever had it.
  Result<void> claim(std::string_view node) {
    if (claimed_.emplace(node).second) shared_->holders.insert_or_assign(std::string(node), this);
    if (shared_->holders.find(node)->second == this) return {};
    return Error{ErrorCode::kConflict, "another process has taken this node's name"};
  }

  spend::Slice grant(std::string_view node, const spend::SliceRequest& request) {
    auto& counter = shared_->counters[{request.counter, request.window_begin}];
    counter.window_end = request.window_end;
    counter.limit = request.limit;
    auto& own = counter.nodes[std::string(node)];
    std::int64_t granted_others = 0, spent_others = 0, held_others = 0;
    for (const auto& [name, held] : counter.nodes) {
      if (name == node) continue;
      granted_others += held.granted;
      spent_others += held.spent;
      held_others += std::max(held.granted, held.spent + held.reserved);
    }
    const std::int64_t wanted = std::max(request.wanted, request.spent + request.reserved);
    const std::int64_t free = request.limit - held_others;
    own.granted = wanted <= own.granted ? wanted : std::max(own.granted, std::min(wanted, free));
    own.spent = request.spent;
    own.reserved = request.reserved;
    return {own.granted, own.spent + spent_others, own.granted + granted_others};
  }

  const std::shared_ptr<MemorySlices> shared_;
  std::set<std::string, std::less<>> claimed_;
};

}  // namespace reeve::store
