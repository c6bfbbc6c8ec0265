# The target duckdb_library: DuckDB's shared library beside the programs of the build, from the npm package that is
# pinned in tools/duckdb. Nothing links it: the index of the ledger opens it at run time.
find_program(NPM npm REQUIRED)

set(duckdb_tool ${PROJECT_SOURCE_DIR}/tools/duckdb)
set(duckdb_work ${PROJECT_BINARY_DIR}/duckdb)
set(duckdb_package ${duckdb_work}/node_modules/@duckdb/node-bindings-linux-x64)
set(duckdb_file ${PROJECT_BINARY_DIR}/libduckdb.so)
add_custom_command(
  OUTPUT ${duckdb_file} ${PROJECT_BINARY_DIR}/duckdb/LICENSE
  COMMAND ${CMAKE_COMMAND} -E make_directory ${duckdb_work}
  COMMAND ${CMAKE_COMMAND} -E copy ${duckdb_tool}/package.json ${duckdb_tool}/package-lock.json ${duckdb_tool}/.npmrc
          ${duckdb_work}
  COMMAND ${CMAKE_COMMAND} -E chdir ${duckdb_work}
          ${NPM} ci --prefer-offline --ignore-scripts --no-audit --no-fund --loglevel=error
  COMMAND ${CMAKE_COMMAND} -E copy ${duckdb_package}/libduckdb.so ${duckdb_file}
  COMMAND ${CMAKE_COMMAND} -E copy ${duckdb_package}/LICENSE ${duckdb_work}/LICENSE
  DEPENDS ${duckdb_tool}/package.json ${duckdb_tool}/package-lock.json ${duckdb_tool}/.npmrc
  COMMENT "Fetching DuckDB's library"
  VERBATIM)
add_custom_target(duckdb_library ALL DEPENDS ${duckdb_file})
install(PROGRAMS ${duckdb_file} DESTINATION lib/reeve)
