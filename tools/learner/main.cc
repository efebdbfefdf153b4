// The learner's program; tools/workshop builds and starts it.

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <string>
#include <system_error>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tools/learner/command_line.h"
#include "tools/learner/commands.h"

namespace {

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// Output to a reader that went away fails, and does not end the program between
// two steps. Standard streams that are closed lead nowhere, not into whatever
// file is opened next.
void PrepareStandardStreams() {
  signal(SIGPIPE, SIG_IGN);
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(fd, F_GETFD) == -1 && errno == EBADF) {
      // The lowest free descriptor is `fd`.
      (void)open("/dev/null", O_RDWR);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  PrepareStandardStreams();
  absl::StatusOr<workshop::Invocation> invocation =
      workshop::ParseCommandLine({argv + 1, argv + argc});
  if (!invocation.ok()) {
    std::cerr << "workshop: " << invocation.status().message()
              << "\nAll commands: tools/workshop help\n";
    return workshop::kBadArguments;
  }

  workshop::Environment environment;
  std::string root = Variable("WORKSHOP_ROOT");
  // `bazel run` names the repository so.
  if (root.empty()) root = Variable("BUILD_WORKSPACE_DIRECTORY");
  std::error_code error;
  environment.root =
      std::filesystem::canonical(root.empty() ? "." : root, error).string();
  if (error) {
    std::cerr << "workshop: no such folder: WORKSHOP_ROOT=" << root << "\n";
    return workshop::kCannotRun;
  }
  environment.bazel = Variable("WORKSHOP_BAZEL");
  if (environment.bazel.empty()) environment.bazel = "/usr/bin/bazel";
  environment.terminal = isatty(STDOUT_FILENO) == 1;
  environment.colours =
      invocation->color == "always" ||
      (invocation->color == "auto" && environment.terminal &&
       Variable("NO_COLOR").empty() && Variable("TERM") != "dumb");
  const int exit_code = workshop::Run(*invocation, environment);
  std::cout << std::flush;
  return exit_code;
}
