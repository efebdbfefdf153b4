// What each command does.

#ifndef TOOLS_LEARNER_COMMANDS_H_
#define TOOLS_LEARNER_COMMANDS_H_

#include <string>

#include "tools/learner/command_line.h"

namespace workshop {

// The program's exit codes.
inline constexpr int kOk = 0;
inline constexpr int kNotGreen = 1;
inline constexpr int kBadArguments = 2;
inline constexpr int kCannotRun = 3;

struct Environment {
  // The repository: an absolute path without symbolic links.
  std::string root;
  // The program that runs tests.
  std::string bazel;
  // Whether standard output is a terminal, and may have colours.
  bool terminal = false;
  bool colours = false;
};

// Does what the learner asked for: writes to standard output, complains on
// standard error, returns an exit code.
int Run(const Invocation& invocation, const Environment& environment);

}  // namespace workshop

#endif  // TOOLS_LEARNER_COMMANDS_H_
