#include <algorithm>

#include "core/check.h"
#include "evidence/evidence.h"

namespace reeve::evidence {

void IndexSet::add(std::uint64_t index) {
  if (!runs_.empty()) {
    Run& last = runs_.back();
    CHECK(index + 1 >= last.first + last.count);
    if (index + 1 == last.first + last.count) return;
    if (index == last.first + last.count) {
      ++last.count;
      return;
    }
  }
  runs_.push_back({index, 1});
}

void IndexSet::unite(const IndexSet& other) {
  std::vector<Run> both;
  both.reserve(runs_.size() + other.runs_.size());
  std::merge(runs_.begin(), runs_.end(), other.runs_.begin(), other.runs_.end(), std::back_inserter(both),
             [](const Run& left, const Run& right) { return left.first < right.first; });
  runs_.clear();
  for (const Run& run : both) {
    if (!runs_.empty() && run.first <= runs_.back().first + runs_.back().count) {
      Run& last = runs_.back();
      last.count = std::max(last.first + last.count, run.first + run.count) - last.first;
    } else {
      runs_.push_back(run);
    }
  }
}

std::uint64_t IndexSet::count() const {
  std::uint64_t sum = 0;
  for (const Run& run : runs_) sum += run.count;
  return sum;
}

}  // namespace reeve::evidence
