// From logs that machines wrote to the sentences that a learner needs.

#ifndef TOOLS_LEARNER_TEST_LOG_H_
#define TOOLS_LEARNER_TEST_LOG_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace workshop {

// One failed expectation.
struct TestFailure {
  // "QueryMovieTest.SendsEveryMovie"; empty outside of a test.
  std::string test;
  // "lessons/03_streaming/query_movie_test.cc:42".
  std::string location;
  // What the test's author wrote: `<< "Say this"`. May be empty.
  std::string sentence;
  // What GoogleTest says of the values, its traces included. May be empty.
  std::string detail;
};

struct TestLog {
  std::vector<TestFailure> failures;
  // The test that began and did not end: it crashed or hung. Empty if none.
  std::string unfinished;
  // The last error that gRPC logged in that test, such as the assertion that
  // ended the program. Empty if none.
  std::string last_error;
  // The end of the log without GoogleTest's bookkeeping, for when there is
  // nothing better to show.
  std::string tail;
};

// Reads GoogleTest's output as Bazel keeps it in test.log.
TestLog ParseTestLog(absl::string_view log);

// An error of the compiler's or linker's.
struct CompilerError {
  // Its lines. If it is about a library's code, first the line that says where
  // the learner's code led there.
  std::string text;
  // Where the learner's code has it or led there, with the line:
  // "lessons/03_streaming/query_movie.cc:12". Empty if nothing says that.
  std::string place;
};

// The first error that the compiler or linker wrote; the first lines if none
// looks like an error.
CompilerError FirstCompilerError(absl::string_view output);

// The lines of Bazel's console output that say what is wrong, without "ERROR: "
// and with paths from `root`; no line twice.
std::vector<std::string> BazelErrors(absl::string_view console,
                                     absl::string_view root);

}  // namespace workshop

#endif  // TOOLS_LEARNER_TEST_LOG_H_
