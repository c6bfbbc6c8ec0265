# One compiler for everything: g++ 12 miscompiles coroutines without a warning (docs/decisions/0002-one-compiler.md).
if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang" OR CMAKE_CXX_COMPILER_VERSION VERSION_LESS 19)
  message(FATAL_ERROR "Reeve is built with clang 19 or newer. Use a preset: cmake --preset release")
endif()

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})

add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor
                    -Wno-missing-field-initializers -Werror=return-type -Werror=switch -fno-omit-frame-pointer)
add_compile_definitions(_GLIBCXX_ASSERTIONS)
add_link_options(-fuse-ld=lld)

set(REEVE_SANITIZE "" CACHE STRING "Sanitizers, comma separated: address,undefined or thread")
if(REEVE_SANITIZE)
  add_compile_options(-fsanitize=${REEVE_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${REEVE_SANITIZE})
endif()
if(REEVE_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # What is sloppy is what cmake/precompile.cmake needs: nothing of ours depends on __TIME__ or the order of macros.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE})
endif()
