#!/usr/bin/env bash
# programs_check.sh SERVER CLIENT: the two programs of a lesson work together.
# The server takes a free port, says which, answers the client, and ends cleanly
# when it is told to.

set -euo pipefail

coproc server { exec "$1" --address=127.0.0.1:0; }
# Bash unsets its variables of a coprocess when that ends.
# shellcheck disable=SC2154  # coproc sets it.
pid="${server_PID}"
exec {output}<&"${server[0]}"
trap 'kill -KILL "${pid}" 2> /dev/null || true' EXIT

port=''
while read -r -t 20 line <&"${output}"; do
  echo "server: ${line}"
  if [[ "${line}" =~ port\ ([0-9]+) ]]; then
    port="${BASH_REMATCH[1]}"
    break
  fi
done
if [[ -z "${port}" ]]; then
  echo "the server did not say on which port it listens"
  exit 1
fi

"$2" --target="127.0.0.1:${port}"
kill -TERM "${pid}"
wait "${pid}"
