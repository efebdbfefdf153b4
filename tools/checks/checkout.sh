# For tests of the checkout as a whole; source it. Sets ROOT to the repository's
# root and goes there. Such tests carry the tag "external": Bazel cannot know
# what they read, so it runs them every time.

set -euo pipefail

ROOT="$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.."
cd "${ROOT}"

# npm_program NAME ARGUMENT... runs a program that tools/setup --tests installed.
npm_program() {
  local program="${ROOT}/tools/npm/node_modules/.bin/$1"
  if [[ ! -x "${program}" ]]; then
    echo "$1 is not installed. Run tools/setup --tests, then this test again."
    exit 1
  fi
  "${program}" "${@:2}"
}

# require NAME fails, saying what to do, unless NAME is on PATH.
require() {
  if ! command -v "$1" > /dev/null; then
    echo "$1 is not installed. Run tools/setup --tests, then this test again."
    exit 1
  fi
}
