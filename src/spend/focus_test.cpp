#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "core/bytes.h"
#include "core/json.h"
#include "spend/rows_for_tests.h"

namespace reeve::spend {
namespace {

using ::testing::HasSubstr;

enum class Type { kText, kDecimal, kTime, kKeyValues };
struct Column {
  Type type;
  bool nulls;
  std::set<std::string> allowed;  // empty: anything
};

/// The columns of FOCUS 1.2 that are mandatory, with their types, whether they may be null, and allowed values.
const std::map<std::string, Column> kMandatory{
    {"BilledCost", {Type::kDecimal, false, {}}},
    {"BillingAccountId", {Type::kText, false, {}}},
    {"BillingAccountName", {Type::kText, true, {}}},
    {"BillingCurrency", {Type::kText, false, {"USD"}}},
    {"BillingPeriodEnd", {Type::kTime, false, {}}},
    {"BillingPeriodStart", {Type::kTime, false, {}}},
    {"ChargeCategory", {Type::kText, false, {"Usage", "Purchase", "Tax", "Credit", "Adjustment"}}},
    {"ChargeClass", {Type::kText, true, {"Correction"}}},
    {"ChargeDescription", {Type::kText, true, {}}},
    {"ChargePeriodEnd", {Type::kTime, false, {}}},
    {"ChargePeriodStart", {Type::kTime, false, {}}},
    {"ContractedCost", {Type::kDecimal, false, {}}},
    {"EffectiveCost", {Type::kDecimal, false, {}}},
    {"InvoiceIssuerName", {Type::kText, false, {}}},
    {"ListCost", {Type::kDecimal, false, {}}},
    {"PricingQuantity", {Type::kDecimal, false, {}}},  // null only for taxes and corrections
    {"PricingUnit", {Type::kText, false, {}}},
    {"ProviderName", {Type::kText, false, {}}},
    {"PublisherName", {Type::kText, false, {}}},
    {"ServiceCategory", {Type::kText, false, {"AI and Machine Learning"}}},
    {"ServiceName", {Type::kText, false, {}}},
};
/// Of the others those that we fill.
const std::map<std::string, Column> kFurther{
    {"ChargeFrequency", {Type::kText, false, {"One-Time", "Recurring", "Usage-Based"}}},
    {"CommitmentDiscountCategory", {Type::kText, true, {"Spend", "Usage"}}},
    {"CommitmentDiscountId", {Type::kText, true, {}}},
    {"CommitmentDiscountName", {Type::kText, true, {}}},
    {"CommitmentDiscountStatus", {Type::kText, true, {"Used", "Unused"}}},
    {"CommitmentDiscountType", {Type::kText, true, {}}},
    {"ConsumedQuantity", {Type::kDecimal, true, {}}},
    {"ConsumedUnit", {Type::kText, true, {}}},
    {"ContractedUnitPrice", {Type::kDecimal, true, {}}},
    {"ListUnitPrice", {Type::kDecimal, true, {}}},
    {"PricingCategory", {Type::kText, false, {"Standard", "Dynamic", "Committed", "Other"}}},
    {"RegionId", {Type::kText, true, {}}},
    {"RegionName", {Type::kText, true, {}}},
    {"ServiceSubcategory", {Type::kText, false, {"Generative AI"}}},
    {"SkuId", {Type::kText, true, {}}},
    {"SkuMeter", {Type::kText, true, {}}},
    {"SkuPriceDetails", {Type::kKeyValues, true, {}}},
    {"SkuPriceId", {Type::kText, true, {}}},
    {"SubAccountId", {Type::kText, true, {}}},
    {"SubAccountName", {Type::kText, true, {}}},
    {"SubAccountType", {Type::kText, true, {}}},
    {"Tags", {Type::kKeyValues, true, {}}},
};

using Record = std::map<std::string, std::string>;

std::vector<std::string> cells_of(std::string_view& csv) {
  std::vector<std::string> cells(1);
  bool quoted = false;
  for (std::size_t i = 0; i < csv.size(); ++i) {
    const char c = csv[i];
    if (quoted) {
      if (c == '"' && i + 1 < csv.size() && csv[i + 1] == '"') {
        cells.back() += c;
        ++i;
      } else if (c == '"') {
        quoted = false;
      } else {
        cells.back() += c;
      }
    } else if (c == '"') {
      quoted = true;
    } else if (c == ',') {
      cells.emplace_back();
    } else if (c == '\r') {
      csv.remove_prefix(i + 2);
      return cells;
    } else {
      cells.back() += c;
    }
  }
  csv = {};
  return cells;
}

std::vector<Record> records_of(const std::string& csv) {
  std::string_view rest = csv;
  const auto names = cells_of(rest);
  std::vector<Record> records;
  while (!rest.empty()) {
    const auto cells = cells_of(rest);
    EXPECT_EQ(cells.size(), names.size());
    Record record;
    for (std::size_t i = 0; i < std::min(cells.size(), names.size()); ++i) record[names[i]] = cells[i];
    records.push_back(record);
  }
  return records;
}

bool is_decimal(const std::string& text) {
  const std::size_t point = text.find('.');
  const std::string whole = text.substr(0, point);
  const auto digits = [](const std::string& part) {
    return !part.empty() && part.find_first_not_of("0123456789") == std::string::npos;
  };
  return digits(whole) && (whole == "0" || whole[0] != '0') &&
         (point == std::string::npos || digits(text.substr(point + 1)));
}

void check_cell(const std::string& name, const Column& column, const std::string& cell) {
  if (cell.empty()) {
    EXPECT_TRUE(column.nulls) << name << " is null";
    return;
  }
  if (column.type == Type::kDecimal) EXPECT_TRUE(is_decimal(cell)) << name << ": " << cell;
  if (column.type == Type::kTime) {
    EXPECT_EQ(cell.size(), 20U) << name << ": " << cell;
    EXPECT_TRUE(parse_time(cell).ok() && cell.back() == 'Z') << name << ": " << cell;
  }
  if (column.type == Type::kKeyValues) {
    const auto document = JsonDocument::parse(cell);
    EXPECT_TRUE(document.ok() && document->root().is_object()) << name << ": " << cell;
  }
  if (!column.allowed.empty()) EXPECT_TRUE(column.allowed.contains(cell)) << name << ": " << cell;
}

void check_columns(const std::vector<Record>& records) {
  ASSERT_FALSE(records.empty());
  for (const Record& record : records) {
    for (const auto& [name, column] : kMandatory) {
      ASSERT_TRUE(record.contains(name)) << name << " is missing";
      check_cell(name, column, record.at(name));
    }
    for (const auto& [name, cell] : record) {
      const auto further = kFurther.find(name);
      if (further != kFurther.end()) check_cell(name, further->second, cell);
      EXPECT_TRUE(kMandatory.contains(name) || further != kFurther.end() || name.starts_with("x_"))
          << name << " is no column of FOCUS and has no prefix of its own";
    }
  }
}

long double number(const std::string& text) { return text.empty() ? 0 : std::stold(text); }

std::shared_ptr<const Catalogue> prices() {
  std::vector<Diagnostic> complaints;
  return Catalogue::with_overrides(
      parse_yaml("{kind: Discount, contract: acme, provider: anthropic, percent: 12.5}\n---\n"
                 "{kind: Commitment, contract: acme-commit, provider: anthropic, monthly: $5000}",
                 "p", complaints),
      complaints);
}

TEST(Focus, HasTheColumnsWithTheirTypesAndTheSameSum) {
  const auto catalogue = prices();
  FocusExport first(*catalogue, "default");
  FocusExport second(*catalogue, "default");
  Numbers numbers(5);
  Money sum;
  for (std::uint64_t i = 0; i < 2000; ++i) {
    Call call;
    call.person = "p" + std::to_string(numbers.below(3)) + ", \"quoted\"";
    call.time = numbers.below(2) == 0 ? "2026-10-10T12:00:00Z" : "2026-11-11T12:00:00Z";
    call.model = numbers.below(9) == 0 ? "unheard-of" : "claude-sonnet-4-5";
    call.input = numbers.below(300'000);
    call.cache_read = numbers.below(200'000);
    call.output = numbers.below(9'999);
    call.tier = static_cast<ServiceTier>(numbers.below(4));
    SpendRow row = row_of(*catalogue, call, i);
    if (i == 77) row.cost.nanos += 5;  // does not come out under these prices
    sum += row.cost;
    (i % 2 == 0 ? first : second).add(row);
  }
  first.merge(second);
  EXPECT_EQ(first.billed(), sum);
  const auto records = records_of(first.to_csv(*parse_time("2026-10-01"), *parse_time("2026-11-20")));
  check_columns(records);
  long double billed = 0;
  std::size_t by_call = 0;
  std::size_t unused = 0;
  for (const Record& record : records) {
    if (record.at("CommitmentDiscountStatus") == "Unused") {
      ++unused;
      continue;
    }
    billed += number(record.at("BilledCost"));
    if (record.at("PricingUnit") == "Calls") {
      ++by_call;
      continue;
    }
    for (const char* kind : {"List", "Contracted"}) {
      const long double product =
          number(record.at("PricingQuantity")) * number(record.at(std::string(kind) + "UnitPrice"));
      EXPECT_NEAR(static_cast<double>(number(record.at(std::string(kind) + "Cost"))), static_cast<double>(product),
                  1e-9)
          << kind;
    }
    EXPECT_NEAR(static_cast<double>(number(record.at("ContractedCost"))),
                static_cast<double>(number(record.at("BilledCost"))), 1e-6);
  }
  EXPECT_NEAR(static_cast<double>(billed * 1e9L), static_cast<double>(sum.nanos), 1);
  EXPECT_EQ(by_call, 1U);
  EXPECT_EQ(unused, 1U) << "October is over, November is not";
}

TEST(Focus, ShowsTheDiscountBetweenListAndContract) {
  const auto catalogue = prices();
  FocusExport bill(*catalogue, "default");
  bill.add(row_of(*catalogue, {}, 0));
  const auto records = records_of(bill.to_csv(*parse_time("2026-11-01"), *parse_time("2026-11-20")));
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[0].at("SkuMeter"), "input tokens");
  EXPECT_EQ(records[0].at("ListUnitPrice"), "3");
  EXPECT_EQ(records[0].at("ContractedUnitPrice"), "2.625");
  EXPECT_EQ(records[0].at("PricingQuantity"), "0.001");
  EXPECT_EQ(records[0].at("BilledCost"), "0.002625");
  EXPECT_EQ(records[0].at("ListCost"), "0.003");
  EXPECT_EQ(records[0].at("ChargePeriodEnd"), "2026-11-11T00:00:00Z");
  EXPECT_THAT(records[0].at("Tags"), HasSubstr("\"team\":\"payments\""));
}

TEST(Commitments, AreDrawnDownByTheMonth) {
  const auto catalogue = prices();
  CommitmentUse use(*catalogue);
  Call call;
  call.input = 100'000'000;
  use.add(row_of(*catalogue, call, 0));
  const auto months = use.months(*parse_time("2026-10-01"), *parse_time("2026-11-20"));
  ASSERT_EQ(months.size(), 2U);
  EXPECT_EQ(months[0].unused().nanos, 5'000'000'000'000);
  EXPECT_EQ(months[1].month, "2026-11");
  EXPECT_EQ(months[1].drawn + months[1].unused(), months[1].owed);
}

}  // namespace
}  // namespace reeve::spend
