#!/bin/bash
#
# node.sh SCRIPT.mjs ARGUMENT... runs a script with Node.js and the npm packages
# that tools/setup --tests installed, or says that they are missing.

set -euo pipefail

if ! command -v node >/dev/null; then
  missing='Node.js is'
else
  npm="$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")"
  missing='the npm packages of tools/npm are'
  if cmp -s "${npm}/package-lock.json" "${npm}/node_modules/.installed-lock"; then
    missing=''
  fi
fi
if [[ -n "${missing}" ]]; then
  echo "${missing} missing or not up to date.
Only the slides and the maintainers' tests need Node.js, no lesson does. Run:
  tools/setup --tests" >&2
  exit 1
fi
exec node "$@"
