#!/bin/bash
#
# Tests what tools/setup says and does, with stand-ins for every program that
# would look at or change the machine. Each test has a machine of its own.
#
# shellcheck disable=SC2317  # The tests are called by their names.

set -euo pipefail

SETUP="${PWD}/tools/setup"
readonly SETUP

# A program that exists on the pretended machine.
stand_in() {
  { echo '#!/bin/bash'; cat; } >"${machine}/bin/$1"
  chmod +x "${machine}/bin/$1"
}

# A Debian 12 with nothing installed, online, its user root.
bare_debian() {
  local programs
  machine="$(mktemp -d "${TEST_TMPDIR:-/tmp}/machine.XXXXXX")"
  mkdir "${machine}/bin" "${machine}/npm"
  mapfile -t programs < <(type -P awk bash cat chmod cmp cp dirname env fold \
    grep head mkdir mktemp rm sed sort tail true uniq)
  ln -s "${programs[@]}" "${machine}/bin"
  touch "${machine}/"{installed,calls,no_candidate,breaks,apt_error}
  echo '{}' >"${machine}/npm/package-lock.json"
  cat >"${machine}/os-release" <<<'ID=debian
VERSION_ID="12"
PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"'

  stand_in id <<<"echo 0"
  stand_in debian-bazel <<<'echo "development version"'
  ln -s debian-bazel "${machine}/bin/bazel"
  stand_in dpkg-query <<<"cat ${machine}/installed"
  # Fails at the word in apt_error; leaves what is in breaks half-installed.
  stand_in apt-get <<END
echo "apt-get \$*" >>${machine}/calls
for word in "\$@"; do
  if [[ -s ${machine}/apt_error && "\${word}" == "\$(head -n 1 ${machine}/apt_error)" ]]; then
    tail -n +2 ${machine}/apt_error >&2
    exit 100
  fi
done
case "\$*" in
  *update*) exit ;;
  *--print-uris*)
    echo "'http://example.org/a.deb' a.deb 1500000 MD5Sum:0"
    exit
    ;;
esac
for word in "\$@"; do
  if [[ -e ${machine}/packaged/\${word} ]]; then
    cp ${machine}/packaged/\${word} ${machine}/bin/\${word%js}
  fi
  if grep -qx "\${word}" ${machine}/breaks; then
    echo "\${word} ok half-configured 1.0" >>${machine}/installed
  else
    echo "\${word} ok installed 1.0" >>${machine}/installed
  fi
done
END
  stand_in apt-cache <<END
shift
for name in "\$@"; do
  if ! grep -qx "\${name}" ${machine}/no_candidate; then
    printf '%s:\n  Installed: (none)\n  Candidate: 1.0\n' "\${name}"
  fi
done
END
}

not_root() {
  stand_in id <<<"echo 1000"
}

with_sudo() {
  stand_in sudo <<END
echo "sudo \$*" >>${machine}/calls
[[ "\$1" != -n ]] || shift
exec "\$@"
END
}

# with_node VERSION: Node.js and npm that dpkg knows nothing of.
with_node() {
  stand_in node <<<"echo v$1"
  stand_in npm <<END
echo "npm \$*" >>${machine}/calls
mkdir -p node_modules
END
}

# Runs tools/setup on the machine; sets `status` and `output`.
setup() {
  status=0
  output="$(PATH="${machine}/bin" SETUP_OS_RELEASE="${machine}/os-release" \
    SETUP_BAZEL="${machine}/bin/debian-bazel" SETUP_NPM_DIR="${machine}/npm" \
    "${SETUP}" "$@" 2>&1 </dev/null)" || status=$?
}

expect_status() {
  if [[ "${status}" != "$1" ]]; then
    echo "exit status ${status}, not $1:"$'\n'"${output}"
    exit 1
  fi
}

expect_output() {
  if [[ "${output}" != *"$1"* ]]; then
    echo "no '$1' in:"$'\n'"${output}"
    exit 1
  fi
}

expect_call() {
  if ! grep -qe "$1" "${machine}/calls"; then
    echo "no call like '$1' in:"$'\n'"$(<"${machine}/calls")"
    exit 1
  fi
}

