# Sourced by run: installs the package inside a Debian 12 root directory, uses it, removes and purges it. Needs root.
# Uses check and has of run.

inside() { chroot "$image" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive "$@"; }

# Serves inside the root as the package's user, makes a key and a call with it.
try_service() {
  # Not through inside(): each of these replaces itself by the next, so that the process id is Reeve's.
  chroot "$image" env -i PATH=/usr/bin:/bin setpriv --reuid reeve --regid reeve --clear-groups \
    reeve serve --config /etc/reeve/reeve.yaml --listen 127.0.0.1:18484 >"$root/serve.log" 2>&1 &
  local server=$! url=http://127.0.0.1:18484 secret answer
  for _ in {1..50}; do curl -sf "$url/readyz" >/dev/null && break; sleep 0.1; done
  check "the service is ready" curl -sf "$url/readyz"
  secret=$(inside setpriv --reuid reeve --regid reeve --clear-groups \
    reeve key create --json --config /etc/reeve/reeve.yaml --owner dev@example.com |
    grep -o '"secret":"[^"]*' | cut -d'"' -f4)
  answer=$(curl -s "$url/v1/messages" -H "authorization: Bearer $secret" -H 'content-type: application/json' \
    -d '{"model":"practice-small","max_tokens":20,"messages":[{"role":"user","content":"hello"}]}')
  check "a call is answered" has "$answer" '"usage"'
  check "commands find the configuration by themselves, and the ledger verifies" inside reeve ledger verify
  kill -TERM "$server"
  wait "$server"
  check "SIGTERM ends it cleanly" test $? = 0
}

try_installation() {
  local image=$1 deb=$2 local_rule
  cp "$deb" "$image/reeve.deb"
  check "the package installs" inside apt-get install -y --no-install-recommends /reeve.deb
  check "the user exists" inside getent passwd reeve
  check "the data directory is the user's alone" test "$(inside stat -c '%U:%G %a' /var/lib/reeve)" = "reeve:reeve 750"
  check "provider keys are root's alone" test "$(inside stat -c '%U:%G %a' /etc/reeve/environment)" = "root:root 600"
  try_service
  local_rule=$image/etc/reeve/reeve.yaml
  echo "# changed here" >>"$local_rule"
  check "the package installs again" inside dpkg -i --force-confdef --force-confold /reeve.deb
  check "a changed configuration is kept" grep -q "changed here" "$local_rule"
  check "the package is removed" inside apt-get remove -y reeve
  check "removal keeps the configuration" test -f "$local_rule"
  check "the package is purged" inside apt-get purge -y reeve
  check "purging removes the configuration" test ! -e "$image/etc/reeve/reeve.yaml"
  check "purging keeps the ledger" test -d "$image/var/lib/reeve/ledger"
  rm -rf "$image/var/lib/reeve" "$image/reeve.deb"
}
