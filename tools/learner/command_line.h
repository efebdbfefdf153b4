// The program's commands and flags: what there is, and what a learner typed.

#ifndef TOOLS_LEARNER_COMMAND_LINE_H_
#define TOOLS_LEARNER_COMMAND_LINE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace workshop {

struct Invocation {
  // One of the commands, "help" among them, or empty if none was typed.
  std::string command;
  // What follows it.
  std::vector<std::string> arguments;

  // Flags; false and empty unless typed.
  bool all = false;
  bool all_files = false;
  bool json = false;
  bool reset = false;
  bool spoil = false;
  std::string color = "auto";
  std::string from;
  int port = 0;
};

// Understands the arguments that follow the program's name. Flags may stand
// anywhere; "--all-files" is "--all_files". INVALID_ARGUMENT, with the nearest
// names, if a command, a flag or their number is wrong. It sets this process's
// abseil flags; once is what it is for.
absl::StatusOr<Invocation> ParseCommandLine(
    const std::vector<std::string>& arguments);

// Every command in a line, with examples.
std::string Usage();

// A command's usage. NOT_FOUND, with the nearest names, if there is none.
absl::StatusOr<std::string> UsageOf(absl::string_view command);

}  // namespace workshop

#endif  // TOOLS_LEARNER_COMMAND_LINE_H_
