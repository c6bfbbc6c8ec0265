#pragma once

// The built-in prices as tables, written by tools/prices/build.mjs at build time. Private to the spend room. Nothing
// here is parsed or allocated at start.

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace reeve::spend::data {

enum class MatchKind : std::uint8_t { kEquals, kStartsWith, kEndsWith, kContains, kRegex, kAnyOf, kAllOf };

/// One step of a match, in preorder: `size` counts the node and everything under it. Texts are lower case; so must be
/// what they are compared with.
struct MatchNode {
  MatchKind kind;
  std::uint32_t size;
  std::string_view text;
};

struct Tier {
  std::int64_t above_input_tokens;
  std::int64_t nanos_per_million;
};

struct TokenRate {
  std::int64_t nanos_per_million;  // -1: the price list gives none
  std::uint32_t tiers_begin;
  std::uint32_t tiers_count;
};

/// Order of Price::rates.
enum RateKind : std::size_t {
  kInput,
  kOutput,
  kCacheRead,
  kCacheWrite5m,
  kCacheWrite1h,
  kReasoning,
  kInputAudio,
  kOutputAudio,
  kRateKinds
};

/// Of a model's prices the last one whose condition holds counts; the first has none.
struct Price {
  std::int64_t from_unix_seconds;                     // -1: no such condition
  std::int32_t from_second_of_day, to_second_of_day;  // UTC, wrapping midnight when from > to; -1: no such condition
  std::array<TokenRate, kRateKinds> rates;
  std::int64_t nanos_per_request, nanos_per_web_search;  // -1: none
};

struct Model {
  std::string_view id;
  std::uint32_t match;  // index into match_nodes
  std::uint32_t prices_begin, prices_count;
  std::int64_t context_window;  // tokens; 0: the price list gives none
};

struct Provider {
  std::string_view id;
  std::string_view fallbacks;                // ids separated by spaces: whose models it also sells
  std::int32_t provider_match, model_match;  // -1: none
  std::uint32_t models_begin, models_count;
};

extern const std::string_view version;
extern const std::span<const MatchNode> match_nodes;
extern const std::span<const Tier> tiers;
extern const std::span<const Price> prices;
extern const std::span<const Model> models;
extern const std::span<const Provider> providers;

}  // namespace reeve::spend::data
