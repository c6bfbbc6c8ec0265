#!/bin/bash
# Configures and builds one preset: tools/build.sh PRESET [TARGET...]. On a terminal one line shows how far it is;
# elsewhere a line is printed at every tenth. The compiler's words are in the build folder's build.log, and are printed
# when the build fails.
set -euo pipefail
cd "$(dirname "$0")/.."

preset=$1
shift
folder=build
[[ $preset == release ]] || folder=build/$preset
mkdir -p "$folder"
log=$folder/build.log

clock() { printf '%d:%02d' $((SECONDS / 60)) $((SECONDS % 60)); }
say() { if [[ -t 1 ]]; then printf '\r\e[K%s' "$*"; else echo "$*"; fi; }

# Reads ninja's lines, which NINJA_STATUS marks with @done/total, and tells how far the build is.
progress() {
  local line counter="" what="" done=0 total=0 tenth=-1 status
  while true; do
    status=0
    IFS= read -r -t 1 line || status=$?
    if (( status > 128 )); then
      line=""  # a second without news: only the clock moves on
    elif (( status )); then
      return
    elif [[ $line == @*/* ]]; then
      counter=${line%% *} what=${line##*/}
      done=${counter#@} done=${done%/*} total=${counter#*/}
    fi
    (( total )) || continue
    if [[ -t 1 ]]; then
      printf '\r\e[K%-8s %3d%%  %d of %d  %s  %s' \
        "$preset" $((done * 100 / total)) "$done" "$total" "$(clock)" "${what:0:40}"
    elif (( done * 10 / total > tenth )); then
      tenth=$((done * 10 / total))
      echo "build $preset: $done of $total, $(clock)"
    fi
  done
}

say "configure $preset"
if ! cmake --preset "$preset" >"$log" 2>&1; then
  say "" && cat "$log" >&2
  exit 1
fi

targets=()
(( $# )) && targets=(--target "$@")
export NINJA_STATUS='@%f/%t '
if cmake --build --preset "$preset" "${targets[@]}" 2>&1 | tee -a "$log" | progress; then
  say "build $preset: done in $(clock)"
  if [[ -t 1 ]]; then echo; fi
else
  say "build $preset: failed after $(clock); all of it is in $log"$'\n'
  sed -n '/^FAILED\|^ninja: error/,$p' "$log" | grep -v '^@' >&2
  exit 1
fi
