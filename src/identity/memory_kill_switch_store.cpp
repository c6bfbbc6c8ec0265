// Cutoffs kept in memory, for tests.

#include <algorithm>

#include "identity/cutoff.h"

namespace reeve::identity {

namespace {

class MemoryKillSwitchStore final : public KillSwitchStore {
 public:
  Result<void> put(const Cutoff& cutoff) override {
    const std::lock_guard lock(mutex_);
    for (const Cutoff& other : cutoffs_) {
      if (other.id == cutoff.id) return Error{ErrorCode::kConflict, "the cutoff " + cutoff.id + " is there already"};
    }
    cutoffs_.push_back(cutoff);
    ++generation_;
    return {};
  }
  Result<void> end(std::string_view id, Instant when, std::string_view by, std::string_view reason) override {
    const std::lock_guard lock(mutex_);
    const auto found = std::find_if(cutoffs_.begin(), cutoffs_.end(), [&](const Cutoff& c) { return c.id == id; });
    if (found == cutoffs_.end()) return Error{ErrorCode::kNotFound, "there is no cutoff " + std::string(id)};
    if (found->ended) return {};
    found->ended = when;
    found->ended_by = by;
    found->ended_reason = reason;
    ++generation_;
    return {};
  }
  Result<std::vector<Cutoff>> list(Instant now) override {
    const std::lock_guard lock(mutex_);
    std::vector<Cutoff> list;
    std::copy_if(cutoffs_.begin(), cutoffs_.end(), std::back_inserter(list),
                 [&](const Cutoff& cutoff) { return cutoff.in_force(now); });
    return list;
  }
  Result<std::vector<Cutoff>> history(std::size_t limit) override {
    const std::lock_guard lock(mutex_);
    std::vector<Cutoff> list(cutoffs_.rbegin(), cutoffs_.rend());
    list.resize(std::min(list.size(), limit));
    return list;
  }
  Result<std::optional<Cutoff>> find(std::string_view id) override {
    const std::lock_guard lock(mutex_);
    for (const Cutoff& cutoff : cutoffs_) {
      if (cutoff.id == id) return std::optional(cutoff);
    }
    return std::optional<Cutoff>();
  }
  Result<void> announce_drill(const Drill& drill) override {
    const std::lock_guard lock(mutex_);
    drills_.push_back(drill);
    ++generation_;
    return {};
  }
  Result<std::vector<Drill>> drills(Instant now) override {
    const std::lock_guard lock(mutex_);
    std::vector<Drill> list;
    std::copy_if(drills_.begin(), drills_.end(), std::back_inserter(list),
                 [&](const Drill& drill) { return now - drill.at < kDrillLasts; });
    return list;
  }
  Result<void> report_drill(std::string_view drill, const DrillReport& report) override {
    const std::lock_guard lock(mutex_);
    reports_[std::string(drill)][report.node] = report;
    return {};
  }
  Result<std::vector<DrillReport>> drill_reports(std::string_view drill) override {
    const std::lock_guard lock(mutex_);
    std::vector<DrillReport> list;
    for (const auto& [node, report] : reports_[std::string(drill)]) list.push_back(report);
    return list;
  }
  std::uint64_t generation() const override { return generation_.load(); }

 private:
  std::mutex mutex_;
  std::vector<Cutoff> cutoffs_;  // in the order in which they came
  std::vector<Drill> drills_;
  std::map<std::string, std::map<std::string, DrillReport>> reports_;
  std::atomic<std::uint64_t> generation_{1};
};

}  // namespace

std::unique_ptr<KillSwitchStore> make_memory_kill_switch_store() { return std::make_unique<MemoryKillSwitchStore>(); }

}  // namespace reeve::identity
