// Prints, as JSON, what slides say of lessons: of each lesson.textproto that is
// given, the lesson, and of each exercise its minutes, its hole and its answer.
//
//   {"02_connection": {"title": …, "slides": …, "exercises": {"get_movie":
//       {"title": …, "minutes": …, "file": …, "hole": [LINE…],
//        "answer": [LINE…], "problem": …}}}}
//
// Of an exercise that a learner has changed around its hole, the answer cannot
// be told from the rest: then "problem" says so, and both lists are empty.

#include <iostream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "nlohmann/json.hpp"
#include "support/files.h"
#include "tools/checks/twins.h"
#include "tools/learner/manifest.h"

namespace {

using nlohmann::json;

// The lines of the hole, its markers among them.
std::vector<std::string> Hole(absl::string_view stub, const std::string& id) {
  std::vector<std::string> hole;
  bool inside = false;
  for (absl::string_view line : absl::StrSplit(stub, '\n')) {
    const bool marker = absl::StrContains(line, "TODO(" + id + ")");
    const bool end = marker && absl::StrContains(line, "END TODO(");
    inside = inside || (marker && !end);
    if (inside) hole.emplace_back(line);
    if (end) inside = false;
  }
  return hole;
}

absl::Status AddCode(const std::string& lesson, const std::string& id,
                     json* exercise) {
  const std::string file =
      lesson + "/" + exercise->at("file").get<std::string>();
  absl::StatusOr<std::string> stub = support::ReadFile("lessons/" + file);
  if (!stub.ok()) return stub.status();
  absl::StatusOr<std::string> solution = support::ReadFile("solutions/" + file);
  if (!solution.ok()) return solution.status();
  absl::StatusOr<std::vector<checks::Answer>> answers =
      checks::Answers(*stub, *solution);
  if (!answers.ok()) return answers.status();
  for (const checks::Answer& answer : *answers) {
    if (answer.exercise != id) continue;
    (*exercise)["answer"] = answer.lines;
    (*exercise)["hole"] = Hole(*stub, id);
    return absl::OkStatus();
  }
  return absl::NotFoundError("there is no TODO(" + id + ")");
}

}  // namespace

int main(int argc, char** argv) {
  json lessons = json::object();
  for (int i = 1; i < argc; ++i) {
    absl::StatusOr<workshop::Lesson> lesson = workshop::ReadLesson(argv[i]);
    if (!lesson.ok()) {
      std::cerr << lesson.status().message() << "\n";
      return 1;
    }
    json exercises = json::object();
    for (const workshop::Exercise& exercise : lesson->exercises()) {
      json& entry = exercises[exercise.name()];
      entry = {{"title", exercise.title()}, {"minutes", exercise.minutes()},
               {"file", exercise.file()},   {"hole", json::array()},
               {"answer", json::array()},   {"problem", ""}};
      const absl::Status added = AddCode(
          lesson->name(), workshop::ExerciseId(*lesson, exercise), &entry);
      if (!added.ok()) entry["problem"] = std::string(added.message());
    }
    lessons[lesson->name()] = {{"title", lesson->title()},
                               {"slides", lesson->slides()},
                               {"exercises", exercises}};
  }
  std::cout << lessons.dump(1) << "\n";
  return 0;
}
