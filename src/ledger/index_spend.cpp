#include "ledger/index_spend.h"

#include <cstring>
#include <limits>

#include "ledger/index_schema.h"

namespace reeve::ledger {

namespace {

constexpr std::int64_t kHour = std::int64_t{3'600} * 1'000'000;  // microseconds

/// In the order of spend_columns(), from its second column on.
constexpr std::array kTextFields = {Field::kPrincipalId,   Field::kPrincipalTeam,    Field::kClient,
                                    Field::kRepo,          Field::kFeature,          Field::kWorkItem,
                                    Field::kAgentId,       Field::kModelAsked,       Field::kModelServed,
                                    Field::kModelProvider, Field::kModelRegion,      Field::kCostProvider,
                                    Field::kCostModel,     Field::kCostPriceVersion, Field::kCostServiceTier};
constexpr std::array kTokenFields = {Field::kUsageInput,        Field::kUsageCacheRead,   Field::kUsageCacheWrite5m,
                                     Field::kUsageCacheWrite1h, Field::kUsageOutput,      Field::kUsageReasoning,
                                     Field::kUsageInputAudio,   Field::kUsageOutputAudio, Field::kUsageWebSearches};
/// What is counted before the tokens.
enum Count : std::size_t { kCalls, kRefused, kPriced, kEstimated, kUnknownPrices, kCounts };
constexpr std::size_t kCost = kCounts + kTokenFields.size();

std::vector<duckdb::TypeId> spend_types() {
  std::vector<duckdb::TypeId> types;
  for (const NamedType& column : spend_columns()) types.push_back(column.type);
  return types;
}

/// As everywhere where amounts of others are added.
void add_to(std::int64_t& sum, std::int64_t more) {
  if (__builtin_add_overflow(sum, more, &sum)) {
    sum = more > 0 ? std::numeric_limits<std::int64_t>::max() : std::numeric_limits<std::int64_t>::min();
  }
}

std::int64_t hour_of(std::int64_t time) { return time - ((time % kHour) + kHour) % kHour; }

}  // namespace

SpendSums::SpendSums(const duckdb::Library& library) : rows_(library, spend_types()) {
  static_assert(kTexts == kTextFields.size() && kNumbers == kCost + 1);
}

Result<void> SpendSums::open(duckdb::Connection connection, const std::string& catalog, const std::string& table,
                             AppendThread* thread) {
  auto opened = rows_.open(connection, catalog, table, thread);
  is_open_ = opened.ok();
  return opened;
}

void SpendSums::add(const EntryFields& outcome, std::int64_t time) {
  const std::int64_t hour = hour_of(time);
  key_.assign(reinterpret_cast<const char*>(&hour), sizeof hour);  // NOLINT: its bytes
  for (const Field field : kTextFields) {
    // As it stands in the entry, where no zero byte can be: it ends each text.
    key_.append(outcome.text(field));
    key_.push_back('\0');
  }
  auto found = sums_.find(std::string_view(key_));
  if (found == sums_.end()) found = sums_.emplace(key_, Numbers{}).first;
  Numbers& sum = found->second;
  ++sum[kCalls];
  sum[kRefused] += outcome.text(Field::kOutcomeStatus) == "refused" ? 1 : 0;
  sum[kPriced] += outcome.has(Field::kCostNanos) ? 1 : 0;
  sum[kEstimated] += outcome.number(Field::kCostEstimated);
  sum[kUnknownPrices] += outcome.has(Field::kCostPriceKnown) ? 1 - outcome.number(Field::kCostPriceKnown) : 0;
  for (std::size_t i = 0; i < kTokenFields.size(); ++i) add_to(sum[kCounts + i], outcome.number(kTokenFields[i]));
  add_to(sum[kCost], outcome.number(Field::kCostNanos));
}

Result<void> SpendSums::write() {
  for (const auto& [key, sum] : sums_) {
    std::int64_t hour = 0;
    std::memcpy(&hour, key.data(), sizeof hour);
    rows_.put_number(0, hour);
    std::string_view rest = std::string_view(key).substr(sizeof hour);
    for (std::size_t column = 1; column <= kTexts; ++column) {
      const std::size_t end = rest.find('\0');
      if (const std::string_view text = rest.substr(0, end); text.find('\\') == std::string_view::npos) {
        rows_.put_text(column, text);
      } else {
        rows_.put_text(column, unescaped(text));
      }
      rest.remove_prefix(end + 1);
    }
    for (std::size_t i = 0; i < kNumbers; ++i) rows_.put_number(1 + kTexts + i, sum[i]);
    if (auto ended = rows_.end_row(); !ended) return ended;
  }
  return {};
}

Result<void> SpendSums::close() {
  Result<void> written;
  if (is_open_) written = write();
  is_open_ = false;
  sums_.clear();
  auto closed = rows_.close();
  return written ? closed : written;
}

std::string gather_spend_sql(std::string_view from, std::string_view to) {
  std::string columns;
  for (const NamedType& column : spend_columns()) {
    if (!columns.empty()) columns += ", ";
    const std::string name = "\"" + std::string(column.name) + "\"";
    columns += column.type == duckdb::TypeId::kBigint ? "sum(" + name + ")::BIGINT" : name;
  }
  return "INSERT INTO " + std::string(to) + " SELECT " + columns + " FROM " + std::string(from) + " GROUP BY ALL";
}

}  // namespace reeve::ledger
