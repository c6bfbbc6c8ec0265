#include "ledger/index_database.h"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "core/bytes.h"
#include "ledger/index_fields.h"

namespace reeve::ledger {

namespace {

using duckdb::State;
using duckdb::TypeId;

/// Interrupts a statement that takes too long. Its thread lives as long as it does.
class Deadline {
 public:
  Deadline(const duckdb::Library& library, duckdb::Connection connection, Duration after)
      : thread_([this, &library, connection, after] {
          std::unique_lock lock(mutex_);
          if (done_.wait_for(lock, after, [this] { return is_done_; })) return;
          has_passed_ = true;
          library.interrupt(connection);
        }) {}
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;
  ~Deadline() { end(); }
  /// True when the time had passed.
  bool end() {
    {
      const std::lock_guard lock(mutex_);
      is_done_ = true;
    }
    done_.notify_all();
    if (thread_.joinable()) thread_.join();
    return has_passed_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable done_;
  bool is_done_ = false;
  bool has_passed_ = false;
  std::thread thread_;
};

bool is_readable(TypeId type) {
  constexpr std::array kReadable{TypeId::kBoolean, TypeId::kBigint, TypeId::kDouble, TypeId::kVarchar};
  return std::find(kReadable.begin(), kReadable.end(), type) != kReadable.end();
}
bool is_small_number(TypeId type) { return type == TypeId::kSmallint || type == TypeId::kInteger; }

std::string message_of(const char* why) {
  // The first line says it; what follows shows the statement again.
  std::string_view text = why == nullptr ? "no reason given" : why;
  return printable(text.substr(0, text.find('\n')), 500);
}

IndexCell cell_of(TypeId type, const void* data, std::size_t row) {
  switch (type) {
    case TypeId::kBoolean: return static_cast<const bool*>(data)[row];
    case TypeId::kDouble: return static_cast<const double*>(data)[row];
    case TypeId::kVarchar: {
      const duckdb::Text& text = static_cast<const duckdb::Text*>(data)[row];
      return std::string(text.data(), text.length);
    }
    default: return static_cast<const std::int64_t*>(data)[row];
  }
}

const duckdb::Library* functions_library = nullptr;  // for request_text(), which gets no context; one per process

bool is_valid(const std::uint64_t* validity, std::size_t row) {
  return validity == nullptr || (validity[row / 64] >> (row % 64) & 1U) != 0;
}

/// request_text(id_high, id_low, id_text): the request id as entries have it.
void request_text(duckdb::FunctionInfo, duckdb::Chunk input, duckdb::Vector output) {
  const duckdb::Library& library = *functions_library;
  std::array<const void*, 3> data{};
  std::array<const std::uint64_t*, 3> validity{};
  for (std::size_t i = 0; i < data.size(); ++i) {
    duckdb::Vector vector = library.data_chunk_get_vector(input, i);
    data[i] = library.vector_get_data(vector);
    validity[i] = library.vector_get_validity(vector);
  }
  const std::uint64_t rows = library.data_chunk_get_size(input);
  for (std::size_t row = 0; row < rows; ++row) {
    if (is_valid(validity[0], row) && is_valid(validity[1], row)) {
      const std::string id = request_id_text(static_cast<const std::uint64_t*>(data[0])[row],
                                             static_cast<const std::uint64_t*>(data[1])[row]);
      library.vector_assign_string_element_len(output, row, id.data(), id.size());
    } else if (is_valid(validity[2], row)) {
      const duckdb::Text& text = static_cast<const duckdb::Text*>(data[2])[row];
      library.vector_assign_string_element_len(output, row, text.data(), text.length);
    } else {
      library.vector_ensure_validity_writable(output);
      library.vector_get_validity(output)[row / 64] &= ~(std::uint64_t{1} << (row % 64));
    }
  }
}

}  // namespace

// ---- The connection

Result<void> IndexConnection::run(const std::string& sql) {
  duckdb::QueryResult result;
  const State state = library_.query(connection_, sql.c_str(), &result);
  Result<void> done;
  if (state != State::kSuccess) {
    done = Error{ErrorCode::kUnavailable, "index: " + message_of(library_.result_error(&result))};
  }
  library_.destroy_result(&result);
  return done;
}

Result<IndexRows> IndexConnection::rows(const std::string& sql) { return execute(sql, {}, UINT64_MAX); }

/// The text as it stands is one statement that only reads.
Result<void> IndexConnection::check_statement(const std::string& sql) {
  duckdb::Statements statements = nullptr;
  const std::uint64_t count = library_.extract_statements(connection_, sql.c_str(), &statements);
  Result<void> fine;
  if (count != 1) {
    const char* const why = count == 0 ? library_.extract_statements_error(statements) : nullptr;
    fine = Error{ErrorCode::kInvalid, why != nullptr ? message_of(why) : "one statement is taken, a SELECT"};
  } else {
    duckdb::Statement statement = nullptr;
    const State state = library_.prepare_extracted_statement(connection_, statements, 0, &statement);
    if (state != State::kSuccess) {
      fine = Error{ErrorCode::kInvalid, message_of(library_.prepare_error(statement))};
    } else if (library_.prepared_statement_type(statement) != duckdb::StatementKind::kSelect) {
      fine = Error{ErrorCode::kInvalid, "only a SELECT is taken: the index is read and never written"};
    }
    library_.destroy_prepare(&statement);
  }
  library_.destroy_extracted(&statements);
  return fine;
}

Result<IndexRows> IndexConnection::fetch(duckdb::QueryResult& result, std::uint64_t rows_max) {
  IndexRows out;
  std::vector<TypeId> types;
  for (std::uint64_t i = 0; i < library_.column_count(&result); ++i) {
    out.columns.emplace_back(library_.column_name(&result, i));
    types.push_back(library_.column_type(&result, i));
  }
  while (!out.is_cut) {
    duckdb::Chunk chunk = library_.fetch_chunk(result);
    if (chunk == nullptr) break;
    const std::uint64_t rows = library_.data_chunk_get_size(chunk);
    std::vector<std::pair<const void*, const std::uint64_t*>> columns;
    for (std::size_t i = 0; i < types.size(); ++i) {
      duckdb::Vector vector = library_.data_chunk_get_vector(chunk, i);
      columns.emplace_back(library_.vector_get_data(vector), library_.vector_get_validity(vector));
    }
    for (std::size_t row = 0; row < rows; ++row) {
      if (out.rows.size() == rows_max) {
        out.is_cut = true;
        break;
      }
      std::vector<IndexCell>& cells = out.rows.emplace_back(types.size());
      for (std::size_t i = 0; i < types.size(); ++i) {
        if (is_valid(columns[i].second, row)) cells[i] = cell_of(types[i], columns[i].first, row);
      }
    }
    library_.destroy_data_chunk(&chunk);
    if (rows == 0) break;
  }
  if (const char* const why = library_.result_error(&result); why != nullptr && *why != '\0') {
    return Error{ErrorCode::kInvalid, message_of(why)};
  }
  return out;
}

Result<IndexRows> IndexConnection::execute(const std::string& sql, const std::vector<std::string>& parameters,
                                           std::uint64_t rows_max) {
  duckdb::Statement statement = nullptr;
  Result<IndexRows> done = Error{};
  duckdb::QueryResult result;
  if (library_.prepare(connection_, sql.c_str(), &statement) != State::kSuccess) {
    done = Error{ErrorCode::kInvalid, message_of(library_.prepare_error(statement))};
  } else {
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      library_.bind_varchar_length(statement, i + 1, parameters[i].data(), parameters[i].size());
    }
    if (library_.execute_prepared(statement, &result) != State::kSuccess) {
      done = Error{ErrorCode::kInvalid, message_of(library_.result_error(&result))};
    } else {
      done = fetch(result, rows_max);
    }
    library_.destroy_result(&result);
  }
  library_.destroy_prepare(&statement);
  return done;
}

Result<IndexRows> IndexConnection::select(std::string_view sql, const std::vector<std::string>& parameters,
                                          std::uint64_t rows_max, Duration time_max) {
  if (sql.find('\0') != std::string_view::npos || !is_utf8(sql)) {
    return Error{ErrorCode::kInvalid, "the statement must be UTF-8 without zero bytes"};
  }
  const std::string text(sql);
  if (auto fine = check_statement(text); !fine) return std::move(fine).error();
  Deadline deadline(library_, connection_, time_max);
  // Once without rows, for the types: what is not read as it is, is made a text.
  const std::string inner = "(" + text.substr(0, text.find_last_not_of("; \t\r\n") + 1) + "\n)";
  duckdb::Statement statement = nullptr;
  std::string columns;
  std::string names;
  std::vector<std::string> headings;
  Result<void> prepared;
  if (library_.prepare(connection_, ("SELECT * FROM " + inner + " LIMIT 0").c_str(), &statement) != State::kSuccess) {
    prepared = Error{ErrorCode::kInvalid, message_of(library_.prepare_error(statement))};
  } else {
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      library_.bind_varchar_length(statement, i + 1, parameters[i].data(), parameters[i].size());
    }
    duckdb::QueryResult result;
    if (library_.execute_prepared(statement, &result) != State::kSuccess) {
      prepared = Error{ErrorCode::kInvalid, message_of(library_.result_error(&result))};
    }
    for (std::uint64_t i = 0; prepared && i < library_.column_count(&result); ++i) {
      const TypeId type = library_.column_type(&result, i);
      const std::string name = "c" + std::to_string(i);
      names += (names.empty() ? "" : ", ") + name;
      const char* const cast = is_readable(type) ? "" : is_small_number(type) ? "::BIGINT" : "::VARCHAR";
      columns += (columns.empty() ? "" : ", ") + name + cast;
      headings.emplace_back(library_.column_name(&result, i));
    }
    library_.destroy_result(&result);
  }
  library_.destroy_prepare(&statement);
  Result<IndexRows> rows = Error{};
  if (prepared) {
    // One more than asked for tells whether there are more.
    const std::string limit = rows_max == UINT64_MAX ? "" : " LIMIT " + std::to_string(rows_max + 1);
    rows = execute("SELECT " + columns + " FROM " + inner + " AS t(" + names + ")" + limit, parameters, rows_max);
  } else {
    rows = prepared.error();
  }
  if (deadline.end()) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time_max).count();
    return Error{ErrorCode::kTimeout, "the query took longer than " + std::to_string(seconds) + " s; narrow it down"};
  }
  if (rows) rows->columns = std::move(headings);
  return rows;
}

