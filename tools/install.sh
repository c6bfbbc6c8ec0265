#!/bin/bash
# Installs what Reeve needs from Debian's packages. Asks dpkg first: when nothing is missing it takes a few milliseconds
# and touches no network. docs/dependencies.md says what each package is for and how versions are pinned.
#
#   tools/install.sh GROUP...    groups: build test check bench package
#
# REEVE_SKIP_INSTALL=1 does nothing: for machines where somebody else looks after the packages.
set -euo pipefail

build=(clang-19 libclang-rt-19-dev lld-19 llvm-19 cmake ninja-build ccache git ca-certificates
       libboost1.81-dev libsimdjson-dev libyaml-cpp-dev libssl-dev libsqlite3-dev libcurl4-openssl-dev
       libcli11-dev prometheus-cpp-dev libpq-dev libre2-dev libvectorscan-dev libxxhash-dev zlib1g-dev libminizip-dev
       tzdata pkg-config libgtest-dev libgmock-dev)
test=(curl openssl nginx-light postgresql-15 e2fsprogs mount util-linux chromium unzip)
check=(clang-format-19 clang-tidy-19)
bench=(nginx-light wrk)
package=(dpkg-dev file)

fail() { echo "install: $*" >&2; exit 1; }

wanted=()
for group in "${@:-build}"; do
  case $group in
    build | test | check | bench | package) declare -n packages=$group; wanted+=("${packages[@]}") ;;
    *) fail "unknown group '$group'; the groups are build, test, check, bench and package" ;;
  esac
  # The price catalogue and the real clients come from npm. Any Node.js from 18 on will do, whoever installed it.
  if [[ $group == build || $group == test ]]; then
    major=$(node --version 2>/dev/null | sed 's/^v\([0-9]*\).*/\1/') || major=0
    if (( ${major:-0} < 18 )); then wanted+=(nodejs); fi
    if ! command -v npm >/dev/null; then wanted+=(npm); fi
  fi
done

[[ ${REEVE_SKIP_INSTALL:-} == 1 ]] && exit 0

declare -A installed=()
while read -r name state; do
  if [[ $state == installed ]]; then installed[$name]=1; fi
done < <(dpkg-query -W -f='${Package} ${db:Status-Status}\n' "${wanted[@]}" 2>/dev/null || true)
missing=()
for name in "${wanted[@]}"; do
  if [[ -z ${installed[$name]:-} ]]; then missing+=("$name") installed[$name]=1; fi
done
(( ${#missing[@]} )) || exit 0

release=$(. /etc/os-release 2>/dev/null && echo "${ID:-} ${VERSION_ID:-}") || true
[[ $release == "debian 12" ]] ||
  fail "missing: ${missing[*]}. Reeve's packages are pinned by Debian 12, and this is ${release:-another system}." \
       "Install their equivalents yourself and set REEVE_SKIP_INSTALL=1."

root=()
if (( EUID != 0 )); then
  command -v sudo >/dev/null || fail "missing: ${missing[*]}. Run this as root, or install sudo."
  root=(sudo)
fi

# The tests and benchmarks start an nginx and a PostgreSQL of their own; the packaged services must not begin to listen.
held=()
if [[ -d /run/systemd/system ]]; then
  if [[ " ${missing[*]} " == *" nginx-light "* ]] && ! command -v nginx >/dev/null; then held+=(nginx.service); fi
  if [[ " ${missing[*]} " == *" postgresql-15 "* ]]; then held+=(postgresql.service); fi
fi
if (( ${#held[@]} )); then "${root[@]}" systemctl mask --quiet "${held[@]}"; fi

echo "install: ${missing[*]}"
apt=("${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300)
log=$(mktemp)
trap 'rm -f "$log"' EXIT
apt_install() { "${apt[@]}" update && "${apt[@]}" install -y --no-install-recommends "${missing[@]}"; }
if ! apt_install >"$log" 2>&1 </dev/null; then
  tail -n 40 "$log" >&2
  fail "apt could not install: ${missing[*]}"
fi
if (( ${#held[@]} )); then
  "${root[@]}" systemctl unmask --quiet "${held[@]}"
  "${root[@]}" systemctl disable --quiet "${held[@]}"
fi
