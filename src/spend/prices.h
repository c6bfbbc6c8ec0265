#pragma once

// Prices, and what an attempt costs under them. The part of the spend room's face on prices.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/money.h"
#include "core/time.h"
#include "core/token_usage.h"
#include "core/yaml.h"
#include "spend/rows.h"  // what a call was priced by

namespace reeve::spend {

// ---- Prices ----

/// A rate in nano-dollars per million units: $3 per million tokens is 3,000,000,000. Rates of the catalogue have at
/// most this precision; a finer one is a build error.
struct Rate {
  std::int64_t nanos_per_million = 0;
};

/// A rate that changes with the size of the request's whole input. The tier that holds prices every token of the call,
/// as providers bill it (not only those past the threshold).
struct TieredRate {
  Rate base;
  struct Tier {
    std::int64_t above_input_tokens = 0;  // applies when the input total is greater than this
    Rate rate;
  };
  std::vector<Tier> tiers;  // ascending
  Rate at(std::int64_t input_total) const;
};

/// One model's prices at one time. A kind without a rate of its own falls back as docs/metering.md says (cache reads
/// and writes to input, reasoning and audio to output or input).
struct Price {
  std::string provider;  // catalogue id: "anthropic", "openai", "google", ... or "override"
  std::string model;     // catalogue id
  std::string version;   // names the list, our billing rules and, of an own price, its content; see version_of()
  std::optional<TieredRate> input, output, cache_read, cache_write_5m, cache_write_1h, reasoning, input_audio,
      output_audio;
  std::optional<std::int64_t> nanos_per_request, nanos_per_web_search;
  std::int64_t context_window = 0;  // tokens of input and output together; 0: the price list gives none
  /// Factors for the tiers of service in thousandths (batch 500 = half price); 1000 when the provider has none.
  std::int64_t batch_thousandths = 1000;
  std::int64_t priority_thousandths = 1000;
  std::int64_t flex_thousandths = 1000;
};

/// A discount or surcharge on list prices: `kind: Discount`, `kind: Surcharge`, or the percentage of a commitment.
struct PriceAdjustment {
  std::string contract;                     // of those of one contract that fit a call, only the first counts
  std::string provider, model, region;      // globs
  std::optional<ServiceTier> service_tier;  // only calls served in it
  std::optional<Instant> since, until;      // the latter excluded
  std::int64_t factor_millionths = 1'000'000;
  std::size_t place = 0;  // in file order
  std::string version;    // "discount acme:0123456789abcdef": two contents never share one
};

/// Money that is owed each month whether it is used or not. Calls that fit draw it down; their cost is not changed by
/// how much of it is left, so that a cost never depends on the calls before it.
struct Commitment {
  std::string contract, provider, model;  // the latter two are globs
  Money monthly;
  std::optional<Instant> since, until;
};

struct PriceMatch {
  const Price* price = nullptr;  // never null; lives as long as the catalogue
  bool known = true;             // false: no price was found and the configured pessimistic one stands in
  /// What the list asks for, where an own price stands in; else null.
  const Price* listed = nullptr;
  /// Those that fit, in the order in which they count; none on own prices and on the pessimistic one. They live as long
  /// as the catalogue.
  std::vector<const PriceAdjustment*> adjustments;
};

/// Immutable and thread-safe once built.
class Catalogue {
 public:
  /// The prices compiled into the program.
  static std::shared_ptr<const Catalogue> built_in();
  /// The built-in prices with `kind: Price` documents before them, adjusted by `kind: Discount`, `Surcharge` and
  /// `Commitment`, and `kind: UnknownPrice` (at most one) for models that nothing matches. Other kinds are passed over.
  /// Null when there is an error among the complaints.
  static std::shared_ptr<const Catalogue> with_overrides(const std::vector<YamlValue>& documents,
                                                         std::vector<Diagnostic>& complaints);

  virtual ~Catalogue() = default;
  /// The price of `model` as `provider` sells it at `when`. `provider` is the catalogue's id for the vendor when the
  /// configuration gives one, or the dialect's vendor; a model of another vendor behind it is found by name.
  /// `region` is the provider's, as the configuration gives it; empty when it gives none.
  virtual PriceMatch find(std::string_view provider, std::string_view model, Instant when,
                          std::string_view region = {}) const = 0;
  /// Of the list, our billing rules and all own documents: "genai-prices 0.1.8 rules 1 + own 0123456789abcdef".
  virtual const std::string& version() const = 0;
  virtual std::span<const Commitment> commitments() const = 0;
  virtual std::size_t model_count() const = 0;
  /// The names that clients use for the models of one vendor, by name with numbers compared as numbers, highest first,
  /// so that within a family the newest version leads; empty for an unknown vendor. For model lists.
  virtual std::vector<std::string> model_ids(std::string_view provider) const = 0;
};

struct Cost {
  Money total;
  Money list;  // the same usage at the list's price, before own prices, discounts and surcharges
  bool price_known = true;
  bool estimated = false;  // the usage was not all reported by the provider
  std::string price_version;
};

/// Exact: the sum of tokens times rates in nano-dollars per million, times the factors of tier and adjustments, kept as
/// integers of 128 bits and rounded half up to whole nano-dollars once, at the end.
Cost cost_of(const PriceMatch& match, const TokenUsage& usage, ServiceTier tier);

/// One kind of a call's usage with its price: what a bill has lines for.
struct PricedLine {
  std::string_view meter;  // "input", "cache_read", ...
  std::int64_t quantity = 0;
  std::int64_t per = 1'000'000;  // rates are for so many: a million tokens, or one search or request
  std::int64_t list_nanos = 0;   // what the list asks
  std::int64_t own_nanos = 0;    // what was charged; both before the factors
  std::int64_t list_tier_thousandths = 1000, tier_thousandths = 1000, factor_millionths = 1'000'000;
};
/// The kinds that were used, in a fixed order. Their exact sum, rounded, is cost_of().total.
std::vector<PricedLine> priced_lines(const PriceMatch& match, const TokenUsage& usage, ServiceTier tier);

/// The price of a recorded call: what it was found by is found again, at the time of the call or at `when`. Nothing for
/// a row that has no cost.
std::optional<PriceMatch> price_of(const Catalogue& catalogue, const SpendRow& row,
                                   std::optional<Instant> when = std::nullopt);

std::string_view service_tier_name(ServiceTier tier);  // "standard", "batch", "priority", "flex"
std::optional<ServiceTier> service_tier_of(std::string_view name);

}  // namespace reeve::spend

#include "spend/budgets.h"  // what may still be spent: kept apart for its length
