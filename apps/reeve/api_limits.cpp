#include "reeve/api_limits.h"

#include <algorithm>

namespace reeve::app {

void TokenBuckets::refill(Bucket& bucket, Moment now) const {
  const double seconds = std::chrono::duration<double>(now - bucket.at).count();
  const double more = std::max(0.0, seconds) * static_cast<double>(rate_.per_second);
  bucket.tokens = std::min(static_cast<double>(rate_.burst), bucket.tokens + more);
  bucket.at = now;
}

TokenBuckets::Bucket& TokenBuckets::bucket_of(std::string_view who, Moment now) {
  if (const auto found = buckets_.find(who); found != buckets_.end()) return found->second;
  if (buckets_.size() >= kKnownMax) {
    for (auto& [name, bucket] : buckets_) refill(bucket, now);
    const auto full = static_cast<double>(rate_.burst);
    std::erase_if(buckets_, [full](const auto& one) { return one.second.tokens >= full; });
  }
  if (buckets_.size() >= kKnownMax) return shared_;
  return buckets_.emplace(std::string(who), Bucket{static_cast<double>(rate_.burst), now}).first->second;
}

std::optional<Duration> TokenBuckets::take(std::string_view who, Moment now) {
  const std::lock_guard lock(mutex_);
  Bucket& bucket = bucket_of(who, now);
  refill(bucket, now);
  if (bucket.tokens >= 1) {
    bucket.tokens -= 1;
    return std::nullopt;
  }
  const double seconds = (1 - bucket.tokens) / static_cast<double>(rate_.per_second);
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
}

std::size_t TokenBuckets::known() const {
  const std::lock_guard lock(mutex_);
  return buckets_.size();
}

}  // namespace reeve::app
