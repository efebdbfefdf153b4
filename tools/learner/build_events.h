// Reads what Bazel says about a build: its build event protocol as JSON, one
// event a line (--build_event_json_file).

#ifndef TOOLS_LEARNER_BUILD_EVENTS_H_
#define TOOLS_LEARNER_BUILD_EVENTS_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace workshop {

// How it went for one test target.
struct TargetResult {
  enum class Status {
    kNone,  // Bazel did not get to it.
    kPassed,
    kFailed,  // Also a crash.
    kTimedOut,
    kFailedToBuild,  // An action that it needs failed.
    kAborted,        // It could not be loaded or analyzed.
  };
  Status status = Status::kNone;
  // Whether the status is that of an earlier run of the same inputs.
  bool cached = false;
  // The test's output, if it failed or timed out.
  std::string log_path;
  // What the failed actions wrote to stderr, if it failed to build.
  std::vector<std::string> error_paths;
  // Bazel's words, if it was aborted and Bazel had any.
  std::string description;
};

struct BuildResults {
  // By label: "//lessons/03_streaming:query_movie_test".
  std::map<std::string, TargetResult> targets;
  // Whether Bazel came to an end that it could tell about.
  bool finished = false;
  // Bazel's exit code and its name: 3, "TESTS_FAILED".
  int exit_code = 0;
  std::string exit_name;
};

// INVALID_ARGUMENT, naming the line, if one is not an event. Events and fields
// that it does not know do not matter to it.
absl::StatusOr<BuildResults> ParseBuildEvents(absl::string_view text);

}  // namespace workshop

#endif  // TOOLS_LEARNER_BUILD_EVENTS_H_
