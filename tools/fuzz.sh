#!/bin/bash
# Builds the fuzz targets and runs each for SECONDS from its kept corpus: tools/fuzz.sh SECONDS [NAME...]. New inputs go
# to build/fuzz/corpus/NAME; what breaks a target goes to build/fuzz/findings.
#
# tools/fuzz.sh --merge [NAME...] adds to fuzz/corpus/NAME the new inputs that reach new code.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${1:?seconds for each target, or --merge}
shift
names=("$@")
(( ${#names[@]} )) || mapfile -t names < <(basename -s .cpp fuzz/*.cpp)
tools/build.sh fuzz "${names[@]/#/fuzz_}"
mkdir -p build/fuzz/findings build/fuzz/logs

fuzz_one() {
  local name=$1 kept=fuzz/corpus/$1 new=build/fuzz/corpus/$1 log=build/fuzz/logs/$1
  local options=(-rss_limit_mb=2048 -timeout=20 -artifact_prefix="build/fuzz/findings/$name-")
  mkdir -p "$new" "$kept"
  if [[ $seconds == --merge ]]; then
    options+=(-merge=1 "$kept" "$new")
  else
    options+=(-max_total_time="$seconds" -print_final_stats=1 "$new" "$kept")
  fi
  if "build/fuzz/fuzz_$name" "${options[@]}" >"$log" 2>&1; then
    echo "fuzz $name: clean, $(sed -n 's/stat::number_of_executed_units: *//p' "$log") runs"
  else
    tail -n 60 "$log"
    echo "fuzz $name: FOUND something; the input is in build/fuzz/findings, the log is $log"
    return 1
  fi
}
export -f fuzz_one
export seconds
printf '%s\0' "${names[@]}" | xargs -0 -n 1 -P "$(nproc)" bash -c 'fuzz_one "$1"' _
