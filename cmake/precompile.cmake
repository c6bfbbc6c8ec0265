# reeve_precompile(TARGET [HEADER...]): the standard headers that nearly every file reads, and the ones that are named,
# are read once for the target instead of once for each of its files; two fifths of a build from nothing went into that.
# A file still includes what it uses: with -DREEVE_PRECOMPILE=OFF nothing is read beforehand. Off is the better choice
# where ccache serves several folders, because a header that was read beforehand names the folder.
option(REEVE_PRECOMPILE "Read common headers once per target" ON)

set(reeve_standard_headers
    <algorithm> <array> <atomic> <bit> <charconv> <chrono> <condition_variable> <cstdint> <cstring> <deque>
    <filesystem> <fstream> <functional> <map> <memory> <mutex> <optional> <set> <span> <string> <string_view> <thread>
    <unordered_map> <unordered_set> <utility> <variant> <vector>)

function(reeve_precompile target)
  if(REEVE_PRECOMPILE)
    target_precompile_headers(${target} PRIVATE ${reeve_standard_headers} ${ARGN})
    # The header's time of making stays out of it, so that ccache knows it again.
    target_compile_options(${target} PRIVATE "SHELL:-Xclang -fno-pch-timestamp")
  endif()
endfunction()
