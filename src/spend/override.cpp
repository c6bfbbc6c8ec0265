#include "spend/override.h"

#include <algorithm>
#include <array>
#include <tuple>

#include "core/bytes.h"
#include "core/crypto.h"
#include "spend/billing_rules.h"
#include "spend/catalogue_data.h"
#include "spend/price_fields.h"

namespace reeve::spend {

namespace {

// Far above any price list; keeps the cost of the largest call within the range of Money.
constexpr std::int64_t kNanosPerMillionMax = 100'000LL * 1'000'000'000;
constexpr std::size_t kOverridesMax = 10'000;

struct RateKey {
  std::string_view name;
  std::optional<TieredRate> Price::* rate;
};
constexpr std::array<RateKey, 8> kRateKeys{{{"input", &Price::input},
                                            {"output", &Price::output},
                                            {"cache_read", &Price::cache_read},
                                            {"cache_write_5m", &Price::cache_write_5m},
                                            {"cache_write_1h", &Price::cache_write_1h},
                                            {"reasoning", &Price::reasoning},
                                            {"input_audio", &Price::input_audio},
                                            {"output_audio", &Price::output_audio}}};

bool has_kind(const YamlValue& document, std::string_view name) {
  const YamlValue* kind = document.find("kind");
  return kind != nullptr && kind->is_scalar() && kind->text() == name;
}

bool is_price_document(const YamlValue& document) {
  constexpr std::array<std::string_view, 5> kKinds{"Price", "UnknownPrice", "Discount", "Surcharge", "Commitment"};
  return std::any_of(kKinds.begin(), kKinds.end(), [&](std::string_view kind) { return has_kind(document, kind); });
}

class OverrideReader {
 public:
  OverrideReader(const YamlValue& document, std::vector<Diagnostic>& complaints)
      : document_(document), complaints_(complaints) {}

  PriceOverride read_price() {
    document_.refuse_unknown_keys(
        {"kind",         "contract", "provider",   "model",          "region",         "since",     "until",
         "input",        "output",   "cache_read", "cache_write_5m", "cache_write_1h", "reasoning", "input_audio",
         "output_audio", "request",  "web_search", "tiers",          "batch",          "priority",  "flex"},
        complaints_);
    PriceFields fields(document_, complaints_);
    PriceOverride result;
    result.provider = fields.pattern("provider", "the provider's name, such as 'provider: anthropic'");
    result.model = fields.pattern("model", "a model or a pattern, such as 'model: claude-opus-*'");
    result.region = fields.pattern("region", "", "*");
    fields.period(result.since, result.until);
    result.price = start_price("price", fields.name("contract", false));
    for (const RateKey& key : kRateKeys) read_rate(key, result.price);
    result.price.nanos_per_request = read_amount("request");
    result.price.nanos_per_web_search = read_amount("web_search");
    if (const YamlValue* tiers = document_.find("tiers")) read_tiers(*tiers, result.price);
    require_input_and_output();
    apply_billing_rules(result.provider, result.model, result.price);
    if (const auto batch = fields.factor("batch")) result.price.batch_thousandths = *batch;
    if (const auto priority = fields.factor("priority")) result.price.priority_thousandths = *priority;
    if (const auto flex = fields.factor("flex")) result.price.flex_thousandths = *flex;
    return result;
  }

  Price read_unknown() {
    document_.refuse_unknown_keys({"kind", "input", "output"}, complaints_);
    Price price = start_price("unknown", "");
    for (const RateKey& key : kRateKeys) read_rate(key, price);
    require_input_and_output();
    for (const std::string_view key : {"input", "output"}) {
      const YamlValue* value = document_.find(key);
      if (value != nullptr && read_money(*value) == 0) {
        complaints_.push_back(value->complain("the price of an unknown model cannot be zero"));
      }
    }
    return price;
  }

 private:
  Price start_price(std::string_view kind, std::string_view contract) const {
    Price price;
    price.provider = "override";
    if (const YamlValue* model = document_.find("model")) price.model = model->text();
    price.version = base_version() + " + " + content_version(kind, contract, document_);
    return price;
  }

  std::optional<std::int64_t> read_money(const YamlValue& value) {
    const auto money = parse_money(value.text());
    if (!money) return std::nullopt;
    return money->nanos <= kNanosPerMillionMax ? std::optional(money->nanos) : std::nullopt;
  }

  std::optional<std::int64_t> read_money_of(const YamlValue& mapping, std::string_view key) {
    const YamlValue* value = mapping.find(key);
    if (value == nullptr) return std::nullopt;
    const auto nanos = read_money(*value);
    if (!nanos) {
      complaints_.push_back(value->complain("'" + std::string(key) +
                                            "' must be an amount of dollars such as $3 or 0.25, at most $100,000"));
    }
    return nanos;
  }

