#include <algorithm>
#include <array>
#include <charconv>

#include "core/bytes.h"
#include "core/csv.h"
#include "core/json.h"
#include "spend/report_text.h"
#include "spend/spend.h"

namespace reeve::spend {

namespace {

__extension__ using Wide = unsigned __int128;

constexpr char kBetween = '\x1f';  // between the parts of a key; taken out of the names in it
constexpr int kUnitDigits = 18;    // of a unit price: rates have nine, factors of tier and adjustments three and six

/// The members of a row's key, in their order.
enum Part : std::size_t {
  kDay,
  kTeam,
  kPerson,
  kRepo,
  kFeature,
  kWorkItem,
  kProvider,
  kPublisher,
  kModel,
  kRegion,
  kTier,
  kVersion,
  kMeter,
  kListUnit,
  kOwnUnit,
  kParts
};

std::string wide_text(Wide number) {
  std::string digits;
  do {
    digits.insert(digits.begin(), static_cast<char>('0' + static_cast<int>(number % 10)));
    number /= 10;
  } while (number > 0);
  return digits;
}

Wide wide_of(std::string_view digits) {
  Wide number = 0;
  for (const char digit : digits) number = number * 10 + static_cast<unsigned>(digit - '0');
  return number;
}

/// `number` times ten to the power of minus `digits`, without zeros at the end.
std::string decimal(Wide number, int digits) {
  std::string text = wide_text(number);
  const auto places = static_cast<std::size_t>(digits);
  if (text.size() <= places) text.insert(0, places + 1 - text.size(), '0');
  text.insert(text.size() - places, ".");
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

std::string plain(std::string_view name) {
  std::string text(name);
  std::erase(text, kBetween);
  return text;
}

std::string unit_of(std::int64_t nanos, std::int64_t tier, std::int64_t factor) {
  return wide_text(Wide{static_cast<std::uint64_t>(nanos)} * static_cast<std::uint64_t>(tier) *
                   static_cast<std::uint64_t>(factor));
}

/// A row's cost on its lines: each rounded down, and what is left on the largest, so that they add up to it.
std::vector<std::int64_t> split(const std::vector<PricedLine>& lines, std::int64_t whole) {
  std::vector<std::int64_t> parts;
  std::int64_t left = whole;
  for (const PricedLine& line : lines) {
    const Wide units = Wide{static_cast<std::uint64_t>(line.quantity)} * static_cast<std::uint64_t>(line.own_nanos) *
                       static_cast<std::uint64_t>(line.tier_thousandths) / 1000 *
                       static_cast<std::uint64_t>(line.factor_millionths) / 1'000'000 /
                       static_cast<std::uint64_t>(line.per);
    parts.push_back(static_cast<std::int64_t>(std::min<Wide>(units, static_cast<std::uint64_t>(left))));
    left -= parts.back();
  }
  if (!parts.empty()) *std::max_element(parts.begin(), parts.end()) += left;
  return parts;
}

std::string_view meter_title(std::string_view meter) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 11> kTitles{{
      {"input", "input tokens"},
      {"input_audio", "audio input tokens"},
      {"cache_read", "tokens read from cache"},
      {"cache_write_5m", "tokens written to cache for 5 minutes"},
      {"cache_write_1h", "tokens written to cache for 1 hour"},
      {"output", "output tokens"},
      {"output_audio", "audio output tokens"},
      {"reasoning", "reasoning tokens"},
      {"web_search", "web searches"},
      {"request", "requests"},
      {"call", "calls"},
  }};
  for (const auto& [name, title] : kTitles) {
    if (name == meter) return title;
  }
  return meter;
}

constexpr std::array<std::string_view, 45> kColumns{"BilledCost",
                                                    "BillingAccountId",
                                                    "BillingAccountName",
                                                    "BillingCurrency",
                                                    "BillingPeriodEnd",
                                                    "BillingPeriodStart",
                                                    "ChargeCategory",
                                                    "ChargeClass",
                                                    "ChargeDescription",
                                                    "ChargeFrequency",
                                                    "ChargePeriodEnd",
                                                    "ChargePeriodStart",
                                                    "CommitmentDiscountCategory",
                                                    "CommitmentDiscountId",
                                                    "CommitmentDiscountName",
                                                    "CommitmentDiscountStatus",
                                                    "CommitmentDiscountType",
                                                    "ConsumedQuantity",
                                                    "ConsumedUnit",
                                                    "ContractedCost",
                                                    "ContractedUnitPrice",
                                                    "EffectiveCost",
                                                    "InvoiceIssuerName",
                                                    "ListCost",
                                                    "ListUnitPrice",
                                                    "PricingCategory",
                                                    "PricingQuantity",
                                                    "PricingUnit",
                                                    "ProviderName",
                                                    "PublisherName",
                                                    "RegionId",
                                                    "RegionName",
                                                    "ServiceCategory",
                                                    "ServiceName",
                                                    "ServiceSubcategory",
                                                    "SkuId",
                                                    "SkuMeter",
                                                    "SkuPriceDetails",
                                                    "SkuPriceId",
                                                    "SubAccountId",
                                                    "SubAccountName",
                                                    "SubAccountType",
                                                    "Tags",
                                                    "x_PriceVersion",
                                                    "x_ServiceTier"};

/// The cells of one line, by column.
class CsvLine {
 public:
  void set(std::string_view column, std::string value) {
    const auto* place = std::find(kColumns.begin(), kColumns.end(), column);
    CHECK(place != kColumns.end());
    cells_[static_cast<std::size_t>(place - kColumns.begin())] = std::move(value);
  }
  std::string text() const { return csv_line(cells_); }

