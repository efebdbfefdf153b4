#!/bin/bash
#
# python.sh SCRIPT.py ARGUMENT... runs a script with Debian's Python and its grpcio,
# which tools/setup --tests installed, or says that they are missing.

set -euo pipefail

# Another Python, first on PATH, does not have Debian's packages.
readonly PYTHON=/usr/bin/python3

if ! "${PYTHON}" -c 'import grpc, google.protobuf' 2>/dev/null; then
  echo "Debian's Python, ${PYTHON}, or its packages python3-grpcio and
python3-protobuf are missing. Only the maintainers' tests need them. Run:
  tools/setup --tests" >&2
  exit 1
fi
exec "${PYTHON}" -B "$@"