expect_no_call() {
  if grep -e "$1" "${machine}/calls"; then
    echo "that should not have been called"
    exit 1
  fi
}

test_root_installs_what_is_missing() {
  setup
  expect_status 0
  expect_call 'apt-get .*install -y .*--no-install-recommends.* libgrpc++-dev'
  expect_output 'Done: everything is installed'
}

test_says_how_much_it_will_fetch() {
  setup
  expect_output '(1 files, 2 MB to fetch)'
}

test_a_second_run_has_nothing_to_do() {
  setup
  : >"${machine}/calls"
  setup
  expect_status 0
  expect_output 'Nothing to do'
  expect_no_call apt-get
}

test_only_what_is_missing_is_installed() {
  setup
  sed -i '/^git /d' "${machine}/installed"
  : >"${machine}/calls"
  setup
  expect_call 'install .*--no-install-recommends git$'
}

test_debian_13_gets_the_fast_linker() {
  sed -i 's/12/13/' "${machine}/os-release"
  setup
  expect_call 'install -y .* binutils-gold'
}

test_another_user_installs_with_sudo() {
  not_root
  with_sudo
  setup
  expect_status 0
  expect_call 'sudo env .*apt-get .*install'
}

test_without_sudo_the_command_for_an_administrator_is_named() {
  not_root
  setup
  expect_status 1
  expect_output 'apt-get install -y --no-install-recommends bazel-bootstrap'
  expect_no_call apt-get
}

test_a_refused_sudo_is_like_none() {
  not_root
  stand_in sudo <<<'exit 1'
  setup
  expect_status 1
  expect_output 'Ask an administrator'
  expect_no_call apt-get
}

test_another_system_is_told_what_to_find() {
  printf 'ID=fedora\nPRETTY_NAME="Fedora 40"\n' >"${machine}/os-release"
  setup
  expect_status 1
  expect_output 'this is Fedora 40'
  expect_output 'gRPC C++ 1.51'
  expect_output libgrpc++-dev
}

test_a_debian_without_apt_is_another_system() {
  rm "${machine}/bin/apt-get"
  setup
  expect_status 1
  expect_output 'To do it'
}

test_a_relative_of_debian_is_tried_with_a_warning() {
  printf 'ID=mint\nID_LIKE="ubuntu debian"\nPRETTY_NAME="Mint 22"\n' \
    >"${machine}/os-release"
  setup
  expect_status 0
  expect_output 'warning: not tried on Mint 22'
}

test_lists_that_cannot_be_fetched_mean_offline() {
  printf 'update\nE: Failed to fetch http://example.org/InRelease\n' \
    >"${machine}/apt_error"
  echo git >"${machine}/no_candidate"
  setup
  expect_status 1
  expect_output 'is this machine online?'
  expect_no_call install
}

test_another_repository_that_is_down_does_not_matter() {
  printf 'update\nE: Failed to fetch http://example.org/InRelease\n' \
    >"${machine}/apt_error"
  setup
  expect_status 0
}

test_once_the_lists_failed_no_time_is_lost_on_retries() {
  printf 'update\nE: Failed to fetch http://example.org/InRelease\n' \
    >"${machine}/apt_error"
  setup
  expect_call 'Acquire::Retries=0 install -y'
}

test_a_package_that_cannot_be_fetched_means_offline() {
  printf '%s\nE: Failed to fetch http://example.org/a.deb\n' --no-remove \
    >"${machine}/apt_error"
  setup
  expect_status 1
  expect_output 'is this machine online?'
}

test_a_package_without_candidate_is_named_before_anything_is_installed() {
  printf '%s\n' libgrpc++-dev libabsl-dev >"${machine}/no_candidate"
  setup
  expect_status 1
  expect_output 'no package named
libabsl-dev libgrpc++-dev'
  expect_no_call install
}

test_a_half_installed_package_is_missing() {
  setup
  sed -i 's/^git ok installed/git ok half-configured/' "${machine}/installed"
  setup --check
  expect_status 1
  expect_output $'Missing:\n  git\n'
}

test_half_an_installation_is_no_success() {
  echo git >"${machine}/breaks"
  setup
  expect_status 1
  expect_output 'not fully installed: git'
}