 private:
  std::array<std::string, kColumns.size()> cells_;
};

std::string focus_time(Instant when) { return format_time(when).substr(0, 19) + "Z"; }

void set_period(CsvLine& line, Instant begin, Instant end) {
  const MonthSpan month = month_of(begin);
  line.set("BillingPeriodStart", focus_time(month.begin));
  line.set("BillingPeriodEnd", focus_time(month.end));
  line.set("ChargePeriodStart", focus_time(begin));
  line.set("ChargePeriodEnd", focus_time(end));
}

void set_service(CsvLine& line, const std::string& account, const std::string& provider, const std::string& publisher) {
  line.set("BillingAccountId", account);
  line.set("BillingAccountName", account);
  line.set("BillingCurrency", "USD");
  line.set("ChargeCategory", "Usage");
  line.set("ServiceCategory", "AI and Machine Learning");
  line.set("ServiceSubcategory", "Generative AI");
  line.set("ServiceName", provider + " models");
  line.set("ProviderName", provider);
  line.set("PublisherName", publisher);
  line.set("InvoiceIssuerName", provider);
}

std::string tags_of(const std::vector<std::string_view>& parts) {
  JsonWriter json;
  json.begin_object().member_if("feature", parts[kFeature]).member_if("person", parts[kPerson]);
  json.member_if("repository", parts[kRepo]).member_if("team", parts[kTeam]);
  return json.member_if("work_item", parts[kWorkItem]).end_object().take();
}

void set_names(CsvLine& line, const std::vector<std::string_view>& parts) {
  const std::string sku =
      std::string(parts[kPublisher]) + "/" + std::string(parts[kModel]) + "/" + std::string(parts[kTier]);
  line.set("ChargeDescription", std::string(parts[kModel]) + ": " + std::string(meter_title(parts[kMeter])) + ", " +
                                    std::string(parts[kTier]));
  line.set("ChargeFrequency", "Usage-Based");
  line.set("PricingCategory", "Standard");
  line.set("RegionId", std::string(parts[kRegion]));
  line.set("RegionName", std::string(parts[kRegion]));
  line.set("SkuId", sku);
  line.set("SkuMeter", std::string(meter_title(parts[kMeter])));
  line.set("SubAccountId", std::string(parts[kTeam]));
  line.set("SubAccountName", std::string(parts[kTeam]));
  line.set("SubAccountType", parts[kTeam].empty() ? "" : "Team");
  line.set("Tags", tags_of(parts));
  line.set("x_PriceVersion", std::string(parts[kVersion]));
  line.set("x_ServiceTier", std::string(parts[kTier]));
  if (parts[kListUnit].empty()) return;
  line.set("SkuPriceId", sku + "/" + std::string(parts[kMeter]) + "/" + std::string(parts[kListUnit]));
  JsonWriter details;
  details.begin_object().member("Model", parts[kModel]).member("ServiceTier", parts[kTier]).end_object();
  line.set("SkuPriceDetails", details.take());
}

}  // namespace

FocusExport::FocusExport(const Catalogue& catalogue, std::string account)
    : catalogue_(&catalogue), account_(std::move(account)), use_(catalogue) {}

void FocusExport::add_line(const std::string& row_key, std::string_view meter, const Line& line) {
  std::string key = row_key;
  key.append(meter).append(1, kBetween).append(line.list_unit).append(1, kBetween).append(line.own_unit);
  Line& sum = lines_[key];
  const std::int64_t quantity = saturated_sum(sum.quantity, line.quantity);
  const std::int64_t billed = saturated_sum(sum.billed, line.billed);
  sum = line;
  sum.quantity = quantity;
  sum.billed = billed;
}

void FocusExport::add(const SpendRow& row) {
  if (!row.priced) return;
  use_.add(row);
  const ServiceTier tier = row.service_tier.value_or(ServiceTier::kStandard);
  std::string key = day_name(day_number(row.time)) + kBetween;
  const std::string& publisher = row.price_provider.empty() ? row.provider : row.price_provider;
  for (const std::string* name : {&row.team, &row.person, &row.repo, &row.feature, &row.work_item, &row.provider,
                                  &publisher, &row.model, &row.region}) {
    key.append(plain(*name)).append(1, kBetween);
  }
  key.append(service_tier_name(tier)).append(1, kBetween).append(plain(row.price_version)).append(1, kBetween);
  const auto match = price_of(*catalogue_, row);
  if (cost_of(*match, row.usage, tier).total != row.cost) {
    add_line(key, "call", {.quantity = 1, .billed = row.cost.nanos, .per = 0, .list_unit = "", .own_unit = ""});
    return;
  }
  const auto priced = priced_lines(*match, row.usage, tier);
  const auto costs = split(priced, row.cost.nanos);
  for (std::size_t i = 0; i < priced.size(); ++i) {
    const PricedLine& line = priced[i];
    add_line(key, line.meter,
             {.quantity = line.quantity,
              .billed = costs[i],
              .per = line.per,
              .list_unit = unit_of(line.list_nanos, line.list_tier_thousandths, 1'000'000),
              .own_unit = unit_of(line.own_nanos, line.tier_thousandths, line.factor_millionths)});
  }
}

void FocusExport::merge(const FocusExport& other) {
  use_.merge(other.use_);
  for (const auto& [key, line] : other.lines_) {
    Line& mine = lines_[key];
    const std::int64_t quantity = saturated_sum(mine.quantity, line.quantity);
    const std::int64_t billed = saturated_sum(mine.billed, line.billed);
    mine = line;
    mine.quantity = quantity;
    mine.billed = billed;
  }
}

Money FocusExport::billed() const {
  Money sum;
  for (const auto& [key, line] : lines_) sum.nanos = saturated_sum(sum.nanos, line.billed);
  return sum;
}

std::string FocusExport::to_csv(Instant since, Instant until) const {
  std::string text;
  for (const std::string_view column : kColumns) text.append(text.empty() ? "" : ",").append(column);
  text += "\r\n";
  std::vector<const std::pair<const std::string, Line>*> sorted;
  sorted.reserve(lines_.size());
  for (const auto& entry : lines_) sorted.push_back(&entry);
  std::sort(sorted.begin(), sorted.end(),
            [](const auto* left, const auto* right) { return left->first < right->first; });
  for (const auto* entry : sorted) {
    const auto parts = reeve::split(entry->first, kBetween);
    CHECK(parts.size() == kParts);
    const Line& line = entry->second;
    CsvLine csv;
    const Instant day = *parse_time(parts[kDay]);
    set_period(csv, day, day + std::chrono::days(1));
    set_service(csv, account_, std::string(parts[kProvider]), std::string(parts[kPublisher]));
    set_names(csv, parts);
    const std::string billed = decimal(static_cast<std::uint64_t>(line.billed), 9);
    const bool tokens = line.per > 1;
    const Wide quantity = static_cast<std::uint64_t>(line.quantity);
    csv.set("BilledCost", billed);
    csv.set("EffectiveCost", billed);
    csv.set("ConsumedQuantity", decimal(quantity, 0));
    csv.set("ConsumedUnit", tokens ? "Tokens" : line.per == 0 ? "Calls" : "Requests");
    csv.set("PricingQuantity", decimal(quantity, tokens ? 6 : 0));
    csv.set("PricingUnit", tokens ? "1000000 Tokens" : line.per == 0 ? "Calls" : "Requests");
    if (line.per == 0) {
      csv.set("ContractedCost", billed);
      csv.set("ListCost", billed);
    } else {
      const int digits = kUnitDigits + (tokens ? 6 : 0);
      csv.set("ContractedUnitPrice", decimal(wide_of(line.own_unit), kUnitDigits));
      csv.set("ListUnitPrice", decimal(wide_of(line.list_unit), kUnitDigits));
      csv.set("ContractedCost", decimal(quantity * wide_of(line.own_unit), digits));
      csv.set("ListCost", decimal(quantity * wide_of(line.list_unit), digits));
    }
    text += csv.text();
  }
  return text + unused_commitments(since, until);
}

std::string FocusExport::unused_commitments(Instant since, Instant until) const {
  std::string text;
  for (const CommitmentUse::Month& month : use_.months(since, until)) {
    const MonthSpan span = *parse_month(month.month);
    // Of a month that is not all within what was asked nobody knows yet, or here, what is left.
    if (span.end > until || span.begin < since || month.unused().nanos == 0) continue;
    CsvLine csv;
    set_period(csv, span.begin, span.end);
    set_service(csv, account_, month.contract, month.contract);
    csv.set("ChargeDescription", "Committed and not used: " + month.contract);
    csv.set("ChargeFrequency", "Recurring");
    csv.set("CommitmentDiscountCategory", "Spend");
    csv.set("CommitmentDiscountId", month.contract);
    csv.set("CommitmentDiscountName", month.contract);
    csv.set("CommitmentDiscountStatus", "Unused");
    csv.set("CommitmentDiscountType", "Monthly commitment");
    csv.set("PricingCategory", "Committed");
    const std::string unused = decimal(static_cast<std::uint64_t>(month.unused().nanos), 9);
    for (const char* cost : {"BilledCost", "EffectiveCost", "ContractedCost", "ListCost", "PricingQuantity"}) {
      csv.set(cost, unused);
    }
    csv.set("PricingUnit", "USD");
    csv.set("ContractedUnitPrice", "1");
    csv.set("ListUnitPrice", "1");
    text += csv.text();
  }
  return text;
}

}  // namespace reeve::spend
