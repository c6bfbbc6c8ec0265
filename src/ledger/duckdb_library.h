#pragma once

// DuckDB's shared library, opened at run time: the index is disposable, so a program that lacks the library serves all
// the same and says what is missing. Only the functions of DuckDB's stable C interface that the index calls are
// declared here, with handles as plain pointers; the version is checked, because nothing else holds these declarations
// to it.

#include <cstdint>
#include <filesystem>

#include "core/result.h"

namespace reeve::ledger::duckdb {

inline constexpr const char* kVersion = "v1.5.6";

// Handles. Each is destroyed by the function of its kind.
using Database = void*;
using Connection = void*;
using Config = void*;
using Statement = void*;
using Statements = void*;
using Chunk = void*;
using Vector = void*;
using Type = void*;
using Appender = void*;
using Value = void*;
using Function = void*;
using FunctionInfo = void*;
using TableFunction = void*;
using BindInfo = void*;
using InitInfo = void*;

enum class State : int { kSuccess = 0, kError = 1 };

/// Numbers of types as vectors have them. Others are cast to text before they are read.
enum class TypeId : int {
  kBoolean = 1,
  kSmallint = 3,
  kInteger = 4,
  kBigint = 5,
  kUbigint = 9,
  kDouble = 11,
  kTimestamp = 12,
  kVarchar = 17,
};

enum class StatementKind : int { kSelect = 1, kExplain = 5 };

/// The result as the caller holds it; its members are DuckDB's own business.
struct QueryResult {
  std::uint64_t opaque_counts[3] = {};
  void* opaque_columns = nullptr;
  char* opaque_error = nullptr;
  void* opaque_data = nullptr;
};

/// A text in a vector: up to twelve bytes in place, longer ones behind a pointer.
struct Text {
  std::uint32_t length;
  char prefix[4];
  union {
    char rest[8];
    const char* far;
  };
  const char* data() const { return length <= 12 ? prefix : far; }
};
static_assert(sizeof(Text) == 16);

using ScalarFunction = void (*)(FunctionInfo, Chunk input, Vector output);

/// The functions. All are filled once the library is open.
struct Library {
  const char* (*library_version)();
  void (*free)(void*);
  State (*open_ext)(const char* path, Database*, Config, char** error);
  void (*close)(Database*);
  State (*connect)(Database, Connection*);
  void (*disconnect)(Connection*);
  void (*interrupt)(Connection);
  State (*create_config)(Config*);
  State (*set_config)(Config, const char* name, const char* option);
  void (*destroy_config)(Config*);

  State (*query)(Connection, const char* sql, QueryResult*);
  void (*destroy_result)(QueryResult*);
  const char* (*result_error)(QueryResult*);
  std::uint64_t (*column_count)(QueryResult*);
  const char* (*column_name)(QueryResult*, std::uint64_t column);
  TypeId (*column_type)(QueryResult*, std::uint64_t column);
  Chunk (*fetch_chunk)(QueryResult);

  std::uint64_t (*extract_statements)(Connection, const char* sql, Statements*);
  const char* (*extract_statements_error)(Statements);
  State (*prepare_extracted_statement)(Connection, Statements, std::uint64_t index, Statement*);
  void (*destroy_extracted)(Statements*);
  State (*prepare)(Connection, const char* sql, Statement*);
  const char* (*prepare_error)(Statement);
  StatementKind (*prepared_statement_type)(Statement);
  void (*destroy_prepare)(Statement*);
  State (*bind_varchar_length)(Statement, std::uint64_t parameter, const char* text, std::uint64_t length);
  State (*bind_int64)(Statement, std::uint64_t parameter, std::int64_t number);
  State (*execute_prepared)(Statement, QueryResult*);

  State (*appender_create_ext)(Connection, const char* catalog, const char* schema, const char* table, Appender*);
  const char* (*appender_error)(Appender);
  State (*append_data_chunk)(Appender, Chunk);
  State (*appender_close)(Appender);
  State (*appender_destroy)(Appender*);

  Type (*create_logical_type)(TypeId);
  void (*destroy_logical_type)(Type*);
  Chunk (*create_data_chunk)(Type*, std::uint64_t columns);
  void (*destroy_data_chunk)(Chunk*);
  void (*data_chunk_reset)(Chunk);
  std::uint64_t (*data_chunk_get_size)(Chunk);
  void (*data_chunk_set_size)(Chunk, std::uint64_t rows);
  Vector (*data_chunk_get_vector)(Chunk, std::uint64_t column);
  void* (*vector_get_data)(Vector);
  std::uint64_t* (*vector_get_validity)(Vector);
  void (*vector_ensure_validity_writable)(Vector);
  void (*vector_assign_string_element_len)(Vector, std::uint64_t row, const char* text, std::uint64_t length);

  Function (*create_scalar_function)();
  void (*destroy_scalar_function)(Function*);
  void (*scalar_function_set_name)(Function, const char* name);
  void (*scalar_function_add_parameter)(Function, Type);
  void (*scalar_function_set_return_type)(Function, Type);
  void (*scalar_function_set_special_handling)(Function);  // is asked about nulls, too
  void (*scalar_function_set_function)(Function, ScalarFunction);
  State (*register_scalar_function)(Connection, Function);

  TableFunction (*create_table_function)();
  void (*destroy_table_function)(TableFunction*);
  void (*table_function_set_name)(TableFunction, const char* name);
  void (*table_function_set_extra_info)(TableFunction, void* info, void (*destroy)(void*));
  void (*table_function_set_bind)(TableFunction, void (*bind)(BindInfo));
  void (*table_function_set_init)(TableFunction, void (*init)(InitInfo));
  void (*table_function_set_function)(TableFunction, void (*function)(FunctionInfo, Chunk output));
  State (*register_table_function)(Connection, TableFunction);
  void* (*bind_get_extra_info)(BindInfo);
  void (*bind_add_result_column)(BindInfo, const char* name, Type);
  void (*init_set_max_threads)(InitInfo, std::uint64_t threads);
  void* (*function_get_extra_info)(FunctionInfo);
  void (*function_set_error)(FunctionInfo, const char* message);
};

/// Opens `file` once for the life of the process; later calls give the same library. kUnavailable, with what to do,
/// when it is missing or of another version. Thread-safe.
Result<const Library*> open_library(const std::filesystem::path& file);

}  // namespace reeve::ledger::duckdb
