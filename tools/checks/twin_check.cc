// Passes if a lesson's files and its solution's, given as arguments, are the
// same outside the holes, and every exercise has its hole and wrong answers.

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "support/files.h"
#include "tools/checks/twins.h"

ABSL_FLAG(std::string, lesson, "", "lessons/NN_concept");
ABSL_FLAG(std::string, solution, "", "solutions/NN_concept");
ABSL_FLAG(std::vector<std::string>, exercises, {}, "the lesson's exercises");

namespace checks {
namespace {

namespace fs = std::filesystem;

// Fewer wrong answers would not show that the test can tell.
constexpr int kMinWrongAnswers = 3;

// Those of `paths` that lie under `folder`, from there.
std::set<std::string> Under(const std::string& folder,
                            const std::vector<std::string>& paths) {
  std::set<std::string> files;
  for (absl::string_view path : paths) {
    if (absl::ConsumePrefix(&path, folder + "/")) {
      files.insert(std::string(path));
    }
  }
  return files;
}

std::vector<std::string> Problems(const std::vector<std::string>& paths) {
  const std::string lesson = absl::GetFlag(FLAGS_lesson);
  const std::string solution = absl::GetFlag(FLAGS_solution);
  const std::string concept_name = fs::path(lesson).filename().string();
  std::vector<std::string> problems;

  std::set<std::string> stub_files = Under(lesson, paths);
  std::set<std::string> solution_files;
  std::map<std::string, int> wrong_answers;
  for (const std::string& file : Under(solution, paths)) {
    if (!absl::StartsWith(file, "wrong_answers/")) {
      solution_files.insert(file);
      continue;
    }
    const std::string name = fs::path(file).filename().string();
    ++wrong_answers[name.substr(0, name.find('.'))];
  }

  std::map<std::string, int> holes;
  for (const std::string& file : stub_files) {
    if (solution_files.erase(file) == 0) {
      problems.push_back(absl::StrCat(file, " is in ", lesson, " alone"));
      continue;
    }
    absl::StatusOr<std::string> stub = support::ReadFile(lesson + "/" + file);
    absl::StatusOr<std::string> answer =
        support::ReadFile(solution + "/" + file);
    if (!stub.ok() || !answer.ok()) {
      problems.push_back(absl::StrCat("cannot read ", file));
      continue;
    }
    const absl::Status same = CheckTwins(*stub, *answer);
    if (!same.ok())
      problems.push_back(absl::StrCat(file, ": ", same.message()));
    absl::StatusOr<std::vector<std::string>> names = Holes(*stub);
    if (!names.ok()) continue;  // CheckTwins has said so.
    for (const std::string& name : *names) ++holes[name];
  }
  for (const std::string& file : solution_files) {
    problems.push_back(absl::StrCat(file, " is in ", solution, " alone"));
  }

  for (const std::string& exercise : absl::GetFlag(FLAGS_exercises)) {
    const std::string id = absl::StrCat(concept_name, ".", exercise);
    if (holes[id] != 1) {
      problems.push_back(absl::StrCat("exercise ", id, " has ", holes[id],
                                      " holes marked TODO(", id, "), not 1"));
    }
    holes.erase(id);
    if (wrong_answers[exercise] < kMinWrongAnswers) {
      problems.push_back(
          absl::StrCat("exercise ", id, " has ", wrong_answers[exercise],
                       " wrong answers ", solution, "/wrong_answers/", exercise,
                       ".*.patch, not ", kMinWrongAnswers, " or more"));
    }
    wrong_answers.erase(exercise);
  }
  for (const auto& [name, count] : holes) {
    problems.push_back(absl::StrCat("TODO(", name, ") is no exercise"));
  }
  for (const auto& [name, count] : wrong_answers) {
    problems.push_back(
        absl::StrCat("wrong_answers/", name, ".* belongs to no exercise"));
  }
  return problems;
}

}  // namespace
}  // namespace checks

int main(int argc, char** argv) {
  absl::SetProgramUsageMessage("compares a lesson with its solution");
  const std::vector<char*> arguments = absl::ParseCommandLine(argc, argv);
  const std::vector<std::string> problems =
      checks::Problems({arguments.begin() + 1, arguments.end()});
  for (const std::string& problem : problems) std::cout << problem << "\n";
  return problems.empty() ? 0 : 1;
}
