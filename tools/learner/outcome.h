// What a run of the tests says about each exercise.

#ifndef TOOLS_LEARNER_OUTCOME_H_
#define TOOLS_LEARNER_OUTCOME_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tools/learner/build_events.h"
#include "tools/learner/selection.h"
#include "tools/learner/test_log.h"

namespace workshop {

enum class Verdict { kSolved, kNotSolved, kDoesNotBuild, kTimedOut, kNoResult };

struct Outcome {
  Selected exercise;
  Verdict verdict = Verdict::kNoResult;
  // Why, for each but kSolved: failed expectations, the first of them the most
  // telling, or `explanation`.
  std::vector<TestFailure> failures;
  std::string explanation;
  // If it does not build, the line that the learner should look at:
  // "lessons/03_streaming/query_movie.cc:12". Empty if nothing says which.
  std::string place;
  // Whether the verdict is that of an earlier run of the same code.
  bool cached = false;
  // The whole story: a path, or one from the repository's root; empty if there
  // is none.
  std::string log_path;
};

// Says how each of `exercises` did in a run. Reads the logs that `results`
// names, and keeps compilers' output in `root`/.workshop/logs; `console` is
// what Bazel printed and `root` the repository. UNAVAILABLE, with Bazel's own
// errors, if the run says nothing about any of them and they are not to blame.
absl::StatusOr<std::vector<Outcome>> Judge(
    const std::vector<Selected>& exercises, const BuildResults& results,
    absl::string_view console, const std::string& root);

}  // namespace workshop

#endif  // TOOLS_LEARNER_OUTCOME_H_
