#pragma once

// How often the control API is asked: a bucket of tokens for each credential, and for each address from which nobody
// known asks, so that one program that asks without pause takes nothing from others. In memory, of this node alone.

#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "core/time.h"

namespace reeve::app {

/// `limits.api_*` in reeve.yaml. Tokens come back at `per_second`; so many as `burst` can be saved up.
struct ApiLimits {
  struct Rate {
    std::size_t per_second = 0, burst = 0;
    bool operator==(const Rate&) const = default;
  };
  Rate known{100, 400};   // of each credential
  Rate unknown{10, 100};  // of each address, of requests that are refused because nobody knows who asks
  bool operator==(const ApiLimits&) const = default;
};

/// Thread-safe. Keeps at most kKnownMax buckets: those that are full again are forgotten first, and where all are in
/// use, newcomers share one.
class TokenBuckets {
 public:
  static constexpr std::size_t kKnownMax = 10'000;
  explicit TokenBuckets(ApiLimits::Rate rate) : rate_(rate) {}

  /// Takes a token; where there is none, how long until there is one.
  std::optional<Duration> take(std::string_view who, Moment now);
  std::size_t known() const;

 private:
  struct Bucket {
    double tokens = 0;
    Moment at{};
  };
  Bucket& bucket_of(std::string_view who, Moment now);
  void refill(Bucket& bucket, Moment now) const;

  const ApiLimits::Rate rate_;
  mutable std::mutex mutex_;
  std::map<std::string, Bucket, std::less<>> buckets_;
  Bucket shared_;
};

}  // namespace reeve::app
