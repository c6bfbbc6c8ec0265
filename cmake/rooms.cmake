# reeve_room(NAME DEPENDS rooms... LIBRARIES external... )
#
# One static library per room, from every .cpp in its folder except tests, which become one test program beside it.
# Sub-folders belong to the room. The arrows are stated here for the linker and checked again, include by include, in
# tests/house.
function(reeve_room NAME)
  cmake_parse_arguments(ROOM "" "" "DEPENDS;LIBRARIES" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${NAME}/*.cpp)
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "_test\\.cpp$")
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")

  if(NOT sources)
    add_library(reeve_${NAME} INTERFACE)
    return()
  endif()
  add_library(reeve_${NAME} STATIC ${sources})
  target_include_directories(reeve_${NAME} PUBLIC ${PROJECT_SOURCE_DIR}/src)
  list(TRANSFORM ROOM_DEPENDS PREPEND reeve_)
  target_link_libraries(reeve_${NAME} PUBLIC ${ROOM_DEPENDS} PRIVATE ${ROOM_LIBRARIES})
  set(public_header ${CMAKE_CURRENT_SOURCE_DIR}/${NAME}/${NAME}.h)
  if(NOT EXISTS ${public_header})
    set(public_header ${CMAKE_CURRENT_SOURCE_DIR}/${NAME}/result.h)
  endif()
  reeve_precompile(reeve_${NAME} ${public_header})

  if(REEVE_TESTS AND tests)
    add_executable(reeve_${NAME}_test ${tests})
    target_link_libraries(reeve_${NAME}_test PRIVATE reeve_${NAME} ${ROOM_LIBRARIES} GTest::gmock GTest::gtest_main)
    target_compile_definitions(reeve_${NAME}_test PRIVATE REEVE_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
    reeve_precompile(reeve_${NAME}_test ${public_header} <gmock/gmock.h> <gtest/gtest.h>)
    # Half of a build would be spent on making tests fast that run once. What they test is compiled as it ships.
    if(NOT REEVE_SANITIZE)
      target_compile_options(reeve_${NAME}_test PRIVATE -O0)
    endif()
    gtest_discover_tests(reeve_${NAME}_test TEST_PREFIX ${NAME}. NO_PRETTY_VALUES DISCOVERY_TIMEOUT 60
                         PROPERTIES TIMEOUT 120)
  endif()
endfunction()
