#!/bin/bash
# Builds the Debian package of the release preset and prints its path.
set -euo pipefail
cd "$(dirname "$0")/.."

tools/install.sh build package
tools/build.sh release reeve man_pages >&2
rm -f build/*.deb
if ! cpack --config build/CPackConfig.cmake -B build/package >build/package.log 2>&1; then
  cat build/package.log >&2
  exit 1
fi
mv build/package/*.deb build/
ls build/*.deb
