#include "tools/learner/selection.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "tools/learner/manifest.h"

namespace workshop {
namespace {

// How many letters to add, drop, change or swap with a neighbour.
size_t EditDistance(absl::string_view a, absl::string_view b) {
  std::vector<std::vector<size_t>> rows(a.size() + 1,
                                        std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) {
    for (size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        rows[i][j] = i + j;
        continue;
      }
      rows[i][j] = std::min({rows[i - 1][j] + 1, rows[i][j - 1] + 1,
                             rows[i - 1][j - 1] + (a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        rows[i][j] = std::min(rows[i][j], rows[i - 2][j - 2] + 1);
      }
    }
  }
  return rows[a.size()][b.size()];
}

// "03_streaming" is {"03", "streaming"}.
std::pair<absl::string_view, absl::string_view> NumberAndConcept(
    absl::string_view lesson) {
  const size_t end = std::min(lesson.find('_'), lesson.size());
  return {lesson.substr(0, end), absl::StripPrefix(lesson.substr(end), "_")};
}

bool Means(absl::string_view name, const Lesson& lesson) {
  const auto [number, concept_name] = NumberAndConcept(lesson.name());
  if (name == lesson.name() || name == number || name == concept_name) {
    return true;
  }
  int wanted = 0;
  int has = 0;
  return absl::SimpleAtoi(name, &wanted) && absl::SimpleAtoi(number, &has) &&
         wanted == has;
}

const Lesson* FindLesson(const std::vector<Lesson>& lessons,
                         absl::string_view name) {
  for (const Lesson& lesson : lessons) {
    if (Means(name, lesson)) return &lesson;
  }
  return nullptr;
}

std::vector<Selected> ExercisesOf(const Lesson& lesson) {
  std::vector<Selected> exercises;
  for (const Exercise& exercise : lesson.exercises()) {
    exercises.push_back({&lesson, &exercise});
  }
  return exercises;
}

std::string Join(const std::vector<Selected>& exercises) {
  return absl::StrJoin(exercises, ", ",
                       [](std::string* out, const Selected& selected) {
                         absl::StrAppend(out, selected.Id());
                       });
}

absl::Status NoSuch(const std::vector<Lesson>& lessons,
                    absl::string_view name) {
  std::vector<std::string> names;
  for (const Lesson& lesson : lessons) {
    names.push_back(lesson.name());
    names.emplace_back(NumberAndConcept(lesson.name()).second);
    for (const Exercise& exercise : lesson.exercises()) {
      names.push_back(exercise.name());
      names.push_back(ExerciseId(lesson, exercise));
    }
  }
  return absl::NotFoundError(
      absl::StrCat("no lesson or exercise is called \"", name, "\"",
                   DidYouMean(name, names), "\nThe lessons are ",
                   absl::StrJoin(lessons, ", ",
                                 [](std::string* out, const Lesson& lesson) {
                                   absl::StrAppend(out, lesson.name());
                                 }),
                   "."));
}

}  // namespace

std::string Selected::Id() const { return ExerciseId(*lesson, *exercise); }

std::string Selected::Folder() const {
  return absl::StrCat("lessons/", lesson->name());
}

std::string Selected::File() const {
  return absl::StrCat(Folder(), "/", exercise->file());
}

std::string Selected::Target() const {
  return absl::StrCat("//", Folder(), ":", exercise->name(), "_test");
}

std::vector<Selected> AllExercises(const std::vector<Lesson>& lessons) {
  std::vector<Selected> all;
  for (const Lesson& lesson : lessons) {
    for (const Selected& selected : ExercisesOf(lesson)) {
      all.push_back(selected);
    }
  }
  return all;
}

absl::StatusOr<std::vector<Selected>> Select(const std::vector<Lesson>& lessons,
                                             absl::string_view name) {
  const absl::string_view typed = name;
  // What a shell completes.
  absl::ConsumePrefix(&name, "lessons/");
  absl::ConsumeSuffix(&name, "/");

  if (const Lesson* lesson = FindLesson(lessons, name); lesson != nullptr) {
    if (lesson->exercises().empty()) {
      return absl::NotFoundError(
          absl::StrCat(lesson->name(), " has no exercises"));
    }
    return ExercisesOf(*lesson);
  }
  const size_t dot = name.find('.');
  const Lesson* only = nullptr;
  if (dot != absl::string_view::npos) {
    only = FindLesson(lessons, name.substr(0, dot));
    if (only == nullptr) return NoSuch(lessons, typed);
    name = name.substr(dot + 1);
  }
  std::vector<Selected> found;
  for (const Selected& selected : AllExercises(lessons)) {
    if (selected.exercise->name() != name) continue;
    if (only == nullptr || selected.lesson == only) found.push_back(selected);
  }
  if (found.size() > 1) {
    return absl::InvalidArgumentError(absl::StrCat(
        "several exercises are called \"", name, "\": ", Join(found)));
  }
  if (found.empty() && only != nullptr) {
    std::vector<std::string> names;
    for (const Exercise& exercise : only->exercises()) {
      names.push_back(exercise.name());
    }
    return absl::NotFoundError(absl::StrCat(only->name(), " has no exercise \"",
                                            name, "\"", DidYouMean(name, names),
                                            "\nIts exercises are ",
                                            absl::StrJoin(names, ", "), "."));
  }
  if (found.empty()) return NoSuch(lessons, typed);
  return found;
}

absl::StatusOr<Selected> SelectExercise(const std::vector<Lesson>& lessons,
                                        absl::string_view name) {
  absl::StatusOr<std::vector<Selected>> found = Select(lessons, name);
  if (!found.ok()) return found.status();
  if (found->size() > 1) {
    return absl::InvalidArgumentError(absl::StrCat(
        "\"", name,
        "\" is a lesson; name one of its exercises: ", Join(*found)));
  }
  return found->front();
}

std::vector<std::string> Nearest(absl::string_view word,
                                 const std::vector<std::string>& candidates) {
  std::vector<std::pair<size_t, std::string>> near;
  for (const std::string& candidate : candidates) {
    size_t distance = EditDistance(word, candidate);
    // A part of a name is as good as a slip of one letter.
    if (word.size() >= 3 && absl::StrContains(candidate, word)) distance = 1;
    const size_t limit =
        std::max<size_t>(1, std::min<size_t>(3, word.size() / 2));
    if (distance <= limit) near.emplace_back(distance, candidate);
  }
  std::stable_sort(near.begin(), near.end(), [](const auto& a, const auto& b) {
    return a.first < b.first;
  });
  std::vector<std::string> names;
  for (const auto& [distance, candidate] : near) {
    if (names.size() == 3) break;
    if (std::find(names.begin(), names.end(), candidate) == names.end()) {
      names.push_back(candidate);
    }
  }
  return names;
}

std::string DidYouMean(absl::string_view word,
                       const std::vector<std::string>& candidates) {
  const std::vector<std::string> near = Nearest(word, candidates);
  if (near.empty()) return "";
  return absl::StrCat("; did you mean ", absl::StrJoin(near, " or "), "?");
}

}  // namespace workshop
