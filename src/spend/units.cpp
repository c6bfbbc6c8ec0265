#include <algorithm>

#include "core/json.h"
#include "spend/insight.h"
#include "spend/report_text.h"

namespace reeve::spend {

namespace {
constexpr std::array<std::string_view, 4> kUnits{"session", "work item", "repository and day", "person and day"};
}  // namespace

void UnitCosts::add(const SpendRow& row) {
  if (row.refused) return;
  ++calls_;
  const std::string day = "\n" + std::to_string(day_number(row.time));
  const std::array<std::string, 4> names{row.session, row.work_item, row.repo.empty() ? "" : row.repo + day,
                                         row.person.empty() ? "" : row.person + day};
  for (std::size_t i = 0; i < names.size(); ++i) {
    std::int64_t& sum = names[i].empty() ? without_[i] : sums_[i][names[i]];
    sum = saturated_sum(sum, row.cost.nanos);
  }
}

void UnitCosts::merge(const UnitCosts& other) {
  calls_ += other.calls_;
  for (std::size_t i = 0; i < sums_.size(); ++i) {
    without_[i] = saturated_sum(without_[i], other.without_[i]);
    for (const auto& [name, sum] : other.sums_[i]) sums_[i][name] = saturated_sum(sums_[i][name], sum);
  }
}

std::vector<UnitCosts::Unit> UnitCosts::units() const {
  std::vector<Unit> units;
  for (std::size_t i = 0; i < sums_.size(); ++i) {
    Unit unit;
    unit.name = kUnits[i];
    unit.count = sums_[i].size();
    unit.without = Money{without_[i]};
    std::vector<std::int64_t> costs;
    for (const auto& [name, sum] : sums_[i]) {
      costs.push_back(sum);
      unit.total.nanos = saturated_sum(unit.total.nanos, sum);
    }
    if (!costs.empty()) {
      std::sort(costs.begin(), costs.end());
      unit.mean = Money{unit.total.nanos / static_cast<std::int64_t>(costs.size())};
      unit.median = Money{costs[(costs.size() - 1) / 2]};
      unit.p90 = Money{costs[(costs.size() * 9 + 9) / 10 - 1]};
    }
    units.push_back(unit);
  }
  return units;
}

std::string UnitCosts::to_table() const {
  std::vector<Cells> lines{{"per", "count", "total", "mean", "median", "p90", "of calls that name none"}};
  for (const Unit& unit : units()) {
    lines.push_back({unit.name, with_separators(static_cast<std::int64_t>(unit.count)), format_money(unit.total),
                     unit.count == 0 ? "-" : format_money(unit.mean), unit.count == 0 ? "-" : format_money(unit.median),
                     unit.count == 0 ? "-" : format_money(unit.p90), format_money(unit.without)});
  }
  return align(lines, 1) + "Of " + counted(calls_, "call", "calls") +
         " that were not refused. Per merged change: 'reeve spend units --by change'.\n";
}

std::string UnitCosts::to_json() const {
  JsonWriter json;
  json.begin_object().member("calls", calls_).key("units").begin_array();
  for (const Unit& unit : units()) {
    json.begin_object().member("per", unit.name).member("count", unit.count).member("total_nanos", unit.total.nanos);
    json.member("mean_nanos", unit.mean.nanos).member("median_nanos", unit.median.nanos);
    json.member("p90_nanos", unit.p90.nanos).member("without_nanos", unit.without.nanos).end_object();
  }
  return json.end_array().end_object().take();
}

}  // namespace reeve::spend
