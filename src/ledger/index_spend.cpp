#include "ledger/index_spend.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "ledger/index_schema.h"

namespace reeve::ledger {

namespace {

constexpr std::int64_t kHour = std::int64_t{3'600} * 1'000'000;  // microseconds

/// In the order of spend_columns(), from its second column on.
constexpr std::array kTextFields = {Field::kSessionId,        Field::kPrincipalId,    Field::kPrincipalType,
                                    Field::kPrincipalTeam,    Field::kClient,         Field::kRepo,
                                    Field::kFeature,          Field::kWorkItem,       Field::kAgentId,
                                    Field::kModelAsked,       Field::kModelServed,    Field::kModelProvider,
                                    Field::kModelRegion,      Field::kCostProvider,   Field::kCostModel,
                                    Field::kCostPriceVersion, Field::kCostServiceTier};
constexpr std::array kTokenFields = {Field::kUsageInput,        Field::kUsageCacheRead,   Field::kUsageCacheWrite5m,
                                     Field::kUsageCacheWrite1h, Field::kUsageOutput,      Field::kUsageReasoning,
                                     Field::kUsageInputAudio,   Field::kUsageOutputAudio, Field::kUsageWebSearches};
/// What is counted before the tokens, and what stands behind them and the cost.
enum Count : std::size_t { kBegun, kCalls, kDenied, kNotOk, kRefused, kPriced, kEstimated, kUnknownPrices, kCounts };
constexpr std::size_t kCost = kCounts + kTokenFields.size();
enum Border : std::size_t { kFirstSeq = kCost + 1, kFirst, kLastSeq, kLast, kNumbersEnd };
constexpr std::array<std::string_view, 2> kLeast{"first_seq", "first"};
constexpr std::array<std::string_view, 2> kGreatest{"last_seq", "last"};

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
  static_assert(kTexts == kTextFields.size() && kNumbers == kNumbersEnd);
}

Result<void> SpendSums::open(duckdb::Connection connection, const std::string& catalog, const std::string& table,
                             AppendThread* thread) {
  auto opened = rows_.open(connection, catalog, table, thread);
  is_open_ = opened.ok();
  return opened;
}

void SpendSums::add(const EntryFields& fields, const Call& call) {
  const std::int64_t hour = hour_of(call.last);
  key_.assign(reinterpret_cast<const char*>(&hour), sizeof hour);  // NOLINT: its bytes
  for (const Field field : kTextFields) {
    // As it stands in the entry, where no zero byte can be: it ends each text.
    key_.append(fields.text(field));
    key_.push_back('\0');
  }
  auto found = sums_.find(std::string_view(key_));
  if (found == sums_.end()) {
    Numbers empty{};
    empty[kFirstSeq] = empty[kFirst] = std::numeric_limits<std::int64_t>::max();
    found = sums_.emplace(key_, empty).first;
  }
  Numbers& sum = found->second;
  sum[kFirstSeq] = std::min(sum[kFirstSeq], static_cast<std::int64_t>(call.first_seq));
  sum[kFirst] = std::min(sum[kFirst], call.first);
  sum[kLastSeq] = std::max(sum[kLastSeq], static_cast<std::int64_t>(call.last_seq));
  sum[kLast] = std::max(sum[kLast], call.last);
  sum[kBegun] += call.is_new ? 1 : 0;
  if (call.is_new) sum[kDenied] += fields.text(Field::kDecisionEnforced) == "deny" ? 1 : 0;
  if (!call.has_ended) return;
  const std::string_view status = fields.text(Field::kOutcomeStatus);
  ++sum[kCalls];
  sum[kNotOk] += status.empty() || status == "ok" ? 0 : 1;
  sum[kRefused] += status == "refused" ? 1 : 0;
  sum[kPriced] += fields.has(Field::kCostNanos) ? 1 : 0;
  sum[kEstimated] += fields.number(Field::kCostEstimated);
  sum[kUnknownPrices] += fields.has(Field::kCostPriceKnown) ? 1 - fields.number(Field::kCostPriceKnown) : 0;
  for (std::size_t i = 0; i < kTokenFields.size(); ++i) add_to(sum[kCounts + i], fields.number(kTokenFields[i]));
  add_to(sum[kCost], fields.number(Field::kCostNanos));
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
    const auto is_one_of = [&](const auto& names) { return std::ranges::find(names, column.name) != names.end(); };
    columns += is_one_of(kLeast)                        ? "min(" + name + ")"
               : is_one_of(kGreatest)                   ? "max(" + name + ")"
               : column.type == duckdb::TypeId::kBigint ? "least(sum(" + name + "), 9223372036854775807)::BIGINT"
                                                        : name;
  }
  return "INSERT INTO " + std::string(to) + " SELECT " + columns + " FROM " + std::string(from) + " GROUP BY ALL";
}

}  // namespace reeve::ledger
