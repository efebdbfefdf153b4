// From what a learner types to the exercises that are meant.

#ifndef TOOLS_LEARNER_SELECTION_H_
#define TOOLS_LEARNER_SELECTION_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tools/learner/lesson.pb.h"

namespace workshop {

// One exercise and its lesson. Points into the lessons that it was made from,
// which must outlive it.
struct Selected {
  const Lesson* lesson = nullptr;
  const Exercise* exercise = nullptr;

  // "03_streaming.query_movie".
  std::string Id() const;
  // "lessons/03_streaming", from the repository's root.
  std::string Folder() const;
  // "lessons/03_streaming/query_movie.cc".
  std::string File() const;
  // "//lessons/03_streaming:query_movie_test".
  std::string Target() const;
};

// Every exercise, in the order in which they are best taken.
std::vector<Selected> AllExercises(const std::vector<Lesson>& lessons);

// The exercises that `name` means: of a lesson ("3", "03", "03_streaming",
// "streaming", "lessons/03_streaming/"), or one of them
// ("streaming.query_movie", or "query_movie" if only one lesson has it). The
// result is not empty. NOT_FOUND with the nearest names, or INVALID_ARGUMENT
// if several exercises have that name.
absl::StatusOr<std::vector<Selected>> Select(const std::vector<Lesson>& lessons,
                                             absl::string_view name);

// As Select(), where the name must mean one exercise: INVALID_ARGUMENT with the
// lesson's exercises if it means a lesson.
absl::StatusOr<Selected> SelectExercise(const std::vector<Lesson>& lessons,
                                        absl::string_view name);

// Those of `candidates` that `word` may be a slip of, the likeliest first,
// three at most.
std::vector<std::string> Nearest(absl::string_view word,
                                 const std::vector<std::string>& candidates);

// "; did you mean A or B?", or nothing if no candidate is near.
std::string DidYouMean(absl::string_view word,
                       const std::vector<std::string>& candidates);

}  // namespace workshop

#endif  // TOOLS_LEARNER_SELECTION_H_
