#!/bin/sh
# Stands in for Bazel in workshop_test: prints, writes the build events, and ends
# as the test wants, and keeps what it was asked.

printf '%s\n' "$@" > "${FAKE_BAZEL}/arguments"
for argument in "$@"; do
  case "${argument}" in
    --build_event_json_file=*)
      cp "${FAKE_BAZEL}/events" "${argument#*=}"
      ;;
  esac
done
if [ -e "${FAKE_BAZEL}/seconds" ]; then
  sleep "$(cat "${FAKE_BAZEL}/seconds")"
fi
cat "${FAKE_BAZEL}/console"
exit "$(cat "${FAKE_BAZEL}/exit_code")"
