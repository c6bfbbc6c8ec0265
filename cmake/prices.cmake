# The price catalogue: tools/prices/build.mjs turns the pinned npm package @pydantic/genai-prices into a C++ source in
# the build folder. The package is fetched once per build folder; later builds need no network.
find_program(NODE node REQUIRED)
find_program(NPM npm REQUIRED)

function(reeve_price_catalogue TARGET)
  set(tool ${PROJECT_SOURCE_DIR}/tools/prices)
  set(work ${PROJECT_BINARY_DIR}/prices)
  set(package ${work}/node_modules/@pydantic/genai-prices)
  add_custom_command(
    OUTPUT ${package}/package.json
    COMMAND ${CMAKE_COMMAND} -E make_directory ${work}
    COMMAND ${CMAKE_COMMAND} -E copy ${tool}/package.json ${tool}/package-lock.json ${tool}/.npmrc ${work}
    COMMAND ${CMAKE_COMMAND} -E chdir ${work}
            ${NPM} ci --prefer-offline --ignore-scripts --no-audit --no-fund --loglevel=error
    COMMAND ${CMAKE_COMMAND} -E touch ${package}/package.json
    DEPENDS ${tool}/package.json ${tool}/package-lock.json ${tool}/.npmrc
    COMMENT "Fetching the price data"
    VERBATIM)
  add_custom_command(
    OUTPUT ${work}/catalogue_data.cpp
    COMMAND ${NODE} ${tool}/build.mjs ${package} ${work}/catalogue_data.cpp
    DEPENDS ${package}/package.json ${tool}/build.mjs ${tool}/rates.mjs
    COMMENT "Building the price catalogue"
    VERBATIM)
  target_sources(${TARGET} PRIVATE ${work}/catalogue_data.cpp)
endfunction()
