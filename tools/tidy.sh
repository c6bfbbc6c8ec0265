#!/bin/bash
# Runs clang-tidy with .clang-tidy: tools/tidy.sh over the product's code, --all over tests and benchmarks
# too, --changed over what differs from the last commit, or over the files that are named. --minutes N is for CI: the
# product's code, what was changed last first, as far as the time goes (a file takes six seconds); it says what it left.
set -euo pipefail
cd "$(dirname "$0")/.."

[[ -f build/compile_commands.json ]] || cmake --preset release >/dev/null
product_files() { git ls-files 'src/*.cpp' 'apps/*.cpp' | grep -v '_test\.cpp$' | sort; }
newest_first() {
  git log --name-only --no-renames --format= -- 'src/*.cpp' 'apps/*.cpp' | awk '!seen[$0]++' |
    grep -Fxf <(product_files)
}

export TIDY_END=
case ${1:-} in
  "") mapfile -t files < <(product_files) ;;
  --minutes)
    mapfile -t files < <(newest_first)
    TIDY_END=$(($(date +%s) + 60 * $2)) ;;
  --all) mapfile -t files < <(git ls-files '*.cpp' | grep -v '^fuzz/') ;;
  --changed) mapfile -t files < <(git diff --name-only --diff-filter=d HEAD -- '*.cpp') ;;
  *) files=("$@") ;;
esac
(( ${#files[@]} )) || exit 0

tidy_one() {
  local words
  if [[ -n $TIDY_END && $(date +%s) -ge $TIDY_END ]]; then
    echo "$1" >>"$TIDY_LEFT"
    return
  fi
  words=$(clang-tidy-19 --quiet -p build "$1" 2>&1) && return
  grep -v -e ' warnings\? generated' -e ' warnings\? treated as error' -e '^Suppressed' -e '^Use -header' <<<"$words"
  return 1
}
export -f tidy_one
TIDY_LEFT=$(mktemp)
export TIDY_LEFT
trap 'rm -f "$TIDY_LEFT"' EXIT
if printf '%s\0' "${files[@]}" | xargs -0 -n 1 -P "$(nproc)" bash -c 'tidy_one "$1"' _; then
  left=$(wc -l <"$TIDY_LEFT")
  echo "tidy: $((${#files[@]} - left)) files are clean${TIDY_END:+, $left not reached in the time there was}"
else
  echo "tidy: found something in the ${#files[@]} files" >&2
  exit 1
fi