test_a_bazel_that_does_not_start_is_no_success() {
  stand_in debian-bazel <<<'echo "no Java" >&2; exit 1'
  setup
  expect_status 1
  expect_output 'no Java'
  expect_output 'does not start'
}

test_an_interrupted_dpkg_is_explained_in_its_words_and_ours() {
  printf '%s\nE: dpkg was interrupted, you must manually run\n' --no-remove \
    >"${machine}/apt_error"
  setup
  expect_status 1
  expect_output 'you must manually run'
  expect_output "run 'dpkg --configure -a' as"
}

test_a_lock_is_explained() {
  printf '%s\nE: Could not get lock /var/lib/dpkg/lock\n' --no-remove \
    >"${machine}/apt_error"
  setup
  expect_status 1
  expect_output 'another program is installing packages'
}

test_check_names_what_is_missing_and_the_command() {
  setup --check
  expect_status 1
  expect_output $'\n  libgrpc++-dev\n'
  expect_output 'Install with: tools/setup'
  expect_no_call .
}

test_check_is_content_when_nothing_is_missing() {
  setup
  setup --check
  expect_status 0
}

test_check_of_the_tests_names_its_own_command() {
  setup --check --tests
  expect_status 1
  expect_output $'\n  nodejs\n  npm\n  the npm packages'
  expect_output 'Install with: tools/setup --tests'
}

test_lessons_never_need_node() {
  setup
  expect_status 0
  expect_no_call nodejs
  expect_no_call npm
  expect_no_call chromium
}

test_tests_install_node_and_the_npm_packages() {
  with_node 18.20.4
  mkdir "${machine}/packaged"
  mv "${machine}/bin/node" "${machine}/packaged/nodejs"
  mv "${machine}/bin/npm" "${machine}/packaged/npm"
  setup --tests
  expect_status 0
  expect_call 'install -y .* chromium clang-format graphviz .*shellcheck nodejs npm'
  expect_call 'npm ci --ignore-scripts'
}

test_a_node_from_elsewhere_is_accepted() {
  with_node 20.1.0
  setup --tests
  expect_status 0
  expect_no_call 'nodejs\|install.* npm'
  expect_call 'npm ci --ignore-scripts'
}

test_an_old_node_is_refused() {
  with_node 12.22.9
  setup --tests
  expect_status 1
  expect_output 'Node.js 12.22.9'
  expect_output 'too old'
  expect_no_call .
}

test_a_second_run_for_the_tests_has_nothing_to_do() {
  with_node 18.20.4
  setup --tests
  : >"${machine}/calls"
  setup --tests
  expect_output 'Nothing to do'
  expect_no_call .
}

test_a_new_lock_file_is_installed() {
  with_node 18.20.4
  setup --tests
  echo '{"new": 1}' >"${machine}/npm/package-lock.json"
  setup --check --tests
  expect_status 1
  expect_output 'the npm packages'
}

test_another_bazel_on_path_is_warned_of() {
  setup
  rm "${machine}/bin/bazel"
  stand_in bazel <<<:
  setup --check
  expect_status 0
  expect_output "warning: 'bazel' is ${machine}/bin/bazel here"
}

test_a_version_never_tried_is_warned_of() {
  setup
  sed -i 's/^\(libgrpc++-dev .*\)1.0/\11.62.0-1/
    s/^\(libprotobuf-dev .*\)1.0/\13.21.12-3/' "${machine}/installed"
  setup --check
  expect_status 0
  expect_output 'warning: libgrpc++-dev is 1.62.0-1'
  if [[ "${output}" == *libprotobuf-dev* ]]; then
    echo "a known version is no stranger"
    exit 1
  fi
}

test_an_unknown_argument_is_refused() {
  setup --chekc
  expect_status 2
  expect_output 'Usage: tools/setup'
}

main() {
  local test failed=0
  if (($#)); then
    bare_debian
    trap 'rm -r "${machine}"' EXIT
    "$1"
    return
  fi
  for test in $(compgen -A function test_); do
    if "$0" "${test}"; then
      echo "ok: ${test}"
    else
      echo "FAILED: ${test}"
      failed=1
    fi
  done
  return "${failed}"
}

main "$@"
