#pragma once

// What one attempt at a model call consumed, in the terms that providers bill. The wire room reads it from a provider's
// answer, the spend room prices it, the ledger records it. Token counts are disjoint: `input` is what was neither read
// from nor written to a cache, so the sum of the input kinds is everything that went in; `reasoning` is the one
// exception, a part of `output` that is shown apart.

#include <cstdint>

namespace reeve {

struct TokenUsage {
  std::int64_t input = 0;
  std::int64_t cache_read = 0;
  std::int64_t cache_write_5m = 0;
  std::int64_t cache_write_1h = 0;
  std::int64_t output = 0;
  std::int64_t reasoning = 0;     // part of output
  std::int64_t input_audio = 0;   // part of input
  std::int64_t output_audio = 0;  // part of output
  std::int64_t web_searches = 0;  // server-side tool calls, not tokens

  bool input_reported = false;   // the input kinds come from the provider, not from our estimate
  bool output_reported = false;  // the output kinds are the provider's final figures
  bool reported() const { return input_reported && output_reported; }

  std::int64_t input_total() const { return input + cache_read + cache_write_5m + cache_write_1h; }
};

/// How the provider was asked to serve the call; it changes the price.
enum class ServiceTier { kStandard, kBatch, kPriority, kFlex };

}  // namespace reeve
