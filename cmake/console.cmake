# The console: built by Vite from console/ with the packages that its lock file pins, compressed, and linked into the
# program. The packages are fetched once per build folder; later builds need no network, and build only what changed.
find_program(NODE node REQUIRED)
find_program(NPM npm REQUIRED)

function(reeve_console TARGET)
  set(source ${PROJECT_SOURCE_DIR}/console)
  set(work ${PROJECT_BINARY_DIR}/console)
  set(packages ${work}/node_modules/.package-lock.json)
  file(GLOB_RECURSE parts CONFIGURE_DEPENDS ${source}/src/* ${PROJECT_SOURCE_DIR}/verifier/*.mjs)
  list(APPEND parts ${source}/index.html ${source}/vite.config.mjs ${source}/tsconfig.json)
  add_custom_command(
    OUTPUT ${packages}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${work}
    COMMAND ${CMAKE_COMMAND} -E copy ${source}/package.json ${source}/package-lock.json ${source}/.npmrc ${work}
    COMMAND ${CMAKE_COMMAND} -E chdir ${work}
            ${NPM} ci --prefer-offline --omit=dev --ignore-scripts --no-audit --no-fund --loglevel=error
    COMMAND ${CMAKE_COMMAND} -E touch ${packages}
    DEPENDS ${source}/package.json ${source}/package-lock.json ${source}/.npmrc
    COMMENT "Fetching what the console is built from"
    VERBATIM)
  # Built in a copy, so that the packages lie beside it and nothing is written into the sources.
  add_custom_command(
    OUTPUT ${work}/console_files.cpp
    COMMAND ${CMAKE_COMMAND} -E rm -rf ${work}/src ${work}/dist
    COMMAND ${CMAKE_COMMAND} -E copy_directory ${source}/src ${work}/src
    COMMAND ${CMAKE_COMMAND} -E copy ${source}/index.html ${source}/vite.config.mjs ${source}/tsconfig.json ${work}
    COMMAND ${CMAKE_COMMAND} -E chdir ${work}
            ${CMAKE_COMMAND} -E env REEVE_VERIFIER=${PROJECT_SOURCE_DIR}/verifier
            ${NODE} node_modules/vite/bin/vite.js build --logLevel warn
    COMMAND ${NODE} ${source}/embed.mjs ${work}/dist ${work}/console_files.cpp
    DEPENDS ${packages} ${parts} ${source}/embed.mjs
    COMMENT "Building the console"
    VERBATIM)
  target_sources(${TARGET} PRIVATE ${work}/console_files.cpp)
endfunction()
