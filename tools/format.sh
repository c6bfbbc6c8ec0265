#!/bin/bash
# Formats every C++ file of the repository in place; --check changes nothing and fails when a file would change.
set -euo pipefail
cd "$(dirname "$0")/.."

mode=(-i)
[[ ${1:-} == --check ]] && mode=(--dry-run --Werror)
git ls-files -z --cached --others --exclude-standard -- '*.h' '*.cpp' |
  xargs -0 -r -n 16 -P "$(nproc)" clang-format-19 "${mode[@]}"
