#include "ledger/parquet.h"

#include <algorithm>
#include <array>

#include "core/bytes.h"
#include "ledger/index_database.h"
#include "ledger/index_fields.h"
#include "ledger/index_filter.h"
#include "ledger/ledger.h"

namespace reeve::ledger {

namespace {

using duckdb::State;
using duckdb::TypeId;

constexpr std::uint64_t kChunkRows = 2048;      // what DuckDB's vectors hold
constexpr const char* kRowsOfAGroup = "20480";  // that are in memory at once
constexpr std::size_t kMemoryBytes = 512UL << 20U;

// Columns: a member each, then these two.
constexpr std::size_t kLeafHash = kFields;
constexpr std::size_t kEntry = kFields + 1;
constexpr std::size_t kColumns = kFields + 2;

std::string name_of(std::size_t column) {
  if (column == kLeafHash) return "leaf_hash";
  if (column == kEntry) return "entry";
  const Field field = static_cast<Field>(column);
  if (field == Field::kContentFindings) return "content_finding_types";
  std::string name(field_info(field).path);
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
}

TypeId type_of(std::size_t column) {
  if (column >= kFields) return TypeId::kVarchar;
  if (static_cast<Field>(column) == Field::kTime) return TypeId::kTimestamp;
  switch (field_info(static_cast<Field>(column)).type) {
    case FieldType::kNumber: return TypeId::kBigint;
    case FieldType::kFlag: return TypeId::kBoolean;
    default: return TypeId::kVarchar;
  }
}

bool is_list(std::size_t column) {
  if (column >= kFields) return false;
  const Field field = static_cast<Field>(column);
  return field_info(field).type == FieldType::kTexts || field == Field::kContentFindings;
}

/// One chunk that DuckDB wants filled: every column null until it is put.
class OutputRows {
 public:
  OutputRows(const duckdb::Library& library, duckdb::Chunk chunk) : library_(library), chunk_(chunk) {
    for (std::size_t i = 0; i < kColumns; ++i) {
      Column& column = columns_[i];
      column.vector = library.data_chunk_get_vector(chunk, i);
      column.data = library.vector_get_data(column.vector);
      library.vector_ensure_validity_writable(column.vector);
      column.validity = library.vector_get_validity(column.vector);
      std::fill_n(column.validity, kChunkRows / 64, 0);
    }
  }
  ~OutputRows() { library_.data_chunk_set_size(chunk_, row_); }
  OutputRows(const OutputRows&) = delete;
  OutputRows& operator=(const OutputRows&) = delete;

  void add(const StoredEntry& entry) {
    put_number(static_cast<std::size_t>(Field::kSeq), static_cast<std::int64_t>(entry.index));
    put_text(kLeafHash, to_hex(as_bytes(leaf_hash(entry.bytes))));
    put_text(kEntry, entry.bytes);
    read_entry_fields(entry.bytes, fields_);
    std::int64_t time = 0;
    const bool is_regular = fields_.regular && fields_.number(Field::kSeq) == static_cast<std::int64_t>(entry.index) &&
                            read_ledger_time(fields_.text(Field::kTime), time);
    for (std::size_t i = 0; is_regular && i < kFields; ++i) put_field(i, time);
    ++row_;
  }
  bool is_full() const { return row_ == kChunkRows; }
  std::uint64_t rows() const { return row_; }

 private:
  struct Column {
    duckdb::Vector vector = nullptr;
    void* data = nullptr;
    std::uint64_t* validity = nullptr;
  };

  void put_field(std::size_t column, std::int64_t time) {
    const Field field = static_cast<Field>(column);
    if (!fields_.has(field) || field == Field::kSeq) return;
    if (field == Field::kTime) return put_number(column, time);
    const std::string_view raw = fields_.text(field);
    switch (field_info(field).type) {
      case FieldType::kText: return put_text(column, unescaped(raw));
      case FieldType::kNumber: return put_number(column, fields_.number(field));
      case FieldType::kFlag: return put_flag(column, fields_.number(field) != 0);
      case FieldType::kTexts: return put_text(column, joined_list(raw));
      case FieldType::kRaw: return put_text(column, is_list(column) ? joined_finding_types(raw) : std::string(raw));
    }
  }
  void put_text(std::size_t column, std::string_view text) {
    if (text.empty() || !is_utf8(text)) return;
    library_.vector_assign_string_element_len(columns_[column].vector, row_, text.data(), text.size());
    set_valid(column);
  }
  void put_number(std::size_t column, std::int64_t number) {
    static_cast<std::int64_t*>(columns_[column].data)[row_] = number;
    set_valid(column);
  }
  void put_flag(std::size_t column, bool flag) {
    static_cast<bool*>(columns_[column].data)[row_] = flag;
    set_valid(column);
  }
  void set_valid(std::size_t column) { columns_[column].validity[row_ / 64] |= std::uint64_t{1} << (row_ % 64); }