// ---- The database

IndexDatabase::~IndexDatabase() { library_.close(&database_); }

Result<std::unique_ptr<IndexConnection>> IndexDatabase::connect() {
  duckdb::Connection connection = nullptr;
  if (library_.connect(database_, &connection) != State::kSuccess) {
    return Error{ErrorCode::kUnavailable, "the index gives no connection"};
  }
  return std::make_unique<IndexConnection>(library_, connection);
}

Result<void> IndexDatabase::add_functions() {
  functions_library = &library_;
  auto connection = connect();
  if (!connection) return std::move(connection).error();
  duckdb::Function function = library_.create_scalar_function();
  library_.scalar_function_set_name(function, "request_text");
  for (const TypeId id : {TypeId::kUbigint, TypeId::kUbigint, TypeId::kVarchar}) {
    duckdb::Type type = library_.create_logical_type(id);
    library_.scalar_function_add_parameter(function, type);
    library_.destroy_logical_type(&type);
  }
  duckdb::Type text = library_.create_logical_type(TypeId::kVarchar);
  library_.scalar_function_set_return_type(function, text);
  library_.destroy_logical_type(&text);
  library_.scalar_function_set_special_handling(function);
  library_.scalar_function_set_function(function, request_text);
  const State state = library_.register_scalar_function((*connection)->handle(), function);
  library_.destroy_scalar_function(&function);
  if (state != State::kSuccess) return Error{ErrorCode::kInternal, "the index takes no function"};
  return {};
}

