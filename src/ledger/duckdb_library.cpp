#include "ledger/duckdb_library.h"

#include <dlfcn.h>

#include <mutex>
#include <string_view>

namespace reeve::ledger::duckdb {

namespace {

Error unavailable(const std::filesystem::path& file, const std::string& why) {
  return Error{ErrorCode::kUnavailable,
               "the index of the ledger needs DuckDB's library " + file.string() + ": " + why +
                   ". The package installs it, and the build puts it beside the program (target duckdb_library); the "
                   "ledger itself does not need it"};
}

/// Looks every function up; the first that is missing is named.
class Loader {
 public:
  explicit Loader(void* handle) : handle_(handle) {}
  template <typename Pointer>
  void get(Pointer& into, const char* name) {
    void* const symbol = ::dlsym(handle_, (std::string("duckdb_") + name).c_str());
    if (symbol == nullptr && missing_.empty()) missing_ = name;
    into = reinterpret_cast<Pointer>(symbol);  // NOLINT: what dlsym is for
  }
  const std::string& missing() const { return missing_; }

 private:
  void* handle_;
  std::string missing_;
};

void load_queries(Loader& load, Library& to) {
  load.get(to.library_version, "library_version");
  load.get(to.free, "free");
  load.get(to.open_ext, "open_ext");
  load.get(to.close, "close");
  load.get(to.connect, "connect");
  load.get(to.disconnect, "disconnect");
  load.get(to.interrupt, "interrupt");
  load.get(to.create_config, "create_config");
  load.get(to.set_config, "set_config");
  load.get(to.destroy_config, "destroy_config");
  load.get(to.query, "query");
  load.get(to.destroy_result, "destroy_result");
  load.get(to.result_error, "result_error");
  load.get(to.column_count, "column_count");
  load.get(to.column_name, "column_name");
  load.get(to.column_type, "column_type");
  load.get(to.fetch_chunk, "fetch_chunk");
  load.get(to.extract_statements, "extract_statements");
  load.get(to.extract_statements_error, "extract_statements_error");
  load.get(to.prepare_extracted_statement, "prepare_extracted_statement");
  load.get(to.destroy_extracted, "destroy_extracted");
  load.get(to.prepare, "prepare");
  load.get(to.prepare_error, "prepare_error");
  load.get(to.prepared_statement_type, "prepared_statement_type");
  load.get(to.destroy_prepare, "destroy_prepare");
  load.get(to.bind_varchar_length, "bind_varchar_length");
  load.get(to.bind_int64, "bind_int64");
  load.get(to.execute_prepared, "execute_prepared");
}

void load_rows(Loader& load, Library& to) {
  load.get(to.appender_create_ext, "appender_create_ext");
  load.get(to.appender_error, "appender_error");
  load.get(to.append_data_chunk, "append_data_chunk");
  load.get(to.appender_close, "appender_close");
  load.get(to.appender_destroy, "appender_destroy");
  load.get(to.create_logical_type, "create_logical_type");
  load.get(to.destroy_logical_type, "destroy_logical_type");
  load.get(to.create_data_chunk, "create_data_chunk");
  load.get(to.destroy_data_chunk, "destroy_data_chunk");
  load.get(to.data_chunk_reset, "data_chunk_reset");
  load.get(to.data_chunk_get_size, "data_chunk_get_size");
  load.get(to.data_chunk_set_size, "data_chunk_set_size");
  load.get(to.data_chunk_get_vector, "data_chunk_get_vector");
  load.get(to.vector_get_data, "vector_get_data");
  load.get(to.vector_get_validity, "vector_get_validity");
  load.get(to.vector_ensure_validity_writable, "vector_ensure_validity_writable");
  load.get(to.vector_assign_string_element_len, "vector_assign_string_element_len");
  load.get(to.create_scalar_function, "create_scalar_function");
  load.get(to.destroy_scalar_function, "destroy_scalar_function");
  load.get(to.scalar_function_set_name, "scalar_function_set_name");
  load.get(to.scalar_function_add_parameter, "scalar_function_add_parameter");
  load.get(to.scalar_function_set_return_type, "scalar_function_set_return_type");
  load.get(to.scalar_function_set_special_handling, "scalar_function_set_special_handling");
  load.get(to.scalar_function_set_function, "scalar_function_set_function");
  load.get(to.register_scalar_function, "register_scalar_function");
}

void load_table_functions(Loader& load, Library& to) {
  load.get(to.create_table_function, "create_table_function");
  load.get(to.destroy_table_function, "destroy_table_function");
  load.get(to.table_function_set_name, "table_function_set_name");
  load.get(to.table_function_set_extra_info, "table_function_set_extra_info");
  load.get(to.table_function_set_bind, "table_function_set_bind");
  load.get(to.table_function_set_init, "table_function_set_init");
  load.get(to.table_function_set_function, "table_function_set_function");
  load.get(to.register_table_function, "register_table_function");
  load.get(to.bind_get_extra_info, "bind_get_extra_info");
  load.get(to.bind_add_result_column, "bind_add_result_column");
  load.get(to.init_set_max_threads, "init_set_max_threads");
  load.get(to.function_get_extra_info, "function_get_extra_info");
  load.get(to.function_set_error, "function_set_error");
}

Result<Library> load(const std::filesystem::path& file) {
  // Never closed again: the library keeps threads and thread-local data of its own.
  void* const handle = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    const char* const why = ::dlerror();
    return unavailable(file, why == nullptr ? "it cannot be opened" : why);
  }
  Loader loader(handle);
  Library library{};
  load_queries(loader, library);
  load_rows(loader, library);
  load_table_functions(loader, library);
  if (!loader.missing().empty()) return unavailable(file, "it has no function duckdb_" + loader.missing());
  const std::string_view version = library.library_version();
  if (version != kVersion) return unavailable(file, "it is " + std::string(version) + ", not " + kVersion);
  return library;
}

}  // namespace

Result<const Library*> open_library(const std::filesystem::path& file) {
  static std::mutex mutex;
  static Library opened;
  static bool is_open = false;
  const std::lock_guard lock(mutex);
  if (!is_open) {
    auto library = load(file);
    if (!library) return library.error();
    opened = *library;
    is_open = true;
  }
  return &opened;
}

}  // namespace reeve::ledger::duckdb
