// Registering a table: from a CSV file to one file of keyed hashes.

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "content/csv.h"
#include "content/exact_data.h"
#include "content/table_values.h"
#include "core/bytes.h"
#include "core/crypto.h"
#include "core/time.h"

namespace reeve::content {

namespace {

constexpr std::size_t kColumnsMax = 200;
constexpr std::uint64_t kRowsMax = 100'000'000;
constexpr double kStrongShare = 0.9;    // of a primary column's cells must be strongly patterned,
constexpr double kDistinctShare = 0.5;  // and so many of them differ
constexpr std::uint64_t kFewRows = 20;  // with fewer rows, how many differ says nothing

/// Counts different values by how full a bitmap of their hashes is: exact enough, bounded, good to some ten million.
class DistinctCount {
 public:
  void add(std::uint64_t hash) { bits_[hash >> (64 - kBits)] = true; }
  double estimate() const {
    const auto zeros = static_cast<double>(std::count(bits_.begin(), bits_.end(), false));
    const auto all = static_cast<double>(bits_.size());
    return zeros < 1 ? all * 16 : -all * std::log(zeros / all);
  }

 private:
  static constexpr unsigned kBits = 20;
  std::vector<bool> bits_ = std::vector<bool>(1U << kBits);
};

struct Column {
  std::string name;
  std::uint64_t filled = 0;
  std::array<std::uint64_t, 4> shapes{};  // by CellShape
  DistinctCount distinct;
  bool primary = false;
  std::uint8_t field = kNoField;  // its place among the confirming fields