Result<std::unique_ptr<IndexDatabase>> IndexDatabase::open(const duckdb::Library& library,
                                                           const IndexOptions& options) {
  duckdb::Config config = nullptr;
  library.create_config(&config);
  const std::array<std::pair<const char*, std::string>, 7> settings{
      {{"threads", std::to_string(options.threads)},
       {"memory_limit", std::to_string(options.memory_bytes >> 20U) + "MiB"},
       {"autoinstall_known_extensions", "false"},
       {"autoload_known_extensions", "false"},
       {"allow_community_extensions", "false"},
       {"temp_directory", ""},
       {"max_expression_depth", "250"}}};
  for (const auto& [name, value] : settings) {
    if (library.set_config(config, name, value.c_str()) == State::kSuccess) continue;
    library.destroy_config(&config);
    return Error{ErrorCode::kInternal, std::string("DuckDB does not take the setting ") + name};
  }
  duckdb::Database handle = nullptr;
  char* why = nullptr;
  const State state = library.open_ext(":memory:", &handle, config, &why);
  library.destroy_config(&config);
  if (state != State::kSuccess) {
    Error error{ErrorCode::kUnavailable, "the index cannot be opened: " + message_of(why)};
    library.free(why);
    return error;
  }
  std::unique_ptr<IndexDatabase> database(new IndexDatabase(library, handle));
  if (auto added = database->add_functions(); !added) return std::move(added).error();
  return database;
}

}  // namespace reeve::ledger
