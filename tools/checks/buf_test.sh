#!/usr/bin/env bash
# The proto files keep buf's rules, and the movie proto breaks nobody who was
# built against the released one.

source tools/checks/checkout.sh

# buf fetches what a proto imports; what Debian has of Google's lies elsewhere.
house="${TEST_TMPDIR}/house"
mkdir -p "${house}/googleapis/google/api" "${house}/lessons/01_proto_codegen"
cp -r proto "${house}"
cp -r lessons/01_proto_codegen/build_rules "${house}/lessons/01_proto_codegen"
cp /usr/share/gocode/src/github.com/gogo/googleapis/google/api/{annotations,http}.proto \
  "${house}/googleapis/google/api"
sed 's/^modules:/&\n  - path: googleapis\n    lint: {ignore: [googleapis]}/' buf.yaml > "${house}/buf.yaml"
cd "${house}"

npm_program buf lint
npm_program buf breaking proto --against proto/released.txtpb

# The check itself can fail: a field that changes its number is noticed.
sed -i 's/string query = 1;/string query = 2;/' proto/movies/v1/movies.proto
if npm_program buf breaking proto --against proto/released.txtpb > breaks; then
  echo "buf breaking let a changed field number pass"
  exit 1
fi
grep -q 'field "1".*"query"' breaks || { cat breaks; exit 1; }
