#include "tools/learner/command_line.h"

#include <algorithm>
#include <cstddef>

#include "absl/flags/commandlineflag.h"
#include "absl/flags/flag.h"
#include "absl/flags/reflection.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "tools/learner/selection.h"

ABSL_FLAG(bool, all, false, "every hint at once");
ABSL_FLAG(bool, all_files, false, "tests, headers and BUILD files too");
ABSL_FLAG(bool, json, false, "for programs");
ABSL_FLAG(bool, reset, false, "forget which hints were shown");
ABSL_FLAG(bool, spoil, false, "show the answer to what is not solved yet");
ABSL_FLAG(std::string, color, "auto", "auto, always or never");
ABSL_FLAG(std::string, from, "", "the git revision that has the original");
ABSL_FLAG(int, port, 0, "where to serve; 0 takes any port that is free");

namespace workshop {
namespace {

struct Command {
  std::string name;
  // For people: "[LESSON[.EXERCISE]]".
  std::string arguments;
  size_t min_arguments;
  size_t max_arguments;
  std::vector<std::string> flags;
  // What it does, in a few words and in a few sentences.
  std::string summary;
  std::string description;
  std::string example;
};

const std::vector<Command>& Commands() {
  static const std::vector<Command>& commands = *new std::vector<Command>{
      {"next",
       "[LESSON]",
       0,
       1,
       {},
       "what to do now",
       "Shows the first exercise, of all or of a lesson, that is not solved:\n"
       "its goal, the file and line of its hole, and what its test says.",
       "next"},
      {"test",
       "[LESSON[.EXERCISE]]",
       0,
       1,
       {},
       "run tests, say why they fail",
       "Builds and runs the tests of an exercise, a lesson, or all of them, "
       "and\n"
       "shows what each red one says. Exit code 0 if all are green, 1 if not,\n"
       "3 if Bazel itself could not run.",
       "test 03_streaming.add_movies"},
      {"hint",
       "LESSON.EXERCISE",
       1,
       1,
       {"all", "reset"},
       "one hint more",
       "Shows one hint more each time, from a nudge to almost the answer.",
       "hint add_movies"},
      {"compare",
       "LESSON[.EXERCISE]",
       1,
       1,
       {"spoil"},
       "your code beside the solution",
       "Shows what a solution does otherwise than you: lines with - are "
       "yours,\n"
       "lines with + are its. For exercises that are not solved yet it wants\n"
       "--spoil. Exit code 1 if it held something back.",
       "compare 03"},
      {"reset",
       "LESSON[.EXERCISE]",
       1,
       1,
       {"from", "all_files"},
       "back to the original",
       "Gives the file of an exercise, or those of a lesson, back as they "
       "were.\n"
       "Your versions are kept under .workshop/backups.",
       "reset 03_streaming.add_movies"},
      {"status",
       "",
       0,
       0,
       {"json"},
       "how far you are",
       "Runs all tests and shows which are green. With --json, each "
       "exercise's\n"
       "status is solved, not_solved, does_not_build, timed_out or no_result.",
       "status"},
      {"slides",
       "[LESSON]",
       0,
       1,
       {"port"},
       "show a lesson's slides",
       "Builds the slides and serves them, to browsers on this machine, until\n"
       "you press Ctrl-C. That needs Node.js, which no lesson does; where it "
       "is\n"
       "missing: tools/setup --tests.",
       "slides 03"},
      {"help",
       "[COMMAND]",
       0,
       1,
       {},
       "this, or more about a command",
       "Shows how to use the workshop, or one of its commands.",
       "help compare"},
  };
  return commands;
}

// Flags that go with every command.
const std::vector<std::string>& CommonFlags() {
  static const std::vector<std::string>& flags =
      *new std::vector<std::string>{"color", "help"};
  return flags;
}

const Command* FindCommand(absl::string_view name) {
  for (const Command& command : Commands()) {
    if (command.name == name) return &command;
  }
  return nullptr;
}

// As people type it.
std::string Dashed(absl::string_view flag) {
  return absl::StrCat("--", absl::StrReplaceAll(flag, {{"_", "-"}}));
}

bool Contains(const std::vector<std::string>& names, absl::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

absl::Status NoSuchCommand(absl::string_view name) {
  std::vector<std::string> names;
  for (const Command& command : Commands()) names.push_back(command.name);
  return absl::NotFoundError(absl::StrCat("there is no command \"", name, "\"",
                                          DidYouMean(name, names)));
}

absl::Status NoSuchFlag(absl::string_view name) {
  std::vector<std::string> names;
  for (const std::string& flag : CommonFlags()) names.push_back(Dashed(flag));
  for (const Command& command : Commands()) {
    for (const std::string& flag : command.flags) names.push_back(Dashed(flag));
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "there is no flag ", Dashed(name), DidYouMean(Dashed(name), names)));
}

bool IsKnownFlag(absl::string_view name) {
  if (Contains(CommonFlags(), name)) return true;
  return std::any_of(
      Commands().begin(), Commands().end(),
      [name](const Command& command) { return Contains(command.flags, name); });
}

absl::Status CheckUse(const Command& command, size_t arguments,
                      const std::vector<std::string>& flags) {
  for (const std::string& flag : flags) {
    if (Contains(CommonFlags(), flag) || Contains(command.flags, flag)) {
      continue;
    }
    return absl::InvalidArgumentError(
        absl::StrCat(command.name, " has no flag ", Dashed(flag)));
  }
  if (arguments < command.min_arguments || arguments > command.max_arguments) {
    return absl::InvalidArgumentError(
        absl::StrCat("it is: tools/workshop ", command.name,
                     command.arguments.empty() ? "" : " ", command.arguments,
                     "\nFor example: tools/workshop ", command.example));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Invocation> ParseCommandLine(
    const std::vector<std::string>& arguments) {
  std::vector<std::string> words;
  std::vector<std::string> flags;
  for (size_t i = 0; i < arguments.size(); ++i) {
    absl::string_view argument = arguments[i];
    if (argument.size() < 2 || argument[0] != '-') {
      words.emplace_back(argument);
      continue;
    }
    absl::ConsumePrefix(&argument, "-");
    absl::ConsumePrefix(&argument, "-");
    const size_t equals = argument.find('=');
    const std::string typed(argument.substr(0, equals));
    const std::string name =
        typed == "h" ? "help" : absl::StrReplaceAll(typed, {{"-", "_"}});
    if (!IsKnownFlag(name)) return NoSuchFlag(typed);
    flags.push_back(name);
    if (name == "help") continue;

    absl::CommandLineFlag* flag = absl::FindCommandLineFlag(name);
    std::string value = "true";
    if (equals != absl::string_view::npos) {
      value = std::string(argument.substr(equals + 1));
    } else if (!flag->IsOfType<bool>()) {
      if (++i == arguments.size()) {
        return absl::InvalidArgumentError(
            absl::StrCat(Dashed(name), " wants a value: ", flag->Help()));
      }
      value = arguments[i];
    }
    std::string error;
    if (!flag->ParseFrom(value, &error)) {
      return absl::InvalidArgumentError(
          absl::StrCat(Dashed(name), ": ", error));
    }
  }

  Invocation invocation;
  invocation.all = absl::GetFlag(FLAGS_all);
  invocation.all_files = absl::GetFlag(FLAGS_all_files);
  invocation.json = absl::GetFlag(FLAGS_json);
  invocation.reset = absl::GetFlag(FLAGS_reset);
  invocation.spoil = absl::GetFlag(FLAGS_spoil);
  invocation.color = absl::GetFlag(FLAGS_color);
  invocation.from = absl::GetFlag(FLAGS_from);
  invocation.port = absl::GetFlag(FLAGS_port);
  if (!Contains({"auto", "always", "never"}, invocation.color)) {
    return absl::InvalidArgumentError("--color is auto, always or never");
  }

  const bool help = Contains(flags, "help");
  if (words.empty()) {
    if (help) invocation.command = "help";
    for (const std::string& flag : flags) {
      if (Contains(CommonFlags(), flag)) continue;
      return absl::InvalidArgumentError(
          absl::StrCat(Dashed(flag), " goes with a command"));
    }
    return invocation;
  }
  const Command* command = FindCommand(words.front());
  if (command == nullptr) return NoSuchCommand(words.front());
  if (help) {
    invocation.command = "help";
    invocation.arguments = {command->name};
    return invocation;
  }
  invocation.command = command->name;
  invocation.arguments.assign(words.begin() + 1, words.end());
  const absl::Status use =
      CheckUse(*command, invocation.arguments.size(), flags);
  if (!use.ok()) return use;
  return invocation;
}

std::string Usage() {
  std::string text =
      "tools/workshop [COMMAND]: learn gRPC exercise by exercise.\n\n";
  for (const Command& command : Commands()) {
    absl::StrAppendFormat(&text, "  %-30s %s\n",
                          absl::StrCat(command.name, " ", command.arguments),
                          command.summary);
  }
  absl::StrAppend(&text,
                  "\nWithout a command it says what this is and what to do now."
                  "\nA lesson is named 03_streaming, streaming or 3; an "
                  "exercise\n03_streaming.add_movies, or add_movies if no "
                  "other has that name.\n\nFor example:\n");
  for (const Command& command : Commands()) {
    absl::StrAppend(&text, "  tools/workshop ", command.example, "\n");
  }
  return text;
}

absl::StatusOr<std::string> UsageOf(absl::string_view name) {
  const Command* command = FindCommand(name);
  if (command == nullptr) return NoSuchCommand(name);
  std::string text = absl::StrCat(
      "tools/workshop ", command->name, command->arguments.empty() ? "" : " ",
      command->arguments, "\n\n", command->description, "\n\n");
  std::vector<std::string> flags = command->flags;
  flags.push_back("color");
  for (const std::string& flag : flags) {
    const absl::CommandLineFlag* found = absl::FindCommandLineFlag(flag);
    absl::StrAppendFormat(
        &text, "  %-14s %s\n",
        absl::StrCat(Dashed(flag), found->IsOfType<bool>() ? "" : "=..."),
        found->Help());
  }
  absl::StrAppend(&text, "\nFor example: tools/workshop ", command->example,
                  "\n");
  return text;
}

}  // namespace workshop
