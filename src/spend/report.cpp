#include <algorithm>
#include <array>
#include <map>

#include "core/bytes.h"
#include "core/check.h"
#include "core/csv.h"
#include "core/json.h"
#include "spend/report_text.h"
#include "spend/rows.h"
#include "spend/sums.h"

namespace reeve::spend {

namespace {

struct Grouping {
  std::string_view name;
  std::string SpendRow::* field = nullptr;  // nullptr: taken from the time
  std::size_t time_bytes = 0;               // how much of an RFC 3339 time names the period
};
const std::array<Grouping, 13> kGroupings{{{"person", &SpendRow::person},
                                           {"team", &SpendRow::team},
                                           {"client", &SpendRow::client},
                                           {"session", &SpendRow::session},
                                           {"repo", &SpendRow::repo},
                                           {"feature", &SpendRow::feature},
                                           {"work_item", &SpendRow::work_item},
                                           {"model", &SpendRow::model},
                                           {"provider", &SpendRow::provider},
                                           {"agent", &SpendRow::agent},
                                           {"day", nullptr, 10},
                                           {"hour", nullptr, 13},
                                           {"month", nullptr, 7}}};

const Grouping* find_dimension(std::string_view name) {
  const auto* found =
      std::find_if(kGroupings.begin(), kGroupings.end(), [&](const Grouping& d) { return d.name == name; });
  return found == kGroupings.end() ? nullptr : found;
}

std::string dimension_names() {
  std::string text;
  for (const Grouping& dimension : kGroupings) text.append(text.empty() ? "" : ", ").append(dimension.name);
  return text;
}

std::string value_of(const Grouping& dimension, const SpendRow& row) {
  if (dimension.field != nullptr) return row.*dimension.field;
  return format_time(row.time).substr(0, dimension.time_bytes);
}

struct TokenColumn {
  std::string_view name;
  std::int64_t TokenUsage::* count;
};
constexpr TokenColumn kTokenColumns[] = {{"input", &TokenUsage::input},
                                         {"cache_read", &TokenUsage::cache_read},
                                         {"cache_write_5m", &TokenUsage::cache_write_5m},
                                         {"cache_write_1h", &TokenUsage::cache_write_1h},
                                         {"output", &TokenUsage::output},
                                         {"reasoning", &TokenUsage::reasoning},
                                         {"input_audio", &TokenUsage::input_audio},
                                         {"output_audio", &TokenUsage::output_audio},
                                         {"web_searches", &TokenUsage::web_searches}};

void add_row(SpendGroup& group, const SpendRow& row) {
  ++group.calls;
  group.refused += row.refused ? 1 : 0;
  group.estimated += row.estimated ? 1 : 0;
  group.unknown_prices += row.price_known ? 0 : 1;
  for (const TokenColumn& column : kTokenColumns) {
    group.usage.*column.count = saturated_sum(group.usage.*column.count, row.usage.*column.count);
  }
  group.cost.nanos = saturated_sum(group.cost.nanos, row.cost.nanos);
}

void add_group(SpendGroup& group, const SpendGroup& other) {
  group.calls += other.calls;
  group.refused += other.refused;
  group.estimated += other.estimated;
  group.unknown_prices += other.unknown_prices;
  for (const TokenColumn& column : kTokenColumns) {
    group.usage.*column.count = saturated_sum(group.usage.*column.count, other.usage.*column.count);
  }
  group.cost.nanos = saturated_sum(group.cost.nanos, other.cost.nanos);
  group.rows.insert(group.rows.end(), other.rows.begin(), other.rows.end());
}

// ---- Table

std::string calls(std::uint64_t count) { return counted(count, "call", "calls"); }

std::int64_t input_total(const TokenUsage& usage) {
  return saturated_sum(saturated_sum(usage.input, usage.cache_read),
                       saturated_sum(usage.cache_write_5m, usage.cache_write_1h));
}

Cells number_cells(const SpendGroup& group, Money whole) {
  return {with_separators(static_cast<std::int64_t>(group.calls)),
          with_separators(static_cast<std::int64_t>(group.refused)),
          with_separators(input_total(group.usage)),
          with_separators(group.usage.output),
          (group.estimated + group.unknown_prices > 0 ? "~" : "") + format_money(group.cost),
          share_of(group.cost, whole)};
}

void write_numbers(JsonWriter& json, const SpendGroup& group) {
  json.member("calls", group.calls).member("refused", group.refused).member("estimated", group.estimated);
  json.member("unknown_prices", group.unknown_prices);
  json.key("usage").begin_object();
  for (const TokenColumn& column : kTokenColumns) json.member(column.name, group.usage.*column.count);
  json.end_object();
  json.member("cost_nanos", group.cost.nanos).member("cost", format_money_exact(group.cost));
}

}  // namespace

Result<std::vector<std::string>> parse_dimensions(std::string_view comma_separated) {
  std::vector<std::string> names;
  for (const std::string_view part : split(comma_separated, ',')) {
    const std::string name(trim(part));
    if (find_dimension(name) == nullptr) {
      return Error{ErrorCode::kInvalid,
                   "'" + printable(name, 40) + "' is nothing to group by; there are " + dimension_names()};
    }
    if (std::find(names.begin(), names.end(), name) != names.end()) {
      return Error{ErrorCode::kInvalid, "'" + name + "' is given twice"};
    }
    names.push_back(name);
  }
  return names;
}

std::string row_ranges(const std::vector<std::uint64_t>& rows) {
  std::string text;
  for (std::size_t i = 0; i < rows.size();) {
    std::size_t last = i;
    while (last + 1 < rows.size() && rows[last + 1] == rows[last] + 1) ++last;
    text += (text.empty() ? "" : ",") + std::to_string(rows[i]);
    if (last > i) text += "-" + std::to_string(rows[last]);
    i = last + 1;
  }
  return text;
}

std::vector<std::string> key_of(const SpendRow& row, const std::vector<std::string>& dimensions) {
  std::vector<std::string> key;
  for (const std::string& name : dimensions) {
    const Grouping* dimension = find_dimension(name);
    CHECK(dimension != nullptr);
    key.push_back(value_of(*dimension, row));
  }
  return key;
}

struct SpendReport::State {
  std::vector<const Grouping*> dimensions;
  std::map<std::vector<std::string>, SpendGroup> groups;
  SpendGroup total;
  bool trace = false;
};

SpendReport::SpendReport(const std::vector<std::string>& dimensions, bool trace) : state_(std::make_unique<State>()) {
  state_->trace = trace;
  for (const std::string& name : dimensions) {
    const Grouping* dimension = find_dimension(name);
    CHECK(dimension != nullptr);
    state_->dimensions.push_back(dimension);
  }
}

SpendReport::SpendReport(SpendReport&&) noexcept = default;
SpendReport& SpendReport::operator=(SpendReport&&) noexcept = default;
SpendReport::~SpendReport() = default;

void SpendReport::add(const SpendRow& row) {
  std::vector<std::string> key;
  for (const Grouping* dimension : state_->dimensions) key.push_back(value_of(*dimension, row));
  SpendGroup& group = state_->groups[std::move(key)];
  add_row(group, row);
  if (state_->trace) group.rows.push_back(row.index);
  add_row(state_->total, row);
}

void SpendReport::merge(const SpendReport& other) {
  for (const auto& [key, group] : other.state_->groups) add_group(state_->groups[key], group);
  add_group(state_->total, other.state_->total);
}

std::vector<SpendGroup> SpendReport::groups() const {
  std::vector<SpendGroup> result;
  for (const auto& [key, group] : state_->groups) {
    result.push_back(group);
    result.back().key = key;
    std::sort(result.back().rows.begin(), result.back().rows.end());
  }
  sort_groups(result);
  return result;
}

SpendGroup SpendReport::total() const { return state_->total; }

std::string SpendReport::traced_rows() const {
  std::string text;
  for (const SpendGroup& group : groups()) {
    std::string name;
    for (const std::string& value : group.key) name += (name.empty() ? "" : ", ") + shown(value);
    text += name + ": " + format_money_exact(group.cost) + " in ledger rows " + row_ranges(group.rows) + "\n";
  }
  return text;
}

std::string SpendReport::to_table() const {
  std::vector<Cells> lines(1);
  for (const Grouping* dimension : state_->dimensions) lines[0].emplace_back(dimension->name);
  for (const char* name : {"calls", "refused", "input", "output", "cost", "share"}) lines[0].emplace_back(name);
  const auto add_line = [&](Cells cells, const SpendGroup& group) {
    for (std::string& cell : number_cells(group, state_->total.cost)) cells.push_back(std::move(cell));
    lines.push_back(std::move(cells));
  };
  for (const SpendGroup& group : groups()) {
    Cells cells;
    for (const std::string& value : group.key) cells.push_back(shown(value));
    add_line(std::move(cells), group);
  }
  Cells total(state_->dimensions.size());
  if (!total.empty()) total[0] = "total";
  add_line(std::move(total), state_->total);

  std::string text = align(lines, state_->dimensions.size());
  if (state_->trace) text += "\n" + traced_rows();
  if (state_->total.estimated > 0) {
    text += "~ " + calls(state_->total.estimated) +
            " with usage estimated in part, because the provider did not report all of it\n";
  }
  if (state_->total.unknown_prices > 0) {
    text += "~ " + calls(state_->total.unknown_prices) +
            " to models without a known price, charged at the price for unknown models\n";
  }
  return text;
}

std::string SpendReport::to_csv() const {
  std::string text;
  for (const Grouping* dimension : state_->dimensions) text.append(dimension->name).append(",");
  text += "calls,refused,estimated,unknown_prices,";
  for (const TokenColumn& column : kTokenColumns) text.append(column.name).append(",");
  text += "cost_usd\r\n";
  for (const SpendGroup& group : groups()) {
    for (const std::string& value : group.key) text += csv_cell(value) + ",";
    for (const std::uint64_t count : {group.calls, group.refused, group.estimated, group.unknown_prices}) {
      text += std::to_string(count) + ",";
    }
    for (const TokenColumn& column : kTokenColumns) text += std::to_string(group.usage.*column.count) + ",";
    text += format_money_exact(group.cost) + "\r\n";
  }
  return text;
}

std::string SpendReport::to_json() const {
  std::vector<std::string> names;
  for (const Grouping* dimension : state_->dimensions) names.emplace_back(dimension->name);
  return report_json(names, groups(), state_->total, state_->trace);
}

void sort_groups(std::vector<SpendGroup>& groups) {
  std::sort(groups.begin(), groups.end(), [](const SpendGroup& left, const SpendGroup& right) {
    return left.cost != right.cost ? left.cost > right.cost : left.key < right.key;
  });
}

SpendGroup total_of(std::span<const SpendGroup> groups) {
  SpendGroup total;
  for (const SpendGroup& group : groups) add_group(total, group);
  return total;
}

std::string report_json(std::span<const std::string> dimensions, std::span<const SpendGroup> groups,
                        const SpendGroup& total, bool trace) {
  JsonWriter json;
  json.begin_object().key("by").begin_array();
  for (const std::string& dimension : dimensions) json.value(dimension);
  json.end_array().key("groups").begin_array();
  for (const SpendGroup& group : groups) {
    json.begin_object();
    for (std::size_t i = 0; i < group.key.size(); ++i) json.member(dimensions[i], group.key[i]);
    write_numbers(json, group);
    if (trace) {
      json.key("rows").begin_array();
      for (const std::uint64_t row : group.rows) json.value(row);
      json.end_array();
    }
    json.end_object();
  }
  json.end_array().key("total").begin_object();
  write_numbers(json, total);
  json.end_object().end_object();
  return json.take();
}

}  // namespace reeve::spend
