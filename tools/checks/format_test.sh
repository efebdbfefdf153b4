#!/usr/bin/env bash
# C++ is as clang-format writes it, BUILD files as buildifier does, and scripts
# leave nothing for shellcheck to complain about.

source tools/checks/checkout.sh
require clang-format
require shellcheck

mapfile -t cpp < <(git ls-files '*.cc' '*.h')
clang-format --dry-run -Werror "${cpp[@]}"

mapfile -t build < <(git ls-files WORKSPACE '*BUILD.bazel' '*.bzl' '*.BUILD')
npm_program buildifier -mode=check "${build[@]}"
# An exercise's BUILD file loads what its hole will use. Debian has no
# rules_shell.
mapfile -t finished < <(git ls-files WORKSPACE '*BUILD.bazel' '*.bzl' '*.BUILD' ':!lessons/*/*/BUILD.bazel')
npm_program buildifier -mode=check -lint=warn -warnings=-native-sh-test "${finished[@]}"

mapfile -t shell < <(git grep -lE '^#!.*\b(ba)?sh$' -- ':!*.md'; git ls-files '*.sh')
shellcheck --external-sources --shell=bash "${shell[@]}"
