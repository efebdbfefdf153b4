#!/usr/bin/env bash
# The proto files keep buf's rules, and the movie proto breaks nobody who was
# built against the released one.

source tools/checks/checkout.sh

npm_program buf lint
npm_program buf breaking proto --against proto/released.txtpb

# The check itself can fail: a field that changes its number is noticed.
broken="${TEST_TMPDIR}/proto/movies/v1"
mkdir -p "${broken}"
sed 's/string query = 1;/string query = 2;/' proto/movies/v1/movies.proto > "${broken}/movies.proto"
if npm_program buf breaking "${TEST_TMPDIR}/proto" --against proto/released.txtpb; then
  echo "buf breaking let a changed field number pass"
  exit 1
fi