  std::optional<std::int64_t> read_amount(std::string_view key) { return read_money_of(document_, key); }

  void read_rate(const RateKey& key, Price& price) {
    if (const auto nanos = read_money_of(document_, key.name)) price.*key.rate = TieredRate{{*nanos}, {}};
  }

  void require_input_and_output() {
    for (const std::string_view key : {"input", "output"}) {
      if (document_.find(key) != nullptr) continue;
      complaints_.push_back(
          document_.complain("a price needs '" + std::string(key) + "', in dollars per million tokens"));
    }
  }

  void read_tiers(const YamlValue& tiers, Price& price) {
    if (!tiers.is_sequence()) {
      complaints_.push_back(
          tiers.complain("tiers must be a list such as [{above: 200000, input: $6, output: $22.50}]"));
      return;
    }
    std::int64_t last = 0;
    for (const YamlValue& tier : tiers.items()) {
      tier.refuse_unknown_keys({"above", "input", "output", "cache_read", "cache_write_5m", "cache_write_1h",
                                "reasoning", "input_audio", "output_audio"},
                               complaints_);
      const YamlValue* above = tier.find("above");
      const std::int64_t tokens = above == nullptr ? 0 : above->as_int().value_or(0);
      if (tokens <= last) {
        const YamlValue& at = above == nullptr ? tier : *above;
        complaints_.push_back(at.complain("each tier needs 'above', a number of input tokens larger than the last"));
        continue;
      }
      last = tokens;
      for (const RateKey& key : kRateKeys) {
        const auto nanos = read_money_of(tier, key.name);
        if (!nanos) continue;
        if (price.*key.rate) {
          (price.*key.rate)->tiers.push_back({tokens, {*nanos}});
        } else {
          complaints_.push_back(
              tier.complain("the tier gives '" + std::string(key.name) + "', the price itself does not"));
        }
      }
    }
  }

  const YamlValue& document_;
  std::vector<Diagnostic>& complaints_;
};

/// Cache writes of an unknown model cost what the dearest known scheme asks for them.
void complete_unknown(Price& price) {
  price.model = "unknown";
  price.cache_write_5m = scaled(*price.input, 1250);
  price.cache_write_1h = scaled(*price.input, 2000);
  price.priority_thousandths = 2500;
}

}  // namespace

const std::string& base_version() {
  static const std::string version = std::string(data::version) + " rules " + std::to_string(kBillingRulesVersion);
  return version;
}

bool PriceOverride::fits(std::string_view provider_id, std::string_view model_name) const {
  return glob_match(provider, provider_id) && glob_match(model, model_name);
}

Price default_unknown_price() {
  Price price;
  price.provider = "override";
  price.version = base_version() + " + unknown default";
  price.input = TieredRate{{15'000'000'000}, {}};
  price.output = TieredRate{{75'000'000'000}, {}};
  complete_unknown(price);
  return price;
}

Overrides read_overrides(const std::vector<YamlValue>& documents, std::vector<Diagnostic>& complaints) {
  Overrides overrides;
  overrides.unknown = default_unknown_price();
  const YamlValue* unknown = nullptr;
  std::string digests;
  for (const YamlValue& document : documents) {
    OverrideReader reader(document, complaints);
    if (!is_price_document(document)) continue;
    digests += content_digest(document) + "\n";
    read_adjustment(document, overrides, complaints);
    if (has_kind(document, "Price")) {
      if (overrides.prices.size() == kOverridesMax) {
        complaints.push_back(document.complain("more than " + std::to_string(kOverridesMax) + " prices"));
        break;
      }
      overrides.prices.push_back(reader.read_price());
      overrides.prices.back().place = overrides.prices.size();
    } else if (has_kind(document, "UnknownPrice")) {
      if (unknown != nullptr) {
        complaints.push_back(document.complain("the price of unknown models is already given at " + unknown->file() +
                                               ":" + std::to_string(unknown->line())));
        continue;
      }
      unknown = &document;
      Price price = reader.read_unknown();
      if (price.input && price.output) overrides.unknown = std::move(price);
      complete_unknown(overrides.unknown);
    }
  }
  if (!digests.empty()) overrides.digest = to_hex(as_bytes(sha256(digests)).substr(0, 8));
  sort_adjustments(overrides.adjustments);
  std::sort(overrides.prices.begin(), overrides.prices.end(), [](const auto& left, const auto& right) {
    const bool left_pattern = left.model.find('*') != std::string::npos;
    const bool right_pattern = right.model.find('*') != std::string::npos;
    return std::tuple(left_pattern, right.since, left.place) < std::tuple(right_pattern, left.since, right.place);
  });
  return overrides;
}

}  // namespace reeve::spend