  const duckdb::Library& library_;
  duckdb::Chunk chunk_;
  std::array<Column, kColumns> columns_;
  std::uint64_t row_ = 0;
  EntryFields fields_;
};

/// DuckDB asks for rows, chunk by chunk: what its callbacks are given. Lives as long as the statement runs.
struct EntryStream {
  const duckdb::Library& library;
  LogReader& log;
  const ParquetExport& what;
  std::uint64_t next = 0;
  std::uint64_t end = 0;  // entries that come in meanwhile are another export's
  std::uint64_t rows = 0;
  Result<void> outcome;

  void fill(duckdb::Chunk chunk) {
    OutputRows output(library, chunk);
    while (outcome && next < end && !output.is_full()) {
      const std::uint64_t before = next;
      outcome = log.read(next, [&](const StoredEntry& entry) {
        next = entry.index + 1;
        if (!what.takes || what.takes(entry)) output.add(entry);
        return next < end && !output.is_full();
      });
      if (outcome && next == before) break;
    }
    rows += output.rows();
  }
};

const duckdb::Library* callbacks_library = nullptr;  // one per process; bind gets no other way to it

void bind_entries(duckdb::BindInfo info) {
  const duckdb::Library& library = *callbacks_library;
  for (std::size_t i = 0; i < kColumns; ++i) {
    duckdb::Type type = library.create_logical_type(type_of(i));
    library.bind_add_result_column(info, name_of(i).c_str(), type);
    library.destroy_logical_type(&type);
  }
}

void begin_entries(duckdb::InitInfo info) { callbacks_library->init_set_max_threads(info, 1); }

void give_entries(duckdb::FunctionInfo info, duckdb::Chunk output) {
  auto& stream = *static_cast<EntryStream*>(callbacks_library->function_get_extra_info(info));
  stream.fill(output);
  if (!stream.outcome) callbacks_library->function_set_error(info, stream.outcome.error().message.c_str());
}

Result<void> add_stream(IndexConnection& connection, EntryStream& stream) {
  const duckdb::Library& library = stream.library;
  callbacks_library = &library;
  duckdb::TableFunction function = library.create_table_function();
  library.table_function_set_name(function, "entries_of_the_log");
  library.table_function_set_extra_info(function, &stream, nullptr);
  library.table_function_set_bind(function, bind_entries);
  library.table_function_set_init(function, begin_entries);
  library.table_function_set_function(function, give_entries);
  const State state = library.register_table_function(connection.handle(), function);
  library.destroy_table_function(&function);
  if (state != State::kSuccess) return Error{ErrorCode::kInternal, "DuckDB takes no table function"};
  return {};
}

std::string columns_sql() {
  std::string sql;
  for (std::size_t i = 0; i < kColumns; ++i) {
    const std::string name = name_of(i);
    sql += sql.empty() ? "" : ", ";
    sql += is_list(i) ? "string_split(\"" + name + "\", chr(31)) AS \"" + name + "\"" : "\"" + name + "\"";
  }
  return sql;
}

}  // namespace

Result<std::uint64_t> write_parquet(LogReader& log, const ParquetExport& what) {
  auto library = duckdb::open_library(what.library);
  if (!library) return with_context(library.error(), "Parquet");
  const auto file = sql_text(what.file.string());
  const auto name = sql_text(what.log);
  if (!file || !name) return Error{ErrorCode::kInvalid, "the file's name is not UTF-8"};
  IndexOptions options;
  options.memory_bytes = kMemoryBytes;
  auto database = IndexDatabase::open(**library, options);
  if (!database) return std::move(database).error();
  auto connection = (*database)->connect();
  if (!connection) return std::move(connection).error();
  EntryStream stream{**library, log, what, what.from, log.size(), 0, {}};
  auto done = add_stream(**connection, stream);
  if (done) {
    done = (*connection)
               ->run("COPY (SELECT " + columns_sql() + " FROM entries_of_the_log()) TO " + *file +
                     " (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE " + kRowsOfAGroup +
                     ", KV_METADATA {reeve_log: " + *name + "})");
  }
  // What went wrong with reading is told in its own words.
  if (!stream.outcome) return std::move(stream.outcome).error();
  if (!done) return Error{ErrorCode::kUnavailable, what.file.string() + " cannot be written: " + done.error().message};
  return stream.rows;
}

}  // namespace reeve::ledger
