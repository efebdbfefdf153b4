// What the learner sees: text for a terminal, JSON for programs.

#ifndef TOOLS_LEARNER_RENDER_H_
#define TOOLS_LEARNER_RENDER_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "tools/learner/outcome.h"

namespace workshop {

// Colours, or none.
class Style {
 public:
  explicit Style(bool colours) : colours_(colours) {}

  bool colours() const { return colours_; }
  std::string Bold(absl::string_view text) const;
  std::string Dim(absl::string_view text) const;
  std::string Red(absl::string_view text) const;
  std::string Green(absl::string_view text) const;
  std::string Yellow(absl::string_view text) const;

 private:
  std::string With(absl::string_view code, absl::string_view text) const;

  bool colours_;
};

// Breaks each line of `text` at spaces so that it fits into 80 columns behind
// `indent` spaces. Ends with a newline unless `text` is empty.
std::string Wrap(absl::string_view text, size_t indent);

// "[###.....]".
std::string Bar(size_t solved, size_t total);

size_t CountSolved(const std::vector<Outcome>& outcomes);

// "3 of 18 solved".
std::string SolvedOf(const std::vector<Outcome>& outcomes);

// "✗ query_movie  Serve a stream  not solved yet".
std::string Line(const Outcome& outcome, const Style& style);

// Each lesson with its bar and its exercises. `outcomes` are in order.
std::string StatusText(const std::vector<Outcome>& outcomes,
                       const Style& style);

// The same for programs. Members may be added, but none changes its meaning:
//
//   {
//     "solved": 3, "total": 18,
//     "lessons": [{
//       "name": "03_streaming", "title": "Streaming", "solved": 1, "total": 4,
//       "exercises": [{
//         "id": "03_streaming.query_movie", "title": "Serve a stream",
//         "status": "solved",
//         "file": "lessons/03_streaming/query_movie.cc",
//         "target": "//lessons/03_streaming:query_movie_test"
//       }]
//     }]
//   }
//
// A status is solved, not_solved, does_not_build, timed_out or no_result.
std::string StatusJson(const std::vector<Outcome>& outcomes);

// Why an exercise is not green, indented: the first failure in full, then by
// their sentences and actual values those that began other tests' failures,
// `most` in all.
std::string WhyText(const Outcome& outcome, size_t most, const Style& style);

// Why in a sentence or three: what stands first in WhyText().
std::string WhyShort(const Outcome& outcome);

}  // namespace workshop

#endif  // TOOLS_LEARNER_RENDER_H_
