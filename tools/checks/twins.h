// A stub is its solution with holes. A hole is marked in the stub alone:
//
//   // TODO(02_connection.get_movie): Say in a sentence or three what to do.
//   return absl::UnimplementedError("02_connection.get_movie");
//   // END TODO(02_connection.get_movie)
//
// Lines outside must stand in the solution, in the same order, with an answer
// in the place of each hole. In BUILD files the marker starts with "# ".

#ifndef TOOLS_CHECKS_TWINS_H_
#define TOOLS_CHECKS_TWINS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace checks {

// An answer to a hole may have this many lines that are not blank: one idea.
inline constexpr int kMinAnswerLines = 3;
inline constexpr int kMaxAnswerLines = 25;

// The names of the exercises with a hole in `stub`, in their order.
// INVALID_ARGUMENT if a marker is not closed, not open, or nested.
absl::StatusOr<std::vector<std::string>> Holes(absl::string_view stub);

// What the solution has in the place of a hole.
struct Answer {
  std::string exercise;  // "02_connection.get_movie"
  std::vector<std::string> lines;
};

// The answers, in the order of the holes. Otherwise an error that names the
// first line outside the holes that differs. lesson(...) in a stub stands for
// solution(...).
absl::StatusOr<std::vector<Answer>> Answers(absl::string_view stub,
                                            absl::string_view solution);

// OK if `stub` is `solution` with holes and each answer's length is in the
// bounds above.
absl::Status CheckTwins(absl::string_view stub, absl::string_view solution);

}  // namespace checks

#endif  // TOOLS_CHECKS_TWINS_H_
