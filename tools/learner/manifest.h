// Reads lesson.textproto files.

#ifndef TOOLS_LEARNER_MANIFEST_H_
#define TOOLS_LEARNER_MANIFEST_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tools/learner/lesson.pb.h"

namespace workshop {

// Parses a workshop.Lesson in protobuf's text format. INVALID_ARGUMENT, naming
// `path` and the line, if it does not parse.
absl::StatusOr<Lesson> ParseLesson(absl::string_view text,
                                   absl::string_view path);

// Reads and parses the file. NOT_FOUND if it cannot be read.
absl::StatusOr<Lesson> ReadLesson(const std::string& path);

// Every lesson under `root`/lessons, by ascending name. The first error of any;
// NOT_FOUND if there is no lesson.
absl::StatusOr<std::vector<Lesson>> ReadLessons(const std::string& root);

// "03_streaming.query_movie".
std::string ExerciseId(const Lesson& lesson, const Exercise& exercise);

}  // namespace workshop

#endif  // TOOLS_LEARNER_MANIFEST_H_
