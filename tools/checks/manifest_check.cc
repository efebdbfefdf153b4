// Passes if lesson.textproto and README.md say all that a learner needs of
// every exercise that the lesson's BUILD file has, and of no other.

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "support/files.h"
#include "tools/checks/twins.h"
#include "tools/learner/manifest.h"

ABSL_FLAG(std::string, lesson, "", "lessons/NN_concept");
ABSL_FLAG(std::vector<std::string>, exercises, {}, "the lesson's exercises");

namespace checks {
namespace {

namespace fs = std::filesystem;

constexpr int kMinExercises = 3;
constexpr int kMaxExercises = 6;
constexpr int kMinHints = 2;
constexpr int kMaxHints = 3;

// The headings of every lesson's README, in their order.
constexpr absl::string_view kHeadings[] = {
    "\n## What you will be able to do\n",
    "\n## The concept\n",
    "\n## Exercises\n",
    "\n## See it live\n",
    "\n## Pitfalls\n",
    "\n## In Go / in C++\n",
    "\n## Go further\n",
};

class Problems {
 public:
  template <typename... Parts>
  void Add(const Parts&... parts) {
    list_.push_back(absl::StrCat(parts...));
  }

  // Adds the problem unless `ok`.
  template <typename... Parts>
  void Unless(bool ok, const Parts&... parts) {
    if (!ok) Add(parts...);
  }

  const std::vector<std::string>& list() const { return list_; }

 private:
  std::vector<std::string> list_;
};

void CheckExercise(const std::string& folder, const workshop::Lesson& lesson,
                   const workshop::Exercise& exercise,
                   const std::string& readme, Problems& problems) {
  const std::string id = workshop::ExerciseId(lesson, exercise);
  problems.Unless(!exercise.title().empty(), id, " has no title");
  problems.Unless(!exercise.goal().empty(), id, " has no goal");
  problems.Unless(!exercise.function().empty(), id, " has no function");
  problems.Unless(exercise.minutes() > 0, id, " has no minutes");
  problems.Unless(
      exercise.hints_size() >= kMinHints && exercise.hints_size() <= kMaxHints,
      id, " has ", exercise.hints_size(), " hints, not ", kMinHints, " or ",
      kMaxHints);

  absl::StatusOr<std::string> code =
      support::ReadFile(folder + "/" + exercise.file());
  if (!code.ok()) {
    problems.Add(id, ": ", code.status().message());
  } else {
    absl::StatusOr<std::vector<std::string>> holes = Holes(*code);
    problems.Unless(holes.ok() && absl::StrContains(*code, "TODO(" + id + ")"),
                    id, ": ", exercise.file(), " has no TODO(", id, ")");
  }

  for (const std::string& text : {
           absl::StrCat("bazel test //lessons/", lesson.name(), ":",
                        exercise.name(), "_test"),
           exercise.file(),
           exercise.function(),
       }) {
    problems.Unless(absl::StrContains(readme, text), id,
                    ": README.md does not say '", text, "'");
  }
}

void CheckLesson(Problems& problems) {
  const std::string folder = absl::GetFlag(FLAGS_lesson);
  absl::StatusOr<workshop::Lesson> lesson =
      workshop::ReadLesson(folder + "/lesson.textproto");
  if (!lesson.ok()) {
    problems.Add(lesson.status().message());
    return;
  }
  absl::StatusOr<std::string> readme = support::ReadFile(folder + "/README.md");
  if (!readme.ok()) {
    problems.Add(readme.status().message());
    return;
  }

  problems.Unless(lesson->name() == fs::path(folder).filename(),
                  "lesson.textproto names '", lesson->name(),
                  "', which is not its folder");
  problems.Unless(!lesson->title().empty(), "the lesson has no title");
  problems.Unless(!lesson->goal().empty(), "the lesson has no goal");
  problems.Unless(fs::exists(lesson->slides()), "there is no deck '",
                  lesson->slides(), "'");
  problems.Unless(absl::StrContains(*readme, lesson->slides()),
                  "README.md does not link to ", lesson->slides());
  size_t at = 0;
  for (absl::string_view heading : kHeadings) {
    const size_t found = readme->find(std::string(heading), at);
    if (found == std::string::npos) {
      problems.Add("README.md lacks, or has out of order:", heading);
    } else {
      at = found;
    }
  }

  std::vector<std::string> names;
  for (const workshop::Exercise& exercise : lesson->exercises()) {
    names.push_back(exercise.name());
    CheckExercise(folder, *lesson, exercise, *readme, problems);
  }
  problems.Unless(
      names.size() >= kMinExercises && names.size() <= kMaxExercises,
      "the lesson has ", names.size(), " exercises");
  // The BUILD file's order is alphabetical, the manifest's is the learner's.
  std::vector<std::string> sorted = names;
  std::sort(sorted.begin(), sorted.end());
  std::vector<std::string> declared = absl::GetFlag(FLAGS_exercises);
  std::sort(declared.begin(), declared.end());
  problems.Unless(sorted == declared, "BUILD.bazel has the exercises ",
                  absl::StrJoin(declared, ", "), "; lesson.textproto has ",
                  absl::StrJoin(sorted, ", "));
}

}  // namespace
}  // namespace checks

int main(int argc, char** argv) {
  absl::SetProgramUsageMessage("checks a lesson's manifest and README");
  absl::ParseCommandLine(argc, argv);
  checks::Problems problems;
  checks::CheckLesson(problems);
  for (const std::string& problem : problems.list()) {
    std::cout << problem << "\n";
  }
  return problems.list().empty() ? 0 : 1;
}
