#pragma once

// Spend: what a call costs, to the nano-dollar, and who spent what. First form: the price catalogue, the cost of an
// attempt, and reports over recorded calls. Budgets and reservations build on these.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/money.h"
#include "core/time.h"
#include "core/token_usage.h"
#include "core/yaml.h"

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
  std::string version;   // of the catalogue, or the override's file and line
  std::optional<TieredRate> input, output, cache_read, cache_write_5m, cache_write_1h, reasoning, input_audio,
      output_audio;
  std::optional<std::int64_t> nanos_per_request, nanos_per_web_search;
  /// Factors for the tiers of service in thousandths (batch 500 = half price); 1000 when the provider has none.
  std::int64_t batch_thousandths = 1000;
  std::int64_t priority_thousandths = 1000;
  std::int64_t flex_thousandths = 1000;
};

struct PriceMatch {
  const Price* price = nullptr;  // never null; lives as long as the catalogue
  bool known = true;             // false: no price was found and the configured pessimistic one stands in
};

/// Immutable and thread-safe once built.
class Catalogue {
 public:
  /// The prices compiled into the program.
  static std::shared_ptr<const Catalogue> built_in();
  /// The built-in prices with `kind: Price` documents before them, and `kind: UnknownPrice` (at most one) for models
  /// that nothing matches. Null when there is an error among the complaints.
  static std::shared_ptr<const Catalogue> with_overrides(const std::vector<YamlValue>& documents,
                                                         std::vector<Diagnostic>& complaints);

  virtual ~Catalogue() = default;
  /// The price of `model` as `provider` sells it at `when`. `provider` is the catalogue's id for the vendor when the
  /// configuration gives one, or the dialect's vendor; a model of another vendor behind it is found by name.
  virtual PriceMatch find(std::string_view provider, std::string_view model, Instant when) const = 0;
  virtual const std::string& version() const = 0;  // "genai-prices 0.1.8"
  virtual std::size_t model_count() const = 0;
  /// The names that clients use for the models of one vendor, by name with numbers compared as numbers, highest first,
  /// so that within a family the newest version leads; empty for an unknown vendor. For model lists.
  virtual std::vector<std::string> model_ids(std::string_view provider) const = 0;
};

struct Cost {
  Money total;
  bool price_known = true;
  bool estimated = false;  // the usage was not all reported by the provider
  std::string price_version;
};

/// Exact: the sum of tokens times rates in nano-dollars per million, times the tier factor, kept as integers of 128
/// bits and rounded half up to whole nano-dollars once, at the end.
Cost cost_of(const PriceMatch& match, const TokenUsage& usage, ServiceTier tier);

// ---- Reports ----

/// One settled attempt, as the ledger tells it.
struct SpendRow {
  Instant time;
  std::string person, team, client, session, repo, feature, work_item, model, provider, agent;
  TokenUsage usage;
  Money cost;
  bool estimated = false;
  bool price_known = true;
  bool refused = false;
};

/// Dimensions a report can group by: person, team, client, session, repo, feature, work_item, model, provider, agent,
/// day, hour, month (UTC). At least one, none twice.
Result<std::vector<std::string>> parse_dimensions(std::string_view comma_separated);

struct SpendGroup {
  std::vector<std::string> key;      // a value per dimension; "" when not known
  std::uint64_t calls = 0;           // all rows, also refused ones
  std::uint64_t refused = 0;         // of these, refused before they reached a provider
  std::uint64_t estimated = 0;       // of these, with usage that the provider did not report in full
  std::uint64_t unknown_prices = 0;  // of these, charged at the pessimistic price of unknown models
  TokenUsage usage;
  Money cost;
};

class SpendReport {
 public:
  explicit SpendReport(const std::vector<std::string>& dimensions);
  SpendReport(SpendReport&&) noexcept;
  SpendReport& operator=(SpendReport&&) noexcept;
  ~SpendReport();
  void add(const SpendRow& row);
  /// Groups by descending cost, then by key.
  std::vector<SpendGroup> groups() const;
  SpendGroup total() const;

  std::string to_table() const;  // for a terminal
  std::string to_csv() const;    // RFC 4180, with a header line; costs with nine decimals
  std::string to_json() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace reeve::spend
