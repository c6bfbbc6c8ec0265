#!/bin/bash
# Builds a sanitizer preset and runs its tests: tools/sanitize.sh asan|tsan [CTest options]. asan runs everything; tsan
# the rooms in which threads meet.
set -euo pipefail
cd "$(dirname "$0")/.."

preset=${1:?name a preset: asan or tsan}
shift
targets=() filter=()
if [[ $preset == tsan ]]; then
  rooms=(core net ledger identity content policy gateway)
  for room in "${rooms[@]}"; do
    if compgen -G "src/$room/*_test.cpp" >/dev/null; then targets+=("reeve_${room}_test"); fi
  done
  filter=(-R "^($(IFS='|'; echo "${rooms[*]}"))\\.")
fi

# Debian's simdjson frees in the library, through libstdc++, what it allocated through the program's operator new: right
# without a sanitizer, a mismatch to one that sees only half of it.
export ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1:alloc_dealloc_mismatch=0
export UBSAN_OPTIONS=print_stacktrace=1
export TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1:suppressions=$PWD/tools/tsan.suppressions
tools/build.sh "$preset" "${targets[@]}"
# As in ./test: most tests of the whole program wait more than they work.
exec ctest --preset "$preset" --parallel $((2 * $(nproc))) --no-tests=error "${filter[@]}" "$@"