  double strong_share() const {
    return filled == 0 ? 0 : 1 - static_cast<double>(shapes[0]) / static_cast<double>(filled);
  }
  /// Why it cannot be a primary; empty: it can.
  std::string why_not() const {
    if (filled == 0) return "it is empty";
    if (strong_share() < kStrongShare) {
      return std::to_string(static_cast<int>(100 - 100 * strong_share())) +
             " % of its values are no number of 6 digits and more, no e-mail address and no id with digits";
    }
    if (filled >= kFewRows && distinct.estimate() < kDistinctShare * static_cast<double>(filled)) {
      return "its values repeat";
    }
    return {};
  }
  /// Values of a few kinds (country, status, yes and no) confirm nothing.
  bool confirms(std::uint64_t rows) const {
    const double different = distinct.estimate();
    return filled > 0 && (rows < kFewRows || different >= 50 || different >= 0.2 * static_cast<double>(rows));
  }
};

Result<std::vector<std::string>> read_heading(CsvReader& reader, const std::filesystem::path& path) {
  std::vector<std::string> heading;
  const auto read = reader.next(heading);
  if (!read) return read.error();
  if (!*read) return Error{ErrorCode::kInvalid, path.string() + " is empty"};
  if (heading.size() > kColumnsMax) {
    return Error{ErrorCode::kTooLarge, path.string() + " has more than " + std::to_string(kColumnsMax) + " columns"};
  }
  for (std::string& name : heading) name = trim(name);
  return heading;
}

/// First pass: what kinds of values each column has.
Result<std::vector<Column>> profile(const std::filesystem::path& path, std::string_view salt, std::uint64_t& rows) {
  auto reader = CsvReader::open(path);
  if (!reader) return reader.error();
  const auto heading = read_heading(*reader, path);
  if (!heading) return heading.error();
  std::vector<Column> columns(heading->size());
  for (std::size_t i = 0; i < columns.size(); ++i) columns[i].name = (*heading)[i];
  std::vector<std::string> fields;
  for (rows = 0;; ++rows) {
    const auto read = reader->next(fields);
    if (!read) return with_context(read.error(), path.string());
    if (!*read) break;
    if (rows == kRowsMax)
      return Error{ErrorCode::kTooLarge, path.string() + " has too many rows; register it in parts"};
    if (fields.size() > columns.size()) {
      return Error{ErrorCode::kInvalid, path.string() + " line " + std::to_string(reader->line()) + " has " +
                                            std::to_string(fields.size()) + " fields, the heading has " +
                                            std::to_string(columns.size())};
    }
    for (std::size_t i = 0; i < fields.size(); ++i) {
      if (trim(fields[i]).empty()) continue;
      ++columns[i].filled;
      ++columns[i].shapes[static_cast<std::size_t>(cell_shape_of(fields[i]))];
      columns[i].distinct.add(table_hash(salt, HashUse::kField, plain_form(fields[i])));
    }
  }
  if (rows == 0) return Error{ErrorCode::kInvalid, path.string() + " has a heading but no rows"};
  return columns;
}

std::string names_of(const std::vector<Column>& columns) {
  std::string names;
  for (const Column& column : columns) names += (names.empty() ? "" : ", ") + column.name;
  return names;
}

/// Marks the columns that find rows and those that confirm them.
Result<void> choose_columns(std::vector<Column>& columns, const AddTable& add, std::uint64_t rows) {
  for (const std::string& wanted : add.primary) {
    const auto column = std::find_if(columns.begin(), columns.end(), [&](const Column& candidate) {
      return equal_ignoring_case(candidate.name, wanted);
    });
    if (column == columns.end()) {
      return Error{ErrorCode::kInvalid, "there is no column '" + wanted + "'; there are: " + names_of(columns)};
    }
    const std::string why_not = column->why_not();
    if (!why_not.empty()) {
      return Error{ErrorCode::kInvalid, "column '" + column->name + "' cannot find rows by itself: " + why_not};
    }
    column->primary = true;
  }
  std::string refused;
  for (Column& column : columns) {
    if (!add.primary.empty()) break;
    const std::string why_not = column.why_not();
    column.primary = why_not.empty();
    if (!why_not.empty()) refused += "\n  " + column.name + ": " + why_not;
  }
  std::size_t primaries = 0, fields = 0;
  for (Column& column : columns) {
    primaries += column.primary ? 1 : 0;
    if (column.confirms(rows) && fields < kNoField) column.field = static_cast<std::uint8_t>(fields++);
  }
  if (primaries == 0) {
    return Error{ErrorCode::kInvalid, "no column of the table can find rows by itself:" + refused};
  }
  if (add.confirm >= std::max<std::size_t>(fields, 1) && add.confirm > 0) {
    return Error{ErrorCode::kInvalid, "the table has too few fields to confirm a row with " +
                                          std::to_string(add.confirm) +
                                          " of them; fields of few different values do "
                                          "not count. Lower --confirm"};
  }
  return {};
}

/// What the second pass collects.
struct Collected {
  struct Primary {
    std::uint64_t key = 0;
    std::uint32_t row = 0;
    std::uint8_t field = 0;
    auto operator<=>(const Primary&) const = default;
  };
  std::vector<Primary> primaries;
  std::vector<std::uint32_t> cells;
  std::size_t columns = 0;
};

void collect_row(const std::vector<std::string>& fields, const std::vector<Column>& columns, std::uint32_t row,
                 RegistrationHead& head, Collected& collected) {
  const std::size_t base = collected.cells.size();
  collected.cells.resize(base + collected.columns, 0);
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const Column& column = columns[i];
    if (column.field != kNoField) {
      const std::string form = plain_form(fields[i]);
      if (form.size() >= 2) {
        collected.cells[base + column.field] = static_cast<std::uint32_t>(table_hash(head.salt, HashUse::kField, form));
      }
    }
    const CellShape shape = column.primary ? cell_shape_of(fields[i]) : CellShape::kLoose;
    if (shape == CellShape::kLoose) continue;
    const std::string form = primary_form(fields[i], shape);
    collected.primaries.push_back({table_hash(head.salt, HashUse::kPrimary, form), row, column.field});
    if (shape == CellShape::kEmail) head.digit_lengths |= 1U;
    if (shape == CellShape::kDigits) head.digit_lengths |= 1ULL << form.size();
    if (shape == CellShape::kMixed) head.mixed_lengths |= 1ULL << form.size();
  }
}

Result<Collected> collect(const AddTable& add, const std::vector<Column>& columns, RegistrationHead& head,
                          const Progress& progress) {
  Collected collected;
  for (const Column& column : columns) collected.columns += column.field != kNoField ? 1 : 0;
  auto reader = CsvReader::open(add.csv);
  if (!reader) return reader.error();
  std::vector<std::string> fields;
  auto read = reader->next(fields);  // the heading
  for (std::uint32_t row = 0; read && *read; ++row) {
    read = reader->next(fields);
    if (!read || !*read) break;
    fields.resize(columns.size());
    collect_row(fields, columns, row, head, collected);
    if (progress && row % 4096 == 0) progress(row, collected.primaries.size());
  }
  if (!read) return read.error();
  std::sort(collected.primaries.begin(), collected.primaries.end());
  collected.primaries.erase(std::unique(collected.primaries.begin(), collected.primaries.end()),
                            collected.primaries.end());
  return collected;
}

Result<void> write_table(const std::filesystem::path& path, const RegistrationHead& head, const Collected& collected) {
  auto writer = RegistrationWriter::create(path);
  if (!writer) return writer.error();
  StartsBuilder starts(collected.primaries.size());
  writer->begin_section(0);
  for (const auto& primary : collected.primaries) {
    writer->write(&primary.key, sizeof(primary.key));
    starts.add(primary.key);
  }
  const std::vector<std::uint32_t> table = starts.finish();
  writer->begin_section(1);
  writer->write(std::span<const std::uint32_t>(table));
  writer->begin_section(2);
  for (const auto& primary : collected.primaries) writer->write(&primary.row, sizeof(primary.row));
  writer->begin_section(3);
  for (const auto& primary : collected.primaries) writer->write(&primary.field, sizeof(primary.field));
  writer->begin_section(4);
  writer->write(std::span<const std::uint32_t>(collected.cells));
  return writer->finish(head);
}

}  // namespace

Result<Registration> add_table(const std::filesystem::path& directory, const AddTable& add, const Progress& progress) {
  RegistrationHead head;
  Registration& registration = head.registration;
  registration.kind = "table";
  registration.name = add.name.empty() ? add.csv.stem().string() : add.name;
  registration.label = add.label.empty() ? "customer-data" : add.label;
  registration.added = format_time(system_clock().now());
  head.salt = random_bytes(16);
  head.version = kTableVersion;
  head.confirm = add.confirm;
  head.window = add.window;
  if (add.window > 10'000) return Error{ErrorCode::kInvalid, "the window is at most 10000 bytes"};

  std::uint64_t rows = 0;
  auto columns = profile(add.csv, head.salt, rows);
  if (!columns) return columns.error();
  const auto chosen = choose_columns(*columns, add, rows);
  if (!chosen) return with_context(chosen.error(), add.csv.filename().string());
  const auto collected = collect(add, *columns, head, progress);
  if (!collected) return collected.error();
  head.columns = static_cast<std::uint32_t>(collected->columns);
  registration.files = 1;
  registration.entries = collected->primaries.size();
  std::error_code failed;
  registration.bytes = std::filesystem::file_size(add.csv, failed);
  const auto written = write_table(registration_path(directory, "table", registration.name), head, *collected);
  if (!written) return written.error();
  return registration;
}

}  // namespace reeve::content
