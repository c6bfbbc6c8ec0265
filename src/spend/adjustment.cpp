// `kind: Discount`, `kind: Surcharge` and `kind: Commitment`.

#include <algorithm>
#include <tuple>

#include "core/bytes.h"
#include "spend/override.h"
#include "spend/price_fields.h"

namespace reeve::spend {

namespace {

constexpr std::int64_t kWhole = 1'000'000;  // millionths
constexpr const char* kProviderWanted = "the provider's name, such as 'provider: anthropic'";

PriceAdjustment read_discount(const YamlValue& document, std::vector<Diagnostic>& complaints) {
  document.refuse_unknown_keys(
      {"kind", "contract", "provider", "model", "region", "service_tier", "percent", "since", "until"}, complaints);
  PriceFields fields(document, complaints);
  PriceAdjustment result;
  result.contract = fields.name("contract", true);
  result.provider = fields.pattern("provider", kProviderWanted);
  result.model = fields.pattern("model", "", "*");
  result.region = fields.pattern("region", "", "*");
  result.service_tier = fields.service_tier();
  fields.period(result.since, result.until);
  if (document.find("percent") == nullptr) fields.complain("percent", "a discount needs 'percent', such as 12.5%");
  result.factor_millionths = kWhole - fields.percent("percent", 100).value_or(0);
  result.version = content_version("discount", result.contract, document);
  return result;
}

PriceAdjustment read_surcharge(const YamlValue& document, std::vector<Diagnostic>& complaints) {
  document.refuse_unknown_keys(
      {"kind", "name", "provider", "model", "region", "service_tier", "percent", "since", "until"}, complaints);
  PriceFields fields(document, complaints);
  PriceAdjustment result;
  const std::string name = fields.name("name", true);
  result.contract = "surcharge " + name;  // beside every discount: a contract's name has no space
  result.provider = fields.pattern("provider", kProviderWanted);
  result.model = fields.pattern("model", "", "*");
  result.region = fields.pattern("region", "", "*");
  result.service_tier = fields.service_tier();
  fields.period(result.since, result.until);
  if (document.find("percent") == nullptr) fields.complain("percent", "a surcharge needs 'percent', such as 10%");
  result.factor_millionths = kWhole + fields.percent("percent", 900).value_or(0);
  result.version = content_version("surcharge", name, document);
  return result;
}

/// A commitment, and the discount that comes with it.
void read_commitment(const YamlValue& document, Overrides& overrides, std::vector<Diagnostic>& complaints) {
  document.refuse_unknown_keys({"kind", "contract", "provider", "model", "monthly", "percent", "since", "until"},
                               complaints);
  PriceFields fields(document, complaints);
  Commitment commitment;
  commitment.contract = fields.name("contract", true);
  commitment.provider = fields.pattern("provider", kProviderWanted);
  commitment.model = fields.pattern("model", "", "*");
  fields.period(commitment.since, commitment.until);
  const YamlValue* monthly = document.find("monthly");
  const auto amount = monthly == nullptr ? Result<Money>(Error{ErrorCode::kInvalid, ""}) : parse_money(monthly->text());
  constexpr std::int64_t kMost = 1'000'000'000;  // dollars; years of it still fit into Money
  if (amount && amount->nanos > 0 && amount->nanos <= kMost * 1'000'000'000) {
    commitment.monthly = *amount;
  } else {
    fields.complain("monthly", "a commitment needs 'monthly', the dollars that are owed each month, such as $5000");
  }
  if (const auto percent = fields.percent("percent", 100)) {
    overrides.adjustments.push_back({.contract = commitment.contract,
                                     .provider = commitment.provider,
                                     .model = commitment.model,
                                     .region = "*",
                                     .service_tier = std::nullopt,
                                     .since = commitment.since,
                                     .until = commitment.until,
                                     .factor_millionths = kWhole - *percent,
                                     .place = 0,
                                     .version = content_version("commitment", commitment.contract, document)});
  }
  for (const Commitment& other : overrides.commitments) {
    if (other.contract == commitment.contract && !commitment.contract.empty()) {
      fields.complain("contract", "the contract '" + other.contract + "' already has a commitment");
    }
  }
  overrides.commitments.push_back(std::move(commitment));
}

}  // namespace

void read_adjustment(const YamlValue& document, Overrides& overrides, std::vector<Diagnostic>& complaints) {
  const std::string& kind = document.find("kind")->text();
  if (kind == "Discount") overrides.adjustments.push_back(read_discount(document, complaints));
  if (kind == "Surcharge") overrides.adjustments.push_back(read_surcharge(document, complaints));
  if (kind == "Commitment") read_commitment(document, overrides, complaints);
  if (!overrides.adjustments.empty()) overrides.adjustments.back().place = overrides.adjustments.size();
}

void sort_adjustments(std::vector<PriceAdjustment>& adjustments) {
  std::sort(adjustments.begin(), adjustments.end(), [](const auto& left, const auto& right) {
    const bool left_pattern = left.model.find('*') != std::string::npos;
    const bool right_pattern = right.model.find('*') != std::string::npos;
    return std::tuple(left_pattern, right.since, left.place) < std::tuple(right_pattern, left.since, right.place);
  });
}

}  // namespace reeve::spend
