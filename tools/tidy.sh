#!/bin/bash
# Runs clang-tidy with .clang-tidy: tools/tidy.sh over the product's code, --all over tests and benchmarks
# too, --changed over what differs from the last commit, or over the files that are named.
set -euo pipefail
cd "$(dirname "$0")/.."

[[ -f build/compile_commands.json ]] || cmake --preset release >/dev/null
case ${1:-} in
  "") mapfile -t files < <(git ls-files 'src/*.cpp' 'apps/*.cpp' | grep -v '_test\.cpp$') ;;
  --all) mapfile -t files < <(git ls-files '*.cpp' | grep -v '^fuzz/') ;;
  --changed) mapfile -t files < <(git diff --name-only --diff-filter=d HEAD -- '*.cpp') ;;
  *) files=("$@") ;;
esac
(( ${#files[@]} )) || exit 0

tidy_one() {
  local words
  words=$(clang-tidy-19 --quiet -p build "$1" 2>&1) && return
  grep -v -e ' warnings\? generated' -e ' warnings\? treated as error' -e '^Suppressed' -e '^Use -header' <<<"$words"
  return 1
}
export -f tidy_one
if printf '%s\0' "${files[@]}" | xargs -0 -n 1 -P "$(nproc)" bash -c 'tidy_one "$1"' _; then
  echo "tidy: ${#files[@]} files are clean"
else
  echo "tidy: found something in the ${#files[@]} files" >&2
  exit 1
fi
