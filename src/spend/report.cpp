#include <algorithm>
#include <array>
#include <limits>
#include <map>

#include "core/bytes.h"
#include "core/json.h"
#include "spend/spend.h"

namespace reeve::spend {

namespace {

struct Dimension {
  std::string_view name;
  std::string SpendRow::* field = nullptr;  // nullptr: taken from the time
  std::size_t time_bytes = 0;               // how much of an RFC 3339 time names the period
};
const std::array<Dimension, 13> kDimensions{{{"person", &SpendRow::person},
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

const Dimension* find_dimension(std::string_view name) {
  const auto* found =
      std::find_if(kDimensions.begin(), kDimensions.end(), [&](const Dimension& d) { return d.name == name; });
  return found == kDimensions.end() ? nullptr : found;
}

std::string dimension_names() {
  std::string text;
  for (const Dimension& dimension : kDimensions) text.append(text.empty() ? "" : ", ").append(dimension.name);
  return text;
}

std::string value_of(const Dimension& dimension, const SpendRow& row) {
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

/// A report must not stop at a sum that no real bill reaches; it shows the largest number instead.
std::int64_t add(std::int64_t left, std::int64_t right) {
  std::int64_t sum = 0;
  if (!__builtin_add_overflow(left, right, &sum)) return sum;
  return right > 0 ? std::numeric_limits<std::int64_t>::max() : std::numeric_limits<std::int64_t>::min();
}

void add_row(SpendGroup& group, const SpendRow& row) {
  ++group.calls;
  group.refused += row.refused ? 1 : 0;
  group.estimated += row.estimated ? 1 : 0;
  group.unknown_prices += row.price_known ? 0 : 1;
  for (const TokenColumn& column : kTokenColumns) {
    group.usage.*column.count = add(group.usage.*column.count, row.usage.*column.count);
  }
  group.cost.nanos = add(group.cost.nanos, row.cost.nanos);
}

// ---- Table

std::string with_separators(std::int64_t number) {
  std::string text = std::to_string(number);
  const std::size_t first = number < 0 ? 1 : 0;
  for (std::size_t at = text.size(); at > first + 3; at -= 3) text.insert(at - 3, ",");
  return text;
}

std::string calls(std::uint64_t count) {
  return with_separators(static_cast<std::int64_t>(count)) + (count == 1 ? " call" : " calls");
}

/// Columns that a terminal needs for `text`, taking one for each character.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

using Cells = std::vector<std::string>;

std::string share_of(Money part, Money whole) {
  if (whole.nanos <= 0) return "-";
  const double percent = 100.0 * static_cast<double>(part.nanos) / static_cast<double>(whole.nanos);
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f%%", percent);
  return text.data();
}

std::int64_t input_total(const TokenUsage& usage) {
  return add(add(usage.input, usage.cache_read), add(usage.cache_write_5m, usage.cache_write_1h));
}

Cells number_cells(const SpendGroup& group, Money whole) {
  return {with_separators(static_cast<std::int64_t>(group.calls)),
          with_separators(static_cast<std::int64_t>(group.refused)),
          with_separators(input_total(group.usage)),
          with_separators(group.usage.output),
          (group.estimated + group.unknown_prices > 0 ? "~" : "") + format_money(group.cost),
          share_of(group.cost, whole)};
}

std::string align(const std::vector<Cells>& lines, std::size_t text_columns) {
  std::vector<std::size_t> widths(lines.front().size());
  for (const Cells& line : lines) {
    for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], width_of(line[i]));
  }
  std::string text;
  for (const Cells& line : lines) {
    std::string row;
    for (std::size_t i = 0; i < line.size(); ++i) {
      const std::string padding(widths[i] - width_of(line[i]), ' ');
      row += (i == 0 ? "" : "  ") + (i < text_columns ? line[i] + padding : padding + line[i]);
    }
    row.erase(row.find_last_not_of(' ') + 1);
    text += row + "\n";
  }
  return text;
}

// ---- CSV

/// Names come from callers. A cell that a spreadsheet would take for a formula gets an apostrophe in front, and
/// whatever could break the line is quoted.
std::string csv_cell(std::string_view value) {
  std::string text(value);
  if (!text.empty() && std::string_view("=+-@\t\r").find(text.front()) != std::string_view::npos) text.insert(0, "'");
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + "\"";
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

struct SpendReport::State {
  std::vector<const Dimension*> dimensions;
  std::map<std::vector<std::string>, SpendGroup> groups;
  SpendGroup total;
};

SpendReport::SpendReport(const std::vector<std::string>& dimensions) : state_(std::make_unique<State>()) {
  for (const std::string& name : dimensions) {
    const Dimension* dimension = find_dimension(name);
    CHECK(dimension != nullptr);
    state_->dimensions.push_back(dimension);
  }
}

SpendReport::SpendReport(SpendReport&&) noexcept = default;
SpendReport& SpendReport::operator=(SpendReport&&) noexcept = default;
SpendReport::~SpendReport() = default;

void SpendReport::add(const SpendRow& row) {
  std::vector<std::string> key;
  for (const Dimension* dimension : state_->dimensions) key.push_back(value_of(*dimension, row));
  add_row(state_->groups[std::move(key)], row);
  add_row(state_->total, row);
}

std::vector<SpendGroup> SpendReport::groups() const {
  std::vector<SpendGroup> result;
  for (const auto& [key, group] : state_->groups) {
    result.push_back(group);
    result.back().key = key;
  }
  std::sort(result.begin(), result.end(), [](const SpendGroup& left, const SpendGroup& right) {
    return left.cost != right.cost ? left.cost > right.cost : left.key < right.key;
  });
  return result;
}

SpendGroup SpendReport::total() const { return state_->total; }

std::string SpendReport::to_table() const {
  std::vector<Cells> lines(1);
  for (const Dimension* dimension : state_->dimensions) lines[0].emplace_back(dimension->name);
  for (const char* name : {"calls", "refused", "input", "output", "cost", "share"}) lines[0].emplace_back(name);
  const auto add_line = [&](Cells cells, const SpendGroup& group) {
    for (std::string& cell : number_cells(group, state_->total.cost)) cells.push_back(std::move(cell));
    lines.push_back(std::move(cells));
  };
  for (const SpendGroup& group : groups()) {
    Cells cells;
    for (const std::string& value : group.key) cells.push_back(value.empty() ? "-" : printable(value, 60));
    add_line(std::move(cells), group);
  }
  Cells total(state_->dimensions.size());
  if (!total.empty()) total[0] = "total";
  add_line(std::move(total), state_->total);

  std::string text = align(lines, state_->dimensions.size());
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
  for (const Dimension* dimension : state_->dimensions) text.append(dimension->name).append(",");
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
  JsonWriter json;
  json.begin_object().key("by").begin_array();
  for (const Dimension* dimension : state_->dimensions) json.value(dimension->name);
  json.end_array().key("groups").begin_array();
  for (const SpendGroup& group : groups()) {
    json.begin_object();
    for (std::size_t i = 0; i < group.key.size(); ++i) json.member(state_->dimensions[i]->name, group.key[i]);
    write_numbers(json, group);
    json.end_object();
  }
  json.end_array().key("total").begin_object();
  write_numbers(json, state_->total);
  json.end_object().end_object();
  return json.take();
}

}  // namespace reeve::spend
